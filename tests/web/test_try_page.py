"""One's own workbook on a page: answered at once, nothing kept, every mistake at its place."""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Databases
from openpyxl import Workbook, load_workbook
from page_world import Pages, served_pages
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from circularity.audit import AuditEvent
from circularity.database import create_engine_for, reading
from web.tryout.template import COLUMNS, template_workbook

HEADER = ["废物名称", "废物代码", "产生量(吨)", "行政区划代码", "经度", "纬度"]
SLAG = ["高炉渣", "311-001-S01", 120, "310113", 121.43, 31.43]


@pytest.fixture(scope="module")
def pages(databases: Databases) -> Iterator[Pages]:
    with databases.new() as url, served_pages(url) as made:
        yield made


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """Return the rows as an XLSX."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def send(pages: Pages, content: bytes, name: str = "台账.xlsx", lang: str = "en") -> TestResponse:
    data = {"file": (io.BytesIO(content), name)}
    return pages.client.post("/try", data=data, headers={"Accept-Language": lang})


def downloaded(page: str) -> str:
    """Return the text of the file that the page offers."""
    found = re.search(r"href=\"data:text/csv;charset=utf-8;base64,([^\"]+)\"", page)
    assert found
    return base64.b64decode(found[1]).decode("utf-8-sig")


def test_each_waste_of_a_ledger_is_told_its_best_outlets_and_what_comes_first(pages: Pages) -> None:
    answer = send(
        pages,
        workbook({"固废台账": [["某厂 2026 年台账"], HEADER, ["粉煤灰", "900-001-S02", 50, *SLAG[3:]]]}),
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Where your wastes may go" in page
    assert f"/facilities/{pages.ids['plant']}" in page
    assert "Matching advice: it creates no duty" in page
    lines = downloaded(page).splitlines()
    assert lines[0].startswith("output_id,waste_code,mass_t,place,facility")
    assert lines[1].split(",")[1:4] == ["900-001-S02", "50", "1"]


def test_a_waste_that_nobody_takes_is_told_the_rule_of_the_nearest_miss(pages: Pages) -> None:
    page = send(pages, workbook({"固废": [HEADER, ["电池", "900-012-S17", 5, *SLAG[3:]]]})).get_data(
        as_text=True
    )
    assert re.search(r'No lawful outlet found</span><span class="under">waste code', page)
    assert downloaded(page).splitlines()[1].split(",")[-1].startswith("waste code")


@pytest.mark.parametrize(("header", "place"), [("地址", "上海市宝山区"), ("备注", "上海市宝山区")])
def test_rows_that_name_no_region_are_told_what_could_not_be_asked(
    pages: Pages, header: str, place: str
) -> None:
    rows: list[list[object]] = [["名称", "代码", "产生量(吨)", header], [*SLAG[:3], place]]
    page = send(pages, workbook({"固废": rows})).get_data(as_text=True)
    assert ("names neither region nor address" in page) == (header == "备注")


def test_a_workbook_with_plants_is_a_whole_case_matched_and_proven(pages: Pages) -> None:
    sheets: dict[str, list[list[object]]] = {
        "outputs": [["output_id", "waste_code", "mass_t", "lat", "lon", "region_code"],
                    ["ash", "900-001-S02", 100, 31.2, 121.4, "310000"]],
        "facilities": [["facility_id", "lat", "lon", "region_code"], ["kiln", 31.3, 121.4, "310000"]],
        "capacities": [["capacity_id", "facility_id", "waste_pattern", "operation", "capacity_t"],
                       ["kiln-1", "kiln", "SW02", "C2", 60]],
    }  # fmt: skip
    page = send(pages, workbook(sheets)).get_data(as_text=True)
    assert "proven and verified" in page
    # of 100 t the kiln has room for 60
    assert re.search(r"Placed</dt><dd><span class=\"figure\">60 <small>t", page)
    assert re.search(r"Unmatched</dt><dd><span class=\"figure\">40 <small>t", page)


@pytest.mark.parametrize(("lang", "words"), [("zh", "表格读取情况"), ("en", "How your workbook was read")])
def test_what_was_guessed_is_listed_for_confirmation(pages: Pages, lang: str, words: str) -> None:
    rows = [HEADER, ["粉煤灰", None, 50, *SLAG[3:]]]
    page = send(pages, workbook({"固废": rows}), lang=lang).get_data(as_text=True)
    assert words in page
    assert ("请确认" if lang == "zh" else "please confirm") in page


def test_every_mistake_is_told_with_sheet_row_and_column(pages: Pages) -> None:
    rows = [HEADER, ["高炉渣", "311-001-S01", -3, *SLAG[3:]], ["渣", "31-1", 5, *SLAG[3:]]]
    answer = send(pages, workbook({"固废": rows}))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    told = re.findall(r'data-label="Row" class="num">([^<]+)</td><td data-label="Column">([^<]+)<', page)
    assert told == [("2", "产生量(吨)"), ("3", "废物代码")]
    assert "Where your wastes may go" not in page


@pytest.mark.parametrize(
    ("content", "name"), [(b"", "a.xlsx"), (b"junk", "a.xlsx"), (b"\xff\xfe\x00", "a.csv"), (b"x", "a.xls")]
)
def test_a_file_that_is_no_workbook_is_refused_with_a_reason(pages: Pages, content: bytes, name: str) -> None:
    answer = send(pages, content, name)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_sending_nothing_is_told_at_the_field(pages: Pages) -> None:
    answer = pages.client.post("/try", data={}, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "choose a file" in answer.get_data(as_text=True)


def test_nothing_is_kept_and_nothing_is_noted(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with databases.new() as url, served_pages(url, matched=False) as pages:
        engine = create_engine_for(url)
        with reading(engine)() as session:
            before = session.scalar(select(func.count()).select_from(AuditEvent))
        assert send(pages, workbook({"固废": [HEADER, SLAG]})).status_code == 200
        with reading(engine)() as session:
            assert session.scalar(select(func.count()).select_from(AuditEvent)) == before
        engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_texts_of_strangers_are_shown_as_texts_and_are_no_formulas(pages: Pages) -> None:
    header = ["编号", *HEADER]
    page = send(pages, workbook({"固废": [header, ["＝1+2<script>", *SLAG]]})).get_data(as_text=True)
    assert "<script>" not in re.sub(r"<script src=[^>]*>", "", page)
    cells = [cell for line in downloaded(page).splitlines() for cell in line.split(",")]
    assert any("1+2" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "＝"))]


def test_the_example_to_fill_in_is_answered_as_it_is(pages: Pages) -> None:
    book = pages.client.get("/try/template.xlsx")
    sheet = load_workbook(io.BytesIO(book.data)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [column.header for column in COLUMNS]
    assert send(pages, template_workbook()).status_code == 200
