"""Where each output goes, the heaviest first, as a table for a terminal; `plan.csv` holds all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from circularity.acceptance import WORDS
from circularity.catalogue import regions
from circularity.catalogue.waste_types import find
from circularity.units import M_PER_KM, MISSING, format_scaled, format_tonnes
from matching.plans.files import condition_codes
from matching.plans.plan import Plan
from web.cli.text_table import text_table

SHOWN = 20
"""A ledger of one plant fits; of more, the heaviest are shown."""

HEADER = (
    "批次 · output",
    "废物 · waste",
    "去处 · capacity",
    "单位 · plant",
    "地区 · region",
    "t",
    "km",
    "先办手续 · first",
)


def placement_lines(plan: Plan) -> list[str]:
    """Return a title and the placements by mass, the heaviest first; nothing where nothing is placed."""
    placed = np.flatnonzero(plan.mass_kg > 0)
    order = placed[np.argsort(-plan.mass_kg[placed], kind="stable")].tolist()
    if not order:
        return []
    more = [f"  … {len(order) - SHOWN} more: plan.csv"] if len(order) > SHOWN else []
    rows = [_row(plan, arc) for arc in order[:SHOWN]]
    return ["", "去向 · where it goes", *text_table(HEADER, rows, left=5), *more]


def _row(plan: Plan, arc: int) -> tuple[str, ...]:
    case, arcs = plan.case, plan.arcs
    output, capacity = int(arcs.output[arc]), int(arcs.capacity[arc])
    plant = int(case.capacities.facility[capacity])
    distance_m = int(arcs.distance_m[arc])
    waste = find(str(case.outputs.waste_code[output]), date.fromordinal(case.parameters.as_of_day))
    return (
        str(case.outputs.output_id[output]),
        waste.name_zh,
        str(case.capacities.capacity_id[capacity]),
        str(case.facilities.organisation[plant]) or "–",
        _region(str(case.facilities.region_code[plant])),
        format_tonnes(int(plan.mass_kg[arc])),
        "–" if distance_m == MISSING else format_scaled(distance_m, M_PER_KM),
        "、".join(_named(int(arcs.conditions[arc]))) or "–",
    )


def _region(code: str) -> str:
    """Return a region's name, its code where the catalogue does not know it."""
    try:
        return regions.get(code.ljust(6, "0")).name_zh if code else "–"
    except regions.UnknownRegion:
        return code


def _named(conditions: int) -> Iterator[str]:
    return (WORDS[code].name_zh for code in condition_codes(conditions))
