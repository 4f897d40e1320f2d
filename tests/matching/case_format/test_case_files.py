"""A case is read strictly from a folder: what is right gives the case, what is wrong gives the full list."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import pytest

from circularity.errors import BadInput, InputProblem
from circularity.units import MISSING
from matching.case_format.files import read_case, write_case
from matching.case_format.problems import PROBLEM_LIMIT, PROBLEM_SENTENCES

DAY = date(2026, 9, 1)
OUTPUTS = [
    ["output_id", "organisation", "lat", "lon", "region_code", "waste_code", "mass_t"],
    ["O1", "某电厂", "31.23", "121.47", "310000", "900-001-S02", "100"],
    ["O2", "某钢厂", "31.35", "118.43", "340500", "312-001-S01", "2.5"],
]
FACILITIES = [
    ["facility_id", "organisation", "lat", "lon", "region_code"],
    ["F1", "某水泥厂", "31.30", "120.60", "320500"],
]
CAPACITIES = [
    ["capacity_id", "facility_id", "waste_pattern", "operation", "capacity_t"],
    ["C1", "F1", "SW02", "C2", "50"],
    ["C2", "F1", "900-001-S03", "C2", "60.125"],
]
LANES = [["output_id", "capacity_id", "distance_km"], ["O1", "C1", "12"]]
CAPS = [["cap_id", "capacity_id", "limit_t"], ["K1", "C1", "10"], ["K1", "C2", "10"]]


def _write(folder: Path, **tables: list[list[str]] | None) -> Path:
    """Write the neutral case with the given sheets in place of its own; None leaves a sheet out."""
    folder.mkdir(exist_ok=True)
    sheets = {"outputs": OUTPUTS, "facilities": FACILITIES, "capacities": CAPACITIES, **tables}
    for name, rows in sheets.items():
        if rows is not None:
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows(rows)
    return folder


def _with(rows: list[list[str]], column: str, value: str, row: int = 1) -> list[list[str]]:
    """Return the rows with one cell changed, the column added at the end when it is not there."""
    changed = [list(cells) for cells in rows]
    if column not in changed[0]:
        changed = [[*cells, column if not n else ""] for n, cells in enumerate(changed)]
    changed[row][changed[0].index(column)] = value
    return changed


def _without(rows: list[list[str]], column: str) -> list[list[str]]:
    place = rows[0].index(column)
    return [cells[:place] + cells[place + 1 :] for cells in rows]


def _problems(folder: Path, **options: object) -> list[InputProblem]:
    with pytest.raises(BadInput) as refused:
        read_case(folder, as_of=DAY, **options)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    return list(refused.value.problems)


def _only(folder: Path, **options: object) -> InputProblem:
    problems = _problems(folder, **options)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_folder_becomes_a_case_in_kilograms_metres_and_day_ordinals(tmp_path: Path) -> None:
    outputs = _with(_with(OUTPUTS, "max_distance_km", "1.5"), "available_to", "2026-12-31")
    case = read_case(_write(tmp_path, outputs=outputs), as_of=DAY).case
    assert case.outputs.mass_kg.tolist() == [100 * 1000, 2500]
    assert case.outputs.lat_e7[0] == 312_300_000
    assert case.outputs.max_distance_m.tolist() == [1500, MISSING]
    assert case.outputs.available_to_day[0] == date(2026, 12, 31).toordinal()
    assert case.outputs.status.tolist() == ["waste", "waste"]
    assert case.capacities.capacity_kg.tolist() == [50_000, 60_125]
    assert case.parameters.as_of_day == DAY.toordinal()


def test_a_sheet_in_utf_8_with_a_byte_order_mark_is_the_same_case(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    plain = read_case(folder, as_of=DAY).case.digest()
    content = (folder / "outputs.csv").read_bytes()
    (folder / "outputs.csv").write_bytes(b"\xef\xbb\xbf" + content)
    assert read_case(folder, as_of=DAY).case.digest() == plain


def test_row_order_and_column_order_do_not_change_the_digest(tmp_path: Path) -> None:
    straight = read_case(_write(tmp_path / "a", caps=CAPS, lanes=LANES), as_of=DAY).case
    mirrored = {
        name: [cells[::-1] for cells in (rows[:1] + rows[:0:-1])]
        for name, rows in (("outputs", OUTPUTS), ("capacities", CAPACITIES), ("caps", CAPS), ("lanes", LANES))
    }
    turned = read_case(_write(tmp_path / "b", **mirrored), as_of=DAY).case
    assert turned.digest() == straight.digest()


def test_ids_waste_codes_masses_capacities_and_lanes_are_enough_for_a_case_of_lanes(tmp_path: Path) -> None:
    folder = _write(
        tmp_path,
        outputs=[["output_id", "waste_code", "mass_t"], ["O1", "900-001-S02", "10"]],
        facilities=None,
        capacities=[["capacity_id", "capacity_t"], ["C1", "4"]],
        lanes=[["output_id", "capacity_id"], ["O1", "C1"]],
    )
    read = read_case(folder, only_lanes=True, as_of=DAY)
    assert read.case.parameters.only_lanes
    assert read.case.facilities.facility_id.tolist() == ["C1"]
    assert read.case.capacities.waste_pattern.tolist() == ["*"]
    assert "pattern_assumed" in {note.rule for note in read.notes}


def test_only_lanes_without_lanes_is_a_missing_sheet(tmp_path: Path) -> None:
    assert _only(_write(tmp_path), only_lanes=True).rule == "missing_sheet"


def test_the_callers_choices_win_over_the_parameters_sheet(tmp_path: Path) -> None:
    parameters = [["name", "value"], ["as_of", "2025-01-01"], ["detour", "1.25"], ["max_distance_km", "90"]]
    folder = _write(tmp_path, parameters=parameters)
    assert read_case(folder).case.parameters.as_of_day == date(2025, 1, 1).toordinal()
    chosen = read_case(folder, as_of=DAY, max_distance_m=5).case.parameters
    assert (chosen.as_of_day, chosen.max_distance_m, chosen.detour_permille) == (DAY.toordinal(), 5, 1250)


def test_a_well_formed_code_that_the_catalogue_lacks_is_read_with_a_warning(tmp_path: Path) -> None:
    read = read_case(_write(tmp_path, outputs=_with(OUTPUTS, "waste_code", "900-098-S02")), as_of=DAY)
    (note,) = (note for note in read.notes if note.rule == "code_unlisted")
    assert (note.row, note.column) == (2, "waste_code")
    assert "SW02" in note.en


ONE_BAD_CELL = [
    ("unknown_header", "outputs", "colour", "red", 1),
    ("malformed_code", "outputs", "waste_code", "900-1-S02", 2),
    ("malformed_code", "outputs", "waste_code", "900-001-S77", 2),
    ("malformed_code", "capacities", "waste_pattern", "HW99", 2),
    ("negative", "outputs", "mass_t", "-1", 2),
    ("not_a_number", "outputs", "mass_t", "NaN", 2),
    ("not_a_number", "outputs", "mass_t", "inf", 2),
    ("not_a_number", "outputs", "mass_t", "1,5", 2),
    ("not_a_number", "outputs", "mass_t", "1_000", 2),
    ("not_a_number", "outputs", "mass_t", "１２", 2),
    ("too_precise", "outputs", "mass_t", "1.0005", 2),
    ("too_precise", "outputs", "mass_t", "1." + "0" * 40 + "1", 2),
    ("too_precise", "outputs", "mass_t", "1e-99", 2),
    ("too_large", "outputs", "mass_t", "1000000000", 2),
    ("too_large", "outputs", "mass_t", "9" * 100_000, 2),
    ("too_large", "capacities", "capacity_t", "1e9", 2),
    ("too_precise", "outputs", "lat", "31.12345678", 2),
    ("coordinates_out_of_range", "outputs", "lat", "91", 2),
    ("coordinates_out_of_range", "facilities", "lon", "181", 2),
    ("missing_coordinates", "outputs", "lat", "", 2),
    ("not_a_date", "outputs", "available_from", "2026-02-30", 2),
    ("not_a_date", "outputs", "available_from", "31/01/2026", 2),
    ("missing_value", "outputs", "mass_t", "", 2),
    ("missing_value", "outputs", "output_id", " ", 2),
    ("missing_value", "capacities", "waste_pattern", "", 2),
    ("unknown_facility", "capacities", "facility_id", "F9", 2),
    ("unknown_operation", "capacities", "operation", "Z9", 2),
    ("unknown_operation", "outputs", "allowed_operations", "C2;Z9", 2),
    ("unknown_entitlement", "capacities", "entitlement_kind", "poetic_licence", 2),
    ("unknown_status", "outputs", "status", "gold", 2),
    ("unknown_standing", "facilities", "standing", "famous", 2),
    ("malformed_region", "outputs", "region_code", "31011", 2),
    ("malformed_region", "outputs", "region_code", "999999", 2),
    ("malformed_region", "facilities", "region_code", "00", 2),
    ("malformed_region", "capacities", "accepts_from", "31;上海", 2),
    ("malformed_region", "capacities", "accepts_from", "31;99", 2),
    ("control_character", "outputs", "organisation", "a\0b", 2),
    ("too_long", "outputs", "output_id", "x" * 101, 2),
    ("unknown_header", "outputs", "assay_氯", "1", 1),
]


@pytest.mark.parametrize(("rule", "sheet", "column", "value", "row"), ONE_BAD_CELL)
def test_one_bad_cell_is_one_problem_at_its_place(
    tmp_path: Path, rule: str, sheet: str, column: str, value: str, row: int
) -> None:
    tables = {"outputs": OUTPUTS, "facilities": FACILITIES, "capacities": CAPACITIES}
    problem = _only(_write(tmp_path, **{sheet: _with(tables[sheet], column, value)}))
    assert (problem.rule, problem.file, problem.row, problem.column) == (rule, f"{sheet}.csv", row, column)
    shown = column if rule == "unknown_header" else value
    assert problem.found[:20] == shown[:20].replace("\0", "�")


def test_an_id_that_stands_there_twice_names_the_other_row(tmp_path: Path) -> None:
    problem = _only(_write(tmp_path, outputs=_with(OUTPUTS, "output_id", "O1", row=2)))
    assert (problem.rule, problem.row, "row 2" in problem.en) == ("duplicate_id", 3, True)


def test_swapped_coordinates_are_called_swapped(tmp_path: Path) -> None:
    outputs = _with(_with(OUTPUTS, "lat", "121.47"), "lon", "31.23")
    assert _only(_write(tmp_path, outputs=outputs)).rule == "swapped_coordinates"


def test_a_point_at_zero_zero_is_a_problem_and_no_place(tmp_path: Path) -> None:
    outputs = _with(_with(OUTPUTS, "lat", "0"), "lon", "0.0")
    problem = _only(_write(tmp_path, outputs=outputs))
    assert (problem.rule, problem.file, problem.row) == ("zero_coordinates", "outputs.csv", 2)


def test_a_point_outside_the_delta_is_noted_at_its_row(tmp_path: Path) -> None:
    harbin = _with(_with(FACILITIES, "lat", "45.75"), "lon", "126.63")
    read = read_case(_write(tmp_path, facilities=harbin), as_of=DAY)
    assert [(n.rule, n.file, n.row) for n in read.notes] == [("outside_delta", "facilities.csv", 2)]
    assert "长三角" in read.notes[0].zh
    assert "Delta" in read.notes[0].en


@pytest.mark.parametrize(
    ("lat", "lon", "region", "noted"),
    [
        ("31.86", "117.28", "310000", True),  # Hefei is 395 km from Shanghai
        ("31.86", "117.28", "310199", True),  # a district that the catalogue lacks counts as Shanghai
        ("34.20", "117.28", "320500", True),  # Xuzhou is in Jiangsu but 440 km from Suzhou
        ("34.20", "117.28", "320000", False),
        ("28.00", "120.67", "33", False),  # Wenzhou is 260 km from Hangzhou and in Zhejiang
        ("31.30", "120.60", "310000", False),  # 80 km across the border is not far
        ("31.86", "117.28", "360000", False),  # no centre of Jiangxi is known
        ("31.86", "117.28", "", False),
    ],
)
def test_a_point_over_150_km_from_the_region_it_names_is_noted(
    tmp_path: Path, lat: str, lon: str, region: str, noted: bool
) -> None:
    outputs = _with(_with(_with(OUTPUTS, "lat", lat), "lon", lon), "region_code", region)
    read = read_case(_write(tmp_path, outputs=outputs), as_of=DAY)
    expected = [("far_from_region", "outputs.csv", 2)] if noted else []
    assert [(n.rule, n.file, n.row) for n in read.notes] == expected
    assert all(region in n.zh and "150 km" in n.en for n in read.notes)


def test_a_period_that_ends_before_it_starts_is_reversed(tmp_path: Path) -> None:
    outputs = _with(_with(OUTPUTS, "available_from", "2026-02-01"), "available_to", "2026-01-31")
    problem = _only(_write(tmp_path, outputs=outputs))
    assert (problem.rule, problem.row, "2026-01-31" in problem.en) == ("dates_reversed", 2, True)


def test_a_parameter_period_that_ends_before_it_starts_is_reversed(tmp_path: Path) -> None:
    rows = [["name", "value"], ["period_from", "2026-02-01"], ["period_to", "2026-01-31"]]
    assert _only(_write(tmp_path, parameters=rows)).rule == "dates_reversed"


def test_an_unknown_parameter_and_a_bad_value_are_both_listed(tmp_path: Path) -> None:
    rows = [["name", "value"], ["speed", "1"], ["detour", "0.5"], ["only_lanes", "perhaps"]]
    rules = [problem.rule for problem in _problems(_write(tmp_path, parameters=rows))]
    assert rules == ["unknown_parameter", "out_of_range", "not_a_flag"]


def test_lanes_to_nowhere_and_lanes_that_stand_there_twice_are_listed(tmp_path: Path) -> None:
    lanes = [*LANES, ["O9", "C1", "1"], ["O1", "C9", "1"], ["O1", "C1", "13"]]
    found = [(problem.rule, problem.row) for problem in _problems(_write(tmp_path, lanes=lanes))]
    assert found == [("unknown_output", 3), ("unknown_capacity", 4), ("duplicate_row", 5)]


def test_rows_of_one_cap_must_agree(tmp_path: Path) -> None:
    problem = _only(_write(tmp_path, caps=_with(CAPS, "limit_t", "11", row=2)))
    assert (problem.rule, problem.row, problem.column) == ("cap_rows_disagree", 3, "limit_t")


def test_caps_may_cross(tmp_path: Path) -> None:
    third = [*CAPACITIES, ["C3", "F1", "SW02", "C2", "1"]]
    caps = [*CAPS, ["K2", "C2", "5"], ["K2", "C3", "5"]]
    read = read_case(_write(tmp_path, capacities=third, caps=caps), friendly=False).case
    assert [(cap.cap_id, cap.members) for cap in read.caps] == [("K1", (0, 1)), ("K2", (1, 2))]


def test_licence_columns_are_needed_only_where_a_pattern_is_hazardous(tmp_path: Path) -> None:
    hazardous = _with(CAPACITIES, "waste_pattern", "HW34")
    missing = _problems(_write(tmp_path / "a", capacities=hazardous))
    assert [p.column for p in missing] == ["entitlement_kind", "licence_no", "licence_valid_to"]
    licensed = [
        [*cells, *(("entitlement_kind", "licence_no", "licence_valid_to") if not n else ("", "", ""))]
        for n, cells in enumerate(hazardous)
    ]
    unlicensed = read_case(_write(tmp_path / "b", capacities=licensed), as_of=DAY).case
    assert unlicensed.capacities.entitlement_kind.tolist() == ["", ""]
    named = _with(licensed, "entitlement_kind", "hazardous_licence")
    endless = _problems(_write(tmp_path / "c", capacities=named))
    assert [(p.rule, p.column) for p in endless] == [
        ("missing_value", "licence_no"),
        ("missing_value", "licence_valid_to"),
    ]


def test_a_missing_column_is_said_once(tmp_path: Path) -> None:
    problem = _only(_write(tmp_path, outputs=_without(OUTPUTS, "mass_t")))
    assert (problem.rule, problem.row, problem.column) == ("missing_column", None, "mass_t")


def test_absent_coordinates_are_said_once_and_a_lane_stands_in_for_them(tmp_path: Path) -> None:
    bare = _without(_without(OUTPUTS, "lat"), "lon")
    assert _only(_write(tmp_path / "a", outputs=bare)).rule == "missing_coordinates"
    lanes = [["output_id", "capacity_id", "distance_km"], ["O1", "C1", "5"], ["O2", "C2", "7"]]
    assert read_case(_write(tmp_path / "b", outputs=bare, lanes=lanes), as_of=DAY).case.shape == (2, 2)


def test_a_header_that_stands_there_twice_is_a_problem(tmp_path: Path) -> None:
    twice = [[*cells, cells[-1]] for cells in OUTPUTS]
    assert _only(_write(tmp_path, outputs=twice)).rule == "duplicate_header"


def test_a_row_of_another_length_is_a_problem(tmp_path: Path) -> None:
    assert _only(_write(tmp_path, outputs=[*OUTPUTS[:2], [*OUTPUTS[2], "more"]])).rule == "cell_count"


def test_an_empty_file_and_a_file_without_rows_are_problems(tmp_path: Path) -> None:
    folder = _write(tmp_path / "a", outputs=OUTPUTS[:1])
    assert _only(folder).rule == "no_rows"
    (folder / "outputs.csv").write_bytes(b"")
    assert _only(folder).rule == "empty_file"


def test_missing_sheets_and_missing_folders_are_problems(tmp_path: Path) -> None:
    assert _only(_write(tmp_path / "a", capacities=None)).rule == "missing_sheet"
    assert _only(tmp_path / "nowhere").rule == "not_found"
    (tmp_path / "note.pdf").write_bytes(b"%PDF")
    assert _only(tmp_path / "note.pdf").rule == "unsupported_file"


def test_gb18030_is_refused_where_a_program_wrote_the_folder(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    text = (folder / "outputs.csv").read_text(encoding="utf-8")
    (folder / "outputs.csv").write_bytes(text.encode("gb18030"))
    assert _only(folder).rule == "not_utf8"


def test_a_csv_with_an_open_quote_or_an_endless_cell_is_refused(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    for content in ('output_id,"mass_t\nO1,5\n', "output_id\n" + "x" * 200_000):
        (folder / "outputs.csv").write_text(content, encoding="utf-8")
        assert _only(folder).rule == "unreadable_csv"


def test_a_csv_over_50_mb_is_refused_unread(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    with (folder / "outputs.csv").open("r+b") as stream:
        stream.truncate(50 * 1024 * 1024 + 1)
    assert _only(folder).rule == "too_big"


def test_all_problems_of_all_sheets_come_in_one_list(tmp_path: Path) -> None:
    folder = _write(
        tmp_path,
        outputs=_with(_with(OUTPUTS, "mass_t", "-1"), "waste_code", "x", row=2),
        capacities=_with(CAPACITIES, "facility_id", "F7"),
        facilities=_with(FACILITIES, "standing", "?"),
    )
    rules = [problem.rule for problem in _problems(folder)]
    assert rules == ["unknown_facility", "unknown_standing", "negative", "malformed_code"]


def test_a_long_list_of_problems_is_cut_and_says_how_many_more(tmp_path: Path) -> None:
    rows = [[f"X{n}", *OUTPUTS[1][1:6], "-1"] for n in range(PROBLEM_LIMIT + 7)]
    problems = _problems(_write(tmp_path, outputs=[OUTPUTS[0], *rows]))
    assert len(problems) == PROBLEM_LIMIT + 1
    assert problems[-1].rule == "more_problems"
    assert problems[-1].en.startswith("7 more")


def test_every_rule_has_a_chinese_and_an_english_sentence() -> None:
    for rule, (zh, en) in PROBLEM_SENTENCES.items():
        assert any("一" <= character <= "鿿" for character in zh), rule
        assert en.isascii(), rule


def test_a_csv_of_another_name_is_noted_and_not_read(tmp_path: Path) -> None:
    read = read_case(_write(tmp_path, lane=[["x"], ["1"]]), as_of=DAY)
    assert [(note.rule, note.file) for note in read.notes] == [("file_ignored", "lane.csv")]


def test_a_full_folder_is_not_written_over(tmp_path: Path) -> None:
    case = read_case(_write(tmp_path / "a"), as_of=DAY).case
    with pytest.raises(FileExistsError):
        write_case(case, tmp_path / "a")


def test_the_real_plants_read_without_a_problem(tmp_path: Path) -> None:
    shared = Path(os.environ.get("CIRC_SHARED_INSTANCES") or Path(__file__).parents[4] / "shared/instances")
    folder = shared / "delta_assets/case"
    if not folder.is_dir():
        pytest.skip(f"the shared instances are not at {shared}")
    case = read_case(folder, as_of=DAY).case
    assert case.shape == (622, 585)
    assert int(case.outputs.mass_kg.sum()) == 138_097_735 * 1000
    write_case(case, tmp_path / "again.xlsx")
    assert read_case(tmp_path / "again.xlsx").case.digest() == case.digest()
