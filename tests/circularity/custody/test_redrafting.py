"""A draft is changed while nobody has signed it; nothing of it is counted before, nothing lost afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from deal_rows import DAY, Deal, agreement, deal
from registry import ACID, FLY_ASH, Registry, T
from sqlalchemy import select, update

from circularity.audit import AuditEvent, verify_chain
from circularity.custody.carriers import Carrier
from circularity.custody.drafting import Load
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Carriage, Transfer, TransferLine
from circularity.custody.metered import sent_total_kg
from circularity.custody.official_numbers import set_official_number
from circularity.custody.redrafting import change_draft, draft_of
from circularity.custody.seals import verify_signatures
from circularity.custody.sheets import Weighing, add_reading, add_tickets
from circularity.custody.transfers import cancel
from circularity.deals.contract import Agreement
from circularity.errors import BadInput, RuleBroken, Stale
from circularity.ledger.balances import faults, trial_balance

SLAG = "311-001-S01"
EIGHT = datetime(2026, 9, 1, 0, tzinfo=UTC)


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry, tonnes=500)


@pytest.fixture
def slag(ash: Deal) -> Agreement:
    """A second agreement of the same two parties, about slag."""
    line = ash.registry.line(entitlement=ash.agreement.line.entitlement, waste_pattern="SW01")
    return agreement(ash.registry, ash.works, line, SLAG, 500)


def change(ash: Deal, transfer: Transfer, official_number: str | None = None, **said: Any) -> None:
    version = said.pop("version", transfer.version)
    draft = replace(draft_of(transfer), **said)
    about = {"transfer": transfer, "version": version, "draft": draft, "official_number": official_number}
    change_draft(**ash.act, **about)


def events(ash: Deal) -> list[AuditEvent]:
    ash.registry.session.commit()
    return list(ash.registry.session.scalars(select(AuditEvent).filter_by(action="transfer.draft_changed")))


def weigh(ash: Deal, transfer: Transfer, number: str, kg: int, at: datetime = EIGHT, line: int = 1) -> None:
    row = Weighing(number, "沪A1", at, 16 * T + kg, 16 * T)
    assert add_tickets(**ash.act, transfer=transfer, rows=[row], line=line).added == 1


def test_everything_that_was_drafted_can_be_said_anew(ash: Deal, slag: Agreement) -> None:
    trip = ash.draft(30)
    kept, other = trip.lines[0].public_id, ash.registry.organisation(roles=frozenset({"carrier"}))
    said: dict[str, Any] = {
        "agreement": slag,
        "lines": [Load(SLAG, "C2", 7 * T, 55, "散装"), Load(FLY_ASH, "C2", 21 * T, agreement=ash.agreement)],
        "carriers": [Carrier(other, "沪B2", "危货310002", ("HW18", "HW34")), Carrier(ash.carrier, "浙F3")],
        "conveyance": "barge",
        "vehicle": "沪货 9",
        "day": DAY + timedelta(days=1),
        "day_to": DAY + timedelta(days=3),
        "metering": "sheet",
    }
    before = trip.version
    change(ash, trip, **said)
    now = draft_of(trip)
    assert (now.agreement, now.conveyance, now.vehicle, now.metering) == (slag, "barge", "沪货 9", "sheet")
    assert (now.day, now.day_to, list(now.carriers)) == (said["day"], said["day_to"], said["carriers"])
    assert [(line.number, line.waste_code, line.sent_kg, line.agreement) for line in trip.lines] == [
        (1, FLY_ASH, 21 * T, ash.agreement),  # the waste that stays keeps its line
        (2, SLAG, 7 * T, slag),
    ]
    assert trip.lines[0].public_id == kept
    assert (trip.status, trip.lifecycle, trip.version) == ("draft", "sheet", before + 1)
    (told,) = events(ash)
    assert set(told.facts["changes"]) == {
        *("agreement", "lines", "carriages", "conveyance", "vehicle", "day_from", "day_to", "metering")
    }
    assert told.facts["changes"]["vehicle"] == ["", "沪货 9"]
    assert not verify_chain(ash.registry.session).faults


def test_changed_lines_or_carriers_alone_are_a_new_version_and_no_change_is_none(ash: Deal) -> None:
    trip = ash.draft(30)
    for said in ({"lines": [Load(FLY_ASH, "C2", 29 * T)]}, {"carriers": [Carrier(ash.carrier, "沪A9")]}):
        version = trip.version
        change(ash, trip, **said)
        assert trip.version == version + 1
        change(ash, trip, **said)
        assert trip.version == version + 1
    assert len(events(ash)) == 2


def test_who_made_a_change_from_an_older_draft_is_told_and_overwrites_nothing(ash: Deal) -> None:
    trip = ash.draft(30)
    opened = trip.version
    change(ash, trip, lines=[Load(FLY_ASH, "C2", 25 * T)])
    with pytest.raises(Stale):
        change(ash, trip, version=opened, lines=[Load(FLY_ASH, "C2", 31 * T)])
    assert draft_of(trip).lines[0].sent_kg == 25 * T


def test_nothing_can_be_changed_once_the_sender_has_signed_or_the_draft_is_gone(ash: Deal) -> None:
    trip, gone = ash.draft(30), ash.draft(30)
    ash.sign(trip, "sender")
    cancel(**ash.act, transfer=gone, reason="改期")
    for transfer in (trip, gone):
        with pytest.raises(RuleBroken) as refused:
            change(ash, transfer, lines=[Load(FLY_ASH, "C2", 10 * T)])
        assert (refused.value.code, refused.value.facts["act"]) == ("illegal_step", "redraft")
    ash.sign(trip, "carrier")
    with pytest.raises(RuleBroken):
        change(ash, trip, vehicle="沪C1")
    assert (trip.lines[0].sent_kg, ash.agreement.shipped_kg) == (30 * T, 30 * T)
    assert (events(ash), verify_signatures(trip), faults(ash.registry.session)) == ([], [], [])


def test_what_could_not_be_drafted_cannot_be_said_later(ash: Deal) -> None:
    trip = ash.draft(30)
    twice = [Load(FLY_ASH, "C2", 1), Load(FLY_ASH, "C2", 2)]
    for said, rule in (
        ({"lines": []}, "empty"),
        ({"lines": twice}, "twice"),
        ({"lines": [Load(FLY_ASH, "C2", 0)]}, "out_of_range"),
        ({"carriers": []}, "empty"),
        ({"conveyance": "kite"}, "unknown_word"),
        ({"day_to": DAY + timedelta(days=1)}, "trip_of_days"),
        ({"metering": "sheet", "day_to": date(2026, 10, 1)}, "across_months"),
    ):
        with pytest.raises(BadInput) as refused:
            change(ash, trip, **said)
        assert rule in {problem.rule for problem in refused.value.problems}
    elsewhere = deal(ash.registry).agreement
    for said in ({"agreement": elsewhere}, {"lines": [Load(FLY_ASH, "C2", T, agreement=elsewhere)]}):
        with pytest.raises(RuleBroken) as other:
            change(ash, trip, **said)
        assert other.value.code == "other_party"
    assert (events(ash), draft_of(trip).lines[0].sent_kg) == ([], 30 * T)


def test_a_line_that_was_weighed_is_not_left_out_and_a_sheet_keeps_the_days_of_its_weighings(
    ash: Deal, slag: Agreement
) -> None:
    days = {"day": DAY, "day_to": DAY + timedelta(days=4)}
    sheet = ash.draft(30, metering="sheet", **days)
    weigh(ash, sheet, "S1", 9 * T)
    add_reading(
        **ash.act,
        transfer=sheet,
        kind="conveyor",
        meter="BW-1",
        read_at=EIGHT + timedelta(days=3),
        figures={},
        mass_kg=8 * T,
        side="receiver",
    )
    on_slag = [Load(SLAG, "C2", 30 * T, agreement=slag)]
    for said, code in (
        ({"lines": on_slag}, "line_in_use"),
        ({"day": DAY + timedelta(days=1)}, "outside_period"),
        ({"day_to": DAY + timedelta(days=2)}, "outside_period"),
        ({"metering": "draught", "day_to": None}, "outside_period"),
    ):
        with pytest.raises(RuleBroken) as refused:
            change(ash, sheet, **said)
        assert refused.value.code == code
    change(ash, sheet, lines=[*draft_of(sheet).lines, *on_slag], day_to=DAY + timedelta(days=3))
    change(ash, sheet, lines=draft_of(sheet).lines[:1])
    assert sent_total_kg(ash.registry.session, sheet.lines[0]) == 9 * T


def test_a_number_of_the_national_manifest_is_changed_or_taken_out_again(registry: Registry) -> None:
    acid = deal(registry, waste_code=ACID)
    one, two = acid.draft(10), acid.draft(10)
    set_official_number(**acid.act, transfer=one, number="20263101000001")
    with pytest.raises(RuleBroken) as taken:
        change(acid, two, "20263101000001")
    assert taken.value.code == "official_number_taken"
    with pytest.raises(BadInput):
        change(acid, one, "20263201000001")  # of another province
    change(acid, one, "20263101000002")
    change(acid, one, vehicle="沪D4")
    assert one.official_number == "20263101000002"
    change(acid, one, "")
    assert one.official_number is None
    change(acid, two, "20263101000002")
    cancel(**acid.act, transfer=two, reason="改期")  # a discarded draft gives its number free
    change(acid, one, "20263101000002")
    assert one.official_number == "20263101000002"


def test_a_line_number_is_not_given_to_another_waste(ash: Deal, slag: Agreement) -> None:
    trip = ash.draft(30)
    on_slag = Load(SLAG, "C2", 5 * T, agreement=slag)
    change(ash, trip, lines=[on_slag])
    assert [(line.number, line.waste_code) for line in trip.lines] == [(2, SLAG)]
    ash.sign(trip, "sender")
    assert (ash.agreement.shipped_kg, slag.shipped_kg) == (0, 5 * T)
    session = ash.registry.session
    assert [row.id for row in session.scalars(select(TransferLine))] == [trip.lines[0].id]


def test_carriers_are_left_out_and_put_in_another_order(ash: Deal) -> None:
    second, third = (ash.registry.organisation(roles=frozenset({"carrier"})) for _ in range(2))
    trip = ash.draft(30, carriers=[Carrier(ash.carrier, "沪A1"), Carrier(second, "沪A2")])
    change(
        ash, trip, carriers=[Carrier(second, "沪A2"), Carrier(third, "沪A3"), Carrier(ash.carrier, "沪A1")]
    )
    assert [(row.number, row.vehicle) for row in trip.carriages] == [(1, "沪A2"), (2, "沪A3"), (3, "沪A1")]
    change(ash, trip, carriers=[Carrier(third, "沪A3")])
    assert [(row.number, row.organisation) for row in trip.carriages] == [(1, third)]
    assert len(ash.registry.session.scalars(select(Carriage)).all()) == 1
    ash.sign(trip, "sender")
    ash.sign(trip, "carrier")
    assert trip.status == "picked_up"


def test_who_takes_a_transfer_sees_the_lines_that_another_session_has_left(ash: Deal) -> None:
    trip, session = ash.draft(30), ash.registry.session
    (line,) = trip.lines
    session.connection().execute(update(TransferLine).values(sent_kg=7))
    assert line.sent_kg == 30 * T
    assert locked(session, trip).lines == [line]
    assert line.sent_kg == 7


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_changed_discarded_signed_and_cancelled_each_agreement_counts_what_was_signed(
    ash: Deal, slag: Agreement, seed: int
) -> None:
    """A dictionary says what each open transfer carries; only the signed ones are counted, and in full."""
    chance, session = Random(seed), ash.registry.session
    deals = {FLY_ASH: ash.agreement, SLAG: slag}
    open_loads: dict[Transfer, dict[str, int]] = {}
    signed: dict[Transfer, dict[str, int]] = {}

    def loads() -> dict[str, int]:
        wastes = chance.sample(list(deals), chance.randint(1, 2))
        return {waste: chance.randint(1, 12_000) for waste in wastes}

    def said(carried: dict[str, int]) -> list[Load]:
        return [Load(waste, "C2", kg, agreement=deals[waste]) for waste, kg in carried.items()]

    def begin() -> None:
        carried = loads()
        open_loads[ash.draft(lines=said(carried))] = carried

    def edit() -> None:
        transfer = chance.choice(list(open_loads))
        main, carried = chance.choice(list(deals.values())), loads()
        change(ash, transfer, lines=said(carried), agreement=main)
        open_loads[transfer] = carried

    def discard() -> None:
        transfer = chance.choice(list(open_loads))
        del open_loads[transfer]
        cancel(**ash.act, transfer=transfer, reason="改期")

    def sign() -> None:
        transfer = chance.choice(list(open_loads))
        ash.sign(transfer, "sender")
        signed[transfer] = open_loads.pop(transfer)

    def call_off() -> None:
        transfer = chance.choice(list(signed))
        del signed[transfer]
        cancel(**ash.act, transfer=transfer, reason="改期")

    for _ in range(40):
        acts: list[Callable[[], None]] = [begin]
        acts += [edit, edit, discard, sign] if open_loads else []
        acts += [call_off] if signed else []
        chance.choice(acts)()
        counted = Counter[str]()
        for carried in signed.values():
            counted.update(carried)
        for waste, each in deals.items():
            session.refresh(each)
            assert each.shipped_kg == counted[waste]
        assert trial_balance(session).get("reserved", 0) == sum(counted.values())
    for transfer, carried in (open_loads | signed).items():
        assert {line.waste_code: line.sent_kg for line in transfer.lines} == carried
    assert (faults(session), [verify_signatures(transfer) for transfer in signed]) == ([], [[]] * len(signed))
