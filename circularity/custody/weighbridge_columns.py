"""Which column of a weighbridge's export is what, and in which unit: as the makers of bridges name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from circularity.errors import BadInput, InputProblem
from circularity.units import KG_PER_T

_NAMES = {
    "plate": "车号 车牌号 车牌 车牌号码 车辆号 车辆号码 车船号 plate plateno truck vehicle",
    "gross": "毛重 总重 重车重量 gross grossweight",
    "tare": "皮重 空重 空车重量 tare tareweight",
    "net": "净重 net netweight",
    "deducted": "扣重 扣杂 扣杂重 扣水 扣水重 deduction",
    "ticket": "磅单号 磅单编号 榜单号 榜单编号 过磅单号 过磅单编号 过磅编号 称重单号 计量单号 磅码单号 单号 "
    "单据号 单据编号 票号 流水号 流水编号 ticket ticketno ticketnumber",
    "second": "二次过磅时间 第二次过磅时间 二磅时间 净重时间",
    "gross_time": "毛重时间 毛重日期 称毛时间 过毛时间 重车时间 grosstime",
    "tare_time": "皮重时间 皮重日期 称皮时间 过皮时间 空车时间 taretime",
    "time": "时间 过磅时间 称重时间 称量时间 计量时间 日期时间 time datetime",
    "left": "出厂时间 离厂时间 出门时间",
    "date": "日期 过磅日期 称重日期 计量日期 date",
    "goods": "货物名称 货物 货名 品名 物料 物料名称 产品 产品名称 goods material",
    "from": "发货单位 发货方 供货单位 供应商 sender supplier",
    "to": "收货单位 收货方 客户 客户名称 receiver customer",
}
_KNOWN = {word: name for name, words in _NAMES.items() for word in words.split()}

MOMENTS = ("second", "gross_time", "tare_time", "time", "left", "date")
WEIGHTS = ("gross", "tare", "net", "deducted")
APART = ("goods", "from", "to")
"""What tells the loads of one bridge apart: an export may hold those of many deals."""

_NEEDED = ("plate", "gross", "tare", "ticket")
_UNITS = {"吨": KG_PER_T, "t": KG_PER_T, "kg": 1, "千克": 1, "公斤": 1}
_UNIT = re.compile(r"[(\uff08\[/:\uff1a\s]*(吨|千克|公斤|kg|t)[)\uff09\]\s]*$", re.IGNORECASE)
_HEADER_WITHIN = 20
_HEAVIEST_T, _LIGHTEST_KG = 400, 500
"""No vehicle weighs over 400 t loaded, none under 500 kg: a gross weight without a unit tells its own."""
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Table:
    """Where the header stands, which column is what, and how many kg one unit of a weight is."""

    header: int
    columns: Mapping[str, int]
    scales: Mapping[str, int]

    def cell(self, row: Sequence[str], name: str) -> str:
        """Return the text of a row under a name, "" where there is no such column."""
        index = self.columns.get(name, -1)
        return plain(row[index]) if 0 <= index < len(row) else ""

    def weight(self, row: Sequence[str], name: str) -> str:
        """Return a weight without thousands separators; a comma in tonnes may be a decimal one and stays."""
        text = self.cell(row, name)
        apart = self.scales.get(name) == 1 and _THOUSANDS.fullmatch(text)
        return text.replace(",", "") if apart else text


def plain(text: str) -> str:
    """Return a cell without what keeps spreadsheets from reading a number into it."""
    kept = re.fullmatch(r'="(.*)"', text)
    return (kept[1] if kept else text.removeprefix("'")).strip()


def find_table(file: Path, cells: Sequence[Sequence[str]]) -> Table:
    """Find the row that names the columns, below titles, and the units; raises BadInput."""
    for place, row in enumerate(cells[:_HEADER_WITHIN]):
        columns: dict[str, int] = {}
        scales: dict[str, int] = {}
        for index, text in enumerate(row):
            name, scale = _column_of(text)
            if name and name not in columns:
                columns[name] = index
                if scale:
                    scales[name] = scale
        if all(name in columns for name in _NEEDED) and any(name in columns for name in MOMENTS):
            return Table(place, columns, _scales(file, cells[place + 1 :], columns, scales))
    zh = "找不到表头：需要 车号、毛重、皮重、时间、磅单号"
    en = "no header found: plate, gross, tare, time and ticket are needed"
    raise BadInput([InputProblem(file.name, None, None, "no_header", "", zh, en)])


def _column_of(text: str) -> tuple[str, int]:
    """Return what a header names and how many kg its unit is, 0 for none; "" for any other header."""
    name = _KNOWN.get(_letters(text))
    unit = _UNIT.search(text)
    if name or unit is None:
        return name or "", 0
    return _KNOWN.get(_letters(text[: unit.start()]), ""), _UNITS[unit[1].lower()]


def _letters(text: str) -> str:
    return re.sub(r"[\s._]", "", text).lower()


def _scales(
    file: Path, rows: Sequence[Sequence[str]], columns: Mapping[str, int], scales: Mapping[str, int]
) -> dict[str, int]:
    """Return the unit of every weight; those without one have that of the others, else what they tell."""
    present = [name for name in WEIGHTS if name in columns]
    if all(name in scales for name in present):
        return dict(scales)
    said = set(scales.values())
    scale = said.pop() if len(said) == 1 else _scale_told(file, rows, columns["gross"])
    return {name: scales.get(name, scale) for name in present}


def _scale_told(file: Path, rows: Sequence[Sequence[str]], gross: int) -> int:
    """Tell kg from tonnes by the weights themselves, where the header does not; refuse what could be both."""
    texts = [plain(row[gross]) for row in rows if gross < len(row)]
    weights = [float(text.replace(",", "")) for text in texts if re.fullmatch(r"[\d,]*\d(\.\d+)?", text)]
    tests: tuple[tuple[int, Callable[[float], bool]], ...] = (
        (KG_PER_T, lambda weight: weight <= _HEAVIEST_T),
        (1, lambda weight: weight >= _LIGHTEST_KG),
    )
    for scale, fits in tests:
        if weights and all(map(fits, weights)):
            return scale
    zh = "无法判断重量单位，请在表头注明（吨）或（kg）"
    en = "the unit is not clear; write (t) or (kg) in the header"
    raise BadInput([InputProblem(file.name, None, "gross", "unit_unclear", "", zh, en)])
