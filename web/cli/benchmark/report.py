"""What was measured as text for a terminal: a table for every case, its ratios, phases and notes."""

from __future__ import annotations

from typing import Any

from web.cli.benchmark.parts import PARTS
from web.cli.text_table import text_table

HEADER = ("part", "runs", "seconds", "min–max", "peak MB", "before MB", "product ÷ it", "equal levels")
LEGEND = (
    "图例：product 为本系统（数组到已核验方案），verify 为独立核验，folder 为文件夹到已写出并核验的方案，"
    "bare 为裸求解器，script 为普通脚本；seconds 为各轮中位数（秒）；"
    "peak/before 为该部分进程的内存峰值与起始值（MB）；"
    "product ÷ it 为本系统与该部分同轮耗时之比的中位数；equal levels 为各级目标值逐一精确相等"
)
MEANING = (
    "seconds: median of the runs; peak/before MB: memory of the part's own process at its peak and before a "
    "run; product ÷ it: median ratio within a turn; equal levels: every level's exact value is the product's"
)
RATIOS = {
    "geodesic_over_product": "脚本仅测距 ÷ 本系统 · script, geopy alone ÷ product",
    "script_over_product": "脚本 geopy + networkx ÷ 本系统 · script, geopy + networkx ÷ product",
    "one_posting_over_product": "一条产出变动后重算 ÷ 从头计算 · one posting changed ÷ from nothing",
    "one_percent_over_product": "百分之一产出变动后重算 ÷ 从头计算 · 1 % of outputs changed ÷ from nothing",
    "verify_over_finding": "核验 ÷（候选+规则+求解）· verify ÷ (candidates + rules + solve)",
}


def case_lines(measured: dict[str, Any]) -> list[str]:
    """Return the lines of one measured case."""
    arcs = "?" if measured["arcs"] is None else f"{measured['arcs']:,}"
    head = (
        f"{measured['outputs']:,} × {measured['capacities']:,}, {measured['groups']} groups, "
        f"{measured['tightness']}: {arcs} lawful pairs"
    )
    parts, ratios = measured["parts"], measured["ratios"]
    ran = [part for part in PARTS if "seconds" in parts[part.key]]
    rows = [_row(part.en, parts[part.key], ratios.get(f"product_over_{part.key}")) for part in ran]
    return [
        head,
        *text_table(HEADER, rows),
        *(f"  {said}: {ratios[name]:,.2f}" for name, said in RATIOS.items() if name in ratios),
        *(_phases(part.en, parts[part.key]) for part in PARTS if "phases" in parts[part.key]),
        *(f"  {part.en}: {note}" for part in PARTS for note in _notes(parts[part.key])),
        "",
    ]


def machine_line(machine: dict[str, Any]) -> str:
    """Return what the figures were measured on."""
    versions = ", ".join(f"{name} {found}" for name, found in machine["versions"].items())
    return f"{machine['system']}, {machine['cores']} cores, Python {machine['python']}, {versions}"


def _row(name: str, part: dict[str, Any], ratio: float | None) -> list[str]:
    seconds = part["seconds"]
    equal = {True: "yes", False: "no", None: ""}[part.get("equal_levels")]
    return [
        name,
        str(part["runs"]),
        _s(seconds["median"]),
        f"{_s(seconds['min'])}–{_s(seconds['max'])}",
        _mb(part["peak_mb"]),
        _mb(part["before_mb"]),
        "" if ratio is None else f"{ratio:.2f}",
        equal,
    ]


def _phases(name: str, part: dict[str, Any]) -> str:
    return f"  {name}: " + ", ".join(f"{phase} {_s(taken)}" for phase, taken in part["phases"].items())


def _notes(part: dict[str, Any]) -> list[str]:
    notes = [part["note"]] if "note" in part else []
    if "left_out" in part:
        notes.append(f"not run: {part['left_out']}")
    if part.get("differing_level"):
        notes.append(f"level {part['differing_level']} differs")
    if part.get("faults"):
        notes.append(f"{part['faults']} faults found")
    return notes


def _s(seconds: float) -> str:
    return f"{seconds:,.3f}" if seconds < 10 else f"{seconds:,.1f}"


def _mb(size: float | None) -> str:
    return "–" if size is None else f"{size:,.0f}"
