"""Planned rates: numerator, denominator, zero case, cap, rounding, targets; arithmetic in the open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from bare_runs import left, placed, stored_run
from registry import ACID, FLY_ASH, JIANGSU, Registry, T

from circularity.rates.planned import (
    FORMULA_VERSION,
    Balance,
    PlannedRate,
    planned_rates,
    planned_rates_by_region,
)
from circularity.runs.stored import MatchingRun


def general(registry: Registry, run: MatchingRun, region: str | None = None) -> PlannedRate:
    registry.session.flush()
    rate = planned_rates(registry.session, run, region=region)[0]
    assert rate.scope == "general"
    return rate


def test_own_use_elsewhere_and_planned_over_generated(registry: Registry) -> None:
    run, site = stored_run(registry), registry.site()
    registry.declaration(site, 1000, own_utilised=250, own_disposed=50, elsewhere=300)
    output = registry.output(400, site=site)
    placed(registry, run, output, 300)
    left(registry, run, output, 100)
    rate = general(registry, run)
    assert rate.utilised_kg == (250 + 300 + 300) * T
    assert rate.generated_kg == 1000 * T
    assert rate.rate == 8500


def test_what_waits_for_a_procedure_is_not_in_todays_rate(registry: Registry) -> None:
    run, site = stored_run(registry), registry.site()
    registry.declaration(site, 1000)
    output = registry.output(1000, site=site)
    placed(registry, run, output, 600)
    placed(registry, run, output, 400, conditions=("general_record",))
    rate = general(registry, run)
    assert (rate.rate, rate.rate_today) == (10_000, 6000)


def test_disposal_is_placed_and_not_utilised(registry: Registry) -> None:
    run, site = stored_run(registry), registry.site()
    registry.declaration(site, 100)
    placed(registry, run, registry.output(100, site=site), 100, operation="D1")
    assert general(registry, run).rate == 0


def test_hazardous_waste_counts_in_no_scope(registry: Registry) -> None:
    run, site = stored_run(registry), registry.site()
    registry.declaration(site, 500, waste_code=ACID)
    placed(registry, run, registry.output(500, ACID, site=site), 500, operation="R6")
    registry.session.flush()
    for rate in planned_rates(registry.session, run):
        assert (rate.generated_kg, rate.rate) == (0, None)


def test_nothing_generated_gives_no_rate_at_all(registry: Registry) -> None:
    rate = general(registry, stored_run(registry))
    assert (rate.rate, rate.rate_today, rate.missing_kg, rate.sites) == (None, None, 0, 0)


def test_a_lot_without_a_declaration_counts_as_generated(registry: Registry) -> None:
    run = stored_run(registry)
    placed(registry, run, registry.output(30), 30)
    left(registry, run, registry.output(70), 70)
    rate = general(registry, run)
    assert (rate.rate, rate.generated_kg, rate.balance.undeclared_kg) == (3000, 100 * T, 100 * T)


def test_posting_beyond_the_declaration_raises_what_was_generated(registry: Registry) -> None:
    run, site = stored_run(registry), registry.site()
    registry.declaration(site, 100, own_utilised=60)
    placed(registry, run, registry.output(90, site=site), 90)
    rate = general(registry, run)
    assert rate.generated_kg == (60 + 90) * T
    assert rate.rate == 10_000


def test_what_is_declared_and_not_posted_weighs_on_the_rate(registry: Registry) -> None:
    run, site = stored_run(registry), registry.site()
    registry.declaration(site, 100, own_utilised=20)
    placed(registry, run, registry.output(30, site=site), 30)
    rate = general(registry, run)
    assert (rate.rate, rate.balance.unposted_kg) == (5000, (100 - 20 - 30) * T)


def test_only_the_year_of_the_run_counts(registry: Registry) -> None:
    site = registry.site()
    registry.declaration(site, 100, own_utilised=100, year=2025)
    registry.declaration(site, 100, own_utilised=40, year=2026)
    assert general(registry, stored_run(registry)).rate == 4000
    assert general(registry, stored_run(registry, date(2025, 12, 31))).rate == 10_000


def test_another_runs_proposals_do_not_count(registry: Registry) -> None:
    site = registry.site()
    registry.declaration(site, 100)
    earlier, later = stored_run(registry), stored_run(registry)
    placed(registry, earlier, registry.output(100, site=site), 100, until_run_id=later.id)
    assert (general(registry, earlier).rate, general(registry, later).rate) == (10_000, 0)


def test_bulk_waste_is_a_part_of_industrial_waste(registry: Registry) -> None:
    site = registry.site()
    registry.declaration(site, 100, own_utilised=100)
    registry.declaration(site, 100, waste_code="900-003-S17")
    rates = {rate.scope: rate for rate in planned_rates(registry.session, stored_run(registry))}
    assert (rates["general"].generated_kg, rates["general"].rate) == (200 * T, 5000)
    assert (rates["bulk"].generated_kg, rates["bulk"].rate) == (100 * T, 10_000)


def test_every_province_has_its_own_rate_and_the_delta_the_sum(registry: Registry) -> None:
    registry.declaration(registry.site(), 100, own_utilised=100)
    registry.declaration(registry.site(JIANGSU), 300)
    rates = planned_rates_by_region(registry.session, stored_run(registry))
    told = {region: found[0].rate for region, found in rates.items()}
    assert told == {"": 2500, "31": 10_000, "32": 0, "33": None, "34": None}


def test_shanghais_target_is_told_as_over_after_its_period(registry: Registry) -> None:
    registry.declaration(registry.site(), 100, own_utilised=90)
    registry.declaration(registry.site(), 100, own_utilised=90, year=2025)
    now = general(registry, stored_run(registry), "31")
    then = general(registry, stored_run(registry, date(2025, 6, 1)), "31")
    assert now.target is not None
    assert (now.target.rate_permille, now.target_over, then.target_over) == (950, True, False)
    assert now.missing_kg == (95 - 90) * T


def test_the_delta_has_no_target(registry: Registry) -> None:
    rate = general(registry, stored_run(registry))
    assert (rate.target, rate.target_over) == (None, False)


def test_a_rate_shown_as_95_percent_may_still_miss_it(registry: Registry) -> None:
    run = stored_run(registry)
    registry.declaration(registry.site(), 100_000, own_utilised=94_996)
    rate = general(registry, run, "31")
    assert rate.rate == 9500
    assert rate.missing_kg == 95_000 * T - 94_996 * T


def test_missing_tonnes_are_rounded_up_to_the_kilogram(registry: Registry) -> None:
    rate = general(registry, stored_run(registry), "31")
    three_kg = replace(rate, balance=Balance(generated_kg=3))
    assert three_kg.missing_kg == 3  # 95 % of 3 kg is 2.85 kg


@pytest.mark.parametrize(("utilised", "rate"), [(1, 3333), (2, 6667), (3, 10_000), (4, 10_000)])
def test_a_rate_is_rounded_half_up_and_never_above_100_percent(
    registry: Registry, utilised: int, rate: int
) -> None:
    whole = general(registry, stored_run(registry))
    assert replace(whole, balance=Balance(generated_kg=3, own_utilised_kg=utilised)).rate == rate


def test_a_rate_says_what_it_rests_on_and_by_which_formula(registry: Registry) -> None:
    site = registry.site()
    registry.declaration(site, 100, own_utilised=10)
    rate = general(registry, stored_run(registry))
    assert (rate.sites, rate.formula_version) == (1, FORMULA_VERSION)
    assert "100 t" in rate.coverage_zh
    assert "90 t neither posted nor agreed" in rate.coverage_en
    assert FLY_ASH not in rate.coverage_en
