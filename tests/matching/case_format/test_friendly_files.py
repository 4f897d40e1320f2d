"""People's Excel and CSV are read with notes on every liberty, and no row is lost."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from builders import capacity, case, output

from circularity.errors import BadInput, InputProblem
from circularity.units import MISSING
from matching.case_format.files import Note, read_case, read_outputs, write_case
from matching.case_format.notes import NOTE_SENTENCES
from matching.case_tables import Outputs

PLACE = ("31.2304", "121.4737")


def _csv(path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def _xlsx(path: Path, rows: Sequence[Sequence[Any]], sheet: str = "台账") -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def _rules(notes: Sequence[Note]) -> set[str]:
    return {note.rule for note in notes}


def _note(notes: Sequence[Note], rule: str) -> Note:
    (found,) = (note for note in notes if note.rule == rule)
    return found


def _problems(path: Path) -> list[InputProblem]:
    with pytest.raises(BadInput) as refused:
        read_outputs(path)
    return list(refused.value.problems)


LEDGER: list[list[Any]] = [
    ["某钢铁有限公司2026年度工业固体废物管理台账", "", "", "", "", "", "", "", ""],
    ["填报单位：某钢铁有限公司", "", "", "", "", "", "", "", "单位：万吨"],
    ["序号", "企业信息", "", "", "固体废物", "", "产生量", "起始日期", "备注"],
    ["", "名称", "经度", "纬度", "名称", "代码", "", "", ""],
    ["1", "一号厂区", "121.4737", "31.2304", "粉煤灰", "", "1.23456", "2026/1/31", ""],
    ["2", "一号厂区", "121.4737", "31.2304", "钢渣", "", "2,000.5", "2026年2月1日", "堆场"],
    [
        "3",
        "一号厂区",
        "１２１.4737",
        "31.2304",
        "脱硫石膏",
        "９００－００１－Ｓ０６",
        "１２.5",
        "20260301",
        "",
    ],
    ["", "合  计", "", "", "", "", "2014.23456", "", ""],
    ["填表人：张三", "", "", "审核人：李四", "", "", "", "", ""],
]
LEDGER_KG = {"900-001-S02": 12_345_600, "312-001-S01": 20_005_000_000, "900-001-S06": 125_000_000}


def _assert_is_the_ledger(outputs: Outputs) -> None:
    found = dict(zip(outputs.waste_code.tolist(), outputs.mass_kg.tolist(), strict=True))
    assert found == LEDGER_KG
    assert set(outputs.organisation.tolist()) == {"一号厂区"}
    assert set(outputs.lat_e7.tolist()) == {312_304_000}
    starts = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1)]
    assert outputs.available_from_day.tolist() == [day.toordinal() for day in starts]


def test_a_chinese_ledger_in_gb18030_reads_with_notes_and_without_loss(tmp_path: Path) -> None:
    outputs, notes = read_outputs(_csv(tmp_path / "台账.csv", LEDGER, "gb18030"))
    _assert_is_the_ledger(outputs)
    assert "gb18030" in _note(notes, "encoding").en
    assert "万吨" in _note(notes, "unit_converted").zh
    assert _note(notes, "total_row").row == 8
    assert _note(notes, "remark_row").row == 9
    proposed = [note for note in notes if note.rule == "code_proposed"]
    assert [note.row for note in proposed] == [5, 6]
    assert all("请确认" in note.zh for note in proposed)
    accounted = _note(notes, "rows_read")
    assert "3 rows" in accounted.en
    assert "2 other" in accounted.en


def test_the_same_ledger_with_merged_cells_dates_and_formulas_reads_from_excel(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    for row in LEDGER:
        page.append([cell or None for cell in row])
    for number, mass in ((5, 1.23456), (6, 2000.5), (7, 12.5)):
        page.cell(number, 7).value = mass
    page["H5"] = datetime(2026, 1, 31)
    page["G8"] = "=SUM(G5:G7)"
    for first, cells in ((2, "B5:B7"), (3, "C5:C7"), (4, "D5:D7")):
        for number in (6, 7):
            page.cell(number, first).value = None
        page.merge_cells(cells)
    for cells in ("A1:I1", "B3:D3", "E3:F3", "G3:G4"):
        page.merge_cells(cells)
    book.save(tmp_path / "台账.xlsx")
    outputs, notes = read_outputs(tmp_path / "台账.xlsx")
    _assert_is_the_ledger(outputs)
    assert {"filled_down", "total_row_empty", "header_found", "title_rows"} <= _rules(notes)


def test_a_ledger_alone_is_matched_against_the_facilities_of_another_case(tmp_path: Path) -> None:
    lent = case([output("X")], [capacity("C1"), capacity("C2")], caps=[("K", 5, ["C1", "C2"], "")])
    write_case(lent, tmp_path / "delta")
    ledger = _csv(tmp_path / "ledger.csv", LEDGER, "gb18030")
    read = read_case(ledger, facilities_from=tmp_path / "delta")
    _assert_is_the_ledger(read.case.outputs)
    assert read.case.capacities.capacity_id.tolist() == ["C1", "C2"]
    assert read.case.caps == lent.caps
    assert read.case.parameters == lent.parameters


def test_english_headers_with_aliases_and_units_are_understood(tmp_path: Path) -> None:
    rows = [["Company", "Latitude", "Longitude", "Code", "Quantity (kg)"], ["A", *PLACE, "900-001-S02", 1500]]
    outputs, notes = read_outputs(_xlsx(tmp_path / "ledger.xlsx", rows))
    assert outputs.mass_kg.tolist() == [1500]
    assert outputs.organisation.tolist() == ["A"]
    assert "unit_converted" in _rules(notes)


@pytest.mark.parametrize(
    ("header", "cell", "kg"),
    [
        ("产生量(吨)", 1234.5, 1_234_500),
        ("产生量（吨/年）", "1234.5", 1_234_500),
        ("产生量/万吨", 0.12345, 1_234_500),
        ("贮存量(千克)", 1234.5, None),
        ("贮存量(千克)", 1234, 1_234),
        ("数量 kg", "1,234", 1_234),
        ("重量(公斤)", "１２３４", 1_234),
        ("数量(吨)", "1.5万吨", 15_000_000),
        ("mass_t", 1234.5, 1_234_500),
        ("数量(吨)", 0.1 + 0.2, 300),
        ("数量(吨)", 4.35 * 100, 435_000),
        ("数量(吨)", 1.0005, None),
        ("数量(吨)", "1,5", None),
        ("数量(吨)", float(10**9), None),
        ("数量(吨)", -1, None),
        ("数量(立方米)", 1, None),
    ],
)
def test_a_mass_is_exact_in_its_unit_or_refused(
    tmp_path: Path, header: str, cell: Any, kg: int | None
) -> None:
    path = _xlsx(tmp_path / "ledger.xlsx", [["废物代码", header], ["900-001-S02", cell]])
    if kg is None:
        assert len(_problems(path)) == 1
    else:
        assert read_outputs(path)[0].mass_kg.tolist() == [kg]


def test_float_noise_is_rounded_with_a_note(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "l.xlsx") as book:
        page = book.add_worksheet("台账")
        page.write_row(0, 0, ["废物代码", "数量(吨)"])
        page.write_row(1, 0, ["900-001-S02"])
        page.write_formula(1, 1, "=0.1+0.2", value="0.30000000000000004")
    outputs, notes = read_outputs(tmp_path / "l.xlsx")
    assert outputs.mass_kg.tolist() == [300]
    assert "float_noise" in _rules(notes)


def test_a_header_without_a_unit_is_taken_as_tonnes_and_asks(tmp_path: Path) -> None:
    outputs, notes = read_outputs(_xlsx(tmp_path / "l.xlsx", [["废物代码", "数量"], ["900-001-S02", 2]]))
    assert outputs.mass_kg.tolist() == [2000]
    assert "请确认" in _note(notes, "unit_assumed").zh


def test_a_column_of_units_decides_row_by_row(tmp_path: Path) -> None:
    rows = [["废物代码", "数量", "计量单位"], ["900-001-S02", 2, "吨"], ["900-001-S03", 3, "千克"]]
    outputs, notes = read_outputs(_xlsx(tmp_path / "l.xlsx", rows))
    assert outputs.mass_kg.tolist() == [2000, 3]
    assert "unit_assumed" not in _rules(notes)
    rows.append(["900-001-S04", 1, "桶"])
    assert [problem.rule for problem in _problems(_xlsx(tmp_path / "m.xlsx", rows))] == ["unknown_unit"]


def test_cached_formula_values_are_read_with_a_note_and_uncomputed_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("台账")
        page.write_row(0, 0, ["废物代码", "数量(吨)"])
        page.write_string(1, 0, "900-001-S02")
        page.write_formula(1, 1, "=1+1.5", value=2.5)
    outputs, notes = read_outputs(path)
    assert outputs.mass_kg.tolist() == [2500]
    assert _note(notes, "formula_values").row == 2
    book = openpyxl.Workbook()
    book.active.append(["废物代码", "数量(吨)"])
    book.active.append(["900-001-S02", "=1+1.5"])
    book.save(path)
    (problem,) = _problems(path)
    assert (problem.rule, problem.row, problem.column) == ("formula_without_value", 2, "数量(吨)")


def test_subtotals_and_totals_are_set_aside_and_checked(tmp_path: Path) -> None:
    rows = [
        ["废物名称", "废物代码", "数量(吨)"],
        ["粉煤灰", "900-001-S02", 10],
        ["粉煤灰", "900-001-S02", 5],
        ["小计", "", 15],
        ["炉渣", "900-001-S03", 7],
        ["炉渣小计", "", 8],
        ["", "", 22],
        ["Total", "", 22],
    ]
    outputs, notes = read_outputs(_xlsx(tmp_path / "l.xlsx", rows))
    assert int(outputs.mass_kg.sum()) == (10 + 5 + 7) * 1000
    assert [note.row for note in notes if note.rule == "total_row"] == [4, 7, 8]
    differing = _note(notes, "total_row_differs")
    assert differing.row == 6
    assert "says 8 t" in differing.en


def test_a_lonely_mass_that_is_no_sum_is_a_problem_not_a_loss(tmp_path: Path) -> None:
    rows = [["废物代码", "数量(吨)"], ["900-001-S02", 10], ["", 3]]
    (problem,) = _problems(_xlsx(tmp_path / "l.xlsx", rows))
    assert (problem.rule, problem.row) == ("row_not_understood", 3)


def test_a_row_with_a_code_is_data_whatever_its_name_says(tmp_path: Path) -> None:
    rows = [["单位名称", "废物代码", "数量(吨)"], ["合计", "900-001-S02", 10]]
    assert read_outputs(_xlsx(tmp_path / "l.xlsx", rows))[0].mass_kg.tolist() == [10_000]


def test_a_repeated_header_and_a_row_of_column_numbers_are_set_aside(tmp_path: Path) -> None:
    header = ["废物名称", "废物代码", "数量(吨)"]
    rows = [header, ["1", "2", "3"], ["粉煤灰", "900-001-S02", "10"], header, ["炉渣", "900-001-S03", "1"]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert sorted(outputs.mass_kg.tolist()) == [1000, 10_000]
    assert "2 rows" in _note(notes, "repeated_header").en


def test_unknown_columns_and_second_mass_columns_are_kept_as_notes(tmp_path: Path) -> None:
    rows = [["废物代码", "产生量(吨)", "贮存量(吨)", "颜色"], ["900-001-S02", "10", "4", "灰"]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert outputs.mass_kg.tolist() == [10_000]
    assert _note(notes, "several_masses").column == "贮存量(吨)"
    assert "灰" in _note(notes, "column_kept").zh


def test_rows_without_ids_are_numbered_beside_those_that_have_one(tmp_path: Path) -> None:
    rows = [["编号", "废物代码", "数量(吨)"], ["R3", "900-001-S02", "1"], ["", "900-001-S03", "1"]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert outputs.output_id.tolist() == ["R3", "R3x"]
    assert "id_numbered" in _rules(notes)


def test_a_bare_name_before_coordinates_is_the_waste_unless_it_names_firms(tmp_path: Path) -> None:
    header = ["名称", "代码", "产生量(吨)", "经度", "纬度"]
    wastes = [
        header,
        ["粉煤灰", "", "1", "121.4", "31.2"],
        ["电厂脱硫石膏", "900-001-S06", "1", "121.4", "31.2"],
    ]
    outputs, _ = read_outputs(_csv(tmp_path / "wastes.csv", wastes))
    assert outputs.waste_code.tolist() == ["900-001-S02", "900-001-S06"]
    assert set(outputs.organisation.tolist()) == {""}
    firms = [header, ["甲热电厂", "900-001-S02", "1", "121.4", "31.2"]]
    outputs, _ = read_outputs(_csv(tmp_path / "firms.csv", firms))
    assert outputs.organisation.tolist() == ["甲热电厂"]


def test_a_name_that_means_nothing_is_a_problem(tmp_path: Path) -> None:
    rows = [["废物名称", "数量(吨)"], ["某某某东西", "1"], ["粉煤灰", "1"]]
    (problem,) = _problems(_csv(tmp_path / "l.csv", rows))
    assert (problem.rule, problem.row, problem.found) == ("code_not_proposed", 2, "某某某东西")


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("SW01", "钢渣", "312-001-S01"),
        ("ＳＷ０１", "冶炼废渣", "900-099-S01"),
        ("HW34", "废盐酸", "313-001-34"),
        ("hw34", "酸洗废液", "900-300-34"),
    ],
)
def test_a_kind_alone_is_completed_from_the_name_and_asks(
    tmp_path: Path, kind: str, name: str, code: str
) -> None:
    rows = [["废物名称", "废物代码", "数量(吨)"], [name, kind, "1"], ["粉煤灰", "900-001-S02", "1"]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert sorted(outputs.waste_code.tolist()) == sorted([code, "900-001-S02"])
    note = _note(notes, "code_in_kind")
    assert (note.row, note.column) == (2, "废物代码")
    assert code in note.zh
    assert "请确认" in note.zh
    assert "please confirm" in note.en


@pytest.mark.parametrize("name", ["", "粉煤灰", "某某某东西", "含铬钢渣"])
def test_a_kind_alone_without_a_name_of_that_kind_is_refused_with_its_full_codes(
    tmp_path: Path, name: str
) -> None:
    rows = [["废物名称", "废物代码", "数量(吨)"], [name, "SW01", "1"], ["粉煤灰", "900-001-S02", "1"]]
    (problem,) = _problems(_csv(tmp_path / "l.csv", rows))
    assert (problem.rule, problem.row, problem.column) == ("kind_alone", 2, "废物代码")
    assert problem.found == "SW01"
    assert "312-001-S01 钢渣" in problem.zh
    assert "312-001-S01 Steel slag" in problem.en


def test_a_name_nearest_to_hazardous_waste_is_not_completed_as_general_waste(tmp_path: Path) -> None:
    rows = [["废物名称", "废物代码", "数量(吨)"], ["镀镍污泥", "SW07", "1"]]
    (problem,) = _problems(_csv(tmp_path / "l.csv", rows))
    assert problem.rule == "kind_alone"
    assert "可能属危险废物" in problem.zh


def test_a_kind_alone_in_a_ledger_without_names_lists_the_first_full_codes(tmp_path: Path) -> None:
    rows = [["废物代码", "数量(吨)"], ["HW34", "1"]]
    (problem,) = _problems(_csv(tmp_path / "l.csv", rows))
    assert (problem.rule, problem.row) == ("kind_alone", 2)
    assert problem.en.count("-34 ") == 5
    assert " more" in problem.en


def test_a_kind_that_does_not_exist_stays_malformed(tmp_path: Path) -> None:
    rows = [["废物名称", "废物代码", "数量(吨)"], ["钢渣", "SW08", "1"]]
    assert [problem.rule for problem in _problems(_csv(tmp_path / "l.csv", rows))] == ["malformed_code"]


@pytest.mark.parametrize("name", ["含油污泥", "轧钢油泥", "含铬污泥", "重金属污泥", "含锌污泥"])
def test_a_name_with_a_sign_of_hazard_is_never_proposed_as_general_waste(tmp_path: Path, name: str) -> None:
    rows = [["废物名称", "数量(吨)"], [name, "1"], ["粉煤灰", "1"]]
    (problem,) = _problems(_csv(tmp_path / "l.csv", rows))
    assert (problem.rule, problem.row, problem.found) == ("code_not_proposed", 2, name)
    assert "HW08" in problem.zh or "可能属危险废物" in problem.zh


def test_a_code_inside_other_words_is_found(tmp_path: Path) -> None:
    rows = [["废物代码", "数量(吨)"], ["HW34(900-349-34)", "1"]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert outputs.waste_code.tolist() == ["900-349-34"]
    assert "code_extracted" in _rules(notes)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2026, 1, 31), date(2026, 1, 31)),
        (46053, date(2026, 1, 31)),
        ("2026/1/31", date(2026, 1, 31)),
        ("2026年1月31日", date(2026, 1, 31)),
        ("２０２６．１．３１", date(2026, 1, 31)),
        ("2026-01-31 08:30:00", date(2026, 1, 31)),
        ("2026年1月", date(2026, 1, 31)),
        ("2025年2月1日至2026年1月31日", date(2026, 1, 31)),
        ("/", None),
        (2026.1, "not_a_date"),
        ("31/01/2026", "not_a_date"),
        ("2026年2月30日", "not_a_date"),
    ],
)
def test_dates_as_people_write_them(tmp_path: Path, cell: Any, day: date | str | None) -> None:
    path = _xlsx(tmp_path / "l.xlsx", [["代码", "数量(吨)", "截止日期"], ["900-001-S02", 1, cell]])
    if isinstance(day, str):
        assert [problem.rule for problem in _problems(path)] == [day]
    else:
        outputs, _ = read_outputs(path)
        assert outputs.available_to_day[0] == (day.toordinal() if day else MISSING)


def test_a_region_by_name_gives_its_code_and_an_approximate_point(tmp_path: Path) -> None:
    rows = [["代码", "数量(吨)", "行政区划"], ["900-001-S02", "1", "上海市宝山区"]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert outputs.region_code.tolist() == ["310113"]
    assert 310_000_000 < outputs.lat_e7[0] < 320_000_000
    assert {"region_read", "region_centre"} <= _rules(notes)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("安徽省芜湖市鸠江区", "340200"),
        ("上海市宝山区淮南路 8 号", "310113"),
        ("南京东路 1 号, 上海市", "310000"),
        ("浙江省舟山市普陀区", "330900"),
        ("上海普陀", "310107"),
        ("湖北省武汉市青山区", ""),
    ],
)
def test_an_address_gives_the_smallest_region_that_it_names(tmp_path: Path, address: str, code: str) -> None:
    rows = [["代码", "数量(吨)", "产废地点", "经度", "纬度"], ["900-001-S02", "1", address, *PLACE[::-1]]]
    outputs, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert outputs.region_code.tolist() == [code]
    assert address in _note(notes, "region_read" if code else "address_unread").zh


def test_a_region_in_its_own_column_counts_before_the_address(tmp_path: Path) -> None:
    rows = [
        ["代码", "数量(吨)", "行政区划", "地址"],
        ["900-001-S02", "1", "310113", "芜湖市"],
        ["900-001-S06", "1", "", "芜湖市"],
    ]
    outputs, _ = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert sorted(outputs.region_code.tolist()) == ["310113", "340200"]


def test_a_line_of_a_form_above_the_header_is_a_title_and_no_group(tmp_path: Path) -> None:
    rows = [
        ["填报人：王敏", "", "单位：吨", "", ""],
        ["固废名称", "废物代码", "产生量", "经度", "纬度"],
        ["粉煤灰", "900-001-S02", "12,500", *PLACE[::-1]],
    ]
    _, notes = read_outputs(_csv(tmp_path / "l.csv", rows))
    assert "填报人" not in _note(notes, "header_found").zh
    assert "unit_assumed" not in _rules(notes)


def test_two_sheets_that_both_look_like_outputs_ask_which_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("1月", "2月"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, ["废物代码", "数量(吨)"])
            page.write_row(1, 0, ["900-001-S02", 1])
    assert [problem.rule for problem in _problems(path)] == ["sheet_twice"]


def test_a_sheet_that_is_not_understood_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("台账")
        page.write_row(0, 0, ["废物代码", "数量(吨)"])
        page.write_row(1, 0, ["900-001-S02", 1])
        book.add_worksheet("说明").write_row(0, 0, ["怎么填", "请看"])
    assert _note(read_outputs(path)[1], "sheet_ignored").file == "l.xlsx!说明"


def test_nothing_understood_is_a_problem(tmp_path: Path) -> None:
    path = _xlsx(tmp_path / "l.xlsx", [["怎么填", "请看"], ["一", "二"]])
    assert [problem.rule for problem in _problems(path)] == ["no_sheet_understood"]
    with pytest.raises(BadInput) as refused:
        read_case(path)
    assert [problem.rule for problem in refused.value.problems] == ["no_sheet_understood"]


@pytest.mark.parametrize("content", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_called_empty_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(content)
    lent = tmp_path / "delta"
    write_case(case([output("X")], [capacity("C1")]), lent)
    for facilities in (None, lent):
        with pytest.raises(BadInput) as refused:
            read_case(path, facilities_from=facilities)
        assert [(p.rule, p.file) for p in refused.value.problems] == [("empty_file", "ledger.csv")]
    assert [problem.rule for problem in _problems(path)] == ["empty_file"]


def test_excel_saved_as_unicode_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("废物代码\t数量(吨)\n900-001-S02\t1.5\n", encoding="utf-16")
    assert read_outputs(path)[0].mass_kg.tolist() == [1500]


def test_people_may_hand_in_a_whole_case_in_chinese(tmp_path: Path) -> None:
    path = tmp_path / "算例.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in {
            "产废": [
                ["单位名称", "经度", "纬度", "废物代码", "产生量(吨)"],
                ["甲", 121.4, 31.2, "900-001-S02", 9],
            ],
            "设施": [["设施编号", "设施名称", "经度", "纬度"], ["F1", "乙", 120.6, 31.3]],
            "能力": [
                ["能力编号", "设施编号", "废物类别", "利用处置方式", "处理能力(万吨/年)"],
                ["C1", "F1", "SW02", "C2", 0.5],
            ],
        }.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    read = read_case(path, as_of=date(2026, 9, 1)).case
    assert read.shape == (1, 1)
    assert read.capacities.capacity_kg.tolist() == [5_000_000]
    assert read.facilities.organisation.tolist() == ["乙"]


def test_every_note_has_a_chinese_and_an_english_sentence() -> None:
    for rule, (zh, en) in NOTE_SENTENCES.items():
        assert any("一" <= character <= "鿿" for character in zh), rule
        assert en.isascii(), rule
