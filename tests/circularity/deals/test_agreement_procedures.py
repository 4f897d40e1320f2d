"""Procedures hang on an agreement: what is missing on which day, and what meets it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from deal_world import DealWorld, act
from registry import ACID, ANHUI, Registry, T

from circularity.deals.agreements import gaps, ship
from circularity.deals.contract import Agreement
from circularity.deals.procedures import attach_grant, file_procedure, missing_procedures, note_granted
from circularity.deals.reservations import left_kg
from circularity.errors import BadInput, RuleBroken

TODAY = date(2026, 9, 1)


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


def from_anhui(world: DealWorld, tonnes: int = 60, **facts: Any) -> Agreement:
    """Fly ash from Anhui to be used in Shanghai: Anhui wants a record."""
    return world.agreed(tonnes, site=world.registry.site(ANHUI), **facts)


def grant(world: DealWorld, agreement: Agreement, **facts: Any) -> Any:
    found = world.registry.grant(agreement.facility, **({"origin_region": "34"} | facts))
    world.session.flush()
    return found


def test_nothing_is_missing_within_a_province(world: DealWorld) -> None:
    agreement = world.agreed()
    assert missing_procedures(world.session, agreement, TODAY) == ()
    assert agreement.procedures == []


def test_what_it_waits_for_hangs_on_it_from_the_day_it_is_agreed(world: DealWorld) -> None:
    agreement = from_anhui(world)
    assert missing_procedures(world.session, agreement, TODAY) == ("general_record",)
    assert [(row.kind, row.filed_on, row.granted_on) for row in agreement.procedures] == [
        ("general_record", None, None)
    ]


def test_a_filing_is_expected_after_its_lead_time(world: DealWorld) -> None:
    agreement = from_anhui(world)
    facts = {"kind": "general_record", "filed_on": TODAY, "document": "备案申请 1"}
    filed = file_procedure(world.session, **act(), agreement=agreement, **facts)
    assert agreement.procedures == [filed]
    assert filed.filed_on == TODAY
    assert filed.expected_on is not None
    assert filed.expected_on > TODAY
    assert missing_procedures(world.session, agreement, TODAY) == ("general_record",)


def test_a_grant_for_any_sender_opens_it_without_being_attached(world: DealWorld) -> None:
    agreement = from_anhui(world)
    grant(world, agreement)
    assert missing_procedures(world.session, agreement, TODAY) == ()
    assert missing_procedures(world.session, agreement, date(2027, 1, 1)) == ("general_record",)


def test_a_limited_grant_opens_it_once_attached_up_to_what_it_holds(world: DealWorld) -> None:
    agreement = from_anhui(world, 60)
    found = grant(world, agreement, limit_kg=100 * T, output_organisation=agreement.site.organisation)
    assert missing_procedures(world.session, agreement, TODAY) == ("general_record",)
    attach_grant(world.session, **act(), agreement=agreement, grant=found, mass_kg=40 * T)
    assert left_kg(world.session, "grant", found) == 60 * T
    assert missing_procedures(world.session, agreement, TODAY, 40 * T) == ()
    assert missing_procedures(world.session, agreement, TODAY, 40 * T + 1) == ("general_record",)
    ship(world.session, agreement, 40 * T)
    assert missing_procedures(world.session, agreement, TODAY) == ()
    assert missing_procedures(world.session, agreement, TODAY, 1) == ("general_record",)


def test_a_grant_is_not_given_to_two_deals_beyond_its_limit(world: DealWorld) -> None:
    line = world.registry.line()
    one, other = from_anhui(world, 60, line=line), from_anhui(world, 60, line=line)
    found = grant(world, one, limit_kg=100 * T)
    attach_grant(world.session, **act(), agreement=one, grant=found)
    with pytest.raises(RuleBroken) as error:
        attach_grant(world.session, **act(), agreement=other, grant=found)
    assert (error.value.code, error.value.facts["left_kg"]) == ("full", 40 * T)


@pytest.mark.parametrize(
    "facts",
    [{"origin_region": "31"}, {"waste_pattern": "SW01"}],
    ids=["of another province", "of another waste"],
)
def test_a_grant_that_is_not_about_the_pair_is_refused(world: DealWorld, facts: dict[str, Any]) -> None:
    agreement = from_anhui(world)
    found = grant(world, agreement, **facts)
    with pytest.raises(RuleBroken) as error:
        attach_grant(world.session, **act(), agreement=agreement, grant=found)
    assert error.value.code == "other_grant"


def test_a_grant_of_another_sender_is_refused(world: DealWorld) -> None:
    agreement = from_anhui(world)
    found = grant(world, agreement, output_organisation=world.registry.organisation())
    with pytest.raises(RuleBroken) as error:
        attach_grant(world.session, **act(), agreement=agreement, grant=found)
    assert error.value.code == "other_grant"


def test_nothing_is_attached_before_both_have_agreed(world: DealWorld) -> None:
    agreement = world.offered(site=world.registry.site(ANHUI))
    with pytest.raises(RuleBroken) as error:
        attach_grant(world.session, **act(), agreement=agreement, grant=grant(world, agreement))
    assert error.value.code == "not_agreed"


def test_a_filed_record_that_is_granted_becomes_one_row(world: DealWorld) -> None:
    agreement = from_anhui(world)
    facts = {"kind": "general_record", "filed_on": TODAY}
    filed = file_procedure(world.session, **act(), agreement=agreement, **facts)
    found = grant(world, agreement, valid_from=date(2026, 9, 20))
    assert attach_grant(world.session, **act(), agreement=agreement, grant=found) is filed
    assert (filed.granted_on, filed.grant) == (date(2026, 9, 20), found)
    assert missing_procedures(world.session, agreement, date(2026, 9, 19)) == ("general_record",)
    assert missing_procedures(world.session, agreement, date(2026, 9, 20)) == ()


def test_a_grant_that_ends_before_the_agreement_is_a_gap_until_the_next_one(world: DealWorld) -> None:
    agreement = from_anhui(world)
    limited = {"limit_kg": 100 * T}
    first = grant(world, agreement, valid_to=date(2026, 10, 10), **limited)
    attach_grant(world.session, **act(), agreement=agreement, grant=first)
    assert [(gap.kind, gap.first, gap.document) for gap in gaps(world.session, TODAY)] == [
        ("general_record", date(2026, 10, 11), first.public_id)
    ]
    following = grant(world, agreement, valid_from=date(2026, 10, 11), **limited)
    attach_grant(world.session, **act(), agreement=agreement, grant=following)
    assert gaps(world.session, TODAY) == []
    assert len(agreement.procedures) == 2


def hazardous(world: DealWorld, **facts: Any) -> Agreement:
    facility = world.registry.facility()
    limits = {"limits_max": {"as_mg_per_kg": 5_000_000}} if facts.pop("limited", False) else {}
    line = world.registry.line(
        entitlement=world.registry.licence(facility), waste_pattern="HW34", operation="R6", **limits
    )
    return world.agreed(60, line=line, waste_code=ACID, operation="R6", **facts)


def test_a_plan_change_is_met_by_its_document(world: DealWorld) -> None:
    output = world.registry.output(100, ACID, plan_mass_kg=50 * T)
    agreement = hazardous(world, output=output)
    assert missing_procedures(world.session, agreement, TODAY) == ("plan_change",)
    facts = {"kind": "plan_change", "granted_on": TODAY, "document": "变更备案 2026-3"}
    note_granted(world.session, **act(), agreement=agreement, **facts)
    assert missing_procedures(world.session, agreement, TODAY) == ()


def test_a_sample_may_leave_before_it_is_analysed_and_the_regular_lot_after(world: DealWorld) -> None:
    regular = hazardous(world, limited=True)
    sample = hazardous(world, limited=True, with_terms={"lot": "sample"})
    assert missing_procedures(world.session, regular, TODAY) == ("assay",)
    assert missing_procedures(world.session, sample, TODAY) == ()
    facts = {"kind": "assay", "granted_on": TODAY, "document": "检测报告 7"}
    note_granted(world.session, **act(), agreement=regular, **facts)
    assert missing_procedures(world.session, regular, TODAY) == ()


def test_an_approval_between_provinces_is_never_noted_without_its_grant(world: DealWorld) -> None:
    facts = {"kind": "general_record", "granted_on": TODAY, "document": "x"}
    with pytest.raises(BadInput):
        note_granted(world.session, **act(), agreement=from_anhui(world), **facts)
