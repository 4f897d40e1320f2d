"""A receiver confirms within five working days; official numbers are checked; tolerances are sourced data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from deal_rows import deal
from registry import ACID, FLY_ASH, JIANGSU, Registry

from circularity.catalogue.settings import UnknownSetting, all_settings, setting
from circularity.catalogue.streams import all_streams
from circularity.catalogue.tolerances import UnknownMetering, all_tolerances, tolerance
from circularity.custody.manifests import METERINGS
from circularity.custody.official_numbers import import_official_numbers, set_official_number
from circularity.custody.overdue import overdue
from circularity.custody.transfers import close
from circularity.errors import BadInput, RuleBroken

NUMBER = "20263101000123"
DAY = date(2026, 9, 1)


def test_a_load_is_overdue_after_five_working_days_without_a_verdict(registry: Registry) -> None:
    """Tuesday 1 September + 5 working days = Tuesday 8 September."""
    acid = deal(registry, waste_code=ACID)
    late = acid.at_the_gate(10)
    acid.draft(10)
    assert overdue(registry.session, date(2026, 9, 8)) == []
    found = overdue(registry.session, date(2026, 9, 10))
    assert [(one.transfer, one.due_on, one.days_late) for one in found] == [(late, date(2026, 9, 8), 2)]


def test_the_term_of_hazardous_waste_is_law_and_that_of_general_waste_a_setting() -> None:
    hazardous, general = setting("confirm_within_hazardous", DAY), setting("confirm_within_general", DAY)
    assert (hazardous.value, hazardous.confidence, hazardous.verified) == (5, "H", True)
    assert "平台设定" in general.source
    with pytest.raises(UnknownSetting):
        setting("nothing", DAY)
    assert {hazardous.name, general.name} <= {each.name for each in all_settings()}


def test_a_hazardous_transfer_closes_only_with_its_official_number(registry: Registry) -> None:
    acid = deal(registry, waste_code=ACID)
    transfer = acid.at_the_gate(10)
    transfer.status = "accepted"
    with pytest.raises(RuleBroken) as missing:
        close(**acid.act, transfer=transfer)
    assert missing.value.code == "no_official_number"
    set_official_number(**acid.act, transfer=transfer, number=NUMBER)
    close(**acid.act, transfer=transfer)
    assert transfer.status == "closed"


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("2026310100012", "not_14_digits"),
        ("202631010001234", "not_14_digits"),
        ("２０２６３１０１０００１２３", "not_14_digits"),
        ("2026310100012A", "not_14_digits"),
        ("20273101000123", "impossible_year"),
        ("19993101000123", "impossible_year"),
        ("20263201000123", "other_province"),
    ],
)
def test_a_wrong_official_number_is_refused(registry: Registry, number: str, rule: str) -> None:
    acid = deal(registry, waste_code=ACID)
    with pytest.raises(BadInput) as refused:
        set_official_number(**acid.act, transfer=acid.draft(), number=number)
    assert [problem.rule for problem in refused.value.problems] == [rule]


def test_one_manifest_is_one_transfer_and_stays_it(registry: Registry) -> None:
    acid = deal(registry, waste_code=ACID)
    first, second = acid.draft(), acid.draft()
    for _ in range(2):
        set_official_number(**acid.act, transfer=first, number=NUMBER)
    for transfer, number, code in (
        (second, NUMBER, "official_number_taken"),
        (first, "20263101000999", "official_number_set"),
    ):
        with pytest.raises(RuleBroken) as refused:
            set_official_number(**acid.act, transfer=transfer, number=number)
        assert refused.value.code == code


def test_a_list_of_official_numbers_comes_in_line_by_line(registry: Registry) -> None:
    acid = deal(registry, waste_code=ACID)
    first, second = acid.draft(), acid.draft()
    rows = [(first.number, NUMBER), (second.number, "20263201000123"), ("ZY-20260901-222222", NUMBER)]
    done = import_official_numbers(**acid.act, rows=rows)
    assert (done.added, done.ignored) == (1, 0)
    assert [(problem.row, problem.rule) for problem in done.problems] == [
        (2, "other_province"),
        (3, "not_found"),
    ]
    assert import_official_numbers(**acid.act, rows=rows).ignored == 1


def test_a_jiangsu_number_belongs_to_waste_from_jiangsu(registry: Registry) -> None:
    ash = deal(registry, works=registry.site(JIANGSU))
    set_official_number(**ash.act, transfer=ash.draft(), number="20263205000123")


def test_every_way_of_metering_has_a_tolerance_with_a_source() -> None:
    streams = {stream.code for stream in all_streams()}
    for row in all_tolerances():
        assert row.metering in METERINGS
        assert row.stream in streams | {"*"}
        assert 0 < row.warn_permille <= row.report_permille < 1000
    for metering in METERINGS:
        assert tolerance(metering, FLY_ASH, DAY).stream == "*"
    assert tolerance("trip", "900-001-S07", DAY + timedelta(days=1)).stream == "sludge"
    with pytest.raises(UnknownMetering):
        tolerance("guess", FLY_ASH, DAY)


def test_three_percent_is_shown_and_five_percent_or_half_a_tonne_is_reported() -> None:
    row = tolerance("trip", FLY_ASH, DAY)
    sent_kg = 5_000
    assert [row.judge(sent_kg, sent_kg - off) for off in (150, 151, 250, 251)] == [
        "within",
        "warn",
        "warn",
        "report",
    ]
    assert row.judge(30_000, 30_500) == "within"  # 1.7 %, and not over half a tonne
    assert row.judge(30_000, 30_501) == "report"
