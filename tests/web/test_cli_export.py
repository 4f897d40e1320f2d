"""`circularity export`: the fictional Delta as a case that a ledger can be matched against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import Databases

from web.cli import main


def circularity(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[str]:
    """The seeded Delta."""
    with databases.new() as url:
        assert circularity("seed", "--database", url).exit_code == 0
        yield url


@pytest.fixture(scope="module")
def exported(database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeded Delta as a case folder."""
    folder = tmp_path_factory.mktemp("export") / "delta"
    result = circularity("export", folder, "--database", database)
    assert result.exit_code == 0, result.output
    assert "虚构" in result.output
    return folder


def test_the_exported_case_is_matched_and_verified(exported: Path, tmp_path: Path) -> None:
    matched = circularity("match", exported, "--out", tmp_path / "plan", "--json")
    assert matched.exit_code == 0, matched.output
    assert float(json.loads(matched.stdout)["placed_t"]) > 10_000_000
    assert circularity("verify", exported, tmp_path / "plan").exit_code == 0


def test_a_ledger_of_ones_own_is_matched_against_the_exported_facilities(
    exported: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "台账.csv"
    ledger.write_text("名称,代码,产生量(吨),经度,纬度,行政区划\n粉煤灰,900-001-S02,120,121.4,31.4,310000\n")
    matched = circularity("match", ledger, "--facilities-from", exported, "--json")
    assert matched.exit_code == 0, matched.output
    assert json.loads(matched.stdout)["placed_t"] == "120"


def test_an_existing_folder_is_not_overwritten(exported: Path, database: str) -> None:
    assert circularity("export", exported, "--database", database).exit_code == 2


def test_an_export_without_any_outlet_says_what_to_do_first(databases: Databases, tmp_path: Path) -> None:
    with databases.new() as url:
        result = circularity("export", tmp_path / "empty", "--database", url)
    assert "run circularity demo first" in result.output
