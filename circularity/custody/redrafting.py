"""A draft is changed while nobody has signed it: everything its sender could say, as one whole.

Nothing of a draft counts on an agreement yet; what already hangs on its lines, weighings and stored loads of
others, is never moved or dropped in silence: it must fit what is said now, or be taken off first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.custody.carriers import carriages_of, carrier_of
from circularity.custody.drafting import (
    Draft,
    Load,
    checked_lines,
    checked_values,
    new_line,
    require_same_parties,
)
from circularity.custody.grouping import grouped_kg
from circularity.custody.held_transfers import locked
from circularity.custody.manifest_document import document_of
from circularity.custody.manifests import Carriage, Transfer, TransferLine
from circularity.custody.official_numbers import checked_number, require_untaken
from circularity.custody.weighings import MeterReading, Ticket
from circularity.errors import RuleBroken, Stale
from circularity.fields import Checks
from circularity.lifecycle import advance
from circularity.units import format_tonnes

_CARRIED = ("organisation", "vehicle", "permit")


def draft_of(transfer: Transfer) -> Draft:
    """Return a draft as it stands, to be changed in part."""
    loads = [
        Load(
            line.waste_code,
            line.operation,
            line.sent_kg,
            line.sent_moisture_permille,
            line.packaging,
            line.own_agreement,
        )
        for line in transfer.lines
    ]
    return Draft(
        agreement=transfer.agreement,
        lines=loads,
        conveyance=transfer.conveyance,
        day=transfer.day_from,
        carriers=[carrier_of(carriage) for carriage in transfer.carriages],
        vehicle=transfer.vehicle,
        metering=transfer.metering,
        day_to=None if transfer.day_to == transfer.day_from else transfer.day_to,
    )


def change_draft(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    version: int,
    draft: Draft,
    official_number: str | None = None,
) -> None:
    """Let a draft say something else; `version` is that of the one it was made from.

    A waste that stays keeps its line and its number. An `official_number` of "" takes out the one that was
    entered, None leaves it. What changes nothing leaves no trace.

    Raises BadInput as drafting does; Stale when somebody else has changed it since; RuleBroken `illegal_step`
    once it is signed, `other_party`, `line_in_use`, `more_than_line`, `outside_period`, `load_on_the_road`,
    `official_number_taken`.
    """
    checks = Checks("transfer")
    values, rows = checked_values(checks, draft), checked_lines(checks, draft)
    carriages = carriages_of(checks, draft.carriers)
    if official_number is not None:
        entered = official_number.strip()
        values["official_number"] = checked_number(checks, transfer, entered, at) if entered else None
    checks.finish()
    locked(session, transfer)
    require_same_parties(draft, transfer.sender_site, transfer.facility_id)
    wanted = {row["waste_code"]: row for row in rows}

    def still_fits() -> None:
        _require_current(transfer, version)
        _require_fits(session, transfer, values, wanted)
        number = values.get("official_number")
        if number is not None and number != transfer.official_number:
            require_untaken(session, number)

    advance(transfer, transfer.lifecycle, "redraft", "generator", {"still_fits": still_fits})
    before = document_of(session, transfer)
    for name, value in values.items():
        setattr(transfer, name, value)
    _replace_lines(session, transfer, wanted)
    _replace_carriages(session, transfer, carriages)
    session.flush()
    session.expire(transfer, ["lines", "carriages"])
    after = document_of(session, transfer)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changes:
        if transfer.version == version:  # changed lines or carriers alone are a new version too
            flag_modified(transfer, "vehicle")
        record(session, actor, at, "transfer.draft_changed", transfer, {"changes": changes})


def _require_current(transfer: Transfer, version: int) -> None:
    if transfer.version != version:
        zh, en = "草稿刚被他人更改，请重新读取", "somebody else has just changed the draft: read it again"
        raise Stale("stale", zh, en, version=transfer.version)


def _require_fits(
    session: Session, transfer: Transfer, values: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse what would leave weighings or stored loads of a line behind, or contradict them."""
    if transfer.refused_transfer is not None and values["metering"] != "trip":
        zh, en = "再撮合的货物按车次运输", "a re-matched load is on the road: it stays a trip"
        raise RuleBroken("load_on_the_road", zh, en, field="metering")
    for line in transfer.lines:
        grouped, moments = grouped_kg(session, line), _moments(session, line)
        row = wanted.get(line.waste_code)
        if row is None and (grouped or moments):
            zh = f"第 {line.number} 行（{line.waste_code}）已有磅单、读数或归集的批次，请先取下"
            en = f"line {line.number} ({line.waste_code}) has weighings or stored loads: take them off first"
            raise RuleBroken("line_in_use", zh, en, line=line.number, waste_code=line.waste_code)
        if row is not None and grouped > row["sent_kg"]:
            zh = f"第 {line.number} 行已归集 {format_tonnes(grouped)} 吨，多于所填重量"
            en = f"{format_tonnes(grouped)} t are grouped onto line {line.number}, more than it would weigh"
            raise RuleBroken("more_than_line", zh, en, line=line.number, grouped_kg=grouped)
        if values["metering"] != "trip":
            _require_inside(line, values, moments)


def _require_inside(line: TransferLine, values: Mapping[str, Any], moments: Sequence[datetime]) -> None:
    """What was weighed of a sheet lies on its days, which end its mass to a month."""
    for moment in moments:
        if not values["day_from"] <= delta_day(moment) <= values["day_to"]:
            on = delta_day(moment).isoformat()
            zh = f"第 {line.number} 行有 {on} 的磅单或读数，不在期间内；请先取下"
            en = f"line {line.number} was weighed on {on} too, outside these days: take that out first"
            raise RuleBroken("outside_period", zh, en, field="day", weighed_on=on)


def _moments(session: Session, line: TransferLine) -> list[datetime]:
    """Return the first and the last moment at which either side weighed a line; empty when nobody has."""
    found: list[datetime] = []
    for model, column in ((Ticket, Ticket.weighed_at), (MeterReading, MeterReading.read_at)):
        wanted = select(func.min(column), func.max(column)).where(model.line_id == line.id)
        found += [moment for moment in session.execute(wanted).one() if moment is not None]
    return found


def _replace_lines(session: Session, transfer: Transfer, wanted: Mapping[str, dict[str, Any]]) -> None:
    """Keep the line of a waste that stays, with its number: files on their way to it name it by that."""
    there = {line.waste_code: line for line in transfer.lines}
    highest = max(line.number for line in transfer.lines)
    for code, row in wanted.items():
        if code in there:
            for name, value in row.items():
                setattr(there[code], name, value)
        else:
            highest += 1
            transfer.lines.append(new_line(highest, row))
    for code in there.keys() - wanted.keys():
        session.delete(there[code])


def _replace_carriages(session: Session, transfer: Transfer, wanted: Sequence[Carriage]) -> None:
    there = {carriage.number: carriage for carriage in transfer.carriages}
    for carriage in wanted:
        kept = there.pop(carriage.number, None)
        if kept is None:
            transfer.carriages.append(carriage)
            continue
        for name in _CARRIED:
            setattr(kept, name, getattr(carriage, name))
    for carriage in there.values():
        session.delete(carriage)
