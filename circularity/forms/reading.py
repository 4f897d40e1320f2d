"""Reading national forms as people keep them: titles above the header, other sheets, full-width brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from circularity.catalogue.list_files import read_sheets
from circularity.catalogue.stage_columns import columns_of
from circularity.errors import BadInput, InputProblem
from circularity.forms.national import (
    DEPARTURES,
    ENTRUSTED,
    FLOWS,
    FORMS,
    GENERATED,
    INVENTORY,
    OWN,
    STAGE_FORMS,
    STORED,
    TAKEN_OUT,
    Form,
    plain_column,
)
from circularity.guarded_cells import restore_text

_HEADER_WITHIN = 20

_NEEDED: Mapping[Form, tuple[str, ...]] = {
    INVENTORY: ("代码", "年产生量"),
    FLOWS: ("年月", "代码", "产生量", "累计贮存量"),
    DEPARTURES: ("出厂时间", "代码", "出厂数量"),
    GENERATED: ("时间", "代码", "数量"),
    STORED: ("时间", "代码", "数量"),
    TAKEN_OUT: ("时间", "代码", "数量"),
    OWN: ("时间", "代码", "数量", "利用处置方式"),
    ENTRUSTED: ("时间", "代码", "数量", "利用处置方式", "接收单位"),
}

_ALIASES = {
    "月份": "年月",
    "统计月份": "年月",
    "固体废物代码": "代码",
    "废物代码": "代码",
    "固体废物名称": "名称",
    "废物名称": "名称",
    "累计贮存": "累计贮存量",
    "利用/处置方式": "利用处置方式",
    "产生量合计": "产生量",
}

_HEADINGS: Mapping[Form, Mapping[str, str]] = {
    form: {
        heading: column.name_zh
        for column in columns_of(stage).values()
        for heading in (column.name_zh, *column.read_as)
    }
    for stage, form in STAGE_FORMS.items()
}
"""Form of a stage → heading, ours or the standard's → our name of the column."""


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row of a form: its texts by plain column (see `plain_column`), and where it stands."""

    form: Form
    place: str
    number: int
    cells: Mapping[str, str]

    def problem(self, column: str, rule: str, found: object, zh: str, en: str) -> InputProblem:
        """Return a problem of this row."""
        return InputProblem(self.place, self.number, column, rule, str(found)[:80], zh, en)


def read_forms(file: Path) -> list[FormRow]:
    """Return the rows of every form in a file, in order; raises BadInput where it holds none."""
    rows: list[FormRow] = []
    found = False
    for name, cells in read_sheets(file).items():
        header = _header(name, cells)
        if header is not None:
            found = True
            rows += _rows(f"{file.name}!{name}", *header, cells)
    if not found:
        zh, en = "文件中没有可识别的台账表", "the file holds no form of the national ledgers"
        raise BadInput([InputProblem(file.name, None, None, "no_form", "", zh, en)])
    return rows


def _header(name: str, cells: list[list[str]]) -> tuple[Form, int, list[str]] | None:
    """Return the form of a sheet, by its name first, and where its header stands."""
    likely = sorted(FORMS, key=lambda form: not _named(form, name))
    for number, row in enumerate(cells[:_HEADER_WITHIN]):
        for form in likely:
            columns = [_column(cell, form) for cell in row]
            if set(_NEEDED[form]) <= set(columns) and (_named(form, name) or form not in _HEADINGS):
                return form, number, columns
    return None


def _named(form: Form, sheet: str) -> bool:
    return form.name.split()[-1] in sheet or form.name.split()[0] in sheet


def _column(cell: str, form: Form) -> str:
    whole = "".join(cell.split())
    bare = re.sub(r"[(\uff08\[].*$", "", whole)  # a stage's headings have slashes that are no units
    known = _HEADINGS.get(form, {})
    for heading in (whole, bare):
        if heading in known:
            return known[heading]
    plain = _ALIASES.get(whole, plain_column(whole))
    plain = _ALIASES.get(plain, plain)
    return known.get(plain, plain)


def _rows(
    place: str, form: Form, header: int, columns: list[str], cells: list[list[str]]
) -> Iterator[FormRow]:
    for number, row in enumerate(cells[header + 1 :], header + 2):
        told = {
            column: restore_text(cell) for column, cell in zip(columns, row, strict=False) if column and cell
        }
        if "代码" in told:  # a row without one is a sum, a note or empty
            yield FormRow(form, place, number, told)
