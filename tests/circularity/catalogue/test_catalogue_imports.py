"""Official lists are taken in whole or not at all, and answer for their codes from then on."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from circularity import safe_workbook
from circularity.catalogue import list_files
from circularity.catalogue.imports import import_official_list
from circularity.catalogue.overlay import FILE_NAME, FOLDER_VARIABLE
from circularity.catalogue.waste_types import MalformedCode, all_types, find, parse_code, propose
from circularity.errors import BadInput

TODAY = date(2026, 11, 22)
ROWS = [
    ["废物代码", "废物名称", "危险特性", "别名"],
    ["900-300-34", "使用酸进行清洗产生的废酸液", "C，T", ""],
    ["900-012-S17", "废锂电池", "", "退役电芯;电芯废料"],
    ["261-077-50", "废钒催化剂", "T", "钒触媒"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that this installation keeps imported lists in."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "catalogue"))
    return tmp_path / "catalogue"


def csv_list(
    tmp_path: Path, rows: list[list[str]], encoding: str = "utf-8-sig", name: str = "名录.csv"
) -> Path:
    path = tmp_path / name
    path.write_bytes("\r\n".join(",".join(row) for row in rows).encode(encoding))
    return path


def xlsx_list(tmp_path: Path, rows: list[list[str]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "名录.xlsx")
    return tmp_path / "名录.xlsx"


def refusal(path: Path, folder: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(BadInput) as caught:
        import_official_list(path, folder)
    assert not (folder / FILE_NAME).exists(), "a refused list must leave nothing behind"
    return [(problem.row, problem.rule) for problem in caught.value.problems]


def test_an_imported_list_makes_its_codes_verified_with_the_list_as_source(
    tmp_path: Path, folder: Path
) -> None:
    assert not find("900-300-34", TODAY).verified

    report = import_official_list(csv_list(tmp_path, ROWS), folder, source="名录(2025年版)")

    assert (report.rows, report.replaced, report.added, report.kept) == (3, 2, 1, 0)
    acid = find("900-300-34", TODAY)
    assert acid.verified
    assert (acid.source, acid.stream, acid.hazard_properties) == ("名录(2025年版)", "acid", "C,T")


def test_a_code_that_the_catalogue_lacked_is_known_afterwards_and_takes_the_rest_from_its_kind(
    tmp_path: Path, folder: Path
) -> None:
    assert find("261-077-50", TODAY).level == "kind"

    import_official_list(csv_list(tmp_path, ROWS), folder)

    catalyst = find("261-077-50", TODAY)
    assert (catalyst.level, catalyst.name_zh, catalyst.stream) == ("code", "废钒催化剂", "catalyst")
    assert catalyst.source == "名录.csv"
    assert catalyst in all_types(TODAY)


def test_what_the_list_does_not_say_stays_as_the_catalogue_has_it(tmp_path: Path, folder: Path) -> None:
    import_official_list(csv_list(tmp_path, ROWS), folder)
    battery = find("900-012-S17", TODAY)
    assert (battery.stream, battery.industrial, battery.bulk) == ("battery", True, False)


def test_other_names_of_the_list_are_proposed(tmp_path: Path, folder: Path) -> None:
    import_official_list(csv_list(tmp_path, ROWS), folder)
    assert propose("电芯废料")[0].code == "900-012-S17"
    assert propose("钒触媒")[0].code == "261-077-50"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_list_is_read_in_the_encodings_that_offices_use(
    tmp_path: Path, folder: Path, encoding: str
) -> None:
    import_official_list(csv_list(tmp_path, ROWS, encoding), folder)
    assert find("261-077-50", TODAY).name_zh == "废钒催化剂"


def test_a_workbook_and_a_csv_of_the_same_list_give_the_same_overlay(tmp_path: Path) -> None:
    title = [["国家危险废物名录", "", "", ""], ["", "", "", ""]]
    import_official_list(csv_list(tmp_path, ROWS), tmp_path / "a", source="x")
    import_official_list(xlsx_list(tmp_path, title + ROWS), tmp_path / "b", source="x")
    assert (tmp_path / "a" / FILE_NAME).read_bytes() == (tmp_path / "b" / FILE_NAME).read_bytes()


def test_a_second_list_keeps_the_rows_of_the_first_that_it_does_not_name(
    tmp_path: Path, folder: Path
) -> None:
    import_official_list(csv_list(tmp_path, ROWS), folder)
    second = [ROWS[0], ["900-300-34", "清洗废酸", "C,T", ""]]
    report = import_official_list(csv_list(tmp_path, second), folder)

    assert (report.rows, report.kept) == (1, 2)
    assert find("900-300-34", TODAY).name_zh == "清洗废酸"
    assert find("261-077-50", TODAY).level == "code"


def test_importing_the_same_list_again_changes_nothing(tmp_path: Path, folder: Path) -> None:
    path = csv_list(tmp_path, ROWS)
    import_official_list(path, folder)
    first = (folder / FILE_NAME).read_bytes()
    import_official_list(path, folder)
    assert (folder / FILE_NAME).read_bytes() == first


def test_a_list_may_bring_the_kind_that_the_catalogue_lacks(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(MalformedCode):
        parse_code("030-001-S84")
    rows = [["代码", "名称"], ["SW84", "其他农业废物"], ["030-001-S84", "某种废物"]]

    import_official_list(csv_list(tmp_path, rows), folder)

    waste = find("030-001-S84", TODAY)
    assert (waste.level, waste.stream, waste.industrial) == ("code", "other", False)
    assert find("030-002-S84", TODAY).level == "kind"


def test_a_number_of_an_older_edition_is_taken_as_todays(tmp_path: Path, folder: Path) -> None:
    import_official_list(csv_list(tmp_path, [["代码", "名称"], ["397-007-34", "氧化物浸蚀废酸"]]), folder)
    assert find("398-007-34", TODAY).verified


def test_a_name_wrapped_inside_its_cell_is_one_name(tmp_path: Path, folder: Path) -> None:
    import_official_list(xlsx_list(tmp_path, [["代码", "名称"], ["900-300-34", "清洗\n废酸"]]), folder)
    assert find("900-300-34", TODAY).name_zh == "清洗废酸"


def test_a_first_day_of_an_edition_is_kept(tmp_path: Path, folder: Path) -> None:
    import_official_list(csv_list(tmp_path, ROWS), folder, valid_from=date(2025, 1, 1))
    assert find("900-300-34", date(2025, 1, 1)).verified
    assert not find("900-300-34", date(2024, 12, 31)).verified


def test_every_wrong_row_is_told_with_its_number_and_nothing_is_written(tmp_path: Path, folder: Path) -> None:
    rows = [
        ["代码", "名称", "危险特性"],
        ["900-300-34", "废酸", "C"],
        ["900-300-43", "没有这一类", "T"],
        ["900-300-34", "重复", "C"],
        ["900-301-34", "", "C"],
        ["900-302-34", "特性不对", "X"],
        ["900-001-S02", "一般废物没有危险特性", "T"],
        ["100-001-S99", "没有这一种", ""],
        ["900-303-34", "字" * 501, ""],
    ]
    assert refusal(csv_list(tmp_path, rows), folder) == [
        (3, "malformed_code"),
        (4, "duplicate_code"),
        (5, "missing_name"),
        (6, "hazard_property"),
        (7, "hazard_property"),
        (8, "unknown_kind"),
        (9, "too_long"),
    ]


def test_row_numbers_count_the_title_and_empty_rows_above(tmp_path: Path, folder: Path) -> None:
    rows = [["名录", ""], ["", ""], ["代码", "名称"], ["", ""], ["坏代码", "废酸"]]
    assert refusal(xlsx_list(tmp_path, rows), folder) == [(5, "malformed_code")]


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([["甲", "乙"], ["900-300-34", "废酸"]], "unknown_header"),
        ([["代码", "名称"]], "no_rows"),
        ([["", ""]], "empty_file"),
    ],
)
def test_lists_without_a_header_or_rows_are_refused(
    tmp_path: Path, folder: Path, rows: list[list[str]], rule: str
) -> None:
    assert [found for _, found in refusal(csv_list(tmp_path, rows), folder)] == [rule]


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.csv", b"", "empty_file"),
        ("a.csv", b"\xff\xfe\x00\x01\x02", "not_text"),
        ("a.csv", '代码,名称\n"900-300-34,x'.encode(), "not_csv"),
        ("a.xlsx", b"not a workbook", "not_a_workbook"),
        ("a.xlsx", b"PK\x03\x04broken", "not_a_workbook"),
    ],
)
def test_files_that_are_no_lists_are_refused(
    tmp_path: Path, folder: Path, name: str, content: bytes, rule: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name, folder) == [(None, rule)]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, folder: Path) -> None:
    assert refusal(tmp_path / "none.csv", folder) == [(None, "file_not_found")]
    assert refusal(tmp_path, folder) == [(None, "not_a_file")]


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path, folder: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refusal(tmp_path / "a.xlsx", folder) == [(None, "not_a_workbook")]


def test_a_zip_bomb_and_a_file_over_the_limit_are_refused(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_workbook, "MAX_UNPACKED_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sheet.xml", b"0" * 2_000_000)
    assert refusal(tmp_path / "bomb.xlsx", folder) == [(None, "zip_bomb")]

    monkeypatch.setattr(list_files, "MAX_FILE_BYTES", 10)
    assert refusal(csv_list(tmp_path, ROWS), folder) == [(None, "file_too_large")]


def test_a_refused_second_list_leaves_the_first_in_place(tmp_path: Path, folder: Path) -> None:
    import_official_list(csv_list(tmp_path, ROWS), folder)
    before = (folder / FILE_NAME).read_bytes()

    with pytest.raises(BadInput):
        import_official_list(csv_list(tmp_path, [["代码", "名称"], ["x", "y"]]), folder)

    assert (folder / FILE_NAME).read_bytes() == before
    assert [entry.name for entry in folder.iterdir()] == [FILE_NAME]


def test_without_a_folder_the_built_in_lists_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert find("261-077-50", TODAY).level == "kind"
