"""A signed transfer changes only when every other party agrees; then ledger, agreement and seals follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deal_rows import Deal, deal
from registry import AT, Registry, T
from sqlalchemy import select

from circularity.audit import Actor
from circularity.columns import canonical_json
from circularity.custody.amendments import Correction
from circularity.custody.corrections import answer_correction, ask_correction, withdraw_correction
from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.refusals import take_back
from circularity.custody.seals import verify_signatures
from circularity.custody.sheets import Weighing, add_tickets
from circularity.custody.transfers import close
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.mass import MassGroup

LATER = AT + timedelta(days=40)


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


@pytest.fixture
def accepted(ash: Deal) -> Transfer:
    """Thirty tonnes sent, 29.4 received and accepted."""
    transfer = ash.at_the_gate(30)
    receive(**ash.act, transfer=transfer, weighed={1: Weighed(29_400)})
    plant = ash.plant.site.organisation
    verdict = {1: Verdict(29_400)}
    decide(**ash.act, transfer=transfer, organisation=plant, person="李四", verdicts=verdict)
    return transfer


def ask(deal: Deal, transfer: Transfer, by: str = "generator", **changes: Any) -> Correction:
    """Ask in forty days, when the month of the transfer is over."""
    fields = {name.replace("__", "."): value for name, value in changes.items()}
    return ask_correction(
        deal.registry.session,
        actor=Actor(f"{by} 经办人", None, "person"),
        at=LATER,
        transfer=transfer,
        organisation=party(deal, by),
        changes=fields,
        reason="磅单录入错误",
    )


def party(deal: Deal, name: str) -> Any:
    parties = {"generator": deal.works.organisation, "receiver": deal.plant.site.organisation}
    return parties.get(name, deal.carrier)


def answer(deal: Deal, correction: Correction, by: str, agrees: bool = True) -> None:
    actor = Actor(f"{by} 经办人", None, "person")
    whose = {"organisation": party(deal, by), "agrees": agrees}
    answer_correction(deal.registry.session, actor=actor, at=LATER, correction=correction, **whose)


def test_a_weight_is_booked_anew_on_its_own_days_when_the_others_agree(ash: Deal, accepted: Transfer) -> None:
    session = ash.registry.session
    correction = ask(ash, accepted, lines__1__sent_kg=29_500)
    answer(ash, correction, "carrier")
    assert (correction.status, accepted.lines[0].sent_kg) == ("asked", 30_000)
    answer(ash, correction, "receiver")
    assert (correction.status, accepted.lines[0].sent_kg) == ("approved", 29_500)
    assert correction.changes == {"lines.1.sent_kg": [30_000, 29_500]}
    ledger = trial_balance(session)
    assert (ledger["received"], ledger["variance"]) == (29_400, 29_500 - 29_400)
    assert ledger["on_site"] == 500  # what was generated and did not go
    assert ash.agreement.shipped_kg == 29_500
    assert {day for (day,) in session.execute(select(MassGroup.on_day))} == {AT.date()}
    assert faults(session) == []


def test_what_was_approved_is_sealed_anew_by_everyone_under_the_name_of_who_agreed(
    ash: Deal, accepted: Transfer
) -> None:
    correction = ask(ash, accepted, by="receiver", lines__1__received_kg=29_300, vehicle="沪B999")
    answer(ash, correction, "generator")
    answer(ash, correction, "carrier")
    revised = accepted.signatures[3:]
    assert [(s.revision, s.signer) for s in revised] == [(1, "sender"), (1, "carrier"), (1, "receiver")]
    names = ["generator 经办人", "carrier 经办人", "receiver 经办人"]
    assert [s.person for s in revised] == names
    assert revised[0].document["vehicle"] == "沪B999"
    assert revised[0].document["reception"][0]["settled_kg"] == 29_300
    assert verify_signatures(accepted) == []
    close(**ash.act, transfer=accepted)


def test_one_refusal_ends_it_and_nothing_changes(ash: Deal, accepted: Transfer) -> None:
    correction = ask(ash, accepted, lines__1__sent_kg=29_500)
    answer(ash, correction, "carrier")
    answer(ash, correction, "receiver", agrees=False)
    assert (correction.status, accepted.lines[0].sent_kg, len(accepted.signatures)) == ("refused", 30_000, 3)
    with pytest.raises(RuleBroken) as late:
        answer(ash, correction, "receiver")
    assert late.value.code == "illegal_step"


def test_a_correction_that_was_withdrawn_makes_room_for_another(ash: Deal, accepted: Transfer) -> None:
    correction = ask(ash, accepted, lines__1__sent_kg=29_500)
    with pytest.raises(RuleBroken) as second:
        ask(ash, accepted, by="receiver", vehicle="沪B999")
    assert second.value.code == "correction_open"
    act = {**ash.act, "correction": correction}
    with pytest.raises(NotAllowed):
        withdraw_correction(**act, organisation=party(ash, "receiver"))
    withdraw_correction(**act, organisation=party(ash, "generator"))
    assert ask(ash, accepted, by="receiver", vehicle="沪B999").number == 2


def test_who_asked_and_strangers_have_no_answer_and_nobody_answers_twice(
    ash: Deal, accepted: Transfer
) -> None:
    correction = ask(ash, accepted, vehicle="沪B999")
    stranger = replace(ash, carrier=ash.registry.organisation())
    for deal_, by in ((ash, "generator"), (stranger, "carrier")):
        with pytest.raises(NotAllowed):
            answer(deal_, correction, by)
    answer(ash, correction, "carrier")
    with pytest.raises(RuleBroken) as twice:
        answer(ash, correction, "carrier")
    assert twice.value.code == "answered"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "empty"),
        ({"cancel": True, "vehicle": "沪B999"}, "stands_alone"),
        ({"lines.1.waste_code": "900-002-S01"}, "unknown_field"),
        ({"status": "closed"}, "unknown_field"),
        ({"lines.2.sent_kg": 5}, "unknown_field"),
        ({"lines.1.sent_kg": 30_000}, "unchanged"),
        ({"lines.1.sent_kg": 29_999.5}, "not_a_number"),
        ({"official_number": "12"}, "not_14_digits"),
        ({"carriages.1.vehicle": 5}, "not_a_text"),
    ],
)
def test_only_what_may_change_is_asked_for(
    ash: Deal, accepted: Transfer, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(BadInput) as refused:
        ask(ash, accepted, **changes)
    assert [problem.rule for problem in refused.value.problems] == [rule]


def test_weights_wait_for_the_verdict_and_never_change_it(ash: Deal, accepted: Transfer) -> None:
    with pytest.raises(RuleBroken) as early:
        ask(ash, ash.at_the_gate(1), lines__1__sent_kg=29_500)
    assert early.value.code == "too_early"
    correction = ask(ash, accepted, lines__1__refused_kg=400)
    answer(ash, correction, "carrier")
    with pytest.raises(RuleBroken) as other:
        answer(ash, correction, "receiver")
    assert other.value.code == "other_verdict"


def test_a_trip_under_way_turns_back_by_consent(ash: Deal) -> None:
    transfer = ash.draft(30)
    ash.sign(transfer, "sender")
    with pytest.raises(RuleBroken) as alone:
        ask(ash, transfer, cancel=True)
    assert alone.value.code == "illegal_step"  # before pick-up the sender cancels alone
    ash.sign(transfer, "carrier")
    correction = ask(ash, transfer, cancel=True)
    answer(ash, correction, "receiver")
    answer(ash, correction, "carrier")
    assert transfer.status == "returning"
    take_back(**ash.act, transfer=transfer)
    assert trial_balance(ash.registry.session)["on_site"] == 30 * T
    assert ash.agreement.shipped_kg == 0


def test_a_sheet_is_cancelled_by_consent_and_its_mass_has_never_left(ash: Deal) -> None:
    sheet = ash.draft(metering="sheet")
    row = Weighing("1", "沪A1", datetime(2026, 9, 1, 1, tzinfo=UTC), 49_860, 16_200)
    add_tickets(**ash.act, transfer=sheet, rows=[row])
    ash.sign(sheet, "sender")
    answer(ash, ask(ash, sheet, cancel=True), "receiver")
    ledger = trial_balance(ash.registry.session)
    assert (sheet.status, ledger["on_site"], ledger["in_transit"]) == ("cancelled", 33_660, 0)
    assert ash.agreement.shipped_kg == 0
    # Its tickets are free for the sheet they belong to; what was sealed first still tells of them.
    assert verify_signatures(sheet) == []
    first, consent = sheet.signatures
    assert (first.revision, consent.revision) == (0, 1)
    assert '"mass_kg":33660' in canonical_json(first.document)
    right = ash.draft(metering="sheet")
    assert add_tickets(**ash.act, transfer=right, rows=[row]).added == 1
    ash.sign(right, "sender")
    assert ash.agreement.shipped_kg == 33_660
    assert faults(ash.registry.session) == []


def test_one_organisation_in_every_role_needs_nobodys_consent(registry: Registry) -> None:
    owner = registry.organisation(roles=frozenset({"generator", "facility", "carrier"}))
    plant = registry.facility(site=registry.site(organisation=owner))
    own = deal(registry, works=registry.site(organisation=owner), line=registry.line(plant))
    own.carrier = owner
    transfer = own.at_the_gate(30)
    correction = ask(own, transfer, vehicle="沪B999")
    assert (correction.status, transfer.vehicle) == ("approved", "沪B999")
