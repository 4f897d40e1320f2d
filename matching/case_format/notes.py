"""Notes: what a reader understood, assumed or set aside; no row and no tonne disappears without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTE_SENTENCES: Mapping[str, tuple[str, str]] = {
    "file_ignored": ("该文件不属于算例，未读取", "this file is no part of a case and was not read"),
    "sheet_ignored": ("没有认出表头，整张表未读取", "no header was recognised, the whole sheet was not read"),
    "encoding": ("按 {encoding} 编码读取", "read as {encoding}"),
    "title_rows": ("表头以上的文字：{text}", "text above the header: {text}"),
    "header_found": ("表头在第 {rows} 行：{columns}", "the header is row {rows}: {columns}"),
    "column_kept": (
        "未知的列，保留为备注：{values}",
        "a column that we do not know is kept as a note: {values}",
    ),
    "several_masses": (
        "有多个数量列：采用 {used}；此列未采用，请确认",
        "there are several mass columns: {used} is used, this one is not; please confirm",
    ),
    "unit_converted": ("单位为 {unit}，已换算", "the unit is {unit}; values are converted"),
    "unit_assumed": ("表头没有单位，按吨计，请确认", "no unit is given; tonnes are assumed, please confirm"),
    "number_cleaned": (
        "已去除千分位、全角字符或单位",
        "thousands separators, full-width digits or units were removed",
    ),
    "blank_mark": ("“{found}”视为空", "{found} was read as empty"),
    "float_noise": ("浮点误差已舍去", "digits that floating-point arithmetic left behind were rounded off"),
    "dates_read": ("日期按年月日读取", "dates were read as year, month, day"),
    "coordinate_rounded": ("坐标取到 7 位小数（1 厘米）", "coordinates are kept to 7 decimals (1 cm)"),
    "date_read": ("日期 {found} 读作 {value}", "the date {found} was read as {value}"),
    "region_read": ("地区 {found} 读作 {value}", "the region {found} was read as {value}"),
    "address_unread": (
        "地址 {found} 中没有认出长三角的市或区县，行政区划留空，请填写行政区划",
        "no city or district of the Delta was found in the address {found}; the region stays open: give one",
    ),
    "region_centre": (
        "没有经纬度，以 {region} 的代表点计算距离，结果为近似值",
        "no coordinates: distances start at the centre of {region} and are approximate",
    ),
    "outside_delta": (
        "坐标在长三角范围之外，请核对",
        "the coordinates lie outside the Yangtze River Delta: please check",
    ),
    "far_from_region": (
        "坐标距所填地区 {region} 超过 {km} 公里，请核对坐标与地区",
        "the coordinates lie over {km} km from the region {region} that is given: please check both",
    ),
    "code_extracted": ("{found} 中的代码读作 {value}", "the code in {found} was read as {value}"),
    "code_proposed": (
        "“{found}”没有代码，建议 {value}，请确认",
        "{found} has no code; {value} is proposed, please confirm",
    ),
    "code_in_kind": (
        "只写了类别 {kind}，按名称“{found}”建议 {value}，请确认",
        "only the kind {kind} is given; by the name {found}, {value} is proposed, please confirm",
    ),
    "code_unlisted": (
        "目录中没有代码 {code}，按类别 {kind} 处理",
        "the catalogue lacks the code {code}; it is handled as its kind {kind}",
    ),
    "pattern_assumed": (
        "没有废物代码列，能力视为可接收任何废物（*）",
        "no waste pattern is given: these capacities are read as taking any waste (*)",
    ),
    "id_numbered": ("没有编号，按行号编为 {value} 等", "rows without an id are numbered: {value} and so on"),
    "filled_down": ("合并单元格的内容已填入各行", "what a merged cell says is read for each of its rows"),
    "formula_values": ("公式按已保存的计算结果读取", "formulas are read by their stored values"),
    "total_row": (
        "合计行 {text} 未计入；与以上各行之和 {sum} 吨一致",
        "the total row {text} is not counted; it agrees with the {sum} t above",
    ),
    "total_row_differs": (
        "合计行 {text} 未计入；其数为 {value} 吨，以上各行之和为 {sum} 吨，请核对",
        "the total row {text} is not counted; it says {value} t, the rows above make {sum} t: please check",
    ),
    "total_row_empty": (
        "合计行 {text} 没有数值，未计入",
        "the total row {text} has no value and is not counted",
    ),
    "remark_row": ("非数据行，保留为备注：{text}", "a row without data is kept as a note: {text}"),
    "repeated_header": (
        "重复的表头或栏号行，未计入",
        "a repeated header or a row of column numbers is not counted",
    ),
    "rows_read": (
        "读取 {rows} 行，合计 {mass} 吨；另有 {others} 行已在说明中列出",
        "{rows} rows were read, {mass} t in all; {others} other row(s) are named in notes",
    ),
    "sheet_not_used": (
        "设施取自 {source}，此表未采用",
        "facilities come from {source}; this sheet was not used",
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a reader understood, assumed or set aside.

    `row` is the first row concerned, as a spreadsheet counts, None where no row applies; `rows` are all.
    """

    file: str
    row: int | None
    column: str | None
    rule: str
    zh: str
    en: str
    rows: tuple[int, ...] = ()


class Notes:
    """Collects notes; the same thing said of many rows of a column becomes one note that counts them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str | None, str, tuple[tuple[str, str], ...]], list[int | None]] = {}

    def add(
        self, rule: str, file: str, row: int | None = None, column: str | None = None, **facts: Any
    ) -> None:
        """Add one note; `facts` fill the sentences of its rule."""
        key = (file, column, rule, tuple((name, str(value)) for name, value in facts.items()))
        self._rows.setdefault(key, []).append(row)

    def listed(self) -> tuple[Note, ...]:
        """Return the notes in the order of their first row in each file."""
        notes = []
        for (file, column, rule, facts), rows in self._rows.items():
            zh, en = (sentence.format(**dict(facts)) for sentence in NOTE_SENTENCES[rule])
            if len(rows) > 1:
                first = ", ".join(str(row) for row in rows[:5])
                zh, en = f"{zh}（共 {len(rows)} 行：{first}…）", f"{en} ({len(rows)} rows: {first}…)"
            told = tuple(row for row in rows if row is not None)
            notes.append(Note(file, rows[0], column, rule, zh, en, told))
        return tuple(sorted(notes, key=lambda note: (note.file, note.row or 0)))
