"""Weighings that a correction puts right: a ticket or reading is changed, voided, or added where forgotten.

They stand among its changes as `weighings.0`, `weighings.1`, … with the row before and after, None where
there is none. A row that was voided is gone, so that it may count where it belongs; the correction keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.columns import utc
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.meter_figures import checked_mass
from circularity.custody.sheets import Weighing, insert_new, is_inside, ticket_fault
from circularity.custody.weighings import METERS, SIDES, MeterReading, Ticket
from circularity.errors import RuleBroken
from circularity.fields import Checks

WEIGHINGS = "weighings."
"""What the names of these changes begin with."""

ACTS = ("change", "void", "add")
THINGS = ("ticket", "reading")
_MODELS: Mapping[str, Any] = {"ticket": Ticket, "reading": MeterReading}
_NAMED: Mapping[str, tuple[str, str]] = {
    "ticket": ("ticket_no", "weighed_at"),
    "reading": ("meter", "read_at"),
}
_CALLED = {"ticket_no": "name", "weighed_at": "at"}
_VALUES = {"ticket": ("plate", "gross_kg", "tare_kg"), "reading": ("kind", "mass_kg", "figures")}

Told = dict[str, Any]
"""A weighing as plain values: what it is, where it counts, its number and moment, its values, its mass."""


@dataclass(frozen=True, slots=True)
class WeighingChange:
    """One weighing put right: `name` is the ticket's or the meter's, with the moment `at` it says which.

    `values` are a ticket's plate, gross_kg and tare_kg, a reading's kind, mass_kg and figures: all of one
    that is added, those to change of another, none of one that is voided.
    """

    thing: str
    act: str
    side: str
    name: str
    at: datetime
    values: Mapping[str, Any]
    line: int = 1


def compare_weighings(
    checks: Checks, session: Session, transfer: Transfer, wanted: Sequence[WeighingChange]
) -> dict[str, list[Told | None]]:
    """Return each row before and after, in the order asked for; what cannot be is noted with its place."""
    found: dict[str, list[Told | None]] = {}
    seen = set()
    for place, change in enumerate(wanted):
        inner = Checks("correction")
        if (key := (change.thing, change.side, change.name, utc(change.at))) in seen:
            inner.refuse("name", "twice", change.name, "同一记录只能更正一次", "a weighing is put right once")
        seen.add(key)
        pair = _compare(inner, session, transfer, change)
        field = f"{WEIGHINGS}{place}"
        checks.problems += [replace(row, column=f"{field}.{row.column}") for row in inner.problems]
        if not inner.problems:
            found[field] = pair
    return found


def write_weighings(session: Session, transfer: Transfer, changes: Mapping[str, Any]) -> None:
    """Make these changes of an approved correction; raises RuleBroken `known_already`."""
    for field, (before, after) in changes.items():
        if not field.startswith(WEIGHINGS):
            continue
        told = before or after
        line = next(row for row in transfer.lines if row.number == told["line"])
        row = _row(session, transfer, told["thing"], told["side"], told["name"], _moment(told))
        if before is None:
            _add(session, transfer, line, after)
        elif row is None or _told(line, row) != before:
            raise LookupError(f"{field} was there when the correction was asked for")
        elif after is None:
            session.delete(row)
        else:
            for name, value in _columns(after).items():
                setattr(row, name, value)
    session.flush()


def _compare(
    checks: Checks, session: Session, transfer: Transfer, change: WeighingChange
) -> list[Told | None]:
    checks.word("thing", change.thing, THINGS)
    checks.word("act", change.act, ACTS)
    checks.word("side", change.side, SIDES)
    line = next((row for row in transfer.lines if row.number == change.line), None)
    if line is None:
        zh, en = f"没有第 {change.line} 行", f"there is no line {change.line}"
        checks.refuse("line", "no_such_line", change.line, zh, en)
    if checks.problems or line is None:
        return [None, None]
    _require_known_values(checks, change)
    if checks.problems:
        return [None, None]
    row = _row(session, transfer, change.thing, change.side, change.name, change.at)
    if change.act == "add":
        if row is not None:
            zh, en = "该记录已在平台上", "this weighing is there already"
            checks.refuse("name", "known_already", change.name, zh, en)
        return [None, _checked(checks, transfer, change, {})]
    if row is None or (row.line_id, row.side) != (line.id, change.side):
        zh, en = "该行没有这一记录", "the line has no such weighing of this side at this moment"
        checks.refuse("name", "unknown_weighing", change.name, zh, en)
        return [None, None]
    before = _told(line, row)
    after = None if change.act == "void" else _checked(checks, transfer, change, before)
    if before == after:
        checks.refuse("name", "unchanged", change.name, "没有变化", "it is that already")
    return [before, after]


def _require_known_values(checks: Checks, change: WeighingChange) -> None:
    known = () if change.act == "void" else _VALUES[change.thing]
    for name in change.values.keys() - set(known):
        zh, en = f"{name} 在此不能填写", f"{name} is nothing to say here"
        checks.refuse(name, "unknown_field", change.values[name], zh, en)


def _checked(checks: Checks, transfer: Transfer, change: WeighingChange, before: Told) -> Told:
    """Return the row as it would be, by the rules that it would have come in by."""
    values = {name: before.get(name) for name in _VALUES[change.thing]} | dict(change.values)
    if change.thing == "ticket":
        values = _checked_ticket(checks, transfer, change, values)
    else:
        if "figures" in change.values:  # what they come to, unless the mass is said with them
            values["mass_kg"] = change.values.get("mass_kg")
        values = _checked_reading(checks, transfer, change, values)
    where = {"thing": change.thing, "line": change.line, "side": change.side, "name": change.name}
    return where | {"at": utc(change.at).isoformat()} | values


def _checked_ticket(checks: Checks, transfer: Transfer, change: WeighingChange, values: Told) -> Told:
    gross_kg = checks.kilograms("gross_kg", values["gross_kg"], 1)
    tare_kg = checks.kilograms("tare_kg", values["tare_kg"])
    plate = values["plate"] or ""
    fault = ticket_fault(transfer, Weighing(change.name, plate, change.at, gross_kg, tare_kg))
    if fault is not None and not checks.problems:
        column, *rest = fault
        checks.refuse(_CALLED.get(column, column), *rest)
    return {"plate": plate, "gross_kg": gross_kg, "tare_kg": tare_kg, "mass_kg": gross_kg - tare_kg}


def _checked_reading(checks: Checks, transfer: Transfer, change: WeighingChange, values: Told) -> Told:
    kind = checks.word("kind", values["kind"] or "", METERS)
    checks.text("name", change.name, maximum=100)
    mass_kg, figures = checked_mass(checks, kind, values["figures"] or {}, values["mass_kg"])
    if not is_inside(transfer, change.at):
        checks.refuse("at", "outside_period", change.at, "读数时间不在期间内", "not within the period")
    return {"kind": kind, "figures": figures, "mass_kg": mass_kg}


def _row(
    session: Session, transfer: Transfer, thing: str, side: str, name: str, at: datetime
) -> Ticket | MeterReading | None:
    """Return the weighing that a number and a moment name where the side weighs, on whichever transfer."""
    named, moment = _NAMED[thing]
    wanted = {"site_id": _site_id(transfer, side), named: name, moment: utc(at)}
    found: Ticket | MeterReading | None = session.scalar(select(_MODELS[thing]).filter_by(**wanted))
    return found


def _site_id(transfer: Transfer, side: str) -> int:
    return transfer.sender_site_id if side == "sender" else transfer.facility.site_id


def _told(line: TransferLine, row: Ticket | MeterReading) -> Told:
    thing = "ticket" if isinstance(row, Ticket) else "reading"
    named, moment = _NAMED[thing]
    values = {name: getattr(row, name) for name in _VALUES[thing]}
    mass_kg = row.net_kg if isinstance(row, Ticket) else row.mass_kg
    where = {"thing": thing, "line": line.number, "side": row.side, "name": getattr(row, named)}
    return where | {"at": utc(getattr(row, moment)).isoformat()} | values | {"mass_kg": mass_kg}


def _moment(told: Told) -> datetime:
    return datetime.fromisoformat(told["at"])


def _columns(told: Told) -> dict[str, Any]:
    """Return the columns of a weighing that its values fill."""
    values = {name: told[name] for name in _VALUES[told["thing"]]}
    return values | ({"net_kg": told["mass_kg"]} if told["thing"] == "ticket" else {})


def _add(session: Session, transfer: Transfer, line: TransferLine, told: Told) -> None:
    """Add a row; another transfer may have got the same weighing since it was asked for."""
    named, moment = _NAMED[told["thing"]]
    where = {"line_id": line.id, "site_id": _site_id(transfer, told["side"]), "side": told["side"]}
    made = where | {named: told["name"], moment: _moment(told)} | _columns(told)
    session.execute(insert_new(session, _MODELS[told["thing"]]), [made])
    row = _row(session, transfer, told["thing"], told["side"], told["name"], _moment(told))
    if row is None or row.line_id != line.id or _told(line, row) != told:
        zh, en = f"{told['name']} 已计入另一转移", f"{told['name']} counts on another transfer by now"
        raise RuleBroken("known_already", zh, en, field="name", line=line.number)
