"""As of which day the law is asked: a trip when it leaves and as it came, a sheet as of its last day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from deal_rows import Deal, deal
from registry import JIANGSU, Registry, T

from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.sheets import add_reading
from circularity.custody.transfers import arrive
from circularity.errors import RuleBroken


def _weigh(deal: Deal, transfer: Transfer) -> None:
    receive(**deal.act, transfer=transfer, weighed={1: Weighed(30 * T)})


def _accept(deal: Deal, transfer: Transfer) -> None:
    plant = transfer.facility.site.organisation
    verdicts = {1: Verdict(30 * T)}
    decide(**deal.act, transfer=transfer, organisation=plant, person="李四", verdicts=verdicts)


@pytest.fixture
def until_september(registry: Registry) -> Deal:
    """A deal across provinces; its record and the plant's permit end with September."""
    last = date(2026, 9, 30)
    line = registry.line(entitlement=registry.entitlement(valid_to=last))
    ash = deal(registry, works=registry.site(JIANGSU), line=line, valid_to=date(2026, 10, 10))
    registry.grant(ash.plant, origin_region="32", valid_to=last)
    return ash


def _on(ash: Deal, month: int, day: int) -> date:
    ash.registry.act["at"] = datetime(2026, month, day, 2, tzinfo=UTC)
    return date(2026, month, day)


def test_what_came_in_time_is_accepted_after_an_analysis_whatever_has_ended(until_september: Deal) -> None:
    transfer = until_september.at_the_gate(30, day=_on(until_september, 9, 29))
    _weigh(until_september, transfer)
    _on(until_september, 10, 8)
    _accept(until_september, transfer)
    assert transfer.status == "accepted"


def test_what_came_after_the_permit_had_ended_can_only_be_refused(until_september: Deal) -> None:
    transfer = until_september.draft(30, day=_on(until_september, 9, 30))
    for signer in ("sender", "carrier"):
        until_september.sign(transfer, signer)
    _on(until_september, 10, 1)
    arrive(**until_september.act, transfer=transfer)
    _weigh(until_september, transfer)
    with pytest.raises(RuleBroken) as refused:
        _accept(until_september, transfer)
    assert [rule["rule"] for rule in refused.value.facts["rules"]] == ["licence_validity"]


def test_procedures_are_asked_when_a_load_leaves_and_not_at_the_gate(registry: Registry) -> None:
    ash = deal(registry, works=registry.site(JIANGSU), valid_to=date(2026, 10, 10))
    registry.grant(ash.plant, origin_region="32", valid_to=date(2026, 9, 30))
    transfer = ash.draft(30, day=_on(ash, 9, 30))
    for signer in ("sender", "carrier"):
        ash.sign(transfer, signer)
    _on(ash, 10, 1)
    arrive(**ash.act, transfer=transfer)
    _weigh(ash, transfer)
    _accept(ash, transfer)
    assert transfer.status == "accepted"
    late = ash.draft(30, day=_on(ash, 10, 2))
    with pytest.raises(RuleBroken) as refused:
        ash.sign(late, "sender")
    assert [rule["rule"] for rule in refused.value.facts["rules"]] == ["lead_time"]


def test_a_sheet_is_signed_and_accepted_as_of_its_last_day(until_september: Deal) -> None:
    last = date(2026, 9, 30)
    sheet = until_september.draft(30, metering="sheet", day=date(2026, 9, 1), day_to=last)
    _on(until_september, 10, 8)
    reading = {"kind": "conveyor", "meter": "皮带秤", "mass_kg": 30 * T, "figures": {}}
    read_at = datetime(2026, 9, 30, 9, tzinfo=UTC)
    add_reading(**until_september.act, transfer=sheet, read_at=read_at, **reading)
    until_september.sign(sheet, "sender")
    _weigh(until_september, sheet)
    _accept(until_september, sheet)
    assert sheet.status == "accepted"
