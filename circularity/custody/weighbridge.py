"""Reading what weighbridges export: plate, gross, tare, net, time, ticket, in kg or tonnes, CSV or XLSX."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.calendar_days import DELTA_TIME
from circularity.catalogue.list_files import read_list
from circularity.custody.manifests import Transfer
from circularity.custody.sheets import Imported, Weighing, add_tickets
from circularity.errors import BadInput, InputProblem
from circularity.units import KG_PER_T, NotAQuantity, parse_scaled

_HEADERS = {
    "plate": ("车号", "车牌号", "车牌", "车辆号码", "plate"),
    "gross": ("毛重", "gross"),
    "tare": ("皮重", "tare"),
    "net": ("净重", "net"),
    "time": ("时间", "过磅时间", "称重时间", "日期时间", "二次过磅时间", "time"),
    "ticket": ("磅单号", "过磅单号", "单号", "流水号", "ticket"),
}
_NEEDED = ("plate", "gross", "tare", "time", "ticket")
_UNITS = {"吨": KG_PER_T, "t": KG_PER_T, "kg": 1, "千克": 1, "公斤": 1}
_UNIT = re.compile(r"[(\uff08\[/]\s*(吨|千克|公斤|kg|t)\s*[)\uff09\]]?$", re.IGNORECASE)
_HEADER_WITHIN = 20
_TOLD_EVERY = 1000
_HEAVIEST_T, _LIGHTEST_KG = 400, 500
"""No vehicle weighs over 400 t loaded, none under 500 kg: a gross weight without a unit tells its own."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the header stands, which column is what, and how many kg one unit of a column is."""

    header: int
    columns: Mapping[str, int]
    scales: Mapping[str, int]


def add_export(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    found: tuple[Sequence[Weighing], Sequence[InputProblem]],
    line: int,
    side: str,
    source: str,
    progress: Callable[[float], None] | None = None,
) -> Imported:
    """Add what `read_weighbridge` found to a line of a sheet: known tickets are ignored, others told by row.

    Raises what `add_tickets` raises.
    """
    rows, problems = found
    taken = add_tickets(
        session,
        actor=actor,
        at=at,
        transfer=transfer,
        rows=rows,
        line=line,
        side=side,
        source=source,
        progress=progress,
    )
    told = sorted((*problems, *taken.problems), key=lambda problem: problem.row or 0)
    return Imported(taken.added, taken.ignored, tuple(told), taken.repeated)


def read_weighbridge(
    file: Path, progress: Callable[[float], None] | None = None
) -> tuple[list[Weighing], list[InputProblem]]:
    """Return the weighings of an export and the rows that are none; raises BadInput for the whole.

    `progress` hears the share done, 0 to 1; what it raises ends the reading.
    """
    cells = read_list(file)
    table = _find_header(file, cells)
    rows: list[Weighing] = []
    problems: list[InputProblem] = []
    for number, row in enumerate(cells[table.header + 1 :], table.header + 2):
        if progress and number % _TOLD_EVERY == 0:
            progress(number / len(cells))
        if not any(row) or (not _cell(row, table, "ticket") and not _cell(row, table, "plate")):
            continue  # an empty row, or the sum at the end
        found = _read_row(row, number, table)
        if isinstance(found, Weighing):
            rows.append(found)
        else:
            problems.append(InputProblem(file.name, number, *found))
    return rows, problems


def _find_header(file: Path, cells: Sequence[Sequence[str]]) -> _Table:
    """Find the row that names the columns, below titles, and the units."""
    for place, row in enumerate(cells[:_HEADER_WITHIN]):
        columns: dict[str, int] = {}
        scales: dict[str, int] = {}
        for index, text in enumerate(row):
            unit = _UNIT.search(text)
            name = _column_of(text[: unit.start()] if unit else text)
            if name is not None and name not in columns:
                columns[name] = index
                if unit:
                    scales[name] = _UNITS[unit[1].lower()]
        if all(name in columns for name in _NEEDED):
            weights = ("gross", "tare", "net")
            if not all(name in scales for name in weights if name in columns):
                scale = _scale_of(file, [_at(cell, columns["gross"]) for cell in cells[place + 1 :]])
                scales = {name: scales.get(name, scale) for name in weights}
            return _Table(place, columns, scales)
    zh = "找不到表头:需要 车号、毛重、皮重、时间、磅单号"
    en = "no header found: plate, gross, tare, time and ticket are needed"
    raise BadInput([InputProblem(file.name, None, None, "no_header", "", zh, en)])


def _column_of(text: str) -> str | None:
    plain = re.sub(r"\s", "", text).lower()
    return next((name for name, known in _HEADERS.items() if plain in known), None)


def _scale_of(file: Path, gross: Sequence[str]) -> int:
    """Tell kg from tonnes by the weights themselves, where the header does not; refuse what could be both."""
    weights = [float(text) for text in gross if re.fullmatch(r"\d+(\.\d+)?", text)]
    if all(weight <= _HEAVIEST_T for weight in weights):
        return KG_PER_T
    if all(weight >= _LIGHTEST_KG for weight in weights):
        return 1
    zh = "无法判断重量单位,请在表头注明(吨)或(kg)"
    en = "the unit is not clear; write (t) or (kg) in the header"
    raise BadInput([InputProblem(file.name, None, "gross", "unit_unclear", "", zh, en)])


_Fault = tuple[str, str, str, str, str]


def _read_row(row: Sequence[str], number: int, table: _Table) -> Weighing | _Fault:
    """Return the weighing, or column, rule, found and both sentences of what is wrong with it."""
    weights: dict[str, int] = {}
    for name in ("gross", "tare", "net"):
        text = _cell(row, table, name)
        if name == "net" and not text:
            continue
        try:
            weights[name] = parse_scaled(text, table.scales[name], minimum=0)
        except NotAQuantity as error:
            return name, error.rule, text[:80], "重量不是整千克的数", "no weight in whole kilograms"
    if weights.get("net", weights["gross"] - weights["tare"]) != weights["gross"] - weights["tare"]:
        found = f"{weights['gross']} - {weights['tare']} ≠ {weights['net']}"
        return "net", "net_differs", found, "净重不等于毛重减皮重", "the net weight is not gross less tare"
    moment = _moment(_cell(row, table, "time"))
    if moment is None:
        return "time", "no_moment", _cell(row, table, "time")[:80], "过磅时间无法识别", "no date and time"
    # A workbook holds a ticket that is all digits as a number, which reads back with a decimal.
    ticket, plate = _cell(row, table, "ticket").removesuffix(".0"), _cell(row, table, "plate")
    return Weighing(ticket, plate, moment, weights["gross"], weights["tare"], number)


def _moment(text: str) -> datetime | None:
    """Read `2026-09-01 08:00:00`, `2026/9/1 8:00` and their like, as the Delta's clock shows it."""
    try:
        moment = datetime.fromisoformat(text) if len(text) > 10 else None
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=DELTA_TIME)
    except ValueError:
        parts = re.fullmatch(
            r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?", text
        )
    if parts is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in parts.groups()), tzinfo=DELTA_TIME)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def _cell(row: Sequence[str], table: _Table, name: str) -> str:
    return _at(row, table.columns.get(name, -1))


def _at(row: Sequence[str], index: int) -> str:
    return row[index] if 0 <= index < len(row) else ""
