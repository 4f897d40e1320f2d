"""From rows of national forms to months of the ledger: figures, ways and parties, added up per month."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from circularity.catalogue import operations
from circularity.catalogue.waste_types import MalformedCode, parse_code
from circularity.custody.sent_mass import entrusted_kind
from circularity.errors import InputProblem
from circularity.forms.cells import Unreadable, day_in, handling_in, tonnes_of
from circularity.forms.national import ENTRUSTED, FLOWS, GENERATED, OWN, STORED, TAKEN_OUT, WAYS
from circularity.forms.reading import FormRow
from circularity.ledger.batches import Batch
from circularity.ledger.generator_months import Use
from circularity.ledger.month_balances import days_of

_MONTH = re.compile(r"(20\d\d)\D+(\d{1,2})")
_NO_DAY = date.min
"""Stands until the row's day is read."""


@dataclass
class WrittenMonth:
    """One month of one waste as forms tell it, kg; `stored_kg` None where they do not tell the stock.

    Entrusted uses still include what the platform's transfers carried. `place` is its first row. `batches`
    are the rows of its stages, by stage, where any row of the stage tells a container, facility or handler.
    Without `tells_figures` it is only told how it was stored.
    """

    waste_code: str
    year: int
    month: int
    place: FormRow
    generated_kg: int = 0
    discarded_kg: int = 0
    stored_kg: int | None = None
    uses: list[Use] = field(default_factory=list)
    batches: dict[str, list[Batch]] = field(default_factory=dict)
    tells_figures: bool = False


def months_told(rows: Iterable[FormRow]) -> tuple[list[WrittenMonth], list[InputProblem]]:
    """Return the months that table 2 and the hazardous stages tell, in order, and what cannot be read.

    A month with a row that cannot be read is left out whole: its sums would be too small.
    """
    months: dict[tuple[int, int, str], WrittenMonth] = {}
    problems, unread = [], set()
    for row in rows:
        reader = _READERS.get(row.form.name)
        if reader is None:
            continue
        key = None
        try:
            year, month = _month_of(row)
            key = (year, month, _code_of(row))
            written = months.setdefault(key, WrittenMonth(key[2], year, month, row))
            reader(row, written)
            written.tells_figures |= row.form.name in _FIGURES
        except Unreadable as failed:
            problems.append(failed.problem)
            unread.add(key)
    told = [months[key] for key in sorted(months) if key not in unread]
    for each in told:
        each.batches = {
            stage: batches
            for stage, batches in each.batches.items()
            if any(batch.handling for batch in batches)
        }
    return [each for each in told if each.tells_figures or each.batches], problems


def _flows(row: FormRow, month: WrittenMonth) -> None:
    uses = []
    for kind, start in WAYS.items():
        mass_kg = tonnes_of(row, f"{start}数量")
        if mass_kg:
            way = _operation(row, f"{start}方式")
            uses.append(Use(kind, way, mass_kg, row.cells.get(f"{start}单位", "")))
    generated_kg, discarded_kg = tonnes_of(row, "产生量"), tonnes_of(row, "倾倒丢弃量")
    stored_kg = tonnes_of(row, "累计贮存量") if row.cells.get("累计贮存量") else month.stored_kg
    month.generated_kg += generated_kg
    month.discarded_kg += discarded_kg
    month.stored_kg = stored_kg
    month.uses += uses


def _generated(row: FormRow, month: WrittenMonth) -> None:
    mass_kg = tonnes_of(row, "数量")
    _add_batch(row, month, "generated", Batch(_NO_DAY, mass_kg))
    month.generated_kg += mass_kg


def _stored(row: FormRow, month: WrittenMonth) -> None:
    related = row.cells.get("上游批次编码", "")
    _add_batch(row, month, "stored", Batch(_NO_DAY, tonnes_of(row, "数量"), related=related))


def _taken_out(row: FormRow, month: WrittenMonth) -> None:
    related = row.cells.get("去向批次编码", "")
    _add_batch(row, month, "taken_out", Batch(_NO_DAY, tonnes_of(row, "数量"), related=related))


def _own(row: FormRow, month: WrittenMonth) -> None:
    _add_use(row, month, "own")


def _entrusted(row: FormRow, month: WrittenMonth) -> None:
    _add_use(row, month, "entrusted")


def _add_use(row: FormRow, month: WrittenMonth, stage: str) -> None:
    """A stage names its way; whether it is use or disposal the dated table says."""
    way, mass_kg = _operation(row, "利用处置方式"), tonnes_of(row, "数量")
    kind = entrusted_kind(month.waste_code, way, date(month.year, month.month, 1))
    party = row.cells.get("接收单位", "")
    _add_batch(row, month, stage, Batch(_NO_DAY, mass_kg, way, party))
    if mass_kg:
        month.uses.append(Use(f"{stage}_{kind.removeprefix('entrusted_')}", way, mass_kg, party))


def _add_batch(row: FormRow, month: WrittenMonth, stage: str, batch: Batch) -> None:
    """Add a row as a batch of its stage; without a mass it is none."""
    if not batch.mass_kg:
        return
    handling = handling_in(row, stage)
    day = day_in(row, "时间", needed=bool(handling)) or days_of(month.year, month.month)[1]
    told = replace(batch, day=day, batch=row.cells.get("批次编码", ""), handling=handling)
    month.batches.setdefault(stage, []).append(told)


_FIGURES: dict[str, Callable[[FormRow, WrittenMonth], None]] = {
    FLOWS.name: _flows,
    GENERATED.name: _generated,
    OWN.name: _own,
    ENTRUSTED.name: _entrusted,
}
_READERS = _FIGURES | {STORED.name: _stored, TAKEN_OUT.name: _taken_out}


def _month_of(row: FormRow) -> tuple[int, int]:
    column = "年月" if "年月" in row.cells or row.form is FLOWS else "时间"
    found = _MONTH.match(row.cells.get(column, ""))
    if found is None or not 1 <= int(found[2]) <= 12:
        zh, en = f"{column} 应为 2026-09 或日期", f"{column} must be like 2026-09 or a day"
        raise Unreadable(row.problem(column, "not_a_month", row.cells.get(column, ""), zh, en))
    return int(found[1]), int(found[2])


def _code_of(row: FormRow) -> str:
    try:
        return parse_code(row.cells["代码"])
    except MalformedCode:
        zh, en = "不是固废代码", "this is no waste code"
        raise Unreadable(row.problem("代码", "malformed_code", row.cells["代码"], zh, en)) from None


def _operation(row: FormRow, column: str) -> str:
    """Return the operation that a cell begins with, such as `C2 生产建筑材料`."""
    text = row.cells.get(column, "")
    found = re.match(r"[A-Za-z]+\d*", text)
    try:
        return operations.get(found[0] if found else text).code
    except operations.UnknownOperation:
        zh, en = f"{column} 应以方式代码开头，如 C2", f"{column} must begin with a code such as C2"
        raise Unreadable(row.problem(column, "unknown_operation", text, zh, en)) from None
