"""Why an output goes where it goes: its lawful outlets, best first, and what the next best costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from circularity.units import M_PER_KM, MISSING, UCNY_PER_KG_PER_CNY_PER_T, format_scaled, format_tonnes
from matching.pairs.arcs import find_arcs
from matching.plans.files import condition_codes
from matching.plans.plan import Plan
from matching.reasons.lawful_outlets import explain_match
from matching.reasons.words import reason_words
from web.cli.text_table import text_table

SHOWN = 20
HEADER = (
    "去处 · outlet",
    "单位 · plant",
    "先办手续 · first",
    "本方案 plan t",
    "运距 km",
    "成本 CNY/t",
    "等级 rank",
)


def why_lines(plan: Plan, output_id: str) -> list[str]:
    """Return one output's outlets with mass, distance, unit cost and rank, or why it has none.

    Raises KeyError for an output that the case does not name.
    """
    row = int(np.searchsorted(plan.case.outputs.output_id, output_id))
    if row == plan.case.shape[0] or plan.case.outputs.output_id[row] != output_id:
        raise KeyError(output_id)
    rows = list(_outlets(plan, row))
    lines = [f"{output_id}：合规去处 · lawful outlets {len(rows)}"]
    if rows:
        lines += text_table(HEADER, rows[:SHOWN], left=3)
    reasons = plan.reasons
    for k in np.flatnonzero(reasons.output == row).tolist():
        mass = format_tonnes(int(reasons.mass_kg[k]))
        lines.append(f"  未匹配 · unmatched {mass} t: {reasons.change_zh[k]} · {reasons.change_en[k]}")
    return lines


def _outlets(plan: Plan, row: int) -> Iterator[tuple[str, ...]]:
    """Yield the outlets by the levels: utilisation and rank first, then cost."""
    arcs = find_arcs(plan.case, np.array([row]))
    found = explain_match(plan.case, arcs, row)
    plants = plan.case.facilities.organisation[plan.case.capacities.facility]
    own = np.flatnonzero(plan.arcs.output == row)
    mass_kg = dict(zip(plan.arcs.capacity[own].tolist(), plan.mass_kg[own].tolist(), strict=True))
    for k, arc in enumerate(found.arc.tolist()):
        distance = int(arcs.distance_m[arc])
        codes = condition_codes(int(arcs.conditions[arc]))
        mass = mass_kg.get(int(found.capacity[k]), 0)
        yield (
            str(plan.case.capacities.capacity_id[found.capacity[k]]),
            str(plants[found.capacity[k]]) or "–",
            "、".join(_name(plan, code) for code in codes) or "–",
            format_tonnes(mass) if mass else "–",
            "–" if distance == MISSING else format_scaled(distance, M_PER_KM),
            format_scaled(int(found.cost_ucny_per_kg[k]), UCNY_PER_KG_PER_CNY_PER_T),
            str(int(found.rank[k])),
        )


def _name(plan: Plan, code: str) -> str:
    words = reason_words(code, date.fromordinal(plan.case.parameters.as_of_day))
    return f"{words.name_zh} {words.name_en}"
