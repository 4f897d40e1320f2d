"""The national forms of solid-waste ledgers: their sheets and columns, for export and import alike.

General waste: tables 1 to 3 of 一般工业固体废物管理台账制定指南(试行), 公告2021年第82号, whose columns are
known from memory. Hazardous waste: the stages of HJ 1259-2022, whose columns of containers, facilities and
handlers `catalogue.stage_columns` tells. The forms have a page per month, here 年月 tells it; 委托利用单位,
委托处置单位, 倾倒丢弃量 and 平台转移编号 are the platform's own columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from circularity.catalogue import operations
from circularity.catalogue.stage_columns import columns_of
from circularity.ledger.handling import HANDLING


@dataclass(frozen=True, slots=True)
class Form:
    """One sheet of a national form; columns whose name ends in (吨) hold tonnes."""

    name: str
    title: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A form filled in: rows of texts by column, absent ones empty."""

    form: Form
    rows: list[dict[str, str]] = field(default_factory=list)


INVENTORY = Form(
    "附表1 产生清单",
    "一般工业固体废物产生清单",
    ("年份", "代码", "名称", "类别", "产生环节", "物理性状", "主要成分", "污染特性", "年产生量(吨)"),
)
FLOWS = Form(
    "附表2 流向汇总表",
    "一般工业固体废物流向汇总表",
    (
        *("年月", "代码", "名称", "产生量(吨)", "贮存量(吨)", "累计贮存量(吨)"),
        *("自行利用方式", "自行利用数量(吨)", "委托利用方式", "委托利用单位", "委托利用数量(吨)"),
        *("自行处置方式", "自行处置数量(吨)", "委托处置方式", "委托处置单位", "委托处置数量(吨)"),
        "倾倒丢弃量(吨)",
    ),
)
DEPARTURES = Form(
    "附表3 出厂环节记录表",
    "一般工业固体废物出厂环节记录表",
    (
        *("出厂时间", "代码", "名称", "出厂数量(吨)", "出厂环节经办人", "运输单位", "运输方式"),
        *("车牌号", "接收单位", "流向类型", "利用处置方式", "平台转移编号"),
    ),
)

_STAGE = ("批次编码", "时间", "名称", "类别", "代码", "数量(吨)")


def _told_in(stage: str) -> tuple[str, ...]:
    """Return the columns of a stage that tell how a batch was kept and handled."""
    return tuple(column.name_zh for fact, column in columns_of(stage).items() if fact in HANDLING)


GENERATED = Form("产生环节", "危险废物产生环节记录表", (*_STAGE, *_told_in("generated")))
STORED = Form("入库环节", "危险废物入库环节记录表", (*_STAGE, *_told_in("stored"), "上游批次编码"))
TAKEN_OUT = Form("出库环节", "危险废物出库环节记录表", (*_STAGE, *_told_in("taken_out"), "去向批次编码"))
OWN = Form("自行利用处置环节", "危险废物自行利用/处置环节记录表", (*_STAGE, *_told_in("own"), "利用处置方式"))
ENTRUSTED = Form(
    "委外利用处置环节",
    "危险废物委外利用/处置环节记录表",
    (
        *(*_STAGE, *_told_in("entrusted"), "利用处置方式", "接收单位类型", "接收单位"),
        *("许可证编号", "国家联单编号", "平台转移编号"),
    ),
)

STAGE_FORMS: Mapping[str, Form] = {
    "generated": GENERATED,
    "stored": STORED,
    "taken_out": TAKEN_OUT,
    "own": OWN,
    "entrusted": ENTRUSTED,
}
"""Stage of `catalogue.stage_columns` → its form."""

FORMS = (INVENTORY, FLOWS, DEPARTURES, GENERATED, STORED, TAKEN_OUT, OWN, ENTRUSTED)

WAYS: Mapping[str, str] = {
    "own_utilised": "自行利用",
    "entrusted_utilised": "委托利用",
    "own_disposed": "自行处置",
    "entrusted_disposed": "委托处置",
}
"""Kind of use → what the columns of table 2 begin with."""


DESCRIBED: Mapping[str, str] = {
    "类别": "grade",
    "产生环节": "arising_step",
    "物理性状": "physical_state",
    "主要成分": "components",
    "污染特性": "pollution_character",
}
"""Columns of table 1 that describe a waste → the fact of `registry.descriptions`."""


def way_text(operation: str) -> str:
    """Return an operation as the forms name it: code, then name."""
    found = operations.get(operation)
    return f"{found.code} {found.name_zh}"


def plain_column(text: str) -> str:
    """Return a column's name without blanks, brackets and unit, as both sides compare it."""
    return re.sub(r"\s|[(\uff08\[/].*$", "", text)
