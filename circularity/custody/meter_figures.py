"""What a meter showed beside the mass read from it: counters of scales and flow meters, draughts of barges.

The mass is what counts. The figures say where it comes from, so that somebody else can follow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from circularity.fields import Checks
from circularity.units import KG_PER_T, format_tonnes

COUNTERS = ("counter_before_t", "counter_after_t")
DRAUGHTS = ("draught_before_mm", "draught_after_mm")
FIGURES: Mapping[str, tuple[str, str]] = {"conveyor": COUNTERS, "pipeline": COUNTERS, "draught": DRAUGHTS}
"""Kind of meter → what it showed before and after; counters in whole tonnes, draughts in mm."""

WATER = "water_kg_per_m3"
"""How dense the water was that a barge lay in; a survey may say so."""

_MOST = {COUNTERS: 10**12, DRAUGHTS: 30_000}


def figures_of(kind: str) -> tuple[str, ...]:
    """Return what a kind of meter may show, none for a way of metering without a meter."""
    names = FIGURES.get(kind, ())
    return (*names, WATER) if names == DRAUGHTS else names


def checked_mass(
    checks: Checks, kind: str, figures: Mapping[str, Any], mass_kg: int | None
) -> tuple[int, dict[str, int]]:
    """Return the mass, kg, and what a meter showed, before and after or neither.

    Counters must come to the mass; without a mass it is what the counters moved by.
    """
    found = _checked_figures(checks, kind, figures)
    if mass_kg is None and not set(COUNTERS) & figures.keys():
        checks.refuse("mass_kg", "empty", "", "mass_kg 不能为空", "mass_kg must not be empty")
        return 0, found
    if mass_kg is not None:
        mass_kg = checks.kilograms("mass_kg", mass_kg, 1)
    if not found or checks.problems:
        return mass_kg or 0, found
    before, after = (found[name] for name in FIGURES[kind])
    if mass_kg is None:
        return _moved_kg(checks, before, after), found
    _require_moved(checks, FIGURES[kind], before, after, mass_kg)
    return mass_kg, found


def _checked_figures(checks: Checks, kind: str, figures: Mapping[str, Any]) -> dict[str, int]:
    known = figures_of(kind)
    for name in figures.keys() - set(known):
        zh, en = f"{name} 不是该计量方式的读数", f"{name} is nothing that this kind of meter shows"
        checks.refuse(name[:80], "unknown_figure", figures[name], zh, en)
    if not set(known) & figures.keys():
        return {}
    names = FIGURES[kind]
    found = {name: checks.whole(name, figures.get(name, ""), 0, _MOST[names]) for name in names}
    if WATER in figures and WATER in known:
        found[WATER] = checks.whole(WATER, figures[WATER], 990, 1050)
    return found


def _moved_kg(checks: Checks, before: int, after: int) -> int:
    moved_kg = (after - before) * KG_PER_T
    if moved_kg <= 0:
        name = COUNTERS[1]
        zh, en = f"{name} 应大于前次读数", f"{name} must be more than the counter showed before"
        checks.refuse(name, "not_forward", after, zh, en)
        return 0
    return checks.kilograms("mass_kg", moved_kg, 1)


def _require_moved(checks: Checks, names: Sequence[str], before: int, after: int, mass_kg: int) -> None:
    moved_t = after - before
    if names == COUNTERS and abs(moved_t * KG_PER_T - mass_kg) >= KG_PER_T:
        zh = f"读数差 {moved_t} 吨与重量 {format_tonnes(mass_kg)} 吨不符"
        en = f"the counter moved by {moved_t} t, the mass is {format_tonnes(mass_kg)} t"
        checks.refuse(names[1], "counter_differs", after, zh, en)
    elif not moved_t:
        checks.refuse(names[1], "no_change", after, "前后读数相同", "it shows the same before and after")
