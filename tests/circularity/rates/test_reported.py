"""Reported rates: periods, both bases, the target in force, coverage, the lots that would close the gap."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from posted_mass import plant_of, works_of
from registry import AT, JIANGSU, Registry, T

from circularity.catalogue.official_generation import last_known
from circularity.columns import new_public_id
from circularity.errors import BadInput
from circularity.rates.coverage import HEADLINE_PERMILLE, coverage
from circularity.rates.formula import utilisation_rate
from circularity.rates.reported import ScopeReport, reported
from circularity.runs.stored import MatchingRun, Unmatched


def run_with_left(registry: Registry, as_of: date, *lots: tuple[Any, int]) -> None:
    """A stored run that found no outlet for these tonnes."""
    total = sum(tonnes for _, tonnes in lots) * T
    run = MatchingRun(
        public_id=new_public_id(), started_at=AT, started_by="t", as_of=as_of, status="optimal",
        engine="none", case_digest="", certificate_digest="", outputs=len(lots), windows=0,
        supply_kg=total, placed_kg=0, can_move_today_kg=0, unmatched_kg=total,
        levels={}, parameters={}, figures={}, fictional=False,
    )  # fmt: skip
    registry.session.add(run)
    for output, tonnes in lots:
        registry.session.add(
            Unmatched(run=run, output=output, mass_kg=tonnes * T, reason="capacity", slack_unit="",
                      change_zh="", change_en="", excluded={})
        )  # fmt: skip
    registry.session.flush()


def general(registry: Registry, year: int = 2025, **which: Any) -> ScopeReport:
    found = reported(registry.session, year, **which).scopes[0]
    assert found.scope == "general"
    return found


def test_both_bases_stand_side_by_side(registry: Registry) -> None:
    works, plant = works_of(registry), plant_of(registry)
    works.post("generation.carried", ("generated", 100))
    works.delivered(80, plant)
    works.treated(plant, ("utilised", 50, "C2"))
    found = general(registry, 2026)
    assert [utilisation_rate(basis).hundredths for basis in (found.accepted, found.treated)] == [8000, 5000]


def test_a_quarter_and_a_month_are_parts_of_the_year(registry: Registry) -> None:
    works = works_of(registry)
    for month, kg in ((1, 1), (3, 10), (4, 100)):
        works.month(("generated", kg), day=date(2026, month, 28))
    told = [
        general(registry, 2026, **part).accepted.generated_kg
        for part in ({}, {"quarter": 1}, {"quarter": 2}, {"month": 3}, {"month": 12})
    ]
    assert told == [111, 11, 100, 10, 0]


@pytest.mark.parametrize("part", [{"quarter": 5}, {"month": 0}, {"quarter": 1, "month": 1}])
def test_a_period_that_no_calendar_has_is_refused(registry: Registry, part: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        reported(registry.session, 2026, **part)


def test_the_target_in_force_says_what_is_missing_and_is_over_after_2025(registry: Registry) -> None:
    works = works_of(registry)
    for year in (2025, 2026):
        works.month(("generated", 1000 * T), ("own_utilised", 900 * T, "C2"), day=date(year, 6, 30))
    then, now = general(registry, 2025, region="31"), general(registry, 2026, region="31")
    assert then.target is not None
    assert (then.target.rate_permille, then.target_over, now.target_over) == (950, False, True)
    assert then.missing_kg == 50 * T
    assert reported(registry.session, 2025, region="31").scopes[1].missing_kg == 90 * T  # bulk: 99 %


def test_neither_the_delta_nor_one_organisation_has_a_target(registry: Registry) -> None:
    works = works_of(registry)
    works.month(("generated", 10))
    own = general(registry, 2026, region="31", organisation=works.works.organisation.public_id)
    assert (own.accepted.generated_kg, own.target, own.coverage.official) == (10, None, None)
    assert general(registry, 2026).target is None


def test_the_heaviest_lots_that_close_the_gap_are_named(registry: Registry) -> None:
    works = works_of(registry)
    works.month(("generated", 1000 * T), ("own_utilised", 900 * T, "C2"), day=date(2025, 6, 30))
    small, big = (registry.output(n, site=works.works) for n in (20, 40))
    elsewhere = registry.output(500, place=JIANGSU)
    hazardous = registry.output(400, "398-007-34", site=works.works)
    run_with_left(registry, date(2025, 9, 1), (small, 20), (big, 40), (elsewhere, 500), (hazardous, 400))
    closing = general(registry, 2025, region="31").closing
    assert [lot.unmatched.output for lot in closing] == [big, small]
    assert [lot.still_missing_kg for lot in closing] == [10 * T, 0]


def test_a_lot_stored_for_years_adds_to_the_whole_as_well(registry: Registry) -> None:
    works = works_of(registry)
    works.month(("generated", 1000 * T), ("own_utilised", 900 * T, "C2"), day=date(2025, 6, 30))
    old = registry.output(50, site=works.works, storage_since=date(2024, 5, 1))
    run_with_left(registry, date(2025, 9, 1), (old, 50))
    (lot,) = general(registry, 2025, region="31").closing
    assert lot.still_missing_kg == 47_500  # 95 % of 1050 t is 997.5 t, of which 950 t


def test_lots_of_today_do_not_close_a_past_year(registry: Registry) -> None:
    works = works_of(registry)
    works.month(("generated", 1000 * T), day=date(2025, 6, 30))
    run_with_left(registry, date(2026, 9, 1), (registry.output(40, site=works.works), 40))
    assert general(registry, 2025, region="31").closing == ()


def test_coverage_is_told_against_the_last_official_generation() -> None:
    shanghai = coverage(9_045_000 * T, "general", "31", date(2020, 1, 1), date(2020, 12, 31))
    assert shanghai.permille == (500, 500)
    assert "50.0 %" in shanghai.sentence_en
    assert "18,090,000 t" in shanghai.sentence_en
    assert "not checked" in shanghai.sentence_en
    assert not shanghai.headlines_rate


def test_an_official_range_gives_a_range_and_its_lower_end_decides() -> None:
    full = coverage(
        19_000_000 * T * HEADLINE_PERMILLE // 1000, "general", "31", date(2026, 1, 1), date(2026, 12, 31)
    )
    assert full.permille == (723, 800)  # of 21 Mt and of 19 Mt
    assert not full.headlines_rate
    assert "72.3 % 至 80.0 %" in full.sentence_zh


def test_a_month_is_compared_with_its_share_of_the_year() -> None:
    official_kg = 18_090_000 * T
    month = coverage(official_kg * 31 // 366, "general", "31", date(2020, 1, 1), date(2020, 1, 31))
    assert month.permille in {(999, 999), (1000, 1000)}
    assert month.headlines_rate
    assert "share of 31 days" in month.sentence_en


def test_where_no_official_figure_is_known_it_is_said() -> None:
    for region, scope in (("", "general"), ("31", "bulk"), ("3302", "general")):
        unknown = coverage(T, scope, region, date(2026, 1, 1), date(2026, 12, 31))
        assert (unknown.permille, unknown.headlines_rate) == (None, False)
        assert "unknown" in unknown.sentence_en
        assert "未知" in unknown.sentence_zh


def test_only_figures_up_to_the_year_asked_for_are_used() -> None:
    assert last_known("general", "31", 2019) is None
    years = [row.year_to for year in (2020, 2026) if (row := last_known("general", "31", year))]
    assert years == [2020, 2023]
    hangzhou = last_known("general", "3301", 2026)
    assert hangzhou is not None
    assert hangzhou.generated_from_kg == hangzhou.generated_to_kg == 5_723_700 * T
