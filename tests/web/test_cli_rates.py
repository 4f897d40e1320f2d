"""`circularity rates`: what the ledger reports, in words and as JSON, and never a planned figure."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner
from posted_mass import plant_of, works_of
from registry import JIANGSU, Registry, T

from circularity.database import create_engine_for, writing
from web.cli import main


def circularity(*arguments, database):
    return CliRunner().invoke(main, ["rates", *arguments, "--database", database])


@pytest.fixture(scope="module")
def database(databases):
    """A works in Shanghai and one in Jiangsu with a year of mass."""
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            registry = Registry(session)
            here, there, plant = works_of(registry), works_of(registry, JIANGSU), plant_of(registry)
            here.opened(100 * T, vintage=2024, day=date(2025, 1, 1))
            here.month(("own_utilised", 100 * T, "C2"), vintage=2024, day=date(2025, 1, 31))
            here.month(
                ("generated", 1000 * T), ("own_utilised", 300 * T, "C2"),
                ("entrusted_utilised", 200 * T, "R5"), day=date(2025, 6, 30),
            )  # fmt: skip
            here.delivered(400 * T, plant, vintage=2025, day=date(2025, 9, 30))
            there.month(("generated", 50 * T), ("own_disposed", 50 * T, "D1"), day=date(2025, 6, 30))
        engine.dispose()
        yield url


def values(*arguments, database):
    result = circularity(*arguments, "--json", database=database)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_year_is_told_with_both_bases_the_plain_ratio_and_the_gap(database):
    (general, bulk) = values("--year", "2025", "--region", "31", database=database)["rates"]
    assert general["acceptance"]["rate_percent"] == "90.91"  # (100 + 300 + 200 + 400) / (1000 + 100)
    assert general["treatment"]["rate_percent"] == "54.55"  # (100 + 300 + 200) / (1000 + 100)
    assert general["acceptance"]["plain_ratio_percent"] == "100"
    assert general["acceptance"]["storage_rate_percent"] == "10"
    assert (general["target_percent"], general["missing_t"]) == ("95", "45")
    assert [general["acceptance"][f"{name}_t"] for name in ("receipts", "own_use", "declared")] == [
        "400", "400", "200",
    ]  # fmt: skip
    assert general["headline"] == "tonnes"
    assert "last official generation" in general["coverage"]["en"]
    assert (bulk["scope"], bulk["target_percent"]) == ("bulk", "99")


def test_periods_and_filters_reach_the_sums(database):
    quarter = values("--year", "2025", "--quarter", "3", "--by", "province", database=database)
    assert quarter["rates"][0]["acceptance"]["utilised_t"] == "400"
    year = values("--year", "2025", "--region", "32", "--by", "month", database=database)
    assert {place: row["disposed_t"] for place, row in year["table"].items()} == {"06": "50"}
    assert values("--year", "2025", "--stream", "slag", database=database)["rates"][0]["organisations"] == 0


def test_words_name_the_basis_the_evidence_and_the_coverage(database):
    text = circularity("--year", "2025", "--by", "stream", database=database).stdout
    for expected in (
        "reported rate · platform basis",
        "90.91 %",
        "no official statistic",
        "own use",
        "覆盖率",
    ):
        assert expected in text
    assert "planned" not in text
    assert "计划" not in text


def test_a_year_without_books_says_so_and_needs_no_run(database):
    result = circularity("--year", "2026", database=database)
    assert result.exit_code == 0
    assert "nothing was booked" in result.stdout


@pytest.mark.parametrize(
    "arguments", [("--month", "13"), ("--region", "99"), ("--quarter", "1", "--month", "1")]
)
def test_what_no_calendar_or_map_has_is_refused(database, arguments):
    result = circularity("--year", "2025", *arguments, database=database)
    assert result.exit_code == 2
    assert "period" in result.stderr or "region" in result.stderr
