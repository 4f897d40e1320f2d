"""A procedure is drafted, filed, consented to, granted or refused, and counts at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from listing_world import ListingWorld
from registry import ACID, AT, Registry, T
from sqlalchemy import true

from circularity.catalogue.procedures import find, last_day, working_days_before
from circularity.deals.contract import AgreementProcedure
from circularity.deals.filing_decisions import (
    acts_with_procedure,
    consent_to,
    grant_filed,
    refuse_filed,
    waiting_for_office,
    wants_consent,
)
from circularity.deals.filings import begin_procedure, file_draft, fill_procedure, take_back
from circularity.deals.procedure_timers import is_late, renewals_due
from circularity.deals.procedures import missing_procedures
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.forms.filing_facts import known_fact, matter_of_agreement
from circularity.organisations import Organisation

ON = AT.date()


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def draft(world: ListingWorld, tonnes: int = 10, **facts: Any) -> AgreementProcedure:
    """The approval that a deal about acid from Shanghai to Jiangsu waits for."""
    agreement = world.agreed(tonnes, **facts)
    about = {"agreement": agreement, "by": world.works.organisation}
    return begin_procedure(**world.act(), **about, kind="hazardous_approval")


def filed(world: ListingWorld, tonnes: int = 10, **facts: Any) -> AgreementProcedure:
    procedure = draft(world, tonnes, **facts)
    file_draft(**world.act(), procedure=procedure, by=world.works.organisation, document="沪危转申 1 号")
    return procedure


def grant(world: ListingWorld, procedure: AgreementProcedure, **facts: Any) -> None:
    about = {"procedure": procedure, "by": world.shanghai, "document": "沪环危转 7 号"}
    grant_filed(**world.act(), **(about | facts))


def acts(world: ListingWorld, procedure: AgreementProcedure, by: Organisation) -> tuple[str, ...]:
    return acts_with_procedure(world.registry.session, procedure, by, ON)


def test_the_draft_is_the_one_that_the_deal_waits_for(world: ListingWorld) -> None:
    procedure = draft(world)
    waiting = [row for row in procedure.agreement.procedures if row.kind == "hazardous_approval"]
    assert waiting == [procedure]
    again = {"agreement": procedure.agreement, "by": world.works.organisation}
    assert begin_procedure(**world.act(), **again, kind="hazardous_approval") is procedure
    assert acts(world, procedure, world.works.organisation) == ("file", "fill")
    with pytest.raises(NotAllowed):
        begin_procedure(**world.act(), agreement=procedure.agreement, by=world.owner, kind="plan_change")


def test_only_what_the_platform_does_not_know_is_typed(world: ListingWorld) -> None:
    procedure = draft(world)
    about = {"procedure": procedure, "by": world.works.organisation}
    fill_procedure(**world.act(), **about, filled={"hazard": "腐蚀性", "packaging": "储罐"})
    fill_procedure(**world.act(), **about, filled={"packaging": ""})
    assert procedure.filled == {"hazard": "腐蚀性"}
    for name in ("sender_name", "nonsense"):
        with pytest.raises(BadInput):
            fill_procedure(**world.act(), **about, filled={name: "x"})
    file_draft(**world.act(), **about)
    with pytest.raises(RuleBroken):
        fill_procedure(**world.act(), **about, filled={"hazard": "毒性"})


def test_what_was_measured_is_filed_by_name_with_its_unit(world: ListingWorld) -> None:
    assays = {"cl_mg_per_kg": 120_500_000, "moisture_pct": 12_000_000, "xyz": 1_000_000}
    output = world.registry.output(100, ACID, site=world.works, assays=assays)
    matter = matter_of_agreement(world.registry.session, world.agreed(output=output), ON)
    assert (
        known_fact(matter, "waste.composition", "hazardous_approval") == "氯 120.5 mg/kg；含水率 12 %；xyz 1"
    )


def test_an_approval_needs_the_consent_of_the_receiving_province_and_then_counts_at_once(
    world: ListingWorld,
) -> None:
    procedure = filed(world)
    session, agreement = world.registry.session, procedure.agreement
    assert "hazardous_approval" in missing_procedures(session, agreement, ON)
    assert waiting_for_office(session, world.shanghai, ON) == [procedure]
    assert waiting_for_office(session, world.jiangsu, ON) == [procedure]
    assert acts(world, procedure, world.shanghai) == ("refuse",)
    with pytest.raises(RuleBroken) as refused:
        grant(world, procedure)
    assert refused.value.code == "consent_missing"
    with pytest.raises(NotAllowed):
        consent_to(**world.act(), procedure=procedure, by=world.shanghai, document="苏环函 3 号")
    consent_to(**world.act(), procedure=procedure, by=world.jiangsu, document="苏环函 3 号")
    assert waiting_for_office(session, world.jiangsu, ON) == []
    with pytest.raises(NotAllowed):
        grant(world, procedure, by=world.jiangsu)
    grant(world, procedure)
    assert procedure.grant is not None
    assert (procedure.status, procedure.grant.limit_kg, procedure.grant.valid_from) == ("granted", 10 * T, ON)
    assert "hazardous_approval" not in missing_procedures(session, agreement, ON, 10 * T)
    assert "hazardous_approval" in missing_procedures(session, agreement, ON, 10 * T + 1)


def test_for_a_listed_receiver_no_consent_is_asked_and_the_lead_time_is_shorter(world: ListingWorld) -> None:
    world.listed()
    procedure = filed(world)
    assert not wants_consent(world.registry.session, procedure, ON)
    assert procedure.expected_on == date(2026, 9, 15), "ten working days instead of twenty"
    grant(world, procedure)
    assert procedure.status == "granted"


def test_a_refused_procedure_is_opened_changed_and_filed_again(world: ListingWorld) -> None:
    procedure = filed(world)
    with pytest.raises(BadInput):
        refuse_filed(**world.act(), procedure=procedure, by=world.shanghai, reasons=" ")
    refuse_filed(**world.act(), procedure=procedure, by=world.shanghai, reasons="应急预案不完整")
    assert (procedure.status, procedure.reasons) == ("refused", "应急预案不完整")
    about = {"procedure": procedure, "by": world.works.organisation}
    take_back(**world.act(), **about)
    fill_procedure(**world.act(), **about, filled={"emergency": "补充预案"})
    file_draft(**world.act(), **about)
    assert (procedure.status, procedure.reasons, procedure.filed_on) == ("filed", "", ON)


def test_a_grant_holds_no_longer_than_its_rule_its_deal_and_the_licence(world: ListingWorld) -> None:
    world.line.entitlement.valid_to = date(2026, 11, 30)
    procedure = filed(world, with_terms={"valid_to": date(2026, 11, 15)})
    consent_to(**world.act(), procedure=procedure, by=world.jiangsu, document="苏环函 3 号")
    with pytest.raises(RuleBroken) as refused:
        grant(world, procedure, valid_to=date(2026, 11, 16))
    assert refused.value.facts["latest"] == "2026-11-15"
    grant(world, procedure, valid_to=date(2026, 10, 31), limit_kg=4 * T)
    assert procedure.grant is not None
    assert (procedure.grant.valid_to, procedure.grant.limit_kg) == (date(2026, 10, 31), 4 * T)


@pytest.mark.parametrize(
    ("region", "wanted", "licence", "latest"),
    [
        ("31", date(2030, 1, 1), None, date(2027, 8, 31)),
        ("3306", date(2030, 1, 1), None, date(2026, 12, 31)),
        ("31", date(2026, 10, 1), None, date(2026, 10, 1)),
        ("31", date(2030, 1, 1), date(2026, 9, 30), date(2026, 9, 30)),
    ],
)
def test_the_last_day_of_a_grant_is_the_earliest_of_its_bounds(
    region: str, wanted: date, licence: date | None, latest: date
) -> None:
    rule = find("general_record", region, date(2026, 9, 1))
    assert last_day(rule, date(2026, 9, 1), wanted, licence) == latest


def test_twelve_months_from_a_day_that_the_year_after_lacks_end_with_february() -> None:
    rule = find("general_record", "31", date(2028, 2, 29))
    assert last_day(rule, date(2028, 2, 29), date(2040, 1, 1), None) == date(2029, 2, 28)


def test_working_days_are_counted_back_from_a_day() -> None:
    assert working_days_before(date(2026, 9, 15), 10) == date(2026, 9, 1)
    assert working_days_before(date(2026, 9, 14), 1) == date(2026, 9, 13), "a Sunday is one working day away"


def test_a_grant_that_ends_before_its_deal_is_told_until_another_is_begun(world: ListingWorld) -> None:
    procedure = filed(world)
    consent_to(**world.act(), procedure=procedure, by=world.jiangsu, document="苏环函 3 号")
    grant(world, procedure, valid_to=date(2026, 9, 30), limit_kg=4 * T)
    session = world.registry.session
    (due,) = renewals_due(session, ON, true())
    assert (due.procedure, due.ends_on, due.renew_by) == (procedure, date(2026, 9, 30), date(2026, 8, 19))
    about = {"agreement": procedure.agreement, "by": world.works.organisation}
    begin_procedure(**world.act(), **about, kind="hazardous_approval")
    session.flush()
    assert renewals_due(session, ON, true()) == []


def test_what_is_not_decided_in_its_lead_time_is_late(world: ListingWorld) -> None:
    procedure = filed(world)
    assert procedure.expected_on == date(2026, 9, 29)
    assert not is_late(procedure, date(2026, 9, 29))
    assert is_late(procedure, date(2026, 9, 29) + timedelta(days=1))


def test_nothing_is_filed_for_a_deal_that_is_not_agreed(world: ListingWorld) -> None:
    agreement = world.offered(10)
    about = {"by": world.works.organisation}
    procedure = begin_procedure(**world.act(), **about, agreement=agreement, kind="hazardous_approval")
    with pytest.raises(RuleBroken) as refused:
        file_draft(**world.act(), **about, procedure=procedure)
    assert refused.value.code == "not_agreed"
