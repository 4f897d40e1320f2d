"""Pairs in the order in which a kilogram prefers them: the levels of the problem, the tie included."""

from __future__ import annotations

import numpy as np

from circularity.units import IntArray
from matching.case import Case
from matching.flow.problem import COST_LEVEL, tie_hashes
from matching.pairs.coefficients import LevelCoefficients
from matching.pairs.lawful_pairs import LawfulPairs


def changes_of(coefficients: LevelCoefficients, pairs: LawfulPairs) -> IntArray:
    """Return what a kilogram on a pair adds to the minimised levels, shape (levels up to the cost, pairs)."""
    up_to_the_cost = coefficients.before_the_tie(pairs)[: COST_LEVEL + 1]
    return np.stack(up_to_the_cost).astype(np.int64, copy=False)


def best_first(case: Case, pairs: LawfulPairs, changes: IntArray, limit: int) -> IntArray:
    """Return the positions of the best `limit` pairs, best first; `changes` as `changes_of` gives them.

    Ids are hashed only of pairs that may be among the best, because hashing all costs more than the rest.
    """
    order = np.lexsort(changes[::-1])
    if len(order) > limit:
        equal = (changes[:, order] == changes[:, order[limit - 1 : limit]]).all(axis=0)
        order = order[: int(np.flatnonzero(equal)[-1]) + 1]
    ties = tie_hashes(
        case.outputs.output_id[pairs.output[order]].tolist(),
        case.capacities.capacity_id[pairs.capacity[order]].tolist(),
    )
    exact = np.lexsort((ties, *changes[::-1, order]))
    best: IntArray = order[exact[:limit]]
    return best
