"""The national forms are filled from the books, and books are written from the forms."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from deal_rows import Deal, deal
from registry import ACTOR, FLY_ASH, Registry, T

from circularity.custody.sheets import Imported
from circularity.errors import BadInput
from circularity.forms.files import csv_text, write_workbook
from circularity.forms.general_tables import general_tables
from circularity.forms.importing import take_forms
from circularity.forms.national import FORMS, FormSheet
from circularity.forms.reading import read_forms
from circularity.ledger.generator_months import Use, close_month, write_month
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site

ACT: dict[str, Any] = {"actor": ACTOR, "at": datetime(2026, 12, 5, 2, 0, tzinfo=UTC)}
SEPTEMBER = {"year": 2026, "month": 9, "source": "typed"}


def month_of(registry: Registry, site: Site, generated_t: int, stored_t: int, **facts: Any) -> LedgerMonth:
    values = {"waste_code": FLY_ASH, "uses": [], "discarded_kg": 0} | SEPTEMBER | facts
    masses = {"generated_kg": generated_t * T, "stored_kg": stored_t * T}
    return write_month(registry.session, **ACT, site=site, **(values | masses))


@pytest.fixture
def ash(registry: Registry) -> Deal:
    """A works in September: two own ways, one outside contract, 30 t sent on the platform."""
    told = deal(registry)
    transfer = told.draft(30)
    told.sign(transfer, "sender")
    told.sign(transfer, "carrier")
    uses = [
        Use("own_utilised", "R5", 20 * T),
        Use("own_utilised", "C2", 7 * T),
        Use("entrusted_utilised", "C2", 15 * T, "厂外单位"),
        Use("own_disposed", "D1", 3 * T),
    ]
    month = month_of(registry, told.works, 100, 100 - 30 - 20 - 7 - 15 - 3 - 1, uses=uses, discarded_kg=T)
    close_month(registry.session, **ACT, month=month)
    return told


def filed(tmp_path: Path, sheets: list[FormSheet]) -> Path:
    file = tmp_path / "台账.xlsx"
    with file.open("wb") as stream:
        write_workbook(sheets, stream)
    return file


def imported(registry: Registry, site: Site, file: Path) -> Imported:
    return take_forms(registry.session, **ACT, site=site, rows=read_forms(file))


def test_table_2_tells_where_a_month_s_waste_went(ash: Deal) -> None:
    _, flows, _ = general_tables(ash.registry.session, ash.works, 2026)
    first, second = flows.rows
    plant = ash.plant.site.organisation.name_zh
    assert first == {
        "年月": "2026-09",
        "代码": FLY_ASH,
        "名称": "粉煤灰",
        "产生量(吨)": "100",
        "贮存量(吨)": "24",
        "累计贮存量(吨)": "24",
        "倾倒丢弃量(吨)": "1",
        "自行利用方式": "R5 再循环/再利用其他无机物",
        "自行利用数量(吨)": "20",
        "委托利用方式": "C2 生产建筑材料",
        "委托利用单位": "厂外单位",
        "委托利用数量(吨)": "15",
        "自行处置方式": "D1 填埋",
        "自行处置数量(吨)": "3",
    }
    assert (second["自行利用数量(吨)"], second["委托利用单位"], second["委托利用数量(吨)"]) == (
        "7",
        plant,
        "30",
    )
    assert "产生量(吨)" not in second


def test_tables_1_and_3_tell_what_arises_and_what_left(ash: Deal) -> None:
    inventory, _, departures = general_tables(ash.registry.session, ash.works, 2026)
    assert [(row["年份"], row["代码"], row["年产生量(吨)"]) for row in inventory.rows] == [
        ("2026", FLY_ASH, "100")
    ]
    (row,) = departures.rows
    assert (row["出厂时间"], row["出厂数量(吨)"], row["出厂环节经办人"]) == ("2026-09-01", "30", "张三")
    assert (row["运输方式"], row["车牌号"], row["流向类型"]) == ("公路", "沪A12345", "省内")


def test_what_was_exported_is_known_when_it_comes_back(ash: Deal, tmp_path: Path) -> None:
    ash.registry.declaration(ash.works, 100)
    ash.registry.session.flush()
    file = filed(tmp_path, general_tables(ash.registry.session, ash.works, 2026))
    assert imported(ash.registry, ash.works, file) == Imported(added=0, ignored=3)


def test_another_site_takes_the_form_and_keeps_the_receivers_as_outside_contracts(
    ash: Deal, tmp_path: Path
) -> None:
    registry, session = ash.registry, ash.registry.session
    other = registry.site()
    _, flows, _ = general_tables(session, ash.works, 2026)
    taken = imported(registry, other, filed(tmp_path, [flows]))
    assert (taken.added, taken.problems) == (1, ())
    month = session.query(LedgerMonth).filter_by(site_id=other.id).one()
    assert (month.generated_kg, month.stored_kg, month.discarded_kg) == (100 * T, 24 * T, T)
    assert (month.source, month.status) == ("uploaded", "open")
    plant = ash.plant.site.organisation.name_zh
    assert sorted((use.kind, use.operation, use.party, use.mass_kg // T) for use in month.uses) == [
        ("entrusted_utilised", "C2", "厂外单位", 15),
        ("entrusted_utilised", "C2", plant, 30),
        ("own_disposed", "D1", "", 3),
        ("own_utilised", "C2", "", 7),
        ("own_utilised", "R5", "", 20),
    ]
    close_month(session, **ACT, month=month)


HEADER = [
    "月份", "固体废物代码", "名称", "产生量（吨）", "累计贮存量（吨）", "委托利用方式", "委托利用数量（吨）",
]  # fmt: skip


def _typed(tmp_path: Path, *rows: list[Any]) -> Path:
    """A workbook as a person keeps it: a title, an empty line, rows, a sum."""
    file = tmp_path / "2026年台账.xlsx"
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("流向")
        for number, row in enumerate([["某厂固废流向"], [], HEADER, *rows, ["合计", "", "", 1]]):
            page.write_row(number, 0, row)
    return file


def test_a_form_kept_by_hand_is_read_and_the_platform_s_part_taken_off(
    registry: Registry, tmp_path: Path
) -> None:
    told = deal(registry)
    transfer = told.draft(30)
    told.sign(transfer, "sender")
    told.sign(transfer, "carrier")
    file = _typed(tmp_path, ["2026年9月", FLY_ASH, "粉煤灰", 100.5, 55.5, "C2", 45])
    assert imported(registry, told.works, file) == Imported(1, 0)
    month = registry.session.query(LedgerMonth).one()
    assert [(use.kind, use.mass_kg) for use in month.uses] == [("entrusted_utilised", 15 * T)]
    close_month(registry.session, **ACT, month=month)  # 100.5 - 30 - 15 = 55.5
    less = _typed(tmp_path, ["2026-09", FLY_ASH, "", 100, 80, "C2", 20])
    (problem,) = imported(registry, told.works, less).problems
    assert (problem.rule, problem.row) == ("platform_sent_more", 4)


def test_each_wrong_row_is_told_and_its_month_left_out(registry: Registry, tmp_path: Path) -> None:
    works = registry.site()
    file = _typed(
        tmp_path,
        ["2026-07", FLY_ASH, "", 10, 10],
        ["2026-13", FLY_ASH, "", 10, 10],
        ["2026-08", "粉煤灰", "", 10, 10],
        ["2026-08", FLY_ASH, "", 10, 10],
        ["2026-08", FLY_ASH, "", "", "", "制砖", 5],
        ["2026-09", FLY_ASH, "", "约10", 10],
        ["2026-10", FLY_ASH, "", "0.0001", 0],
    )
    taken = imported(registry, works, file)
    assert [(problem.row, problem.column, problem.rule) for problem in taken.problems] == [
        (5, "年月", "not_a_month"),
        (6, "代码", "malformed_code"),
        (8, "委托利用方式", "unknown_operation"),
        (9, "产生量", "not_a_number"),
        (10, "产生量", "too_precise"),
    ]
    assert [month.month for month in registry.session.query(LedgerMonth)] == [7]


def test_a_closed_month_is_not_overwritten(ash: Deal, tmp_path: Path) -> None:
    file = _typed(tmp_path, ["2026-09", FLY_ASH, "", 120, 90, "C2", 30])
    (problem,) = imported(ash.registry, ash.works, file).problems
    assert problem.rule == "illegal_step"


def test_a_departure_that_is_no_transfer_is_told(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "附表3.csv"
    file.write_text(f"出厂时间,代码,名称,出厂数量(吨)\n2026-09-01,{FLY_ASH},粉煤灰,30\n", encoding="gb18030")
    (problem,) = imported(registry, registry.site(), file).problems
    assert (problem.rule, problem.row) == ("no_such_transfer", 2)


def test_a_file_without_a_form_is_refused(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        imported(registry, registry.site(), file)
    assert refused.value.problems[0].rule == "no_form"


def test_no_cell_of_a_form_is_run_as_a_formula(registry: Registry, tmp_path: Path) -> None:
    works = registry.site()
    month_of(registry, works, 5, 0, uses=[Use("entrusted_utilised", "C2", 5 * T, "=HYPERLINK(1)")])
    registry.session.flush()
    flows = general_tables(registry.session, works, 2026)[1]
    page = openpyxl.load_workbook(filed(tmp_path, [flows]))[flows.form.name]
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n"}
    (row,) = csv.DictReader(csv_text(flows).splitlines())
    assert row["委托利用单位"] == "'=HYPERLINK(1)"
    file = tmp_path / "附表2.csv"
    file.write_text(csv_text(flows), encoding="utf-8")
    assert imported(registry, works, file) == Imported(0, 1)


def test_forms_have_names_that_fit_a_sheet() -> None:
    assert all(len(form.name) <= 31 and len(set(form.columns)) == len(form.columns) for form in FORMS)
