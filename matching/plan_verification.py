"""Verify a written plan against its case: integrity, then lawfulness, feasibility, value and optimality."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from circularity.units import M_PER_KM, IntArray, NotAQuantity, parse_scaled, parse_tonnes
from matching.arcs import Arcs, find_arcs
from matching.case import Case
from matching.certificate import certificate_digest, potentials_of, sha256_of
from matching.explain import explain_unmatched
from matching.metre_apart import arcs_as_stated, says_the_same
from matching.plan import LevelValue, Plan
from matching.plan_files import PLAN_COLUMNS, UNMATCHED_COLUMNS, canonical_json, plan_tables
from matching.prices import DualPrices, dual_prices
from matching.problem import COST_LEVEL, LEVELS, Problem, build_problem
from matching.room import Room
from matching.summary import summary
from matching.verify import (
    Claim,
    check,
    cost_gap_bound_ucny,
    distance_faults,
    distance_tolerance_m,
    feasibility_faults,
    gap_faults,
    metre_step_ucny_per_kg,
    optimality_faults,
    value_faults,
)
from matching.written_plan import FILES, UnreadablePlanError, Written, case_as_read, read_written_plan, whole

__all__ = ["UnreadablePlanError", "Verification", "verify_written_plan"]

NOT_COMPARED = {"seconds", "versions", "engine", "plan_digest"}
"""Facts of the run, not of the plan: they may differ on another machine."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a written plan: what is wrong with it, and a proven bound on its cost gap.

    The gap is 0 unless this machine computes distances a metre away from those of the writing one; the plan
    then is lawful and right on every level before the cost, and at most `gap_ucny` µCNY from the least cost.
    """

    faults: list[str]
    gap_ucny: int = 0


def verify_written_plan(case_path: Path, directory: Path, *, ignore_digests: bool = False) -> Verification:
    """Return the verdict on a written plan.

    Raises UnreadablePlanError for a folder that is no plan and BadInput for a case that cannot be read.
    """
    written = read_written_plan(directory)
    faults = [] if ignore_digests else integrity_faults(written)
    case = case_as_read(case_path, written.certificate)
    if not ignore_digests and case.digest() != written.certificate["case_digest"]:
        faults.append("the case is not the one this plan was made from")
    return Verification(faults) if faults else content_verification(case, written)


def integrity_faults(written: Written) -> list[str]:
    """Return files whose bytes are not those that the certificate names."""
    digests = written.certificate.get("files", {})
    faults = [
        f"{name} was changed after it was written"
        for name in FILES
        if digests.get(name) != sha256_of(written.files[name])
    ]
    changed = canonical_json(written.certificate) != written.certificate_bytes
    if changed or written.certificate["certificate_digest"] != certificate_digest(written.certificate):
        faults.append("certificate.json was changed after it was written")
    return faults


def content_verification(case: Case, written: Written) -> Verification:
    """Return the verdict on the plan's content, whatever its digests say."""
    arcs = find_arcs(case)
    problem = build_problem(case, arcs)
    try:
        mass, stated_m, faults = _masses(case, arcs, written.files["plan.csv"])
        unmatched = _unmatched(case, written.files["unmatched.csv"])
        potentials = potentials_of(written.certificate)
        levels = tuple(whole(level["value"]) for level in written.certificate["levels"])
    except (KeyError, TypeError, ValueError) as error:
        return Verification([f"the plan's figures cannot be read: {error}"])
    if len(levels) != len(LEVELS):
        return Verification(["the certificate does not name every level"])
    claim = Claim(mass, unmatched, levels, potentials)
    moved_m = max((abs(metres - int(arcs.distance_m[arc])) for arc, metres in stated_m.items()), default=0)
    if not faults and 0 < moved_m <= distance_tolerance_m(case):
        stated = arcs_as_stated(case, arcs, stated_m)
        return _verification_with_gap(case, arcs, stated, problem, claim, written)
    faults += check(case, arcs, problem, claim)
    return Verification(faults or _presentation_faults(case, arcs, problem, claim, written))


def _verification_with_gap(
    case: Case, arcs: Arcs, stated: Arcs, problem: Problem, claim: Claim, written: Written
) -> Verification:
    """Judge a plan whose distances differ by a metre: all but the cost holds exactly, and that nearly.

    `stated` has the distances that the plan states: its rows must say what follows from these, and no more.
    """
    faults = (
        feasibility_faults(problem, claim)
        or value_faults(problem, claim, but=(COST_LEVEL,))
        + distance_faults(case, arcs, claim.mass_kg)
        + optimality_faults(problem, claim, COST_LEVEL)
        or gap_faults(case, problem, claim)
        or _presentation_faults(case, arcs, problem, claim, written, stated)
    )
    return Verification(faults, 0 if faults else cost_gap_bound_ucny(problem, claim))


def _masses(case: Case, arcs: Arcs, content: bytes) -> tuple[IntArray, dict[int, int], list[str]]:
    """Return the kg per arc that plan.csv states, the metres it states by arc, and its rows on pairs that
    are no lawful arc."""
    n_capacities = case.shape[1]
    keys = arcs.output * n_capacities + arcs.capacity
    mass = np.zeros(len(keys), dtype=np.int64)
    faults, stated_m = [], {}
    for row in _rows(content, PLAN_COLUMNS):
        i = _place(case.outputs.output_id, row["output_id"])
        j = _place(case.capacities.capacity_id, row["capacity_id"])
        arc = int(np.searchsorted(keys, i * n_capacities + j)) if i >= 0 and j >= 0 else len(keys)
        if arc == len(keys) or keys[arc] != i * n_capacities + j:
            faults.append(f"{row['output_id']} to {row['capacity_id']} is no lawful pair of the case")
        elif mass[arc]:
            faults.append(f"{row['output_id']} to {row['capacity_id']} stands twice in plan.csv")
        else:
            mass[arc] = _mass(row["mass_t"])
            if row["distance_km"]:
                stated_m[arc] = parse_scaled(row["distance_km"], M_PER_KM)
    return mass, stated_m, faults


def _unmatched(case: Case, content: bytes) -> IntArray:
    unmatched = np.zeros(case.shape[0], dtype=np.int64)
    for row in _rows(content, UNMATCHED_COLUMNS):
        i = _place(case.outputs.output_id, row["output_id"])
        if i < 0:
            raise ValueError(f"unmatched.csv names {row['output_id']}, which the case does not")
        unmatched[i] += _mass(row["mass_t"])
    return unmatched


def _presentation_faults(
    case: Case, arcs: Arcs, problem: Problem, claim: Claim, written: Written, stated: Arcs | None = None
) -> list[str]:
    """Return files that say something else than the verified plan: distances, money, reasons, prices.

    `stated` are the arcs with the plan's own distances where these are a metre from those of `arcs`. Reasons
    compare distances with each other and follow from `arcs`, where all were computed alike.
    """
    a_metre_apart, told = stated is not None, stated or arcs
    values = zip(LEVELS, claim.levels, strict=True)
    prices, tolerance_ucny = _prices(case, problem, claim, a_metre_apart=a_metre_apart)
    plan = Plan(
        case=case,
        arcs=told,
        problem=problem,
        mass_kg=claim.mass_kg,
        unmatched_kg=claim.unmatched_kg,
        levels=tuple(LevelValue(level.name, value, level.unit, value) for level, value in values),
        prices=prices,
        reasons=explain_unmatched(case, arcs, claim.unmatched_kg, Room.left_by(problem, claim.mass_kg)),
        engine="",
    )
    faults = [
        f"{name} does not say what the case and the plan imply"
        for name, content in plan_tables(plan).items()
        if content != written.files[name]
        and not (a_metre_apart and says_the_same(name, written.files[name], content, tolerance_ucny))
    ]
    used = np.flatnonzero(claim.mass_kg)
    unit_costs = told.cost_ucny_per_kg[used].tolist()
    cost = sum(kg * each for kg, each in zip(claim.mass_kg[used].tolist(), unit_costs, strict=True))
    if cost != claim.levels[COST_LEVEL]:
        faults.append(f"level cost is {cost} by the plan's own distances, not {claim.levels[COST_LEVEL]}")
    levels = [{"name": v.name, "value": v.value, "bound": v.bound} for v in plan.levels]
    if written.certificate["levels"] != levels or written.certificate.get("gap") != 0:
        faults.append("certificate.json states other levels, bounds or another gap")
    return faults + _summary_faults(written.files["summary.json"], summary(plan))


def _prices(
    case: Case, problem: Problem, claim: Claim, *, a_metre_apart: bool
) -> tuple[DualPrices, int | None]:
    """Return the prices here and by how many µCNY/kg others may differ; None where no price follows.

    A price is the cost of a path, which leaves each output at most once and enters it at most once.
    """
    try:
        tolerance = 2 * len(problem.supply_kg) * metre_step_ucny_per_kg(case)
        return dual_prices(problem, claim.mass_kg), tolerance
    except ArithmeticError:
        if not a_metre_apart:
            raise
    nothing = np.zeros((COST_LEVEL + 1, len(problem.tree.parent)), dtype=np.int64)
    return DualPrices(claim.potentials, nothing), None


def _summary_faults(content: bytes, implied: dict[str, Any]) -> list[str]:
    """Return the figures in which a written summary differs from the implied one."""
    try:
        stated = json.loads(content)
    except (ValueError, RecursionError):
        stated = None
    if not isinstance(stated, dict):
        return ["summary.json cannot be read"]
    expected = json.loads(canonical_json(implied))
    return [
        f"summary.json states another {key}"
        for key in sorted(set(expected) - NOT_COMPARED)
        if stated.get(key) != expected[key]
    ]


def _rows(content: bytes, columns: tuple[str, ...]) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8")), strict=True)
    if tuple(reader.fieldnames or ()) != columns:
        raise ValueError(f"columns are {reader.fieldnames}")
    return list(reader)


def _place(ids: np.ndarray[Any, np.dtype[np.str_]], wanted: str) -> int:
    """Return the row of an id in its sorted column, -1 where it is not there."""
    k = int(np.searchsorted(ids, wanted))
    return k if k < len(ids) and ids[k] == wanted else -1


def _mass(text: str) -> int:
    try:
        mass = parse_tonnes(text)
    except NotAQuantity as error:
        raise ValueError(f"{text} is no mass in tonnes") from error
    if mass == 0:
        raise ValueError("a row states no mass")
    return mass
