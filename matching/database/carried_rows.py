"""What of a plan's rows is as in the plan before it: only the rest has to be told, compared and stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.database.snapshot import Snapshot
from matching.plans.plan import Plan
from matching.plans.rematch import Matched


@dataclass(frozen=True)
class Carried:
    """Outputs (rows of the case) and limits (nodes of its tree) of which all is said as before.

    `gone` are the keys of outputs that are in the case no more. Without `limits` receivers may have changed,
    so that everything is told of windows and limits.
    """

    outputs: IntArray
    gone: frozenset[int]
    limits: IntArray | None


def carried_over(
    before: Snapshot, was: Matched, after: Snapshot, now: Matched, *, same_receivers: bool
) -> Carried | None:
    """Return what a warm plan says as the one before; None where grants have changed, which outputs share."""
    if before.grants != after.grants:
        return None
    left = before.output_keys.keys() - after.output_keys.keys()
    return Carried(
        outputs=now.carried,
        gone=frozenset(before.output_keys[name] for name in left),
        limits=_unchanged_limits(was.plan, now.plan) if same_receivers else None,
    )


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
