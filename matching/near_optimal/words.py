"""What a near-optimal alternative does otherwise than the optimum, in figures and in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from circularity.units import (
    KG_PER_T,
    M_PER_KM,
    UCNY_PER_CNY,
    UCNY_PER_FEN,
    divide_half_up,
    format_scaled,
    format_tonnes,
)
from matching.near_optimal.alternatives import Alternative, Measures
from matching.plans.plan import Plan

NAMES = {
    "least_tonne_km": ("运量最省", "least tonne-km"),
    "even_load": ("负荷均衡", "even load"),
    "few_partners": ("合作方少", "few partners"),
}


def alternative_values(plan: Plan, found: Alternative) -> dict[str, Any]:
    """Return an alternative as plain values for JSON; its plan holds only the pairs that carry mass."""
    zh, en = difference(found)
    outputs, capacities = plan.case.outputs.output_id, plan.case.capacities.capacity_id
    names = zip(outputs[found.output].tolist(), capacities[found.capacity].tolist(), strict=True)
    return {
        "aim": found.aim,
        "name_zh": NAMES[found.aim][0],
        "name_en": NAMES[found.aim][1],
        "difference_zh": zh,
        "difference_en": en,
        "measures": _measures(found.measures),
        "optimum": _measures(found.optimum),
        "aim_at_least": _bound(found),
        "outputs_moved": found.outputs_moved,
        "moved_t": format_tonnes(found.moved_kg),
        "plan": [
            {"output_id": output, "capacity_id": capacity, "mass_t": format_tonnes(mass)}
            for (output, capacity), mass in zip(names, found.mass_kg.tolist(), strict=True)
        ],
    }


def difference(found: Alternative) -> tuple[str, str]:
    """Return in one sentence each what an alternative gains, what it costs, and how much goes elsewhere."""
    gain_zh, gain_en = GAINS[found.aim](found.optimum, found.measures)
    dearer = found.measures.cost_ucny - found.optimum.cost_ucny
    cost = f"+{_whole(dearer, UCNY_PER_CNY)} CNY" + _percent(dearer, found.optimum.cost_ucny)
    lots, mass = f"{found.outputs_moved:,}", _whole(found.moved_kg, KG_PER_T)
    of_lots = "lot" if found.outputs_moved == 1 else "lots"
    return (
        f"{gain_zh}；成本 {cost}；{lots} 批有 {mass} t 改变去向",
        f"{gain_en} for {cost}; {mass} t of {lots} {of_lots} go elsewhere",
    )


def _tonne_km(before: Measures, after: Measures) -> tuple[str, str]:
    one, other = before.kg_m or 0, after.kg_m or 0
    saved = _whole(one - other, KG_PER_T * M_PER_KM)
    share = _percent(other - one, one)
    return f"少 {saved} t·km{share}", f"saves {saved} t·km{share}"


def _load(before: Measures, after: Measures) -> tuple[str, str]:
    less = _percent(after.crowding_kg - before.crowding_kg, before.crowding_kg)
    highest = f"{_share(before.highest_permille)} → {_share(after.highest_permille)}"
    return f"拥挤度降低{less}，最高利用率 {highest}", f"crowds capacities less{less}, highest use {highest}"


def _partners(before: Measures, after: Measures) -> tuple[str, str]:
    counts = f"{before.pairs:,} → {after.pairs:,}"
    return f"配对 {counts}（较少，未证明最少）", f"pairs {counts} (few, not proven the fewest)"


GAINS: dict[str, Callable[[Measures, Measures], tuple[str, str]]] = {
    "least_tonne_km": _tonne_km,
    "even_load": _load,
    "few_partners": _partners,
}


def _measures(measures: Measures) -> dict[str, Any]:
    return {
        "cost_cny": _cny(measures.cost_ucny),
        "tonne_km": None if measures.kg_m is None else format_scaled(measures.kg_m, KG_PER_T * M_PER_KM),
        "pairs": measures.pairs,
        "crowding_t": format_scaled(measures.crowding_kg, KG_PER_T),
        "highest_use_percent": format_scaled(measures.highest_permille, 10),
    }


def _bound(found: Alternative) -> str | None:
    """Return below what the aim cannot fall: tonne-km or crowding in tonnes, None where nothing is proven."""
    if found.bound is None:
        return None
    return format_scaled(found.bound, KG_PER_T * (M_PER_KM if found.aim == "least_tonne_km" else 1))


def _cny(ucny: int) -> str:
    return format_scaled(divide_half_up(ucny, UCNY_PER_FEN), UCNY_PER_CNY // UCNY_PER_FEN)


def _whole(value: int, unit: int) -> str:
    """Return a figure in whole units with separators; below ten units exactly."""
    return f"{divide_half_up(value, unit):,}" if value >= 10 * unit else format_scaled(value, unit)


def _percent(change: int, of: int) -> str:
    """Return a change as a signed share in brackets with one decimal; nothing where there is no whole."""
    if not of:
        return ""
    permille = divide_half_up(abs(change) * 1000, abs(of))
    return f" ({'−' if change < 0 else '+'}{format_scaled(permille, 10)} %)"


def _share(permille: int) -> str:
    return f"{format_scaled(permille, 10)} %"
