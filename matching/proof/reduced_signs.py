"""The sign of every pair's vector of reduced costs, its levels packed into as few integers as hold them."""

from __future__ import annotations

import numpy as np

from circularity.units import IntArray
from matching.flow.problem import TIE_LEVEL, Coefficients, Problem
from matching.flow.radix import grouped, largest


def first_signs(problem: Problem, potentials: IntArray) -> IntArray:
    """Return the sign of each pair's first level with a reduced cost other than zero."""
    sign = np.zeros(len(problem.arc_output), dtype=np.int64)
    undecided, level = np.arange(len(sign)), 0
    reaches = map(_reach, problem.coefficients, potentials)
    for radix in grouped(reaches):
        levels = slice(level, level + len(radix.reach))
        coefficient = radix.key([each[undecided] for each in problem.coefficients[levels]])
        reduced = coefficient + _across(problem, radix.key(list(potentials[levels])), undecided)
        sign[undecided] = np.sign(reduced)
        undecided, level = undecided[reduced == 0], levels.stop
    tie = problem.coefficient(TIE_LEVEL, undecided) + _across(problem, potentials[TIE_LEVEL], undecided)
    sign[undecided] = np.sign(tie)
    return sign


def _reach(coefficients: Coefficients, potential: IntArray) -> int:
    """Return how large a reduced cost of a level can be."""
    return largest(coefficients) + 2 * largest(potential)


def _across(problem: Problem, potential: IntArray, arcs: IntArray) -> IntArray:
    """Return by how much the potential falls from each arc's output to where it enters the limits."""
    entry = potential[len(problem.supply_kg) :]
    across: IntArray = potential[problem.arc_output[arcs]] - entry[problem.arc_entry[arcs]]
    return across
