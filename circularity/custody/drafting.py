"""Drafting a transfer: what its sender says of it, checked in one place. How it is changed: `redrafting`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.custody.carriers import Carrier, carriages_of
from circularity.custody.manifests import CONVEYANCES, METERINGS, Transfer, TransferLine
from circularity.deals.contract import Agreement
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.human_numbers import new_number
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


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sender says of a transfer until she signs it; `day_to` None: a day alone."""

    agreement: Agreement
    lines: Sequence[Load]
    conveyance: str
    day: date
    carriers: Sequence[Carrier] = ()
    vehicle: str = ""
    metering: str = "trip"
    day_to: date | None = None


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
    draft = Draft(agreement, lines, conveyance, day, carriers, vehicle, metering, day_to)
    checks = Checks("transfer")
    lat_e7, lon_e7 = _place(checks, place)
    values: dict[str, Any] = checked_values(checks, draft) | {
        "sender_site": sender_site,
        "facility": agreement.facility,
        "refused_transfer": refused_transfer,
        "load_lat_e7": lat_e7,
        "load_lon_e7": lon_e7,
    }
    rows, carriages = checked_lines(checks, draft), carriages_of(checks, carriers)
    checks.finish()
    require_same_parties(draft, sender_site, agreement.facility_id)
    number = new_number("ZY", delta_day(at))
    transfer = Transfer(public_id=new_public_id(), number=number, status="draft", drafted_at=at, **values)
    transfer.lines = [new_line(place, row) for place, row in enumerate(rows, 1)]
    transfer.carriages = carriages
    session.add(transfer)
    facts = {"number": number, "lines": [[row["waste_code"], row["sent_kg"]] for row in rows], **values}
    record(session, actor, at, "transfer.drafted", transfer, facts)
    return transfer


def checked_values(checks: Checks, draft: Draft) -> dict[str, Any]:
    """Return what a draft fills of the transfer's own columns."""
    end = draft.day if draft.day_to is None else draft.day_to
    checks.period("day", draft.day, "day_to", end)
    _check_period(checks, draft.metering, draft.day, end)
    if draft.metering == "trip" and not draft.carriers:
        checks.refuse("carriers", "empty", "", "车次需要承运人", "a trip needs a carrier")
    return {
        "agreement": draft.agreement,
        "metering": checks.word("metering", draft.metering, METERINGS),
        "conveyance": checks.word("conveyance", draft.conveyance, CONVEYANCES),
        "vehicle": checks.text("vehicle", draft.vehicle, maximum=60, required=False),
        "day_from": draft.day,
        "day_to": end,
    }


def checked_lines(checks: Checks, draft: Draft) -> list[dict[str, Any]]:
    """Return what a draft fills of its lines' columns, in the order in which they were said."""
    rows = [
        {
            "waste_code": checks.waste_code(f"lines.{number}.waste_code", load.waste_code),
            "operation": checks.operation(f"lines.{number}.operation", load.operation),
            "sent_kg": checks.kilograms(f"lines.{number}.sent_kg", load.sent_kg, 1),
            "sent_moisture_permille": checks.maybe(
                f"lines.{number}.sent_moisture_permille", load.sent_moisture_permille, 0, 1000
            ),
            "packaging": checks.text(f"lines.{number}.packaging", load.packaging, required=False),
            "own_agreement": None if load.agreement is draft.agreement else load.agreement,
        }
        for number, load in enumerate(draft.lines, 1)
    ]
    if not rows:
        checks.refuse("lines", "empty", "", "至少需要一种废物", "at least one waste is needed")
    if len({row["waste_code"] for row in rows}) < len(rows):
        checks.refuse("lines", "twice", "", "同一废物只占一行", "each waste has one line")
    return rows


def new_line(number: int, values: dict[str, Any]) -> TransferLine:
    """Return a line of a draft."""
    return TransferLine(public_id=new_public_id(), number=number, **values)


def require_same_parties(draft: Draft, sender_site: Site, facility_id: int) -> None:
    """Raise RuleBroken `other_party` for an agreement that is not between this site and this facility."""
    for agreement in (draft.agreement, *(load.agreement for load in draft.lines)):
        if agreement is None:
            continue
        if agreement.site is not sender_site or agreement.facility_id != facility_id:
            zh, en = "协议双方与本次转移不符", "the agreement is not between this site and this facility"
            raise RuleBroken("other_party", zh, en, agreement=agreement.number)


def _check_period(checks: Checks, metering: str, start: date, end: date) -> None:
    """A trip has one day; a sheet stays within one month, so that its mass counts in one month."""
    if metering == "trip" and end != start:
        checks.refuse("day_to", "trip_of_days", end, "车次只有一天", "a trip has one day")
    if (start.year, start.month) != (end.year, end.month):
        checks.refuse("day_to", "across_months", end, "期间不能跨月", "the period must lie within one month")


def _place(checks: Checks, place: tuple[float, float] | None) -> tuple[int | None, int | None]:
    if place is None:
        return None, None
    lat, lon = place
    return (
        checks.whole("place", round(lat * DEGREES_E7), 18 * DEGREES_E7, 54 * DEGREES_E7),
        checks.whole("place", round(lon * DEGREES_E7), 73 * DEGREES_E7, 136 * DEGREES_E7),
    )
