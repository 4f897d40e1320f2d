"""Daily sheets: weighbridge tickets, or the meter of a barge, belt or pipeline; one signature per side."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from circularity.calendar_days import delta_day
from circularity.custody.drafting import Load, draft_transfer
from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.refusals import take_back
from circularity.custody.sheets import Weighing, add_reading, add_tickets
from circularity.custody.signatures import sign
from circularity.custody.transfers import close
from circularity.deals.contract import Agreement
from circularity.units import KG_PER_T
from seed.agenda import Thread
from seed.quarter_days import DAY, moment
from seed.quarter_trips import FORGOTTEN, PERSONS
from seed.shipping import TRUCK_KG
from seed.stage import Stage, doing

_CONVEYANCE = {"sheet": "vehicle", "draught": "barge", "conveyor": "conveyor", "pipeline": "pipeline"}
_METER = {"conveyor": "BW", "pipeline": "FM"}
_COUNTED_T = 1_000_000
"""What each counter showed when the story began."""

_LIGHT_MM, _KG_PER_MM = 1450, 3000
"""The draught of an empty barge, and the mass that sinks it by a millimetre."""

_REFUSED = "含水率超出约定 · wetter than agreed"


def a_sheet(stage: Stage, agreement: Agreement, day: date, sent_kg: int, metering: str) -> Thread:
    """Meter one day, let both sides sign once, close."""
    sender, receiver = agreement.site.organisation, agreement.facility.site.organisation
    yield (at := moment(day, 18, stage.random.randint(0, 59)))
    transfer = draft_transfer(
        stage.session,
        **doing(sender, at),
        agreement=agreement,
        sender_site=agreement.site,
        lines=[Load(agreement.waste_code, agreement.operation, sent_kg)],
        conveyance=_CONVEYANCE[metering],
        day=day,
        metering=metering,
    )
    if metering == "sheet":
        _weighs_its_vehicles(stage, transfer, at, sent_kg)
    else:
        _reads_its_meter(stage, transfer, at, sent_kg)
    sign(
        stage.session, **doing(sender, at), transfer=transfer, signer="sender", organisation=sender,
        person=PERSONS["sender"],
    )  # fmt: skip
    if day > stage.quarter.today - FORGOTTEN and stage.turn("late sheets", 17, 4):
        return  # nobody at the other side has confirmed yet
    yield (at := at + timedelta(hours=14 + stage.random.randint(0, 20)))
    _judged(stage, transfer, at)
    yield (at := at + timedelta(hours=3))
    if transfer.status == "accepted":
        close(stage.session, **doing(receiver, at), transfer=transfer)
    else:
        yield (at := at + DAY)
        take_back(stage.session, **doing(sender, at), transfer=transfer)


def _judged(stage: Stage, transfer: Transfer, at: datetime) -> None:
    session, receiver = stage.session, transfer.facility.site.organisation
    sent_kg = transfer.lines[0].sent_kg
    received_kg = max(sent_kg * (1000 - stage.random.randint(0, 4)) // 1000, 1)
    receive(session, **doing(receiver, at), transfer=transfer, weighed={1: Weighed(received_kg)})
    verdict = Verdict(received_kg)
    if stage.turn("sheets", 163, 12):
        verdict = Verdict(received_kg - received_kg // 8, received_kg // 8, _REFUSED)
    decide(
        session, **doing(receiver, at), transfer=transfer, organisation=receiver,
        person=PERSONS["receiver"], verdicts={1: verdict},
    )  # fmt: skip


def _weighs_its_vehicles(stage: Stage, transfer: Transfer, at: datetime, sent_kg: int) -> None:
    """Add the day's tickets of the sender's bridge, a vehicle every few minutes."""
    vehicles = max(-(-sent_kg // TRUCK_KG), 1)
    first = moment(delta_day(at), 6)
    minutes = max(660 // vehicles, 1)
    rows, left_kg = [], sent_kg
    for number in range(1, vehicles + 1):
        net_kg = left_kg if number == vehicles else sent_kg // vehicles // 20 * 20
        left_kg -= net_kg
        tare_kg = 15_000 + 20 * stage.random.randint(0, 60)
        stage.told["tickets"] += 1
        rows.append(
            Weighing(
                f"BD{stage.told['tickets']:07d}", stage.plate(transfer.sender_site.region_code),
                first + timedelta(minutes=minutes * number % 700), net_kg + tare_kg, tare_kg,
            )
        )  # fmt: skip
    add_tickets(
        stage.session, **doing(transfer.sender_site.organisation, at), transfer=transfer, rows=rows,
        source="weighbridge",
    )  # fmt: skip


def _reads_its_meter(stage: Stage, transfer: Transfer, at: datetime, sent_kg: int) -> None:
    """Add the barge's draught survey, or the counter of the belt scale or flow meter, which runs on."""
    if transfer.metering == "draught":
        stage.told["draught"] += 1
        meter = f"演示货 {stage.told['draught']:04d}"
        figures = {
            "draught_before_mm": _LIGHT_MM,
            "draught_after_mm": _LIGHT_MM + sent_kg // _KG_PER_MM,
            "water_kg_per_m3": 1000,
        }
    else:
        meter = f"{_METER[transfer.metering]}-{transfer.agreement.number}"
        before = _COUNTED_T + stage.told[meter]
        stage.told[meter] += sent_kg // KG_PER_T
        figures = {"counter_before_t": before, "counter_after_t": _COUNTED_T + stage.told[meter]}
    add_reading(
        stage.session, **doing(transfer.sender_site.organisation, at), transfer=transfer,
        kind=transfer.metering, meter=meter, read_at=at, mass_kg=sent_kg, figures=figures,
    )  # fmt: skip
