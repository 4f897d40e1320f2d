"""The candidates that the checker finds to improve a plan, compared with vectors of exact integers."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from builders import ANHUI, JIANGSU, SHANGHAI, ZHEJIANG, capacity, case, output

from circularity.units import IntArray
from matching.flow.problem import COST_LEVEL, LEVELS, Problem
from matching.flow.radix import grouped, largest
from matching.pairs.parts import build_problem, prepare, whole
from matching.proof.optimality import Claim, candidate_faults

PLACES = [SHANGHAI, JIANGSU, ZHEJIANG, ANHUI]
BASES = (2**10, 2**20, 2**59)
"""Potentials near these: four levels of them fit one integer, two, or none fits with another."""


def tied_potentials(dice: Random, problem: Problem, base: int) -> IntArray:
    """Potentials under which many pairs are zero on one level after the other, or nearly.

    Some outputs stand far from all limits on a level, so that what goes before must not be outweighed.
    """
    n_outputs = len(problem.supply_kg)
    n_nodes = len(problem.tree.parent) + 1
    potentials = np.full((len(LEVELS), n_outputs + n_nodes), base, dtype=np.int64)
    for level, of_level in enumerate(potentials):
        own = problem.coefficient(level, np.arange(len(problem.arc_output)))
        for output_row in range(n_outputs):
            arc = dice.choice(np.flatnonzero(problem.arc_output == output_row).tolist())
            near = -int(own[arc]) + dice.choice([0, 0, 0, 0, 1, -1])
            of_level[output_row] = near + dice.choice([base] * 4 + [-base])
    return potentials


def improving(problem: Problem, potentials: IntArray) -> set[str]:
    """The pairs whose vector of reduced costs is below zero, by tuples of integers."""
    arcs = np.arange(len(problem.arc_output))
    own = [problem.coefficient(level, arcs).tolist() for level in range(len(LEVELS))]
    tail, head = problem.arc_output.tolist(), (problem.arc_entry + len(problem.supply_kg)).tolist()
    found = set()
    for arc in arcs.tolist():
        vector = [
            own[k][arc] + of_level[tail[arc]] - of_level[head[arc]]
            for k, of_level in enumerate(potentials.tolist())
        ]
        if vector < [0] * len(vector):
            names = problem.output_ids[tail[arc]], problem.capacity_ids[problem.arc_capacity[arc]]
            found.add("pair {} to {} could be improved".format(*names))
    return found


@pytest.mark.parametrize("base", BASES)
def test_what_improves_is_found_on_whatever_level_it_first_shows(base: int) -> None:
    dice, met = Random(base), set()
    for _ in range(40):
        built = case(
            [
                output(f"O{k}", 5, place=dice.choice(PLACES), price_cny_per_t=dice.choice([None, 30]))
                for k in range(3)
            ],
            [
                capacity(f"C{k}", 5, operation=dice.choice(["C2", "D1"]), place=dice.choice(PLACES))
                for k in range(3)
            ],
        )
        part, problem = whole(prepare(built)), build_problem(built)
        assert len(problem.arc_output) == 9
        potentials = tied_potentials(dice, problem, base)
        nothing = np.empty(0, dtype=np.int64)
        claim = Claim(nothing, nothing, nothing, problem.supply_kg, (), potentials)
        for levels in (2, COST_LEVEL, len(LEVELS)):
            expected = improving(problem, potentials[:levels])
            assert set(candidate_faults(part, claim, potentials[:levels])) == expected
            met.add(len(expected))
    assert len(met) > 3, "hardly any two verdicts differ"


def test_these_levels_fit_one_integer_or_two_or_none_fits_with_another() -> None:
    groups = [len(grouped([1 + 2 * largest(np.array([base]))] * COST_LEVEL)) for base in BASES]
    assert groups == [1, 2, 4]
