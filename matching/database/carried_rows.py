"""What of a plan's rows is as in the plan before it: only the rest has to be told, compared and stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.database.snapshot import Snapshot
from matching.plans.plan import Plan
from matching.plans.rematch import Matched


@dataclass(frozen=True)
class Carried:
    """Outputs (rows of the case) and limits (nodes of its tree) of which all is said as before.

    Of the outputs, the parts of the `untouched` were not matched anew, those of the `alike` were. `gone` are
    the keys of outputs that are in the case no more. Without `limits` receivers may have changed, so that
    everything is told of windows and limits.
    """

    untouched: IntArray
    alike: IntArray
    gone: frozenset[int]
    limits: IntArray | None


def carried_over(
    before: Snapshot, was: Matched, after: Snapshot, now: Matched, *, moved: Collection[str] | None
) -> Carried | None:
    """Return what a warm plan says as the one before; None where grants have changed, which outputs share.

    `moved` are the ids of the outputs that may have come, gone or changed, where nothing else has changed;
    None where anything may have.
    """
    if before.grants != after.grants:
        return None
    left = before.output_keys.keys() - after.output_keys.keys()
    return Carried(
        untouched=now.carried,
        alike=np.empty(0, dtype=np.int64) if moved is None else _alike(was.plan, now.plan, moved),
        gone=frozenset(before.output_keys[name] for name in left),
        limits=None if moved is None else _unchanged_limits(was.plan, now.plan),
    )


def _alike(was: Plan, now: Plan, moved: Collection[str]) -> IntArray:
    """Return the outputs that have not moved, and whose whole mass is on the pairs that carried it before.

    What a pair says follows from its output, its capacity, its mass and its conditions: a rule that another
    output's data lets be asked adds one. What an output keeps has reasons, which follow from the whole plan.
    """
    n_capacities = now.case.shape[1]
    stay = [_staying(plan, moved) for plan in (was, now)]
    pairs, masses, conditions = [], [], []
    for plan, stays in zip((was, now), stay, strict=True):
        here = stays[plan.arcs.output]
        place = np.cumsum(stays) - 1
        pairs.append(place[plan.arcs.output[here]] * n_capacities + plan.arcs.capacity[here])
        masses.append(plan.mass_kg[here])
        conditions.append(plan.arcs.conditions[here])
    said = np.stack([np.concatenate(columns) for columns in (pairs, masses, conditions)])
    pair, order = said[0], np.argsort(said[0], kind="stable")
    twice = ~np.diff(said[:, order], axis=1).any(axis=0)
    differs = np.ones(len(pair), dtype=bool)
    differs[order[:-1][twice]] = differs[order[1:][twice]] = False
    changed = (was.unmatched_kg[stay[0]] > 0) | (now.unmatched_kg[stay[1]] > 0)
    changed[pair[differs] // n_capacities] = True
    return np.flatnonzero(stay[1])[~changed]


def _staying(plan: Plan, moved: Collection[str]) -> npt.NDArray[np.bool_]:
    """Say which outputs of a plan's case have not moved; two cases have the same of them, in one order."""
    ids, names = plan.case.outputs.output_id, np.array(sorted(moved), dtype=np.str_)
    first, after = (np.searchsorted(ids, names, side=side) for side in ("left", "right"))
    stays = np.ones(len(ids), dtype=bool)
    stays[first[first < after]] = False
    return stays


def _unchanged_limits(was: Plan, now: Plan) -> IntArray:
    """Return the nodes of equal trees where use, limit and prices are what they were."""
    if was.unpriced != now.unpriced:
        return np.empty(0, dtype=np.int64)
    before, after = (
        np.vstack(
            [
                plan.load_kg,
                plan.tree.limit_kg,
                plan.prices.placed_per_kg,
                plan.prices.saving_ucny_per_kg,
                plan.entry_costs,
            ]
        )
        for plan in (was, now)
    )
    return np.flatnonzero((before == after).all(axis=0))
