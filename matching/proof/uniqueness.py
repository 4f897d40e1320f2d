"""Whether an optimal plan is the only one: its residual network has no cycle of reduced cost zero.

Moving kilograms round such a cycle would change no level, the tie included. Arcs that can carry more and less
are joined first: one that closes a ring of them is a cycle already. What is left leads one way; a cycle is
then a strongly connected set, or an arc from a joined set into itself.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circularity.units import IntArray
from matching.flow.problem import Problem
from matching.proof.optimality import arc_groups, first_sign
from matching.proof.reduced_signs import first_signs


def is_unique(problem: Problem, mass_kg: IntArray, potentials: IntArray) -> bool:
    """Say whether no other plan over these pairs is as good on every level, the tie included.

    `potentials` prove the plan optimal.
    """
    unmatched = problem.supply_kg.copy()
    np.subtract.at(unmatched, problem.arc_output, mass_kg)
    tails, heads, both = [], [], []
    for arcs in arc_groups(problem, mass_kg, unmatched):
        if arcs.priced:
            tied = np.flatnonzero(first_signs(problem, potentials) == 0)
        else:
            _, tied = first_sign(problem, potentials, arcs)
        more = arcs.flow_kg[tied] < np.minimum(arcs.limit_kg[tied], int(problem.supply_kg.sum()) + 1)
        less = arcs.flow_kg[tied] > 0
        open_arcs = more | less
        forward = more[open_arcs]
        tail, head = arcs.tail[tied][open_arcs], arcs.head[tied][open_arcs]
        tails.append(np.where(forward, tail, head))
        heads.append(np.where(forward, head, tail))
        both.append((more & less)[open_arcs])
    return not _has_cycle(np.concatenate(tails), np.concatenate(heads), np.concatenate(both))


def _has_cycle(tail: IntArray, head: IntArray, both: IntArray) -> bool:
    """Say whether arcs, some of which lead both ways, hold a cycle that uses no arc twice."""
    size = int(max(tail.max(initial=0), head.max(initial=0))) + 1
    count, found = connected_components(_graph(tail[both], head[both], size), directed=False)
    label = found.astype(np.int64)
    if np.count_nonzero(both) > size - count:
        return True
    from_set, to_set = label[tail[~both]], label[head[~both]]
    if np.any(from_set == to_set):
        return True
    sets, _ = connected_components(_graph(from_set, to_set, count), directed=True, connection="strong")
    return bool(sets < count)


def _graph(tail: IntArray, head: IntArray, size: int) -> coo_array:
    # parallel arcs add up: eight bits could come round to nothing
    return coo_array((np.ones(len(tail), dtype=np.int64), (tail, head)), shape=(size, size))
