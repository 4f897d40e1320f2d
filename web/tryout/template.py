"""The workbook to fill in: Chinese headers with units, two wastes as examples, what each column means."""

from __future__ import annotations

import io
from typing import NamedTuple

import xlsxwriter


class TemplateColumn(NamedTuple):
    """A column of the sheet: its header, what it means in both languages, and the two examples."""

    header: str
    meaning_zh: str
    meaning_en: str
    examples: tuple[str | float, str | float]


COLUMNS = (
    TemplateColumn(
        "编号", "自己的编号，可空", "your own number, may be empty", ("高炉渣-1", "废酸-1")
    ),
    TemplateColumn("废物名称", "名称", "its name", ("高炉渣", "废硫酸")),
    TemplateColumn(
        "废物代码",
        "完整代码；不清楚可空，按名称建议，请确认",
        "the full code; left empty, one is proposed by the name for you to confirm",
        ("311-001-S01", "900-300-34"),
    ),
    TemplateColumn("产生量(吨)", "要找去处的数量", "the mass that needs an outlet", (12000, 350.5)),
    TemplateColumn(
        "行政区划代码", "六位代码，跨省手续由此判断", "six digits; procedures across provinces depend on it",
        ("310113", "310115"),
    ),
    TemplateColumn(
        "经度", "WGS-84；缺则按区县代表点", "WGS-84; without it the centre of the region", (121.43, 121.62)
    ),
    TemplateColumn("纬度", "WGS-84", "WGS-84", (31.43, 31.20)),
    TemplateColumn(
        "贮存起始日期", "危险废物的贮存期限由此计算", "from here the storage limit counts", ("", "2026-06-01")
    ),
)  # fmt: skip
"""Every header is one that the reader of people's sheets knows."""


def template_workbook() -> bytes:
    """Return the workbook: the sheet to fill in, and a sheet that explains its columns."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#dff0ea"})
        sheet = book.add_worksheet("固废台账")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(COLUMNS):
            sheet.set_column(place, place, 16)
            sheet.write_string(0, place, column.header, bold)
            for row, example in enumerate(column.examples, start=1):
                sheet.write(row, place, example)
        words = book.add_worksheet("说明 notes")
        words.set_column(0, 0, 16)
        words.set_column(1, 2, 60)
        for row, column in enumerate(COLUMNS):
            for place, text in enumerate((column.header, column.meaning_zh, column.meaning_en)):
                words.write_string(row, place, text)
    return stream.getvalue()
