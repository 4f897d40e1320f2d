"""Transfers: drafted, on their way, at the gate, closed. Their signatures: `custody.signatures`.

A draft binds nobody. Each verb takes the transfer's row first, so that two acts on one transfer follow each
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue.waste_types import is_hazardous
from circularity.columns import new_public_id
from circularity.custody import grouping
from circularity.custody.carriers import Carrier, carriages_of
from circularity.custody.manifests import CONVEYANCES, METERINGS, Transfer, TransferLine
from circularity.custody.transfer_cells import cells_of
from circularity.custody.weighings import drop_weighings
from circularity.deals.agreements import unship
from circularity.deals.contract import Agreement
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.human_numbers import new_number
from circularity.ledger.groups import post
from circularity.ledger.postings import Movement
from circularity.lifecycle import advance
from circularity.organisations import DEGREES_E7, Site


@dataclass(frozen=True, slots=True)
class Load:
    """One waste as drafted, kg wet; of a sheet the mass expected. `agreement` None: the transfer's."""

    waste_code: str
    operation: str
    sent_kg: int
    sent_moisture_permille: int | None = None
    packaging: str = ""
    agreement: Agreement | None = None


def locked(session: Session, transfer: Transfer) -> Transfer:
    """Take the transfer's row for this transaction and see it as it now is."""
    session.flush()
    # Of this row only: however it was loaded, what was joined to it is not locked.
    session.refresh(transfer, with_for_update={"of": Transfer})
    return transfer


def draft_transfer(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    agreement: Agreement,
    sender_site: Site,
    lines: Sequence[Load],
    carriers: Sequence[Carrier] = (),
    conveyance: str,
    vehicle: str = "",
    day: date,
    metering: str = "trip",
    day_to: date | None = None,
    place: tuple[float, float] | None = None,
    refused_transfer: Transfer | None = None,
) -> Transfer:
    """Draft a trip of a day, or a sheet from `day` to `day_to` within one month; `place` in WGS-84 degrees.

    Raises BadInput for malformed values, two lines of one waste, a trip without a carrier; RuleBroken
    `other_party` for a line whose agreement is not between the same site and facility.
    """
    checks = Checks("transfer")
    end = day if day_to is None else day_to
    checks.period("day", day, "day_to", end)
    _check_period(checks, metering, day, end)
    if metering == "trip" and not carriers:
        checks.refuse("carriers", "empty", "", "车次需要承运人", "a trip needs a carrier")
    lat_e7, lon_e7 = _place(checks, place)
    values: dict[str, Any] = {
        "agreement": agreement,
        "sender_site": sender_site,
        "facility": agreement.facility,
        "refused_transfer": refused_transfer,
        "metering": checks.word("metering", metering, METERINGS),
        "conveyance": checks.word("conveyance", conveyance, CONVEYANCES),
        "vehicle": checks.text("vehicle", vehicle, maximum=60, required=False),
        "load_lat_e7": lat_e7,
        "load_lon_e7": lon_e7,
        "day_from": day,
        "day_to": end,
    }
    rows, carriages = _lines(checks, lines, agreement), carriages_of(checks, carriers)
    checks.finish()
    for load in lines:
        _require_same_parties(load.agreement or agreement, agreement, sender_site)
    number = new_number("ZY", delta_day(at))
    transfer = Transfer(public_id=new_public_id(), number=number, status="draft", drafted_at=at, **values)
    transfer.lines, transfer.carriages = rows, carriages
    session.add(transfer)
    facts = {"number": number, "lines": [[row.waste_code, row.sent_kg] for row in rows], **values}
    record(session, actor, at, "transfer.drafted", transfer, facts)
    return transfer


def arrive(session: Session, *, actor: Actor, at: datetime, transfer: Transfer) -> None:
    """Note that the load is at the receiver's gate; the days to confirm within begin."""
    locked(session, transfer)
    advance(transfer, transfer.lifecycle, "arrive", "receiver")
    transfer.arrived_at = at
    record(session, actor, at, "transfer.arrived", transfer, {})


def cancel(session: Session, *, actor: Actor, at: datetime, transfer: Transfer, reason: str) -> None:
    """Discard a draft, or cancel a trip that nobody has picked up; later only by consent (`corrections`).

    Raises BadInput without a reason, RuleBroken `illegal_step`, or `load_on_the_road` for a re-matched load.
    """
    checks = Checks("transfer")
    facts: dict[str, Any] = {"reason": checks.text("reason", reason, maximum=1000)}
    checks.finish()
    locked(session, transfer)
    if transfer.status == "draft":
        advance(transfer, transfer.lifecycle, "discard", "generator")
        # Nobody has signed them, and a ticket that is known is taken nowhere else.
        facts["weighings_dropped"] = drop_weighings(session, transfer)
    else:
        _refuse_on_the_road(transfer)
        advance(transfer, transfer.lifecycle, "cancel", "generator")
        _free(session, transfer, at)
    for line in transfer.lines:
        grouping.release(session, line)
    record(session, actor, at, "transfer.cancelled", transfer, facts)


def close(session: Session, *, actor: Actor, at: datetime, transfer: Transfer) -> None:
    """Close a transfer whose mass is where it belongs; RuleBroken `illegal_step`, `no_official_number`."""
    locked(session, transfer)
    advance(transfer, transfer.lifecycle, "close", "system", {"official_number": lambda: _numbered(transfer)})
    transfer.closed_at = at
    record(session, actor, at, "transfer.closed", transfer, {})


def _free(session: Session, transfer: Transfer, at: datetime) -> None:
    """Give what was reserved back to the site, and to the agreements."""
    for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
        unship(session, line.agreement, line.sent_kg)
    movements = [
        Movement("freed", cell, mass_kg, transfer.sender_site_id)
        for line in transfer.lines
        for cell, mass_kg in cells_of(session, transfer, line, "reserved")
    ]
    post(
        session,
        event="transfer.cancelled",
        on_day=delta_day(transfer.submitted_at or at),
        at=at,
        subject=transfer,
        movements=movements,
    )


def _refuse_on_the_road(transfer: Transfer) -> None:
    if transfer.refused_transfer is not None:
        zh = "再撮合的货物仍在途中，不能直接取消；请拒收退回或协商更正"
        en = "a re-matched load is on the road already; it can be returned, or changed by consent"
        raise RuleBroken("load_on_the_road", zh, en)


def _numbered(transfer: Transfer) -> None:
    if transfer.official_number is None and any(is_hazardous(line.waste_code) for line in transfer.lines):
        zh = "危险废物转移须先录入国家联单 14 位编号才能办结"
        en = "a hazardous transfer needs the 14-digit number of its national manifest to close"
        raise RuleBroken("no_official_number", zh, en, field="official_number")


def _check_period(checks: Checks, metering: str, start: date, end: date) -> None:
    """A trip has one day; a sheet stays within one month, so that its mass counts in one month."""
    if metering == "trip" and end != start:
        checks.refuse("day_to", "trip_of_days", end, "车次只有一天", "a trip has one day")
    if (start.year, start.month) != (end.year, end.month):
        checks.refuse("day_to", "across_months", end, "期间不能跨月", "the period must lie within one month")


def _lines(checks: Checks, loads: Sequence[Load], main: Agreement) -> list[TransferLine]:
    rows = [
        TransferLine(
            public_id=new_public_id(),
            number=number,
            waste_code=checks.waste_code(f"lines.{number}.waste_code", load.waste_code),
            operation=checks.operation(f"lines.{number}.operation", load.operation),
            sent_kg=checks.kilograms(f"lines.{number}.sent_kg", load.sent_kg, 1),
            sent_moisture_permille=checks.maybe(
                f"lines.{number}.sent_moisture_permille", load.sent_moisture_permille, 0, 1000
            ),
            packaging=checks.text(f"lines.{number}.packaging", load.packaging, required=False),
            own_agreement=None if load.agreement is main else load.agreement,
        )
        for number, load in enumerate(loads, 1)
    ]
    if not rows:
        checks.refuse("lines", "empty", "", "至少需要一种废物", "at least one waste is needed")
    if len({row.waste_code for row in rows}) < len(rows):
        checks.refuse("lines", "twice", "", "同一废物只占一行", "each waste has one line")
    return rows


def _require_same_parties(agreement: Agreement, main: Agreement, sender_site: Site) -> None:
    if agreement.site is not sender_site or agreement.facility is not main.facility:
        zh, en = "协议双方与本次转移不符", "the agreement is not between this site and this facility"
        raise RuleBroken("other_party", zh, en, agreement=agreement.number)


def _place(checks: Checks, place: tuple[float, float] | None) -> tuple[int | None, int | None]:
    if place is None:
        return None, None
    lat, lon = place
    return (
        checks.whole("place", round(lat * DEGREES_E7), 18 * DEGREES_E7, 54 * DEGREES_E7),
        checks.whole("place", round(lon * DEGREES_E7), 73 * DEGREES_E7, 136 * DEGREES_E7),
    )
