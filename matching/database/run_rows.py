"""A plan as rows of the database: proposals, unmatched mass with reasons, prices of every limit, windows.

The rows of a table are values by key, so that those of two plans can be compared; `LAYOUTS` names columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from circularity.acceptance import RULES
from circularity.runs.capacity_prices import CapacityPrice
from circularity.runs.changes import MatchedWindow
from circularity.runs.entry_costs import ENTERED, ENTRY_LEVELS, EntryCost
from circularity.runs.stored import Proposal, Unmatched
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.database.snapshot import Snapshot
from matching.flow.network import UNREACHED
from matching.pairs.arcs import Arcs
from matching.pairs.grant_use import Part
from matching.plans.files import condition_codes
from matching.plans.plan import Plan

Key = tuple[Any, ...]
Rows = dict[Key, tuple[Any, ...]]
"""The rows of one table: values by key, both in the order of its layout."""

Limit = tuple[str, str, str]
"""Kind, public id and years of what a limit belongs to."""

MONEY = ("transport", "gate_fee", "price", "carbon")
MASS_AT, COST_AT, CONDITIONS_AT = 1, 7, 8
"""Where a proposal's values hold its mass, its cost and its conditions."""

KEPT_AT = 0
"""Where the values of what an output keeps hold its mass."""


@dataclass(frozen=True)
class Layout:
    """A table whose rows hold from one run until another: what identifies one in force, and what it says.

    `indexed` is a column that names few rows, in force or not, and has an index of its own.
    """

    model: Any
    key: tuple[str, ...]
    values: tuple[str, ...]
    indexed: str = ""

    @property
    def named_by(self) -> tuple[str, ...]:
        """The columns that name a row when it ends."""
        return (self.indexed,) if self.indexed else self.key


LAYOUTS = {
    "proposals": Layout(
        Proposal,
        ("output_id", "window_id", "grant_id"),
        (
            "operation", "mass_kg", "distance_m", *(f"{part}_ucny_per_kg" for part in MONEY),
            "cost_ucny_per_kg", "conditions", "earliest", "latest",
        ),
        indexed="public_id",
    ),
    "unmatched": Layout(
        Unmatched,
        ("output_id",),
        (
            "mass_kg", "reason", "nearest_window_id", "slack", "slack_unit", "change_zh", "change_en",
            "excluded",
        ),
        indexed="output_id",
    ),
    "prices": Layout(
        CapacityPrice,
        ("kind", "subject_id", "years"),
        ("used_kg", "limit_kg", "placed_per_kg", "saving_ucny_per_kg"),
    ),
    "entry_costs": Layout(EntryCost, ("kind", "subject_id"), ENTRY_LEVELS),
    "windows": Layout(MatchedWindow, ("window_id",), ("digest",)),
}  # fmt: skip


def window_keys(snapshot: Snapshot) -> list[int]:
    """Return the keys of the windows, row by row."""
    return [snapshot.window_keys[name] for name in snapshot.case.capacities.capacity_id.tolist()]


def proposal_rows(
    case: Case, arcs: Arcs, parts: list[Part], outputs: Mapping[int, int], windows: Sequence[int]
) -> Rows:
    """Return one row per part of a placed pair; a cost part that nobody stated is None.

    `outputs` and `windows` are their keys by their rows.
    """
    of_arc = np.array([part.arc for part in parts], dtype=np.int64)
    keys = zip(
        [outputs[row] for row in arcs.output[of_arc].tolist()],
        [windows[row] for row in arcs.capacity[of_arc].tolist()],
        [part.grant for part in parts],
        strict=True,
    )
    values = zip(
        case.capacities.operation[arcs.capacity[of_arc]].tolist(),
        [part.mass_kg for part in parts],
        _known(arcs.distance_m[of_arc].tolist()),
        *(_stated(arcs, name, of_arc) for name in MONEY),
        arcs.cost_ucny_per_kg[of_arc].tolist(),
        [_codes(part.conditions) for part in parts],
        [_day(part.earliest_day) for part in parts],
        [_day(part.latest_day) for part in parts],
        strict=True,
    )
    return dict(zip(keys, values, strict=True))


def money(arcs: Arcs, arc: int) -> dict[str, int | None]:
    """Return the cost parts of an arc in µCNY/kg, None where nobody stated one."""
    unknown = {name for name, flags in arcs.unknown.items() if flags[arc]}
    return {name: None if name in unknown else int(column[arc]) for name, column in arcs.components.items()}


def unmatched_rows(snapshot: Snapshot, plan: Plan, left_out: npt.NDArray[np.bool_]) -> Rows:
    """Return one row per output that keeps mass, with its reason, the nearest miss and the counted rules."""
    case, reasons = plan.case, plan.reasons
    kept = ~left_out[reasons.output]
    reasons = replace(reasons, **{f.name: getattr(reasons, f.name)[kept] for f in fields(reasons)})
    outputs = [snapshot.output_keys[name] for name in case.outputs.output_id[reasons.output].tolist()]
    ids = case.capacities.capacity_id
    nearest = [str(ids[j]) if j >= 0 else "" for j in reasons.nearest_capacity.tolist()]
    names = [snapshot.window_names.get(window, ("", "")) for window in nearest]
    values = zip(
        reasons.mass_kg.tolist(),
        reasons.reason.tolist(),
        [snapshot.window_keys.get(window) for window in nearest],
        _known(reasons.slack.tolist()),
        reasons.slack_unit.tolist(),
        map(_named, reasons.change_zh.tolist(), nearest, [zh for zh, _ in names]),
        map(_named, reasons.change_en.tolist(), nearest, [en for _, en in names]),
        _counted(plan.arcs.excluded[reasons.output]),
        strict=True,
    )
    return {(key,): row for key, row in zip(outputs, values, strict=True)}


def price_rows(plan: Plan, limits: Mapping[int, Limit]) -> Rows:
    """Return one row per window and per cap with its use and what one more kilogram would do.

    `limits` are kind, public id and years of each node that is told. A limit that lots or crossing caps leave
    without a price has none.
    """
    nodes = np.array([node for node in limits if node not in plan.unpriced], dtype=np.int64)
    columns = (plan.load_kg, plan.tree.limit_kg, plan.prices.placed_per_kg, plan.prices.saving_ucny_per_kg)
    values = zip(*(column[nodes].tolist() for column in columns), strict=True)
    return {limits[node]: row for node, row in zip(nodes.tolist(), values, strict=True)}


def entry_cost_rows(plan: Plan, limits: Mapping[int, Limit]) -> Rows:
    """Return one row per limit at which mass enters: every window, and every quota of a window and origin."""
    nodes = np.array([node for node, (kind, _, _) in limits.items() if kind in ENTERED], dtype=np.int64)
    nodes = nodes[plan.entry_costs[0, nodes] < UNREACHED]
    costs = plan.entry_costs[: len(ENTRY_LEVELS), nodes].T.tolist()
    return {limits[node][:2]: tuple(levels) for node, levels in zip(nodes.tolist(), costs, strict=True)}


def limit_named(snapshot: Snapshot, case: Case, node: int) -> Limit:
    """Return kind, public id and years of a node of the cap tree."""
    n_capacities = case.shape[1]
    if node < n_capacities:
        return "window", str(case.capacities.capacity_id[node]), ""
    priced = snapshot.caps[case.caps[node - n_capacities].cap_id]
    return priced.kind, priced.subject_id, priced.years


def _known(values: Iterable[int]) -> list[int | None]:
    return [None if value == MISSING else value for value in values]


def _stated(arcs: Arcs, part: str, of_arc: IntArray) -> list[int | None]:
    values: list[int | None] = arcs.components[part][of_arc].tolist()
    if part in arcs.unknown:
        for place in np.flatnonzero(arcs.unknown[part][of_arc]).tolist():
            values[place] = None
    return values


def _counted(excluded: IntArray) -> list[dict[str, int]]:
    """Return how many capacities each rule excluded first, of every row."""
    found: list[dict[str, int]] = [{} for _ in range(len(excluded))]
    places, rules = np.nonzero(excluded)
    for place, rule, count in zip(
        places.tolist(), rules.tolist(), excluded[places, rules].tolist(), strict=True
    ):
        found[place][RULES[rule].code] = count
    return found


@lru_cache(maxsize=1024)
def _codes(conditions: int) -> tuple[str, ...]:
    return tuple(sorted(condition_codes(conditions)))


@lru_cache(maxsize=4096)
def _day(ordinal: int) -> date | None:
    return None if ordinal == MISSING else date.fromordinal(ordinal)


def _named(sentence: str, window: str, name: str) -> str:
    """Return the sentence with the facility's name where the case could only say an id."""
    return sentence.replace(window, name) if window else sentence
