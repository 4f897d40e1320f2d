"""Trips of the told quarter: drafted, signed along the way, weighed, judged, closed; and what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from circularity.calendar_days import delta_day
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.corrections import answer_correction, ask_correction, parties_of
from circularity.custody.drafting import Load, draft_transfer
from circularity.custody.manifests import Transfer
from circularity.custody.official_numbers import set_official_number
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.signatures import sign
from circularity.custody.transfers import arrive, close
from circularity.deals.contract import Agreement
from circularity.organisations import Organisation
from seed.agenda import Thread
from seed.quarter_days import DAY, moment
from seed.quarter_refusals import a_refused_load_goes_on
from seed.stage import Stage, doing

FORGOTTEN = 24 * DAY
"""A receiver that has not confirmed by today forgot loads of so many days."""

_KM_PER_HOUR = 45
_CORRECTED_WITHIN = timedelta(hours=12)
_FATES = {5: "refused", 9: "partly_accepted", 11: "short", 14: "refused", 19: "corrected", 23: "unnumbered"}
_PERIOD = 151
_SHORT_PERMILLE = 940
"""What arrives of a load that lacks more than two bridges may differ by."""

PERSONS = {
    "sender": "发货员 · dispatcher",
    "carrier": "驾驶员 · driver",
    "receiver": "收货员 · receiving clerk",
}
"""Who signs, by role: the story needs no names of people."""


def a_trip(stage: Stage, agreement: Agreement, day: date, sent_kg: int, distance_m: int | None) -> Thread:
    """Take one vehicle from the sender's gate to the receiver's verdict."""
    at = moment(day, 7 + stage.random.randint(0, 7), stage.random.randint(0, 59))
    yield at
    load = Load(agreement.waste_code, agreement.operation, sent_kg, packaging="散装 · bulk")
    transfer = drafted(stage, agreement, [load], at)
    fate = _fate(stage, day, hazardous=is_hazardous(agreement.waste_code))
    yield from travels(stage, transfer, at, distance_m, fate)


def travels(stage: Stage, transfer: Transfer, at: datetime, distance_m: int | None, fate: str = "") -> Thread:
    """Take a drafted trip from its first signature to the receiver's verdict, and to what its fate is."""
    parties = {
        "sender": transfer.sender_site.organisation,
        "carrier": transfer.carriages[0].organisation,
        "receiver": transfer.facility.site.organisation,
    }
    hazardous = any(is_hazardous(line.waste_code) for line in transfer.lines)
    _signs(stage, transfer, "sender", parties, at)
    if hazardous and fate != "unnumbered":
        number = _official_number(stage, transfer)
        set_official_number(stage.session, **doing(parties["sender"], at), transfer=transfer, number=number)
    yield (at := at + timedelta(minutes=25))
    _signs(stage, transfer, "carrier", parties, at)
    hours = 1 + (distance_m or 0) // 1000 // _KM_PER_HOUR
    yield (at := at + timedelta(hours=hours, minutes=stage.random.randint(0, 40)))
    arrive(stage.session, **doing(parties["receiver"], at), transfer=transfer)
    if fate == "forgotten":
        return
    yield (at := at + timedelta(minutes=35))
    _judged(stage, transfer, parties["receiver"], at, fate)
    yield (at := at + timedelta(hours=2))
    if fate in ("refused", "partly_accepted"):
        yield from a_refused_load_goes_on(stage, transfer, at)
        return
    if fate == "corrected":
        yield from _corrected(stage, transfer, at)
        yield (at := at + _CORRECTED_WITHIN)
    if not (hazardous and transfer.official_number is None):
        close(stage.session, **doing(parties["receiver"], at), transfer=transfer)


def _fate(stage: Stage, day: date, *, hazardous: bool) -> str:
    """Return what happens to a trip: some things to every so many, the first of each soon."""
    if day > stage.quarter.today - FORGOTTEN and stage.turn("late trips", 13, 2):
        return "forgotten"
    stage.told["trips"] += 1
    fate = _FATES.get(stage.told["trips"] % _PERIOD, "")
    if fate == "unnumbered" and not hazardous:
        return "corrected"
    return fate


def drafted(stage: Stage, agreement: Agreement, loads: Sequence[Load], at: datetime) -> Transfer:
    """Draft the trip of one vehicle with all its loads, by a carrier that may take the agreement's waste."""
    carrier = stage.carrier(agreement.waste_code, agreement.site.region_code)
    return draft_transfer(
        stage.session,
        **doing(agreement.site.organisation, at),
        agreement=agreement,
        sender_site=agreement.site,
        lines=loads,
        carriers=[carrier],
        conveyance="vehicle",
        vehicle=carrier.vehicle,
        day=delta_day(at),
    )


def _signs(
    stage: Stage, transfer: Transfer, signer: str, parties: dict[str, Organisation], at: datetime
) -> None:
    sign(
        stage.session, **doing(parties[signer], at), transfer=transfer, signer=signer,
        organisation=parties[signer], person=PERSONS[signer], carriage=int(signer == "carrier"),
    )  # fmt: skip


def _judged(stage: Stage, transfer: Transfer, receiver: Organisation, at: datetime, fate: str) -> None:
    """Weigh and judge: bridges differ a little; what is refused is refused for a reason."""
    judged = {line.number: _weighed_and_judged(stage, line.sent_kg, fate) for line in transfer.lines}
    weighed = {number: Weighed(received_kg) for number, (received_kg, _) in judged.items()}
    receive(stage.session, **doing(receiver, at), transfer=transfer, weighed=weighed)
    decide(
        stage.session, **doing(receiver, at), transfer=transfer, organisation=receiver,
        person=PERSONS["receiver"], verdicts={number: verdict for number, (_, verdict) in judged.items()},
    )  # fmt: skip


def _weighed_and_judged(stage: Stage, sent_kg: int, fate: str) -> tuple[int, Verdict]:
    received_kg = max(sent_kg - 20 * stage.random.choice((0, 0, 1, 1, 2, 3, -1)), 20)
    if fate == "short":
        received_kg = max(sent_kg * _SHORT_PERMILLE // 1000 // 20 * 20, 20)
    elif fate:
        received_kg = min(received_kg, sent_kg)
    verdict = Verdict(received_kg)
    if fate == "refused":
        verdict = Verdict(0, received_kg, "检测超出接收标准 · the analysis is beyond the acceptance criteria")
    elif fate == "partly_accepted":
        refused_kg = received_kg // 3 // 20 * 20
        verdict = Verdict(received_kg - refused_kg, refused_kg, "部分混入杂物 · a part holds foreign matter")
    return received_kg, verdict


def _official_number(stage: Stage, transfer: Transfer) -> str:
    """Return what the sender types: fourteen digits of a manifest that no national system knows."""
    stage.told["official numbers"] += 1
    number = 990_000 + stage.told["official numbers"]
    return f"{transfer.day_from.year}{transfer.sender_site.region_code[:4]}{number:06d}"


def _corrected(stage: Stage, transfer: Transfer, at: datetime) -> Thread:
    """Let the receiver find a slip of its bridge, and the others agree to correct it."""
    session, receiver = stage.session, transfer.facility.site.organisation
    weighed_kg = transfer.lines[0].sent_kg - 240
    yield (at := at + timedelta(hours=3))
    correction = ask_correction(
        session, **doing(receiver, at), transfer=transfer, organisation=receiver,
        changes={"lines.1.received_kg": weighed_kg},
        reason="地磅回皮错误 · the tare was taken from another vehicle",
    )  # fmt: skip
    for organisation in (transfer.sender_site.organisation, transfer.carriages[0].organisation):
        if organisation.id in parties_of(transfer) and organisation.id != receiver.id:
            yield (at := at + timedelta(hours=4))
            answer_correction(
                session, **doing(organisation, at), correction=correction, organisation=organisation,
                agrees=True,
            )  # fmt: skip
