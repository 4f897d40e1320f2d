"""Shipping days: lead times, white lists, and how long a grant lasts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from builders import ANHUI, AS_OF, JIANGSU, SHANGHAI, capacity, case, output

from circularity.acceptance import CONDITIONS, Pairs, judge
from circularity.units import MISSING, format_date
from matching.pairs.eligibility import tables_of

ACID = "398-007-34"
SHAOXING = (29.995, 120.580, "330600")


def shipping_days(
    an_output: dict[str, Any], a_capacity: dict[str, Any], **parameters: Any
) -> tuple[str, str]:
    zero = np.zeros(1, dtype=np.int64)
    verdicts = judge(Pairs(tables_of(case([an_output], [a_capacity], **parameters)), zero, zero))
    return format_date(int(verdicts.earliest_day[0])), format_date(int(verdicts.latest_day[0]))


def acid_works(**columns: Any) -> dict[str, Any]:
    return capacity("C1", 100, "HW34", "R6", entitlement_kind="hazardous_licence", **columns)


def test_the_window_is_what_all_intervals_share_from_the_day_of_asking_on() -> None:
    slag = output("O1", available_from=AS_OF - timedelta(days=30), available_to=date(2026, 12, 31))
    plant = capacity("C1", available_from=date(2026, 8, 1), available_to=date(2026, 11, 30))
    assert shipping_days(slag, plant) == ("2026-09-01", "2026-11-30")
    period = {
        "period_from_day": date(2026, 10, 1).toordinal(),
        "period_to_day": date(2026, 10, 31).toordinal(),
    }
    assert shipping_days(slag, plant, **period) == ("2026-10-01", "2026-10-31")


def test_an_open_window_ends_with_the_entitlement() -> None:
    assert shipping_days(output("O1"), capacity("C1", licence_valid_to=date(2027, 3, 1)))[1] == "2027-03-01"


def test_a_record_takes_ten_working_days_and_lasts_twelve_months() -> None:
    # Tuesday 1 September + 10 working days = Tuesday 15 September; valid to the day before a year on.
    assert shipping_days(output("O1", place=ANHUI), capacity("C1")) == ("2026-09-15", "2027-09-14")


def test_a_record_of_shaoxing_ends_with_its_year() -> None:
    assert shipping_days(output("O1", place=SHAOXING), capacity("C1")) == ("2026-09-15", "2026-12-31")


def test_an_approval_takes_twenty_working_days_and_never_outlasts_the_licence() -> None:
    acid = output("O1", 100, ACID, place=JIANGSU)
    assert shipping_days(acid, acid_works()) == ("2026-09-29", "2027-09-28")
    assert shipping_days(acid, acid_works(licence_valid_to=date(2027, 1, 5))) == ("2026-09-29", "2027-01-05")


def test_a_white_list_shortens_the_approval_and_sets_a_shipping_deadline() -> None:
    acid, works = output("O1", 100, ACID, place=JIANGSU), acid_works(place=ANHUI, whitelist_from="31;32")
    # no consultation: 10 working days; shipped within 30 days of the approval
    assert shipping_days(acid, works) == ("2026-09-15", "2026-10-15")
    assert shipping_days(acid, works | {"ship_within_days": 20}) == ("2026-09-15", "2026-10-05")


def test_a_white_list_for_another_origin_changes_nothing() -> None:
    acid, works = output("O1", 100, ACID, place=JIANGSU), acid_works(place=ANHUI, whitelist_from="31")
    assert shipping_days(acid, works) == ("2026-09-29", "2027-09-28")


def test_the_longest_of_several_procedures_decides() -> None:
    acid, works = (
        output("O1", 100, ACID, place=JIANGSU, plan_mass_t=1),
        acid_works(limits_max={"f_mg_per_kg": 50}),
    )
    zero = np.zeros(1, dtype=np.int64)
    verdicts = judge(Pairs(tables_of(case([acid], [works])), zero, zero))
    needed = [code for k, code in enumerate(CONDITIONS) if verdicts.conditions[0] >> k & 1]
    assert needed == ["hazardous_cross_province", "plan", "assay"]  # 20, 5 and 10 working days
    assert format_date(int(verdicts.earliest_day[0])) == "2026-09-29"


def test_a_grant_is_dated_for_the_day_it_is_first_needed() -> None:
    slag = output("O1", place=ANHUI, available_from=date(2027, 2, 28))
    assert shipping_days(slag, capacity("C1")) == ("2027-02-28", "2028-02-27")


@pytest.mark.parametrize(
    ("accepts_from", "earliest"), [("", "2026-09-15"), ("34", "2026-09-01"), ("3402", "2026-09-01")]
)
def test_a_granted_procedure_lets_its_region_ship_today(accepts_from: str, earliest: str) -> None:
    plant = capacity("C1", place=SHANGHAI, accepts_from=accepts_from)
    assert shipping_days(output("O1", place=ANHUI), plant)[0] == earliest


def test_an_unknown_region_is_never_across_provinces() -> None:
    assert shipping_days(output("O1", place=None), capacity("C1")) == ("2026-09-01", format_date(MISSING))
