"""A plan as rows of the database: proposals, unmatched mass with reasons, prices of every limit."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from circularity.acceptance import RULES
from circularity.columns import new_public_id
from circularity.entry_costs import ENTERED, ENTRY_LEVELS
from circularity.units import MISSING
from matching.case import Case
from matching.grant_use import Part
from matching.network import UNREACHED
from matching.plan import Plan
from matching.plan_files import condition_codes
from matching.snapshot import Snapshot

Row = dict[str, Any]


def proposal_rows(snapshot: Snapshot, plan: Plan, parts: list[Part]) -> list[Row]:
    """Return one row per part of a placed pair; a cost part that nobody stated is None."""
    arcs, outputs, capacities = plan.arcs, plan.case.outputs, plan.case.capacities
    cost = arcs.cost_ucny_per_kg
    rows = []
    for part in parts:
        i, j = int(arcs.output[part.arc]), int(arcs.capacity[part.arc])
        rows.append(
            {
                "public_id": new_public_id(),
                "output_id": snapshot.output_keys[str(outputs.output_id[i])],
                "window_id": snapshot.window_keys[str(capacities.capacity_id[j])],
                "grant_id": part.grant,
                "operation": str(capacities.operation[j]),
                "mass_kg": part.mass_kg,
                "distance_m": _known(int(arcs.distance_m[part.arc])),
                **{f"{name}_ucny_per_kg": value for name, value in money(plan.arcs, part.arc).items()},
                "cost_ucny_per_kg": int(cost[part.arc]),
                "conditions": tuple(condition_codes(part.conditions)),
                "earliest": date.fromordinal(part.earliest_day),
                "latest": None if part.latest_day == MISSING else date.fromordinal(part.latest_day),
                "status": "open",
                "superseded_by_run_id": None,
            }
        )
    return rows


def money(arcs: Any, arc: int) -> dict[str, int | None]:
    """Return the cost parts of an arc in µCNY/kg, None where nobody stated one."""
    unknown = {name for name, flags in arcs.unknown.items() if flags[arc]}
    return {name: None if name in unknown else int(column[arc]) for name, column in arcs.components.items()}


def unmatched_rows(snapshot: Snapshot, plan: Plan) -> list[Row]:
    """Return one row per output that keeps mass, with its reason, the nearest miss and the counted rules."""
    reasons, ids = plan.reasons, plan.case.outputs.output_id
    rows = []
    for k, i in enumerate(reasons.output.tolist()):
        nearest = int(reasons.nearest_capacity[k])
        window = str(plan.case.capacities.capacity_id[nearest]) if nearest >= 0 else ""
        name_zh, name_en = snapshot.window_names.get(window, ("", ""))
        counts = plan.arcs.excluded[i]
        rows.append(
            {
                "output_id": snapshot.output_keys[str(ids[i])],
                "mass_kg": int(reasons.mass_kg[k]),
                "reason": str(reasons.reason[k]),
                "nearest_window_id": snapshot.window_keys.get(window),
                "slack": _known(int(reasons.slack[k])),
                "slack_unit": str(reasons.slack_unit[k]),
                "change_zh": _named(str(reasons.change_zh[k]), window, name_zh),
                "change_en": _named(str(reasons.change_en[k]), window, name_en),
                "excluded": {RULES[r].code: int(counts[r]) for r in np.flatnonzero(counts)},
            }
        )
    return rows


def price_rows(snapshot: Snapshot, plan: Plan) -> list[Row]:
    """Return one row per window and per cap with its use and what one more kilogram would do.

    A limit that lots or crossing caps leave without a price has none.
    """
    rows = []
    for node, limit in enumerate(plan.tree.limit_kg.tolist()):
        if node in plan.unpriced:
            continue
        kind, subject, years = _limit_named(snapshot, plan.case, node)
        rows.append(
            {
                "kind": kind,
                "subject_id": subject,
                "years": years,
                "used_kg": int(plan.load_kg[node]),
                "limit_kg": int(limit),
                "placed_per_kg": int(plan.prices.placed_per_kg[node]),
                "saving_ucny_per_kg": int(plan.prices.saving_ucny_per_kg[node]),
            }
        )
    return rows


def entry_cost_rows(snapshot: Snapshot, plan: Plan) -> list[Row]:
    """Return one row per limit at which mass enters: every window, and every quota of a window and origin."""
    costs = plan.entry_costs
    rows = []
    for node in np.flatnonzero(costs[0] < UNREACHED).tolist():
        kind, subject, _ = _limit_named(snapshot, plan.case, node)
        if kind in ENTERED:
            levels = zip(ENTRY_LEVELS, costs[: len(ENTRY_LEVELS), node].tolist(), strict=True)
            rows.append({"kind": kind, "subject_id": subject, **dict(levels)})
    return rows


def _limit_named(snapshot: Snapshot, case: Case, node: int) -> tuple[str, str, str]:
    """Return kind, public id and years of a node of the cap tree."""
    n_capacities = case.shape[1]
    if node < n_capacities:
        return "window", str(case.capacities.capacity_id[node]), ""
    priced = snapshot.caps[case.caps[node - n_capacities].cap_id]
    return priced.kind, priced.subject_id, priced.years


def _known(value: int) -> int | None:
    return None if value == MISSING else value


def _named(sentence: str, window: str, name: str) -> str:
    """Return the sentence with the facility's name where the case could only say an id."""
    return sentence.replace(window, name) if window else sentence
