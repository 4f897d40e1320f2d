"""The optimal plan of one part of a case over all its lawful pairs, with potentials that prove it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.engines.column_generation import either, generate_columns, near_columns
from matching.engines.solve import after_the_cost, solve
from matching.flow.prices import plan_potentials
from matching.pairs.part_pairs import PartPairs
from matching.proof.dual_bound import LevelBound
from matching.proof.reduced_signs import first_signs


@dataclass(frozen=True)
class PartSolution:
    """Mass in kg on some pairs (`rows` of all, sorted; the others carry none), and one potential per level.

    `potentials` has shape (levels, outputs + nodes + 1), counted as in the part's problems. Where lots or
    crossing caps bind, `bounds` may prove what potentials cannot: one per level.
    """

    rows: IntArray
    mass_kg: IntArray
    potentials: IntArray
    engines: tuple[str, ...]
    bounds: tuple[LevelBound, ...] = ()


def solve_part(pairs: PartPairs, engine: str, *, near: IntArray | None = None) -> PartSolution:
    """Return the optimal plan of a part; the search begins at the potentials `near` it where there are any.

    Raises ValueError for an unknown engine, OverflowError where numbers leave 64 bits and NotProvenError
    where an engine finds no optimum.
    """
    columns = generate_columns(pairs, engine, near)
    rows = columns.rows
    solution = after_the_cost(pairs.problem(rows), columns.flow_kg, columns.reduced, engine)
    mass = solution.mass_kg
    while True:
        try:
            potentials = plan_potentials(pairs.problem(rows), mass)
        except ArithmeticError:
            # the weights were too small to keep the levels apart: solve these pairs strictly
            solution = solve(pairs.problem(rows), engine)
            mass = solution.mass_kg
            continue
        more = _deciding(pairs, rows, potentials)
        if not more.size:
            return PartSolution(rows, mass, potentials, solution.engines)
        rows, mass = _widened(rows, mass, more)


def proven(pairs: PartPairs, solution: PartSolution) -> PartSolution:
    """Return a plan of a part with the potentials that all its lawful pairs imply.

    The solution's own potentials are taken for a hint. Raises ArithmeticError when the plan is not optimal.
    """
    rows, mass = solution.rows, solution.mass_kg
    more = near_columns(pairs, solution.potentials)
    while True:
        rows, mass = _widened(rows, mass, more)
        potentials = plan_potentials(pairs.problem(rows), mass)
        more = _deciding(pairs, rows, potentials)
        if not more.size:
            return PartSolution(rows, mass, potentials, solution.engines)


def _widened(rows: IntArray, mass_kg: IntArray, more: IntArray) -> tuple[IntArray, IntArray]:
    """Return the rows with more of them, and the masses on all."""
    every = either(rows, more)
    mass = np.zeros(len(every), dtype=np.int64)
    mass[np.searchsorted(every, rows)] = mass_kg
    return every, mass


def _deciding(pairs: PartPairs, rows: IntArray, potentials: IntArray) -> IntArray:
    """Return the pairs outside `rows` that would improve the plan or, at a reduced cost of zero, equal it."""
    if len(rows) == len(pairs):
        return rows[:0]
    found = [
        block.start + np.flatnonzero(first_signs(problem, potentials) <= 0)
        for block, problem in pairs.blocks()
    ]
    return np.setdiff1d(np.concatenate(found), rows, assume_unique=True)
