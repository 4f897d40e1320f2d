"""A weight that was metered row by row is the sum of its rows: who corrects it corrects, voids or adds a row.

That holds of either side and of trips as of sheets, from the signature on: nobody signs a weight that its own
tickets and readings contradict. What a sheet sends always has rows; a trip may be weighed without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from circularity.custody.corrected_weighings import WEIGHINGS
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.metered import received_total_kg, sent_total_kg
from circularity.custody.reception import Receipt
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.units import format_tonnes


@dataclass(frozen=True, slots=True)
class WeighedSum:
    """One weight, its name as a correction has it, and what its rows come to, kg."""

    field: str
    line: int
    weight_kg: int
    rows_kg: int


def weighed_sums(
    session: Session,
    transfer: Transfer,
    receipts: Mapping[int, Receipt],
    moved_kg: Mapping[str, int] | None = None,
) -> list[WeighedSum]:
    """Return the weights that are sums of rows, once the rows have moved by so many kg (by weight's name)."""
    found = []
    for line in transfer.lines:
        for field, weight_kg, rows_kg in _weights(session, line, receipts.get(line.number)):
            after_kg = rows_kg + (moved_kg or {}).get(field, 0)
            if _is_sum(transfer, field, rows_kg, after_kg):
                found.append(WeighedSum(field, line.number, weight_kg, after_kg))
    return found


def follow(
    checks: Checks,
    session: Session,
    transfer: Transfer,
    receipts: Mapping[int, Receipt],
    changes: dict[str, Any],
) -> None:
    """Add to a correction's changes the weights that follow from its rows; refuse any that do not."""
    moved_kg = _moved_kg(changes)
    for each in weighed_sums(session, transfer, receipts, moved_kg):
        typed = changes.get(each.field)
        if typed is not None and typed[1] != each.rows_kg:
            zh = f"磅单或读数合计 {format_tonnes(each.rows_kg)} 吨，请逐张更正"
            en = f"its tickets and readings come to {format_tonnes(each.rows_kg)} t: correct those"
            checks.refuse(each.field, "not_as_ticketed", typed[1], zh, en)
        elif each.field in moved_kg and each.rows_kg <= 0:
            zh, en = "至少须有一张磅单或一次读数", "at least one ticket or reading must remain"
            checks.refuse(each.field, "nothing_weighed", each.rows_kg, zh, en)
        elif each.field in moved_kg and each.weight_kg != each.rows_kg:
            changes[each.field] = [each.weight_kg, checks.kilograms(each.field, each.rows_kg, 1)]


def require_sums(
    session: Session, transfer: Transfer, receipts: Mapping[int, Receipt], changes: Mapping[str, Any]
) -> None:
    """Raise RuleBroken `not_as_ticketed` where a weight that a correction changed is not that of its rows."""
    touched = changes.keys() | _moved_kg(changes).keys()
    for each in weighed_sums(session, transfer, receipts):
        if each.field in touched and each.weight_kg != each.rows_kg:
            raise _not_as_ticketed(each.line, each.weight_kg, each.rows_kg)


def require_weighed(line: int, weight_kg: int, rows_kg: int) -> None:
    """Raise RuleBroken `not_as_ticketed` for a line's weight that has tickets or readings of another sum."""
    if rows_kg and weight_kg != rows_kg:
        raise _not_as_ticketed(line, weight_kg, rows_kg)


def nothing_weighed(line: int) -> RuleBroken:
    """Return the refusal of a line of which no weight is known."""
    zh, en = f"第 {line} 行没有磅单或读数", f"line {line} has no ticket and no reading"
    return RuleBroken("nothing_weighed", zh, en, line=line)


def _not_as_ticketed(line: int, weight_kg: int, rows_kg: int) -> RuleBroken:
    weight, rows = format_tonnes(weight_kg), format_tonnes(rows_kg)
    zh = f"第 {line} 行填写 {weight} 吨，其磅单和读数合计 {rows} 吨；请更改重量，或更正、增删磅单"
    en = (
        f"line {line} says {weight} t, its tickets and readings come to {rows} t: change the weight, "
        "or put the tickets right"
    )
    return RuleBroken("not_as_ticketed", zh, en, line=line, weight_kg=weight_kg, ticketed_kg=rows_kg)


def _weights(session: Session, line: TransferLine, receipt: Receipt | None) -> list[tuple[str, int, int]]:
    found = [(f"lines.{line.number}.sent_kg", line.sent_kg, sent_total_kg(session, line))]
    if receipt is not None:
        rows_kg = received_total_kg(session, line)
        found.append((f"lines.{line.number}.received_kg", receipt.received_kg, rows_kg))
    return found


def _is_sum(transfer: Transfer, field: str, rows_kg: int, after_kg: int) -> bool:
    if not field.endswith(".sent_kg"):
        return bool(rows_kg or after_kg)
    return bool(after_kg) or transfer.lifecycle == "sheet"


def _moved_kg(changes: Mapping[str, Any]) -> dict[str, int]:
    """Return by how much the rows of each weight move."""
    moved: dict[str, int] = {}
    for name, (before, after) in changes.items():
        if name.startswith(WEIGHINGS):
            told = before or after
            field = f"lines.{told['line']}.{'sent' if told['side'] == 'sender' else 'received'}_kg"
            difference = (after["mass_kg"] if after else 0) - (before["mass_kg"] if before else 0)
            moved[field] = moved.get(field, 0) + difference
    return moved
