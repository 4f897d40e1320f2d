"""Problems: what stops a case from being read, each at its place with a Chinese and an English sentence.

Every rule code has its sentences in one table; facts are filled in by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from circularity.errors import BadInput, InputProblem

PROBLEM_LIMIT = 500
_SHOWN = 60

PROBLEM_SENTENCES: Mapping[str, tuple[str, str]] = {
    "not_found": ("找不到该文件或文件夹", "this file or folder does not exist"),
    "unsupported_file": (
        "只接受 CSV 文件夹、CSV 或 XLSX",
        "only a folder of CSV files, a CSV or an XLSX is read",
    ),
    "missing_sheet": ("缺少表 {sheet}", "the sheet {sheet} is missing"),
    "sheet_twice": ("表 {sheet} 出现了两次", "the sheet {sheet} is there twice"),
    "no_sheet_understood": ("没有认出任何表头", "no sheet with a header that we know was found"),
    "empty_file": ("文件为空", "the file is empty"),
    "no_rows": ("表 {sheet} 没有数据行", "the sheet {sheet} has no rows"),
    "too_big": ("文件超过 50 MB", "the file is larger than 50 MB"),
    "zip_bomb": ("压缩包展开后过大，拒绝读取", "the archive unpacks to far too much and is refused"),
    "too_many_members": ("压缩包内文件过多", "the archive holds too many members"),
    "not_xlsx": ("不是有效的 XLSX 文件", "this is not a readable XLSX file"),
    "sheet_too_large": ("表的行列范围过大", "the sheet spans too many rows and columns"),
    "not_utf8": ("编码不是 UTF-8", "the file is not UTF-8"),
    "wrong_encoding": ("编码既不是 UTF-8 也不是 GB18030", "the file is neither UTF-8 nor GB18030"),
    "unreadable_csv": ("CSV 格式错误：{why}", "the CSV cannot be parsed: {why}"),
    "control_character": ("含有控制字符", "there is a control character in it"),
    "cell_count": (
        "该行有 {cells} 格，表头有 {headers} 格",
        "this row has {cells} cells, the header {headers}",
    ),
    "unknown_header": ("未知的列名", "this column is not part of the format"),
    "duplicate_header": ("列名重复", "this column is there twice"),
    "missing_column": ("缺少必需的列 {name}", "the required column {name} is missing"),
    "missing_value": ("此处必须填写", "a value is required here"),
    "formula_without_value": (
        "公式没有计算结果，请在 Excel 中打开并保存后再上传",
        "the formula has no computed value: open and save the file in Excel first",
    ),
    "malformed_code": (
        "废物代码格式错误或类别不存在（应为完整代码，如 900-001-S06、900-300-34）",
        "this waste code is malformed or its kind does not exist (a full code looks like 900-001-S06)",
    ),
    "code_not_proposed": (
        "没有代码，也无法从名称推出代码{hint}",
        "there is no code, and none follows from the name{hint}",
    ),
    "kind_alone": (
        "只写了类别，需要完整代码，且无法从名称推出{hint}；{zh}",
        "this is a kind alone; a full code is needed and none follows from the name{hint}; {en}",
    ),
    "unknown_operation": ("未知的利用处置方式代码", "this operation code is unknown"),
    "unknown_entitlement": ("未知的资质类型", "this entitlement kind is unknown"),
    "unknown_status": ("未知的状态", "this status is unknown"),
    "unknown_standing": ("未知的信用状态", "this standing is unknown"),
    "malformed_region": (
        "行政区划代码应为 2、4 或 6 位数字，以省级代码开头",
        "a region code has 2, 4 or 6 digits and begins with a province of China",
    ),
    "not_a_number": ("不是数字", "this is not a number"),
    "not_a_flag": ("应为 true 或 false", "this must be true or false"),
    "unknown_unit": ("不认识的计量单位", "this unit cannot be converted"),
    "negative": ("不能为负", "this must not be negative"),
    "too_precise": ("小数位过多（最多 {decimals} 位）", "there are too many decimals (at most {decimals})"),
    "too_large": ("数值过大", "this number is too large"),
    "out_of_range": ("数值超出允许范围", "this number is outside the allowed range"),
    "coordinates_out_of_range": ("坐标超出范围", "the coordinate is out of range"),
    "swapped_coordinates": ("经度与纬度可能填反了", "latitude and longitude seem to be swapped"),
    "zero_coordinates": (
        "经纬度为 0,0，不是实际位置（未知请留空）",
        "the coordinates 0,0 are no real place (leave them empty when unknown)",
    ),
    "missing_coordinates": (
        "没有位置：请填写行政区划或地址（在 Excel 中），或经度和纬度，或至少一条 lanes 线路",
        "nothing says where it lies: give a region or an address (in people's Excel), coordinates, or a lane",
    ),
    "not_a_date": ("不是有效日期（应为 2026-01-31）", "this is not a date such as 2026-01-31"),
    "dates_reversed": ("起始日期晚于截止日期 {end}", "the period starts after it ends on {end}"),
    "duplicate_id": ("编号重复（另见第 {other} 行）", "this id is there twice (see row {other})"),
    "duplicate_row": ("与第 {other} 行重复", "this repeats row {other}"),
    "too_long": ("文字过长（最多 {limit} 个字符）", "the text is longer than {limit} characters"),
    "unknown_facility": ("facilities 中没有该设施", "no facility has this id"),
    "unknown_capacity": ("capacities 中没有该能力", "no capacity has this id"),
    "unknown_output": ("outputs 中没有该批次", "no output has this id"),
    "cap_rows_disagree": (
        "同一限额的各行不一致（见第 {other} 行）",
        "rows of one cap disagree (see row {other})",
    ),
    "unknown_parameter": ("未知的参数", "this parameter is unknown"),
    "row_not_understood": (
        "该行有数量但没有其他内容，且不等于以上合计",
        "this row has a mass and nothing else, and is not the sum of the rows above",
    ),
    "more_problems": ("另有 {count} 处问题未列出", "{count} more problem(s) are not listed"),
}


class Problems:
    """Collects every problem of an input; keeps the first PROBLEM_LIMIT and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[InputProblem] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(
        self,
        rule: str,
        file: str,
        row: int | None = None,
        column: str | None = None,
        found: object = "",
        **facts: Any,
    ) -> None:
        """Add one problem; `facts` fill the sentences of its rule."""
        self._count += 1
        if len(self._kept) < PROBLEM_LIMIT:
            zh, en = (sentence.format(**facts) for sentence in PROBLEM_SENTENCES[rule])
            self._kept.append(InputProblem(file, row, column, rule, shorten(found), zh, en))

    def add_unless_any(self, rule: str, file: str, **facts: Any) -> None:
        """Add a problem of the whole input, unless something more telling has been said already."""
        if not self._count:
            self.add(rule, file, **facts)

    def raise_if_any(self) -> None:
        """Raise BadInput with everything collected, in reading order; a last line counts what was cut off."""
        if not self._count:
            return
        kept = sorted(self._kept, key=lambda problem: (problem.file, problem.row or 0))
        if self._count > len(kept):
            count = self._count - len(kept)
            zh, en = (sentence.format(count=count) for sentence in PROBLEM_SENTENCES["more_problems"])
            kept.append(InputProblem("", None, None, "more_problems", "", zh, en))
        raise BadInput(kept)


def shorten(found: object) -> str:
    """Return what was found as one short printable line."""
    text = "".join(character if character.isprintable() else "�" for character in str(found)[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
