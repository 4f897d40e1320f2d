"""A level as a linear program over pairs and limits, and the programs that answer it.

Solvers are OR-Tools' own (GLOP) or bundled with it (SCIP): a second build of HiGHS in one process would clash
with the bundled one. Whatever they answer is a hint in floats; nothing here is proof.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.linear_solver.python import model_builder_helper
from scipy.sparse import coo_array, csr_array, csr_matrix

from matching.flow.problem import Problem
from matching.flow.side_constraints import SideConstraints, usable_limit_kg
from matching.proof.dual_bound import largest

FloatArray = npt.NDArray[np.float64]

EXACT_MIP = "limits/gap = 0\nlimits/absgap = 0\n"


@dataclass(frozen=True)
class LinearModel:
    """Least cost over rows lower <= A x <= upper and 0 <= x <= most.

    Columns: pairs, flows out of limits, and from `first_whole` on such that must be whole numbers. Rows:
    outputs, limits, crossing caps, earlier levels, each divided by `row_scale`; the cost by `cost_scale`.
    """

    matrix: csr_array
    lower: FloatArray
    upper: FloatArray
    row_scale: FloatArray
    cost: FloatArray
    cost_scale: float
    most: FloatArray
    first_whole: int | None = None


def linear_model(problem: Problem, side: SideConstraints, level: int, sums: Sequence[int]) -> LinearModel:
    """Return the level's linear program, lots left out."""
    n_outputs, n_tree, n_arcs = len(problem.supply_kg), len(problem.tree.parent), len(problem.arc_output)
    arcs, nodes = np.arange(n_arcs), np.arange(n_tree)
    inner = np.flatnonzero(problem.tree.parent >= 0)
    rows = [problem.arc_output, n_outputs + problem.arc_entry, n_outputs + nodes,
            n_outputs + problem.tree.parent[inner]]  # fmt: skip
    columns = [arcs, arcs, n_arcs + nodes, n_arcs + inner]
    values = [np.ones(n_arcs), np.ones(n_arcs), -np.ones(n_tree), np.ones(len(inner))]
    first = n_outputs + n_tree
    for k, cap in enumerate(side.caps):
        rows.append(np.full(len(cap.arcs), first + k))
        columns.append(cap.arcs)
        values.append(np.ones(len(cap.arcs)))
    first += len(side.caps)
    for k in range(level):
        rows.append(np.full(n_arcs, first + k))
        columns.append(arcs)
        values.append(problem.coefficient(k, arcs).astype(np.float64))
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array(entries, shape=(first + level, n_arcs + n_tree)).tocsr()
    scale = np.maximum(abs(matrix).max(axis=1).toarray().ravel(), 1.0)
    free = np.full(len(scale), -math.inf)
    free[n_outputs : n_outputs + n_tree] = 0.0
    upper = [problem.supply_kg, np.zeros(n_tree), [cap.limit_kg for cap in side.caps], list(sums[:level])]
    total_kg = int(problem.supply_kg.sum())
    cost = problem.coefficient(level, arcs)
    return LinearModel(
        matrix=csr_array(matrix.multiply(1 / scale[:, None])),
        lower=free,
        upper=np.concatenate([np.asarray(part, dtype=np.float64) for part in upper]) / scale,
        row_scale=scale,
        cost=np.concatenate([cost / max(1, largest(cost)), np.zeros(n_tree)]),
        cost_scale=float(max(1, largest(cost))),
        most=np.concatenate(
            [usable_limit_kg(problem, side), np.minimum(problem.tree.limit_kg, total_kg)]
        ).astype(np.float64),
    )


@dataclass(frozen=True)
class Answer:
    """What a solver says: the columns' values, each row's dual, and its bound on the cost, all unscaled."""

    values: FloatArray
    duals: FloatArray | None
    bound: float


def answer(model: LinearModel, limit_s: float) -> Answer | None:
    """Return GLOP's optimum, or with whole columns the best that SCIP finds; None where there is nothing."""
    builder: Any = model_builder_helper.ModelBuilderHelper()
    builder.fill_model_from_sparse_data(
        np.zeros(len(model.most)), model.most, model.cost, model.lower, model.upper, csr_matrix(model.matrix)
    )
    whole = model.first_whole is not None
    for column in range(model.first_whole or 0, len(model.most) if whole else 0):
        builder.set_var_integrality(column, True)
    solver = model_builder_helper.ModelSolverHelper("scip" if whole else "glop")
    solver.set_time_limit_in_seconds(max(limit_s, 0.1))
    if whole:
        solver.set_solver_specific_parameters(EXACT_MIP)
    solver.solve(builder)
    if not (solver.has_solution() if whole else solver.status() == model_builder_helper.SolveStatus.OPTIMAL):
        return None
    duals = None if whole else np.asarray(solver.dual_values()) * model.cost_scale / model.row_scale
    bound = float(solver.best_objective_bound()) * model.cost_scale
    return Answer(np.asarray(solver.variable_values()), duals, bound)
