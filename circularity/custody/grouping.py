"""Grouping: loads that a collector stored leave as one, and each stays known as a fraction of it.

Only mass of others is grouped: what leaves a collector in its own name it has generated itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import TransferLine
from circularity.custody.reception import Fraction, Receipt
from circularity.custody.transfer_cells import cells_of
from circularity.errors import RuleBroken, Stale
from circularity.ledger.balances import balance
from circularity.ledger.postings import Cell
from circularity.units import format_tonnes


def group_onto(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    line: TransferLine,
    fractions: Sequence[tuple[Receipt, int | None]],
) -> list[Fraction]:
    """Put mass of stored loads, kg, onto a drafted line; None takes all that remains of a receipt.

    Raises RuleBroken `not_a_draft`, `not_stored_here`, `other_waste`, `more_than_remains` (facts: left_kg),
    `more_than_line`.
    """
    _hold_draft(session, line)
    made = []
    for receipt, wanted_kg in sorted(fractions, key=lambda pair: pair[0].id):
        _require_stored_here(line, receipt)
        session.refresh(receipt, with_for_update={"of": Receipt})
        left_kg = receipt.accepted_kg - receipt.forwarded_kg - receipt.treated_kg
        mass_kg = left_kg if wanted_kg is None else wanted_kg
        _forward(session, receipt, mass_kg, left_kg)
        made.append(_fraction(session, line, receipt, mass_kg))
    session.flush()
    if grouped_kg(session, line) > line.sent_kg:
        zh, en = "归集量大于本行重量", "what is grouped exceeds the line's mass"
        raise RuleBroken("more_than_line", zh, en, sent_kg=line.sent_kg)
    parts = [[part.receipt.public_id, part.mass_kg] for part in made]
    record(session, actor, at, "transfer.grouped", line.transfer, {"line": line.number, "fractions": parts})
    return made


def ungroup(session: Session, *, actor: Actor, at: datetime, line: TransferLine) -> None:
    """Take every load off a drafted line, so that others can be chosen. Raises RuleBroken `not_a_draft`."""
    _hold_draft(session, line)
    taken_kg = grouped_kg(session, line)
    if taken_kg:
        release(session, line, taken_kg)
        facts = {"line": line.number, "mass_kg": taken_kg}
        record(session, actor, at, "transfer.ungrouped", line.transfer, facts)


def grouped_kg(session: Session, line: TransferLine) -> int:
    """Return how much of a line is known by its fractions."""
    return int(session.scalar(select(func.sum(Fraction.mass_kg)).filter_by(line_id=line.id)) or 0)


def fractions_of(session: Session, line: TransferLine) -> list[Fraction]:
    """Return a line's fractions in the order of their receipts."""
    return list(session.scalars(_FRACTIONS, {"line": line.id}))


_FRACTIONS = select(Fraction).where(Fraction.line_id == bindparam("line")).order_by(Fraction.receipt_id)


def grouped_cells(session: Session, line: TransferLine) -> list[tuple[Cell, int]]:
    """Return the stored cells that a grouped line takes: those its receipts brought, old stock first.

    Mass of one cell is the same mass whichever receipt brought it, so a cell that an earlier load has used up
    is made good from the others of the same receipts. What is short is simply not returned.
    """
    site_id = line.transfer.sender_site_id
    free: dict[Cell, int] = {}
    taken: dict[Cell, int] = {}
    short_kg = 0
    for fraction in fractions_of(session, line):
        source = fraction.receipt.line
        rest_kg = fraction.mass_kg
        for cell, brought_kg in cells_of(session, source.transfer, source, "on_site", site_id):
            if cell not in free:
                free[cell] = balance(session, "on_site", cell, site_id)
            part = min(rest_kg, brought_kg, free[cell])
            rest_kg, free[cell] = rest_kg - part, free[cell] - part
            taken[cell] = taken.get(cell, 0) + part
        short_kg += rest_kg
    for cell, has_kg in free.items():
        part = min(short_kg, has_kg)
        short_kg, taken[cell] = short_kg - part, taken.get(cell, 0) + part
    return [(cell, mass_kg) for cell, mass_kg in taken.items() if mass_kg]


def release(session: Session, line: TransferLine, mass_kg: int | None = None) -> None:
    """Give fractions back to their receipts, all or `mass_kg` of them, the newest receipt first."""
    left_kg = line.sent_kg if mass_kg is None else mass_kg
    for fraction in reversed(fractions_of(session, line)):
        back_kg = min(fraction.mass_kg, left_kg)
        left_kg -= back_kg
        if not back_kg:
            break
        session.execute(
            update(Receipt)
            .where(Receipt.id == fraction.receipt_id)
            .values(forwarded_kg=Receipt.forwarded_kg - back_kg)
        )
        if back_kg == fraction.mass_kg:
            session.delete(fraction)
        else:
            fraction.mass_kg -= back_kg
    session.flush()


def _forward(session: Session, receipt: Receipt, mass_kg: int, left_kg: int) -> None:
    raised = session.execute(
        update(Receipt)
        .where(
            Receipt.id == receipt.id,
            Receipt.forwarded_kg + Receipt.treated_kg + mass_kg <= Receipt.accepted_kg,
        )
        .values(forwarded_kg=Receipt.forwarded_kg + mass_kg)
    )
    if mass_kg < 1 or raised.rowcount != 1:  # type: ignore[attr-defined]  # the result of an UPDATE counts its rows
        load = receipt.line.transfer.number
        left_t = format_tonnes(left_kg)
        zh, en = f"批次 {load} 只剩 {left_t} 吨", f"only {left_t} t of load {load} remain"
        raise RuleBroken("more_than_remains", zh, en, receipt=receipt.public_id, left_kg=left_kg)


def _fraction(session: Session, line: TransferLine, receipt: Receipt, mass_kg: int) -> Fraction:
    fraction = session.get(Fraction, (line.id, receipt.id))
    if fraction is None:
        fraction = Fraction(line=line, receipt=receipt, mass_kg=mass_kg)
        session.add(fraction)
    else:
        fraction.mass_kg += mass_kg
    return fraction


def _hold_draft(session: Session, line: TransferLine) -> None:
    """Take the draft, so that its line is not left out or made lighter meanwhile."""
    transfer = locked(session, line.transfer)
    if transfer.status != "draft":
        raise RuleBroken("not_a_draft", "只有草稿可以归集", "only a draft is grouped", field="line")
    if line not in transfer.lines:
        raise Stale("stale", "草稿刚被他人更改，请重新读取", "the draft has just been changed: read it again")


def _require_stored_here(line: TransferLine, receipt: Receipt) -> None:
    if receipt.facility.kind != "collector" or receipt.facility.site_id != line.transfer.sender_site_id:
        zh, en = "该批次不在发出地贮存", "this load is not stored at the sending site"
        raise RuleBroken("not_stored_here", zh, en, receipt=receipt.public_id)
    if receipt.line.waste_code != line.waste_code:
        zh, en = "废物代码与归集行不同", "the load is of another waste than the line"
        raise RuleBroken("other_waste", zh, en, receipt=receipt.public_id, waste_code=line.waste_code)
