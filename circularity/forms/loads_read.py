"""Rows of the hazardous stages that are loads of the platform: they left as they stand in its own records.

What such rows say of containers, store and handlers is taken; an empty cell changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.custody.line_handling import handlings_of, tell_handling, with_packaging
from circularity.custody.manifests import Transfer, TransferLine
from circularity.forms.cells import Unreadable, handling_in
from circularity.forms.national import ENTRUSTED, TAKEN_OUT
from circularity.forms.reading import FormRow
from circularity.ledger.handling import UNTOLD, Handling
from circularity.organisations import Site

NUMBER = "平台转移编号"


@dataclass(frozen=True, slots=True)
class ToldLoad:
    """One load as a file tells it: its row of entrusting, and the rows that took it out of the store."""

    entrusted: FormRow
    taken_out: tuple[FormRow, ...]


def loads_told(rows: Sequence[FormRow], sent: Set[str]) -> tuple[list[ToldLoad], list[FormRow]]:
    """Return the rows that are loads among `sent`, by number, and all other rows."""
    entrusted = [row for row in rows if row.form is ENTRUSTED and row.cells.get(NUMBER) in sent]
    out: dict[tuple[str, str], list[FormRow]] = {}
    for row in rows:
        if row.form is TAKEN_OUT and row.cells.get("去向批次编码"):
            out.setdefault((row.cells["去向批次编码"], row.cells["代码"]), []).append(row)
    loads = [
        ToldLoad(row, tuple(out.get((row.cells.get("批次编码", ""), row.cells["代码"]), ())))
        for row in entrusted
    ]
    taken = {id(row) for load in loads for row in (load.entrusted, *load.taken_out)}
    return loads, [row for row in rows if id(row) not in taken]


def take_load(session: Session, *, actor: Actor, at: datetime, site: Site, load: ToldLoad) -> bool:
    """Keep what is told of a load; False when nothing is, or it stands already.

    Raises Unreadable, BadInput, RuleBroken.
    """
    told = _overlaid(handling_in(load.entrusted, "entrusted"), UNTOLD)
    for row in load.taken_out:
        told = _overlaid(handling_in(row, "taken_out"), told)
    if not told:
        return False
    line = _line(session, site, load.entrusted)
    standing = handlings_of(session, [line]).get(line.id, UNTOLD)
    after = _overlaid(told, standing)
    if after in (standing, with_packaging(line, standing)):
        return False
    return tell_handling(session, actor=actor, at=at, line=line, handling=after)


def _overlaid(said: Handling, before: Handling) -> Handling:
    told = {name: value for name, value in asdict(said).items() if value not in ("", None)}
    return Handling(**(asdict(before) | told))


def _line(session: Session, site: Site, row: FormRow) -> TransferLine:
    wanted = select(TransferLine).join(TransferLine.transfer)
    number, code = row.cells[NUMBER], row.cells["代码"]
    line = session.scalar(
        wanted.where(
            Transfer.sender_site_id == site.id, Transfer.number == number, TransferLine.waste_code == code
        )
    )
    if line is None:
        zh, en = f"转移 {number} 没有这种废物", f"transfer {number} carries no such waste"
        raise Unreadable(row.problem("代码", "no_such_line", code, zh, en))
    return line
