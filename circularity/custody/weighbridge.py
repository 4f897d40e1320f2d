"""Reading what weighbridges export: plate, gross, tare, net, time, ticket, in kg or tonnes, CSV or XLSX.

A bridge weighs for many deals. Words choose the rows of one; without any, a file with several goods, senders
or receivers is refused, because tonnes of others would be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.catalogue.list_files import read_list
from circularity.custody.manifests import Transfer
from circularity.custody.sheets import Imported, Weighing, add_tickets
from circularity.custody.weighbridge_columns import APART, Table, find_table
from circularity.custody.weighbridge_moments import weighed_at
from circularity.errors import BadInput, InputProblem
from circularity.units import NotAQuantity, parse_scaled

_TOLD_EVERY = 1000
_SUMS = ("合计", "总计", "小计", "累计", "total")
_NAMED = 5
"""So many of the goods or parties in a file are named when it is refused."""

_SEVERAL = {
    "goods": ("种货物", "goods"),
    "from": ("个发货单位", "senders"),
    "to": ("个收货单位", "receivers"),
}


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
    return replace(taken, problems=tuple(told))


def read_weighbridge(
    file: Path, progress: Callable[[float], None] | None = None, only: str = ""
) -> tuple[list[Weighing], list[InputProblem]]:
    """Return the weighings of an export and the rows that are none; raises BadInput for the whole.

    `only` are words that a row must have, all of them, anywhere, to be taken at all. `progress` hears the
    share done, 0 to 1; what it raises ends the reading.
    """
    cells = read_list(file)
    table = find_table(file, cells)
    words = only.casefold().split()
    rows: list[Weighing] = []
    problems: list[InputProblem] = []
    apart: dict[str, dict[str, None]] = {name: {} for name in APART}
    for number, row in enumerate(cells[table.header + 1 :], table.header + 2):
        if progress and number % _TOLD_EVERY == 0:
            progress(number / len(cells))
        if _is_no_weighing(row, table) or not _has_all(row, words):
            continue
        for name, known in apart.items():
            if text := table.cell(row, name):
                known[text] = None
        found = _read_row(row, number, table)
        if isinstance(found, Weighing):
            rows.append(found)
        else:
            problems.append(InputProblem(file.name, number, *found))
    _require_one_deal(file, apart, words)
    if words and not rows and not problems:
        zh, en = "没有一行含有所填的词", "no row has these words"
        raise BadInput([InputProblem(file.name, None, None, "none_chosen", only[:80], zh, en)])
    return rows, problems


def _is_no_weighing(row: Sequence[str], table: Table) -> bool:
    """Tell an empty row, or a sum at the end, from a weighing."""
    named = table.cell(row, "ticket") or table.cell(row, "plate")
    return not named or any(text.casefold().startswith(_SUMS) for text in row if text)


def _has_all(row: Sequence[str], words: Sequence[str]) -> bool:
    text = " ".join(row).casefold() if words else ""
    return all(word in text for word in words)


def _require_one_deal(file: Path, apart: dict[str, dict[str, None]], words: Sequence[str]) -> None:
    """Refuse a file about several deals, unless words have chosen the rows of one."""
    for name, known in apart.items():
        if words or len(known) < 2:
            continue
        listed, (many_zh, many_en) = list(known), _SEVERAL[name]
        some = "、".join(listed[:_NAMED]) + (" …" if len(listed) > _NAMED else "")
        zh = f"文件中有 {len(listed)} {many_zh}：{some}；请填写只导入含有哪些词的行"
        en = f"the file has {len(listed)} {many_en}: {some}; say which words the rows to take must have"
        raise BadInput([InputProblem(file.name, None, name, "several_deals", some[:80], zh, en)])


_Fault = tuple[str, str, str, str, str]


def _read_row(row: Sequence[str], number: int, table: Table) -> Weighing | _Fault:
    """Return the weighing, or column, rule, found and both sentences of what is wrong with it."""
    weights: dict[str, int] = {}
    for name in table.scales:
        text = table.weight(row, name)
        if not text and name in ("net", "deducted"):
            continue
        try:
            weights[name] = parse_scaled(text, table.scales[name], minimum=0)
        except NotAQuantity as error:
            return name, error.rule, text[:80], "重量不是整千克的数", "no weight in whole kilograms"
    weighed = weights["gross"] - weights["tare"]
    # What the buyer deducts is a term of the price: the mass that moved is gross less tare.
    if weights.get("net", weighed) not in (weighed, weighed - weights.get("deducted", 0)):
        found = f"{weights['gross']} - {weights['tare']} ≠ {weights['net']}"
        return "net", "net_differs", found, "净重不等于毛重减皮重", "the net weight is not gross less tare"
    moment = weighed_at(lambda name: table.cell(row, name))
    if moment is None:
        found = table.cell(row, "time") or table.cell(row, "date")
        return "time", "no_moment", found[:80], "过磅时间无法识别", "no date and time"
    # A workbook holds a ticket that is all digits as a number, which reads back with a decimal.
    ticket, plate = table.cell(row, "ticket").removesuffix(".0"), table.cell(row, "plate")
    return Weighing(ticket, plate, moment, weights["gross"], weights["tare"], number)
