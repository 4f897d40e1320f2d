"""Containers, facilities and handlers of the hazardous stages: exported, filled in, taken in without loss."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from deal_rows import Deal
from registry import ACID, Registry, T
from test_hazardous_stages import acid
from test_official_forms import ACT, filed, imported, month_of

from circularity.catalogue.stage_columns import columns_of
from circularity.custody.line_handling import handlings_of, tell_handling
from circularity.custody.manifests import TransferLine
from circularity.custody.sheets import Imported
from circularity.forms.files import csv_text
from circularity.forms.hazardous_stages import hazardous_stages
from circularity.forms.national import STAGE_FORMS
from circularity.ledger.batches import Batch, batches_at, tell_batches
from circularity.ledger.generator_months import Use, close_month
from circularity.ledger.handling import HANDLING, Handling
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site

__all__ = ["acid"]

DRUMS = Handling("桶", "T1;T2", 2, "MF0001", "李阳")
STORE = Handling("桶", "T1", 1, "TS001", "赵六", "赵龙")
TOLD = {fact: column.name_zh for fact, column in columns_of("stored").items() if fact in HANDLING}


def books(registry: Registry, site: Site) -> LedgerMonth:
    """A month of 12 t in two batches, 4 t regenerated, 3 t entrusted outside; each stage told."""
    uses = [Use("own_utilised", "R6", 4 * T), Use("entrusted_utilised", "R6", 3 * T, "某再生厂")]
    month = month_of(registry, site, 12, 5, waste_code=ACID, uses=uses)
    first, second = date(2026, 9, 3), date(2026, 9, 20)
    stages: dict[str, list[Batch]] = {
        "generated": [
            Batch(first, 7 * T, handling=DRUMS),
            Batch(second, 5 * T, batch="本厂-7", handling=replace(DRUMS, container_count=None)),
        ],
        "stored": [Batch(first, 12 * T, related="HWCS20260903001", handling=STORE)],
        "taken_out": [Batch(second, 7 * T, related="HWZXLY20260920001", handling=STORE)],
        "own": [Batch(second, 4 * T, "R6", handling=replace(DRUMS, facility_code="LY01"))],
        "entrusted": [Batch(second, 3 * T, "R6", "某再生厂", handling=Handling("罐车", "G1", 1))],
    }
    for stage, batches in stages.items():
        tell_batches(registry.session, **ACT, month=month, stage=stage, batches=batches)
    return month


def test_every_stage_prints_the_columns_that_the_standard_asks_for() -> None:
    for stage, form in STAGE_FORMS.items():
        told = [column.name_zh for fact, column in columns_of(stage).items() if fact in HANDLING]
        assert [name for name in form.columns if name in told] == told
    assert "产生危险废物设施编码" in STAGE_FORMS["generated"].columns
    assert {"贮存设施编码", "运送部门经办人"} <= set(STAGE_FORMS["stored"].columns)
    assert not {"贮存设施编码", "产生部门经办人"} & set(STAGE_FORMS["entrusted"].columns)


def test_what_nobody_told_is_left_empty(acid: Deal) -> None:
    for stage, sheet in zip(
        STAGE_FORMS, hazardous_stages(acid.registry.session, acid.works, 2026), strict=True
    ):
        headings = {column.name_zh for fact, column in columns_of(stage).items() if fact in HANDLING}
        assert sheet.rows
        assert not [row for row in sheet.rows if headings & row.keys()]


def test_batches_are_the_rows_of_their_stages(registry: Registry) -> None:
    site = registry.site()
    books(registry, site)
    made, stored, out, own, entrusted = (
        sheet.rows for sheet in hazardous_stages(registry.session, site, 2026)
    )
    assert [(row["批次编码"], row["时间"], row["数量(吨)"]) for row in made] == [
        ("HWCS20260903001", "2026-09-03", "7"),
        ("本厂-7", "2026-09-20", "5"),
    ]
    assert (made[0]["容器/包装编码"], made[0]["容器/包装数量"], made[0]["产生部门经办人"]) == (
        "T1;T2",
        "2",
        "李阳",
    )
    assert "容器/包装数量" not in made[1]
    assert {fact: stored[0][name] for fact, name in TOLD.items()} == {
        **{"container_type": "桶", "container_code": "T1", "container_count": "1"},
        **{"facility_code": "TS001", "handler": "赵六", "mover": "赵龙"},
    }
    assert (out[0]["出库部门经办人"], out[0]["去向批次编码"]) == ("赵六", own[0]["批次编码"])
    assert own[0]["自行利用/处置设施编码"] == "LY01"
    assert (entrusted[0]["容器/包装类型"], entrusted[0]["接收单位"]) == ("罐车", "某再生厂")


def told(month: LedgerMonth) -> list[tuple[Any, ...]]:
    names = ("stage", "number", "batch", "day", "mass_kg", "operation", "party", "related", "handling")
    return sorted(
        (tuple(getattr(row, name) for name in names) for row in month.batches), key=lambda row: row[:2]
    )


@pytest.mark.parametrize("closed", [False, True])
def test_what_was_exported_comes_back_without_loss(registry: Registry, tmp_path: Path, closed: bool) -> None:
    site, other = registry.site(), registry.site()
    month = books(registry, site)
    if closed:
        close_month(registry.session, **ACT, month=month)
    file = filed(tmp_path, hazardous_stages(registry.session, site, 2026))
    assert imported(registry, site, file) == Imported(added=0, ignored=1)
    assert imported(registry, other, file) == Imported(added=1, ignored=0)
    copy = registry.session.query(LedgerMonth).filter_by(site_id=other.id).one()
    assert told(copy) == told(month)
    assert hazardous_stages(registry.session, other, 2026) == hazardous_stages(registry.session, site, 2026)


def test_columns_filled_in_by_hand_are_taken_also_of_a_closed_month(acid: Deal, tmp_path: Path) -> None:
    session, registry = acid.registry.session, acid.registry
    month = session.query(LedgerMonth).one()
    close_month(session, **ACT, month=month)
    stages = hazardous_stages(session, acid.works, 2026)
    stages[0].rows[0] |= {"容器/包装类型": "吨桶", "容器/包装数量": "12", "产生部门经办人": "李阳"}
    file = filed(tmp_path, stages)
    assert imported(registry, acid.works, file) == Imported(added=1, ignored=1)
    assert imported(registry, acid.works, file) == Imported(added=0, ignored=2)
    (row,) = month.batches
    assert (row.batch, row.handling) == (
        "HWCS20260930001",
        Handling("吨桶", container_count=12, handler="李阳"),
    )
    assert (month.status, month.generated_kg) == ("closed", 12 * T)


def test_what_is_told_of_a_load_is_kept_with_it(acid: Deal, tmp_path: Path) -> None:
    session, registry = acid.registry.session, acid.registry
    stages = hazardous_stages(session, acid.works, 2026)
    number = stages[4].rows[0]["批次编码"]
    (out,) = (row for row in stages[2].rows if row["去向批次编码"] == number)
    container = {"容器/包装编码": "G1", "容器/包装数量": "1"}
    out |= container | {"贮存设施编码": "TS001", "出库部门经办人": "赵六"}
    stages[4].rows[0] |= container
    file = filed(tmp_path, stages)
    assert imported(registry, acid.works, file) == Imported(added=1, ignored=1)
    line = session.query(TransferLine).one()
    told_of = Handling(container_code="G1", container_count=1, facility_code="TS001", handler="赵六")
    assert handlings_of(session, [line]) == {line.id: told_of}
    again = hazardous_stages(session, acid.works, 2026)
    assert again == stages
    assert imported(registry, acid.works, file) == Imported(added=0, ignored=2)


def test_the_packaging_of_the_document_stands_for_the_container_until_one_is_told(acid: Deal) -> None:
    session = acid.registry.session
    line = session.query(TransferLine).one()
    line.packaging = "罐车"
    (row,) = hazardous_stages(session, acid.works, 2026)[4].rows
    assert row["容器/包装类型"] == "罐车"
    assert tell_handling(session, **ACT, line=line, handling=Handling("吨桶"))
    assert not tell_handling(session, **ACT, line=line, handling=Handling("吨桶"))
    (row,) = hazardous_stages(session, acid.works, 2026)[4].rows
    assert row["容器/包装类型"] == "吨桶"


OFFICIAL = (
    ("产生批次编码", "HWCS20260903001"),
    ("产生时间", "2026/9/3 13:00:00"),
    ("危险废物名称", "废酸"),
    ("危险废物类别", "HW34"),
    ("危险废物代码", ACID),
    ("产生量", "0.5"),
    ("计量单位", "吨"),
    ("容器/包装编码", "T1"),
    ("容器/包装类型", "桶"),
    ("容器/包装数量", "1"),
    ("产生危险废物设施编码", "MF0001"),
    ("产生部门经办人", "李阳"),
    ("去向", "贮存"),
)


def sheet_of(tmp_path: Path, name: str, *changes: dict[str, str]) -> Path:
    """A sheet under the headings of the standard, one row per change."""
    book = openpyxl.Workbook()
    page = book.create_sheet(name)
    page.append([heading for heading, _ in OFFICIAL])
    for change in changes:
        page.append([change.get(heading, cell) for heading, cell in OFFICIAL])
    file = tmp_path / "危废台账.xlsx"
    book.save(file)
    return file


def test_a_record_under_the_standard_s_own_headings_is_read_batch_by_batch(
    registry: Registry, tmp_path: Path
) -> None:
    site = registry.site()
    later = {
        "产生时间": "2026年9月20日",
        "产生批次编码": "HWCS20260920001",
        "产生量": "1.25",
        "容器/包装编码": "T2",
    }
    file = sheet_of(tmp_path, "危险废物产生环节记录表", {}, later)
    assert imported(registry, site, file) == Imported(1, 0)
    month = registry.session.query(LedgerMonth).one()
    assert month.generated_kg == 1750
    assert [(row.batch, row.day.day, row.mass_kg) for row in batches_at(month, "generated")] == [
        ("HWCS20260903001", 3, 500),
        ("HWCS20260920001", 20, 1250),
    ]
    assert batches_at(month, "generated")[0].handling == Handling("桶", "T1", 1, "MF0001", "李阳")


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"计量单位": "千克"}, "计量单位", "not_tonnes"),
        ({"容器/包装数量": "约3"}, "容器/包装数量", "not_a_number"),
        ({"产生时间": "2026-09"}, "时间", "not_a_day"),
        ({"产生时间": "2026-09-31"}, "时间", "not_a_day"),
        ({"产生部门经办人": "x" * 201}, "代码", "too_long"),
    ],
)
def test_a_row_that_cannot_be_read_leaves_its_month_out(
    registry: Registry, tmp_path: Path, change: dict[str, str], column: str, rule: str
) -> None:
    done = imported(registry, registry.site(), sheet_of(tmp_path, "产生环节", {}, change))
    assert [(problem.column, problem.rule) for problem in done.problems] == [(column, rule)]
    assert registry.session.query(LedgerMonth).count() == 0


def test_storing_of_a_month_that_nobody_wrote_is_told(registry: Registry, tmp_path: Path) -> None:
    site = registry.site()
    books(registry, site)
    stored = hazardous_stages(registry.session, site, 2026)[1]
    done = imported(registry, registry.site(), filed(tmp_path, [stored]))
    assert [problem.rule for problem in done.problems] == ["no_month"]


def test_entrusted_batches_name_the_loads_of_the_platform(acid: Deal, tmp_path: Path) -> None:
    entrusted = hazardous_stages(acid.registry.session, acid.works, 2026)[4]
    entrusted.rows[0] |= {"平台转移编号": "", "容器/包装编码": "G1"}
    done = imported(acid.registry, acid.works, filed(tmp_path, [entrusted]))
    assert [problem.rule for problem in done.problems] == ["loads_not_named"]


def test_no_cell_of_a_batch_is_run_as_a_formula(registry: Registry, tmp_path: Path) -> None:
    site = registry.site()
    month = month_of(registry, site, 5, 5, waste_code=ACID)
    batch = Batch(date(2026, 9, 3), 5 * T, batch="=1+1", handling=Handling(handler="=HYPERLINK(1)"))
    tell_batches(registry.session, **ACT, month=month, stage="generated", batches=[batch])
    made = hazardous_stages(registry.session, site, 2026)[0]
    (row,) = csv.DictReader(csv_text(made).splitlines())
    assert (row["批次编码"], row["产生部门经办人"]) == ("'=1+1", "'=HYPERLINK(1)")
    file = tmp_path / "产生环节.csv"
    file.write_text(csv_text(made), encoding="utf-8")
    assert imported(registry, site, file) == Imported(0, 1)
