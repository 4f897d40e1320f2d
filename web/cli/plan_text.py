"""A plan's summary as text for a terminal, Chinese beside English."""

from __future__ import annotations

from typing import Any

TOP = 10


def plan_text(described: dict[str, Any]) -> str:
    """Return the summary as lines a plant manager can read."""
    lines = [
        f"状态 · status        {described['status']}(已核验 verified; 引擎 engine {described['engine']})",
        f"已落实 · placed      {_t(described['placed_t'])} t",
        f"  今日可转移 · today   {_t(described['can_move_today_t'])} t",
        f"  办理手续后 · after procedures  {_t(described['after_procedures_t'])} t",
        f"未匹配 · unmatched   {_t(described['unmatched_t'])} t",
        f"方案成本 · cost      {_t(described['cost_cny'])} CNY",
    ]
    if described["unknown_money_t"]:
        known = ", ".join(f"{name} {_t(mass)} t" for name, mass in described["unknown_money_t"].items())
        lines.append(f"  未报价、不计入成本 · unstated, left out: {known}")
    lines += _table("未匹配原因 · reasons", described["by_reason"], ("reason", "outputs", "mass_t"))
    lines += _table("先办手续 · conditions", described["conditions"], ("condition", "pairs", "mass_t"))
    for held in described["bottlenecks"][:TOP]:
        shown = ", ".join(held["limits"][:3]) + (" …" if len(held["limits"]) > 3 else "")
        count = len(held["limits"])
        lines.append(
            f"瓶颈 · bottleneck: {count} 个限额共同挡住 limits hold back {_t(held['mass_t'])} t ({shown})"
        )
    by_waste = sorted(described["by_waste"], key=lambda row: -float(row["posted_t"]))
    lines += _table("按废物 · by waste", by_waste, ("waste_code", "posted_t", "placed_t", "unmatched_t"))
    if described["not_asked"]:
        lines.append(f"未核查(无数据)· not asked, no data: {', '.join(described['not_asked'])}")
    lines.append(f"\n{described['notice_zh']}\n{described['notice_en']}")
    return "\n".join(lines)


def _table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[str]:
    if not rows:
        return []
    lines = [f"\n{title}", "  " + "".join(f"{c:>24}" if k else f"{c:<28}" for k, c in enumerate(columns))]
    for row in rows[:TOP]:
        cells = (str(row[c]) if k == 0 else _t(str(row[c])) for k, c in enumerate(columns))
        lines.append("  " + "".join(f"{cell:>24}" if k else f"{cell:<28}" for k, cell in enumerate(cells)))
    if len(rows) > TOP:
        lines.append(f"  … {len(rows) - TOP} more")
    return lines


def _t(number: str) -> str:
    """Return a decimal text with thousands separators."""
    whole, dot, rest = number.partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole not in ("", "-") else number
