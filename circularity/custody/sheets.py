"""What is metered of a transfer: weighbridge tickets, readings of meters, draught surveys, by either side.

A side adds to its own until it signs. What is there already is ignored, so a file can be sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import utc
from circularity.custody.held_transfers import locked
from circularity.custody.known_weighings import Repeated, told_where
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.meter_figures import checked_mass
from circularity.custody.weighings import METERS, SIDES, MeterReading, Ticket, require_open
from circularity.errors import InputProblem, RuleBroken
from circularity.fields import Checks
from circularity.organisations import Site
from circularity.units import MAX_MASS_KG, format_tonnes

_CHUNK = 5000
_LONGEST = 60
_NAMED = 200
"""How many of the lines that are known already an import names."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """One weighing as read, kg; `row` is where it stood, as a spreadsheet counts."""

    ticket_no: str
    plate: str
    weighed_at: datetime
    gross_kg: int
    tare_kg: int
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines were new, how many known already, and what is wrong with those left out.

    `repeated` names the first of those known already, and where they count.
    """

    added: int
    ignored: int
    problems: tuple[InputProblem, ...] = ()
    repeated: tuple[Repeated, ...] = field(default=(), compare=False)


def add_tickets(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    rows: Sequence[Weighing],
    line: int = 1,
    side: str = "sender",
    source: str = "tickets",
    progress: Callable[[float], None] | None = None,
) -> Imported:
    """Add a bridge's tickets to a line; each row stands alone: what cannot be taken is told, the rest is in.

    Equal bridge, ticket and moment are the same weighing: with equal weights it is ignored, with others told.
    `progress` hears the share written, 0 to 1.
    Raises BadInput for an unknown side, RuleBroken `no_such_line`, `already_signed`.
    """
    target, site = _open_side(session, transfer, line, side)
    # Only what this bridge weighed in the same span can be known already.
    known = _known(session, site, rows)
    new: list[dict[str, Any]] = []
    problems: list[InputProblem] = []
    repeated: list[tuple[int | None, str, datetime]] = []
    for row in rows:
        key = (row.ticket_no, utc(row.weighed_at))
        weights = (row.plate, row.gross_kg, row.tare_kg)
        fault = ticket_fault(transfer, row) or _other_weights(row, known.get(key, weights), weights)
        if fault is not None:
            problems.append(InputProblem(source, row.row, *fault))
        elif key not in known:
            known[key] = weights
            new.append(_ticket(target, site, side, row))
        elif len(repeated) < _NAMED:
            repeated.append((row.row, *key))
    before = _count(session, target)
    _write(session, new, progress)
    # Another import may have been quicker with the same tickets: what counts is what is there now.
    added = _count(session, target) - before
    ignored = len(rows) - len(problems) - added
    facts = {"line": line, "side": side, "added": added, "ignored": ignored, "problems": len(problems)}
    record(session, actor, at, "transfer.tickets_added", transfer, facts)
    where = told_where(session, site, transfer, repeated) if repeated else ()
    return Imported(added, ignored, tuple(problems), where)


def add_reading(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    kind: str,
    meter: str,
    read_at: datetime,
    figures: Mapping[str, Any],
    mass_kg: int | None = None,
    line: int = 1,
    side: str = "sender",
) -> bool:
    """Add what a belt scale, a flow meter or a draught survey found, kg; False when it is there already.

    Without a mass it is what the counter moved by, as `figures` tell.
    Raises BadInput for malformed values, RuleBroken `no_such_line`, `already_signed`, `other_reading` when
    the same meter said something else at the same moment.
    """
    checks = Checks("reading")
    values: dict[str, Any] = {
        "kind": checks.word("kind", kind, METERS),
        "meter": checks.text("meter", meter, maximum=100),
    }
    values["mass_kg"], shown = checked_mass(checks, kind, figures, mass_kg)
    if not is_inside(transfer, read_at):
        checks.refuse("read_at", "outside_period", read_at, "读数时间不在期间内", "not within the period")
    checks.finish()
    target, site = _open_side(session, transfer, line, side)
    there = session.scalar(
        select(MeterReading).filter_by(site_id=site.id, meter=values["meter"], read_at=read_at)
    )
    if there is not None:
        if (there.line_id, there.side, there.mass_kg) != (target.id, side, values["mass_kg"]):
            zh, en = "同一表计同一时刻已有不同读数", "this meter has another reading at this moment"
            raise RuleBroken("other_reading", zh, en, field="read_at", mass_kg=there.mass_kg)
        return False
    where = {"line": target, "site": site, "side": side}
    reading = MeterReading(**where, read_at=read_at, figures=shown, **values)
    session.add(reading)
    facts = {"line": line, "side": side, "read_at": read_at, **values, **shown}
    record(session, actor, at, "transfer.reading_added", transfer, facts)
    return True


def _open_side(session: Session, transfer: Transfer, number: int, side: str) -> tuple[TransferLine, Site]:
    """Return the line and the site of the side's meters, as long as that side has not signed."""
    checks = Checks("weighing")
    checks.word("side", side, SIDES)
    checks.finish()
    locked(session, transfer)
    line = next((row for row in transfer.lines if row.number == number), None)
    if line is None:
        zh, en = f"没有第 {number} 行", f"there is no line {number}"
        raise RuleBroken("no_such_line", zh, en, field="line", line=number)
    require_open(transfer, side)
    return line, transfer.sender_site if side == "sender" else transfer.facility.site


def is_inside(transfer: Transfer, moment: datetime) -> bool:
    """A trip may be weighed on other days than it was drafted for, a sheet only on its own."""
    return transfer.metering == "trip" or transfer.day_from <= delta_day(moment) <= transfer.day_to


_Fault = tuple[str, str, str, str, str]


def ticket_fault(transfer: Transfer, row: Weighing) -> _Fault | None:
    """Return column, rule, what was found and both sentences when a ticket cannot be taken."""
    texts = (row.ticket_no, row.plate)
    if not all(text.isprintable() and 0 < len(text) <= _LONGEST for text in texts):
        zh, en = "磅单号或车号缺失、过长或含控制字符", "ticket or plate is missing, too long or not printable"
        return "ticket_no", "no_ticket", ascii(row.ticket_no)[:80], zh, en
    if not 0 <= row.tare_kg < row.gross_kg < MAX_MASS_KG:
        zh, en = "毛重应大于皮重", "the gross weight must exceed the tare"
        return "gross_kg", "no_net", f"{format_tonnes(row.gross_kg)} - {format_tonnes(row.tare_kg)} t", zh, en
    if not is_inside(transfer, row.weighed_at):
        zh, en = "过磅时间不在期间内", "weighed outside the sheet's days"
        return "weighed_at", "outside_period", row.weighed_at.isoformat(), zh, en
    return None


def _other_weights(
    row: Weighing, there: tuple[str, int, int], weights: tuple[str, int, int]
) -> _Fault | None:
    if there == weights:
        return None
    zh, en = "同一磅单已有不同的车号或重量", "this ticket is there with another plate or weight"
    return "ticket_no", "other_weights", row.ticket_no[:80], zh, en


def _known(
    session: Session, site: Site, rows: Sequence[Weighing]
) -> dict[tuple[str, datetime], tuple[str, int, int]]:
    """Return the bridge's tickets of the span that the rows cover, by ticket and moment."""
    if not rows:
        return {}
    moments = [utc(row.weighed_at) for row in rows]
    found = session.execute(
        select(Ticket.ticket_no, Ticket.weighed_at, Ticket.plate, Ticket.gross_kg, Ticket.tare_kg).where(
            Ticket.site_id == site.id, Ticket.weighed_at.between(min(moments), max(moments))
        )
    )
    return {(number, at): (plate, gross, tare) for number, at, plate, gross, tare in found}


def _ticket(line: TransferLine, site: Site, side: str, row: Weighing) -> dict[str, Any]:
    return {
        "line_id": line.id,
        "site_id": site.id,
        "side": side,
        "ticket_no": row.ticket_no,
        "plate": row.plate,
        "weighed_at": row.weighed_at,
        "gross_kg": row.gross_kg,
        "tare_kg": row.tare_kg,
        "net_kg": row.gross_kg - row.tare_kg,
    }


def _count(session: Session, line: TransferLine) -> int:
    return session.scalar(select(func.count()).select_from(Ticket).filter_by(line_id=line.id)) or 0


def _write(session: Session, new: list[dict[str, Any]], progress: Callable[[float], None] | None) -> None:
    for written, chunk in enumerate(_chunks(new)):
        if progress:
            progress(written * _CHUNK / len(new))
        session.execute(insert_new(session, Ticket), chunk)


def insert_new(session: Session, model: type[Any]) -> Any:
    """Return the statement that adds rows and leaves those alone that are there already."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model).on_conflict_do_nothing()


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
