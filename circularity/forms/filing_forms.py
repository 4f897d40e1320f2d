"""The form of a procedure, filled with all that is known and what was typed; the rest visibly empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import xlsxwriter

from circularity.catalogue.procedure_fields import ProcedureField, fields_of
from circularity.catalogue.procedures import Procedure
from circularity.forms.filing_facts import Matter, known_fact

NOT_OFFICIAL = (
    "平台按已知信息填写的材料，不替代向主管部门的正式申报；以主管部门审批为准。",
    "Filled by the platform from what it knows; it replaces no official filing: the authority decides.",
)
EMPTY = "（待填）"
_GREY, _YELLOW = "#EEEEEE", "#FFF6D6"


@dataclass(frozen=True, slots=True)
class FilledField:
    """One field with its text; "" = not known and not typed."""

    row: ProcedureField
    text: str

    @property
    def is_typed(self) -> bool:
        """Whether who files fills it in."""
        return not self.row.known_from


@dataclass(frozen=True, slots=True)
class FilingForm:
    """The form of one procedure by its rule, field by field."""

    rule: Procedure
    fields: tuple[FilledField, ...]

    @property
    def empty(self) -> int:
        """How many fields are still empty."""
        return sum(not each.text for each in self.fields)

    def sections(self) -> Iterator[tuple[ProcedureField, list[FilledField]]]:
        """Yield each section by the row that names it, with its fields."""
        titles = {each.row.section_en: each.row for each in self.fields}
        for title, row in titles.items():
            yield row, [each for each in self.fields if each.row.section_en == title]


def fill_form(matter: Matter, kind: str, typed: Mapping[str, str]) -> FilingForm:
    """Return the form of a kind of procedure for a matter, where its waste comes from."""
    rows = fields_of(kind, matter.site.region_code, matter.on)
    texts = (
        known_fact(matter, row.known_from, kind) if row.known_from else typed.get(row.field, "")
        for row in rows
    )
    return FilingForm(matter.rule(kind), tuple(FilledField(*pair) for pair in zip(rows, texts, strict=True)))


def write_form(form: FilingForm, title: str, stream: BinaryIO) -> None:
    """Write a form as one A4 sheet: sections, fields, texts as texts, empty ones marked and coloured."""
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        wrap = {"text_wrap": True, "valign": "top", "border": 1}
        bold, head = (
            book.add_format({"bold": True, "font_size": 14}),
            book.add_format({"bold": True, "bg_color": _GREY, **wrap}),
        )
        plain, empty = book.add_format(wrap), book.add_format({"bg_color": _YELLOW, **wrap})
        page = book.add_worksheet("申报表")
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_column(0, 0, 34)
        page.set_column(1, 1, 60)
        page.write_string(0, 0, title, bold)
        place = 1
        for line in (*NOT_OFFICIAL, f"受理：{form.rule.authority_zh}", f"须提交：{form.rule.hand_in_zh}"):
            page.merge_range(place, 0, place, 1, line, plain)
            page.set_row(place, 32 if len(line) > 45 else 16)
            place += 1
        for section, fields in form.sections():
            page.merge_range(place, 0, place, 1, f"{section.section_zh} {section.section_en}", head)
            place += 1
            for each in fields:
                page.write_string(place, 0, f"{each.row.name_zh}\n{each.row.name_en}", plain)
                page.write_string(place, 1, each.text or EMPTY, plain if each.text else empty)
                page.set_row(place, 30)
                place += 1
