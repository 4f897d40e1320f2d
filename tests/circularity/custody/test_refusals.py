"""Refused mass goes home, or on from where it is; grouped loads stay known; nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from deal_rows import DAY, Deal, agreement, deal, decided
from registry import FLY_ASH, JIANGSU, Registry, T

from circularity.custody.carriers import Carrier
from circularity.custody.drafting import Load
from circularity.custody.grouping import fractions_of, group_onto, ungroup
from circularity.custody.reception import Receipt
from circularity.custody.redrafting import change_draft, draft_of
from circularity.custody.refusals import rematch_refused, send_back, take_back
from circularity.custody.seals import verify_signatures
from circularity.custody.transfer_cells import cells_of
from circularity.custody.transfers import arrive, cancel, close
from circularity.errors import RuleBroken, Stale
from circularity.ledger.balances import balance, faults, held, trial_balance
from circularity.ledger.postings import Cell


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def test_a_partly_refused_load_goes_home_and_the_agreement_has_its_tonnes_back(ash: Deal) -> None:
    session, transfer = ash.registry.session, ash.at_the_gate(30)
    decided(ash, transfer, 20, 10)
    assert trial_balance(session)["in_transit"] == 10 * T
    send_back(**ash.act, transfer=transfer, who="carrier")
    take_back(**ash.act, transfer=transfer, weighed_kg={1: 9_900})
    close(**ash.act, transfer=transfer)
    ledger = trial_balance(session)
    assert ledger == {
        "generated": -30 * T,
        "on_site": 9_900,
        "reserved": 0,
        "in_transit": 0,
        "received": 20 * T,
        "variance": 100,
    }
    assert ash.agreement.shipped_kg == (30 - 10) * T
    assert (transfer.status, verify_signatures(transfer), faults(session)) == ("closed", [], [])


def test_what_comes_home_heavier_is_variance_too(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    decided(ash, transfer, 0, 30)
    send_back(**ash.act, transfer=transfer, who="receiver")
    take_back(**ash.act, transfer=transfer, weighed_kg={1: 30_050})
    ledger = trial_balance(ash.registry.session)
    assert (ledger["on_site"], ledger["variance"], ledger["in_transit"]) == (30_050, -50, 0)


@pytest.mark.parametrize(("refused_t", "back_kg"), [(18, 180_000), (18, 19_000)])
def test_more_than_two_scales_can_differ_by_does_not_come_home(
    ash: Deal, refused_t: int, back_kg: int
) -> None:
    transfer = ash.at_the_gate(30)
    decided(ash, transfer, 30 - refused_t, refused_t)
    send_back(**ash.act, transfer=transfer, who="receiver")
    with pytest.raises(RuleBroken, match="18 t of line 1 were refused") as error:
        take_back(**ash.act, transfer=transfer, weighed_kg={1: back_kg})
    assert (error.value.code, error.value.facts["refused_kg"]) == ("more_than_refused", refused_t * T)


def test_a_small_rest_may_come_home_heavier_by_the_divisions_of_two_scales(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    decided(ash, transfer, 29, 1)
    send_back(**ash.act, transfer=transfer, who="receiver")
    take_back(**ash.act, transfer=transfer, weighed_kg={1: 1_100})
    assert trial_balance(ash.registry.session)["on_site"] == 1_100


def test_a_refused_load_goes_on_from_the_gate_to_another_plant(ash: Deal) -> None:
    session, registry = ash.registry.session, ash.registry
    refused = ash.at_the_gate(30)
    decided(ash, refused, 20, 10)
    other = agreement(registry, ash.works, registry.line(), FLY_ASH)
    rescue = rematch_refused(
        **ash.act,
        transfer=refused,
        agreements=[other],
        carriers=[Carrier(ash.carrier, "沪A12345")],
        conveyance="vehicle",
        vehicle="沪A12345",
        day=DAY,
    )
    assert rescue.load_lat_e7 == ash.plant.site.lat_e7
    ash.sign(rescue, "sender")
    assert (refused.status, ash.agreement.shipped_kg, other.shipped_kg) == ("rematched", 20 * T, 10 * T)
    with pytest.raises(RuleBroken) as on_road:
        cancel(**ash.act, transfer=rescue, reason="改期")
    assert on_road.value.code == "load_on_the_road"
    ash.sign(rescue, "carrier")
    arrive(**ash.act, transfer=rescue)
    cell = Cell(ash.works.id, FLY_ASH, 2026)
    assert cells_of(session, rescue, rescue.lines[0]) == [(cell, 10 * T)]
    decided(ash, rescue, 10, 0)
    for transfer in (refused, rescue):
        close(**ash.act, transfer=transfer)
    assert trial_balance(session) == {
        "generated": -30 * T,
        "on_site": 0,
        "reserved": 0,
        "in_transit": 0,
        "received": 30 * T,
    }
    assert balance(session, "received", cell, rescue.facility.site_id) == 10 * T
    assert faults(session) == []


def test_a_load_refused_twice_can_still_go_home(ash: Deal) -> None:
    registry, refused = ash.registry, ash.at_the_gate(30)
    decided(ash, refused, 0, 30)
    where = {"carriers": [Carrier(ash.carrier, "沪A1")], "conveyance": "vehicle", "vehicle": "", "day": DAY}
    other = agreement(registry, ash.works, registry.line(), FLY_ASH)
    rescue = rematch_refused(**ash.act, transfer=refused, agreements=[other], **where)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    ash.sign(rescue, "sender")
    ash.sign(rescue, "carrier")
    arrive(**ash.act, transfer=rescue)
    decided(ash, rescue, 0, 30)
    send_back(**ash.act, transfer=rescue, who="generator")
    take_back(**ash.act, transfer=rescue)
    ledger = trial_balance(registry.session)
    assert (ledger["on_site"], ledger["in_transit"]) == (30 * T, 0)
    assert (ash.agreement.shipped_kg, other.shipped_kg) == (0, 0)


def test_a_load_that_was_sent_back_cannot_be_rematched_as_well(ash: Deal) -> None:
    registry, refused = ash.registry, ash.at_the_gate(30)
    decided(ash, refused, 0, 30)
    where = {"carriers": [Carrier(ash.carrier, "沪A1")], "conveyance": "vehicle", "vehicle": "", "day": DAY}
    other = agreement(registry, ash.works, registry.line(), FLY_ASH)
    rescue = rematch_refused(**ash.act, transfer=refused, agreements=[other], **where)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    send_back(**ash.act, transfer=refused, who="carrier")
    with pytest.raises(RuleBroken) as late:
        ash.sign(rescue, "sender")
    assert late.value.code == "illegal_step"


@pytest.fixture
def stored(registry: Registry) -> tuple[Deal, Deal, list[Receipt]]:
    """Two works' loads at a collector, and the collector's own agreement with a plant."""
    first = deal(registry, kind="collector")
    second = replace(first, works=registry.site(JIANGSU))
    second.agreement = agreement(registry, second.works, first.agreement.line, FLY_ASH)
    registry.grant(first.plant, origin_region="32")
    receipts = [decided(each, each.at_the_gate(t), t, 0) for each, t in ((first, 30), (second, 20))]
    onward = deal(registry, works=first.plant.site)
    return first, onward, receipts


def test_two_stored_loads_leave_as_one_and_each_generator_stays_known(
    stored: tuple[Deal, Deal, list[Receipt]],
) -> None:
    first, onward, (one, two) = stored
    session = first.registry.session
    transfer = onward.draft(45)
    group_onto(**onward.act, line=transfer.lines[0], fractions=[(one, None), (two, 15 * T)])
    assert [part.mass_kg for part in fractions_of(session, transfer.lines[0])] == [30 * T, 15 * T]
    onward.sign(transfer, "sender")
    onward.sign(transfer, "carrier")
    arrive(**onward.act, transfer=transfer)
    decided(onward, transfer, 45, 0)
    origins = {
        cell.origin_site_id: kg for cell, kg in held(session, "received", onward.plant.site_id, FLY_ASH)
    }
    assert origins == {first.works.id: 30 * T, two.line.transfer.sender_site_id: 15 * T}
    assert (one.forwarded_kg, two.forwarded_kg) == (30 * T, 15 * T)
    assert trial_balance(session)["generated"] == -50 * T  # nothing was generated by the collector
    assert faults(session) == []


def test_never_more_than_remains_is_grouped(stored: tuple[Deal, Deal, list[Receipt]]) -> None:
    _, onward, (one, two) = stored
    line = onward.draft(100).lines[0]
    group_onto(**onward.act, line=line, fractions=[(two, 15 * T)])
    for wanted_kg in (5 * T + 1, 0, -1):
        with pytest.raises(RuleBroken) as refused:
            group_onto(**onward.act, line=line, fractions=[(two, wanted_kg)])
        assert (refused.value.code, refused.value.facts["left_kg"]) == ("more_than_remains", 5 * T)
    with pytest.raises(RuleBroken) as too_much:
        group_onto(**onward.act, line=onward.draft(10).lines[0], fractions=[(one, None)])
    assert too_much.value.code == "more_than_line"


def test_loads_are_taken_off_a_draft_and_chosen_anew(stored: tuple[Deal, Deal, list[Receipt]]) -> None:
    first, onward, (one, two) = stored
    line = onward.draft(20).lines[0]
    group_onto(**onward.act, line=line, fractions=[(one, 20 * T)])
    for _ in range(2):
        ungroup(**onward.act, line=line)
    first.registry.session.expire_all()
    assert (fractions_of(first.registry.session, line), one.forwarded_kg) == ([], 0)
    group_onto(**onward.act, line=line, fractions=[(two, None)])
    onward.sign(line.transfer, "sender")
    with pytest.raises(RuleBroken) as refused:
        ungroup(**onward.act, line=line)
    assert refused.value.code == "not_a_draft"


def test_stored_loads_hold_the_line_of_a_draft_until_they_are_taken_off(
    stored: tuple[Deal, Deal, list[Receipt]],
) -> None:
    _, onward, (one, two) = stored
    transfer = onward.draft(30)
    line, drafted = transfer.lines[0], draft_of(transfer)
    group_onto(**onward.act, line=line, fractions=[(one, 20 * T)])
    lighter, other = Load(FLY_ASH, "C2", 20 * T - 1), Load("900-001-S03", "C2", 30 * T)
    for load, code in ((lighter, "more_than_line"), (other, "line_in_use")):
        about = {"version": transfer.version, "draft": replace(drafted, lines=[load])}
        with pytest.raises(RuleBroken) as refused:
            change_draft(**onward.act, transfer=transfer, **about)
        assert (refused.value.code, line.sent_kg) == (code, 30 * T)
    enough = replace(drafted, lines=[Load(FLY_ASH, "C2", 35 * T)])
    change_draft(**onward.act, transfer=transfer, version=transfer.version, draft=enough)
    group_onto(**onward.act, line=line, fractions=[(two, 15 * T)])
    ungroup(**onward.act, line=line)
    change_draft(
        **onward.act, transfer=transfer, version=transfer.version, draft=replace(drafted, lines=[other])
    )
    onward.registry.session.expire_all()
    assert (one.forwarded_kg, two.forwarded_kg) == (0, 0)
    with pytest.raises(Stale):
        group_onto(**onward.act, line=line, fractions=[(one, T)])


def test_a_load_sent_on_from_the_gate_stays_a_trip(ash: Deal, registry: Registry) -> None:
    refused = ash.at_the_gate(30)
    decided(ash, refused, 0, 30)
    where = {"carriers": [Carrier(ash.carrier, "沪A1")], "conveyance": "vehicle", "vehicle": "", "day": DAY}
    other = agreement(registry, ash.works, registry.line(), FLY_ASH)
    rescue = rematch_refused(**ash.act, transfer=refused, agreements=[other], **where)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    about = {"transfer": rescue, "version": rescue.version}
    with pytest.raises(RuleBroken) as on_the_road:
        change_draft(**ash.act, **about, draft=replace(draft_of(rescue), metering="sheet", carriers=[]))
    assert on_the_road.value.code == "load_on_the_road"
    change_draft(**ash.act, **about, draft=replace(draft_of(rescue), conveyance="barge"))
    ash.sign(rescue, "sender")
    assert (refused.status, rescue.conveyance, rescue.refused_transfer) == ("rematched", "barge", refused)


def test_a_line_that_is_grouped_in_part_does_not_leave(stored: tuple[Deal, Deal, list[Receipt]]) -> None:
    _, onward, (one, _) = stored
    transfer = onward.draft(40)
    group_onto(**onward.act, line=transfer.lines[0], fractions=[(one, None)])
    with pytest.raises(RuleBroken) as refused:
        onward.sign(transfer, "sender")
    assert refused.value.code == "fractions_missing"


def test_a_discarded_draft_and_a_refusal_give_fractions_back(
    stored: tuple[Deal, Deal, list[Receipt]],
) -> None:
    first, onward, (one, two) = stored
    draft = onward.draft(30)
    group_onto(**onward.act, line=draft.lines[0], fractions=[(one, None)])
    cancel(**onward.act, transfer=draft, reason="改期")
    first.registry.session.refresh(one)
    assert one.forwarded_kg == 0
    transfer = onward.draft(50)
    group_onto(**onward.act, line=transfer.lines[0], fractions=[(one, None), (two, None)])
    onward.sign(transfer, "sender")
    onward.sign(transfer, "carrier")
    arrive(**onward.act, transfer=transfer)
    decided(onward, transfer, 25, 25)
    send_back(**onward.act, transfer=transfer, who="carrier")
    take_back(**onward.act, transfer=transfer)
    for receipt in (one, two):
        first.registry.session.refresh(receipt)
    assert (one.forwarded_kg, two.forwarded_kg) == (25 * T, 0)
    again = onward.draft(25)
    group_onto(**onward.act, line=again.lines[0], fractions=[(one, None), (two, None)])
    onward.sign(again, "sender")
    assert trial_balance(first.registry.session)["reserved"] == 25 * T


def test_what_a_collector_stores_for_others_does_not_leave_in_its_own_name(
    stored: tuple[Deal, Deal, list[Receipt]],
) -> None:
    first, onward, _ = stored
    onward.sign(onward.draft(5), "sender")
    session = first.registry.session
    own = Cell(onward.works.id, FLY_ASH, 2026)
    assert held(session, "reserved", onward.works.id, FLY_ASH) == [(own, 5 * T)]
    assert sum(kg for _, kg in held(session, "on_site", onward.works.id, FLY_ASH)) == 50 * T
