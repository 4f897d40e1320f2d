"""A plan's summary as text for a terminal, Chinese beside English."""

from __future__ import annotations

from typing import Any

from circularity.acceptance import WORDS
from web.cli.text_table import text_table

TOP = 10
BOTTLENECKS = 3
PROVINCE_RULES = frozenset({"hazardous_cross_province", "general_record", "general_approval"})
"""Procedures that depend on the province that waste leaves and the one that it reaches."""


def plan_text(described: dict[str, Any]) -> str:
    """Return the summary as lines a plant manager can read."""
    lines = [
        f"状态 · status        {described['status']}（已核验 verified；引擎 engine {described['engine']}）",
        *_gaps(described),
        f"已落实 · placed      {_t(described['placed_t'])} t",
        f"  今日可转移 · today   {_t(described['can_move_today_t'])} t",
        f"  办理手续后 · after procedures  {_t(described['after_procedures_t'])} t",
        *_unasked_procedures(described["not_asked"]),
        f"未匹配 · unmatched   {_t(described['unmatched_t'])} t",
        f"方案成本 · cost      {_t(described['cost_cny'])} CNY",
    ]
    lots = described["urgent"]
    if lots["outputs"]:
        placed = f"{_t(lots['placed_t'])} / {_t(lots['posted_t'])} t ({lots['outputs']})"
        lines.append(f"  贮存近满或超过一年的危废 · hazardous lots near or past a year in storage: {placed}")
    if described["unknown_money_t"]:
        known = ", ".join(f"{name} {_t(mass)} t" for name, mass in described["unknown_money_t"].items())
        lines.append(f"  未报价、不计入成本 · unstated, left out: {known}")
    lines += _worded("未匹配原因 · reasons", described["by_reason"], "outputs", "批次 outputs")
    lines += _worded("先办手续 · procedures first", described["conditions"], "pairs", "配对 pairs")
    for held in described["bottlenecks"][:BOTTLENECKS]:
        shown = ", ".join(held["limits"][:3]) + (" …" if len(held["limits"]) > 3 else "")
        count = len(held["limits"])
        lines.append(
            f"瓶颈 · bottleneck: {count} 个限额共同挡住 limits hold back {_t(held['mass_t'])} t ({shown})"
        )
    by_waste = sorted(described["by_waste"], key=lambda row: -float(row["posted_t"]))
    lines += _table("按废物 · by waste", by_waste, ("waste_code", "posted_t", "placed_t", "unmatched_t"))
    if described["not_asked"]:
        names = ", ".join(_name(code) for code in described["not_asked"])
        lines.append(f"未核查（无数据）· not asked, no data: {names}")
    lines.append(f"\n{described['notice_zh']}\n{described['notice_en']}")
    return "\n".join(lines)


def _gaps(described: dict[str, Any]) -> list[str]:
    """Say of every level that is not proven how far it may be from the best, and what binds the parts."""
    lines = []
    for level in described["levels"][:-1] if described["status"] != "optimal" else []:
        if level["gap"]:
            told = f"；求解器称 solver says {level['solver_bound']}" if "solver_bound" in level else ""
            lines.append(
                f"  差距 · gap  {level['name']}: {level['value']} {level['unit']}，"
                f"界 bound {level['bound']}，差 gap {level['gap']}{told}"
            )
    lines += [
        f"  因 · because  {part['why_zh']} · {part['why_en']}" for part in described["bounded_parts"][:3]
    ]
    if count := described["limits_without_price"]:
        lines.append(f"  无影子价格的限额 · limits without a price (lots or crossing caps): {count}")
    return lines


def _unasked_procedures(not_asked: list[str]) -> list[str]:
    """Say beside the tonnes that can move today that nobody could ask whether they cross a province."""
    if not PROVINCE_RULES & set(not_asked):
        return []
    return [
        "  注意：缺少行政区划（region_code），跨省备案和审批未核查，上述“今日”可能偏多",
        "  mind: without region codes nobody asked for records and approvals across provinces; "
        "'today' may be too much",
    ]


def _name(code: str) -> str:
    return f"{WORDS[code].name_zh} {WORDS[code].name_en}" if code in WORDS else code


def _table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[str]:
    """Return the first rows as a table: a text, then numbers."""
    if not rows:
        return []
    cells = [[str(row[columns[0]]), *(_t(str(row[c])) for c in columns[1:])] for row in rows[:TOP]]
    more = [f"  … {len(rows) - TOP} more"] if len(rows) > TOP else []
    return ["", title, *text_table(columns, cells), *more]


def _worded(title: str, rows: list[dict[str, Any]], counted: str, counted_name: str) -> list[str]:
    """Return reasons or conditions by mass, each with its name and the legal row it stands on."""
    if not rows:
        return []
    cells = [
        [f"{row['name_zh']} · {row['name_en']}", f"{row[counted]:,}", _t(row["mass_t"])] for row in rows[:TOP]
    ]
    basis = [
        f"    {row['name_zh']}:{row['basis_zh']} · {row['basis_en']}" for row in rows[:TOP] if row["basis_zh"]
    ]
    heading = ["  依据 · legal basis"] if basis else []
    return ["", *text_table((title, counted_name, "t"), cells), *heading, *basis]


def _t(number: str) -> str:
    """Return a decimal text with thousands separators."""
    whole, dot, rest = number.partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole not in ("", "-") else number
