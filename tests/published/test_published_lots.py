"""Published single-source problems as lots that must not be split: cost and bound of a second solver.

Opening costs are zero, so a customer is a lot and a facility an outlet, and what is left is a generalised
assignment. The second solver is scipy's build of HiGHS; its assignment is added up in integers.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from builders import AS_OF
from published_instances import instance, numbers, transportation_case
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from matching.case import Case
from matching.case_format.files import read_case, write_case
from matching.flow.problem import COST_LEVEL, Problem
from matching.pairs.parts import build_problem
from matching.plans.plan import Plan, make_plan

FEW = [("sscflp_holmberg", p) for p in ("p1", "p7", "p12", "p41", "p49")]
FEW += [("sscflp_delmaire", p) for p in ("p1", "p5", "p9")]
MANY = [("sscflp_holmberg", f"p{k}") for k in (*range(1, 13), *range(41, 50))]
MANY += [("sscflp_delmaire", f"p{k}") for k in range(1, 10)]
CHOSEN = MANY if os.environ.get("CIRC_ALL_PUBLISHED") else FEW
"""Set CIRC_ALL_PUBLISHED to solve all that are here."""

CFLP = ["cap41", "cap51", "cap71"]


class SecondSolver:
    """A problem of whole lots as shares of 0 or 1 per pair; masses in tonnes, money in CNY."""

    def __init__(self, problem: Problem) -> None:
        arcs, n_outputs = np.arange(len(problem.arc_output)), len(problem.supply_kg)
        self.lot_kg = problem.supply_kg[problem.arc_output]
        self.cost_ucny_per_kg = problem.coefficient(COST_LEVEL, arcs)
        room_kg = problem.tree.limit_kg
        entries = np.concatenate([np.ones(len(arcs)), self.lot_kg / 1e3])
        rows = np.concatenate([problem.arc_output, problem.arc_entry + n_outputs])
        shape = (n_outputs + len(room_kg), len(arcs))
        self.matrix = csr_array(coo_array((entries, (rows, np.tile(arcs, 2))), shape=shape))
        self.most = np.concatenate([np.ones(n_outputs), room_kg / 1e3])
        # a lot that is larger than the outlet never goes there, in a share of it neither
        self.bounds = Bounds(0, (self.lot_kg <= room_kg[problem.arc_entry]).astype(float))

    def least(self, objective: np.ndarray, placed_t: float, *, whole: bool) -> tuple[float, np.ndarray]:
        """Return the least objective with at least so much placed, and the shares."""
        rows = LinearConstraint(self.matrix, -np.inf, self.most)
        enough = LinearConstraint((self.lot_kg / 1e3)[None, :], placed_t, np.inf)
        found = milp(
            objective, integrality=np.full(len(objective), int(whole)), bounds=self.bounds,
            constraints=[rows, enough], options={"mip_rel_gap": 0},
        )  # fmt: skip
        assert found.status == 0, found.message
        return float(found.fun), found.x

    def total(self, shares: np.ndarray, per_kg: np.ndarray) -> int:
        """Return the exact sum over the lots that are placed."""
        chosen = np.flatnonzero(shares > 0.5)
        return sum(
            kg * each for kg, each in zip(self.lot_kg[chosen].tolist(), per_kg[chosen].tolist(), strict=True)
        )


def assert_agrees(case: Case) -> Plan:
    """Compare mass, cost and the bounds on both; each solver proves its optimum by its own lights."""
    plan = make_plan(case)
    second = SecondSolver(build_problem(case))
    levels = {level.name: level for level in plan.levels}
    ones = np.ones(len(second.lot_kg), dtype=np.int64)
    most_t, _ = second.least(-second.lot_kg / 1e3, 0.0, whole=False)
    placed = second.total(second.least(-second.lot_kg / 1e3, 0.0, whole=True)[1], ones)
    assert levels["placed_kg"].value == plan.mass_kg.sum() == placed
    assert levels["placed_kg"].bound == pytest.approx(-most_t * 1e3, rel=1e-9)
    assert np.all(plan.mass_kg == case.outputs.mass_kg[plan.arcs.output]), "a lot was split"
    money = second.lot_kg * second.cost_ucny_per_kg / 1e6
    relaxed, _ = second.least(money, placed / 1e3, whole=False)
    cost = second.total(second.least(money, placed / 1e3, whole=True)[1], second.cost_ucny_per_kg)
    assert levels["cost"].value == cost
    assert levels["cost"].bound == pytest.approx(relaxed * 1e6, rel=1e-9)
    assert levels["cost"].bound <= cost
    return plan


@pytest.mark.parametrize(("collection", "name"), CHOSEN)
def test_single_source_instances_as_lots_that_must_not_be_split(
    collection: str, name: str, tmp_path: Path
) -> None:
    """Through a folder of the public case format."""
    values = numbers(instance(f"{collection}/{name}.txt"))
    m, n = int(values[0]), int(values[1])
    capacities, demand = values[2 : 2 + m], np.array(values[2 + 2 * m : 2 + 2 * m + n])
    cost = np.array(values[2 + 2 * m + n :]).reshape(m, n).T
    built = transportation_case(demand, capacities, cost / demand[:, None], whole=True)
    write_case(built, tmp_path / "case")
    read = read_case(tmp_path / "case", friendly=False, only_lanes=True, as_of=AS_OF).case
    assert read.digest() == built.digest()
    plan = assert_agrees(read)
    assert plan.unmatched_kg.sum() == 0


@pytest.mark.parametrize("name", CFLP)
def test_or_library_warehouses_whose_customers_must_not_be_split(name: str) -> None:
    """Some customers are larger than every warehouse: they stay, and say why."""
    values = numbers(instance(f"orlib_cflp/{name}.txt"))
    m, n = int(values[0]), int(values[1])
    table = np.array(values[2 + 2 * m :]).reshape(n, m + 1)
    case = transportation_case(
        table[:, 0], values[2 : 2 + 2 * m : 2], table[:, 1:] / table[:, :1], whole=True
    )
    plan = assert_agrees(case)
    assert set(plan.reasons.reason.tolist()) <= {"lot", "capacity"}
