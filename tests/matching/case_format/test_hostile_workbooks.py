"""Workbooks and folders made to hurt are refused before anything large is held in memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from circularity.errors import BadInput
from matching.case_format.files import read_case, read_outputs

SHEET = "xl/worksheets/sheet1.xml"


def _rule(path: Path) -> str:
    with pytest.raises(BadInput) as refused:
        read_case(path)
    (problem,) = refused.value.problems
    assert problem.file == path.name
    return problem.rule


def _workbook() -> dict[str, bytes]:
    """Return the members of a small honest workbook."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet("outputs")
        page.write_row(0, 0, ["output_id", "waste_code", "mass_t"])
        page.write_row(1, 0, ["O1", "900-001-S02", 5])
    with zipfile.ZipFile(content) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _saved(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _with_sheet(path: Path, old: bytes, new: bytes) -> Path:
    members = _workbook()
    assert old in members[SHEET]
    return _saved(path, {**members, SHEET: members[SHEET].replace(old, new)})


def test_a_text_file_called_xlsx_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    path.write_text("output_id,mass_t\n")
    assert _rule(path) == "not_xlsx"


def test_an_old_excel_file_called_xlsx_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    assert _rule(path) == "not_xlsx"


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(b"")
    assert _rule(path) == "empty_file"


def test_a_zip_of_something_else_is_not_an_xlsx(tmp_path: Path) -> None:
    assert _rule(_saved(tmp_path / "photos.xlsx", {"photo.jpg": b"\xff\xd8"})) == "not_xlsx"


def test_a_workbook_cut_off_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = _saved(tmp_path / "ledger.xlsx", _workbook())
    path.write_bytes(path.read_bytes()[:-200])
    assert _rule(path) == "not_xlsx"


def test_a_workbook_with_a_damaged_member_is_refused(tmp_path: Path) -> None:
    members = _workbook()
    assert _rule(_saved(tmp_path / "a.xlsx", {**members, SHEET: members[SHEET][:-30]})) == "not_xlsx"


def test_a_file_over_50_mb_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024 + 1)
    assert _rule(path) == "too_big"


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    members = {**_workbook(), "xl/media/zeros.bin": bytes(30 * 1024 * 1024)}
    path = _saved(tmp_path / "bomb.xlsx", members)
    assert path.stat().st_size < 100_000
    assert _rule(path) == "zip_bomb"


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    members = {**_workbook(), **{f"xl/media/{n}": b"" for n in range(2001)}}
    assert _rule(_saved(tmp_path / "many.xlsx", members)) == "too_many_members"


def test_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = _saved(tmp_path / "twice.xlsx", _workbook())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, b"<worksheet/>")
    assert _rule(path) == "not_xlsx"


@pytest.mark.parametrize(
    "last",
    [
        b'<c r="XFD1048576"><v>1</v></c>',
        b'<c r="A99999999999999999999"><v>1</v></c>',
        b'<c r="AAAAAAAA1"><v>1</v></c>',
        b"<x:c s=\"1\"  r = 'XFD1048576'><v>1</v></x:c>",
    ],
)
def test_a_cell_at_the_far_end_asks_for_no_memory(tmp_path: Path, last: bytes) -> None:
    row = b'</row><row r="1048576">' + last + b"</row></sheetData>"
    path = _with_sheet(tmp_path / "far.xlsx", b"</row></sheetData>", row)
    assert _rule(path) == "sheet_too_large"


def test_cells_without_a_place_in_a_far_row_ask_for_no_memory(tmp_path: Path) -> None:
    row = b'</row><row r="1048576">' + b"<c><v>1</v></c>" * 20 + b"</row></sheetData>"
    path = _with_sheet(tmp_path / "far.xlsx", b"</row></sheetData>", row)
    assert _rule(path) == "sheet_too_large"


def test_a_cell_hidden_behind_a_bare_bracket_is_refused(tmp_path: Path) -> None:
    hidden = b'</row><row r="9"><c a=">" r="XFD1048576"><v>1</v></c></row></sheetData>'
    path = _with_sheet(tmp_path / "far.xlsx", b"</row></sheetData>", hidden)
    assert _rule(path) == "not_xlsx"


def test_empty_formatted_cells_at_the_far_end_do_no_harm(tmp_path: Path) -> None:
    row = b'</row><row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    path = _with_sheet(tmp_path / "wide.xlsx", b"</row></sheetData>", row)
    assert read_outputs(path)[0].mass_kg.tolist() == [5000]


def test_a_document_type_with_entities_is_refused(tmp_path: Path) -> None:
    members = _workbook()
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + members["xl/workbook.xml"][55:]
    assert _rule(_saved(tmp_path / "laugh.xlsx", {**members, "xl/workbook.xml": bomb})) == "not_xlsx"
