"""Verify a written plan against its case: integrity, then lawfulness, feasibility, value and optimality."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from circularity.units import M_PER_KM, MISSING, IntArray, NotAQuantity, parse_scaled, parse_tonnes
from matching.case import Case
from matching.engines.part_solution import proven
from matching.engines.sided_solution import stated_solution
from matching.flow.problem import COST_LEVEL
from matching.pairs.lawful_pairs import rows_of
from matching.pairs.parts import Prepared, prepare, split
from matching.pairs.parts import whole as everything_of
from matching.plans.certificate import bounded_of, bounds_in, certificate_digest, potentials_of, sha256_of
from matching.plans.files import PLAN_COLUMNS, UNMATCHED_COLUMNS, canonical_json, plan_tables
from matching.plans.metre_apart import arcs_as_stated, says_the_same
from matching.plans.metre_gap import cost_gap_bound_ucny, gap_faults, metre_step_ucny_per_kg
from matching.plans.part_plan import tell_part
from matching.plans.plan import Plan, joined_plan
from matching.plans.summary import summary
from matching.plans.written import FILES, UnreadablePlanError, Written, case_as_read, read_written_plan, whole
from matching.proof.optimality import Claim, optimality_faults
from matching.proof.parts_proven import claim_of
from matching.proof.sided_parts import divided
from matching.proof.verify import check, claim_faults, distance_tolerance_m, shape_faults, used_pairs

__all__ = ["UnreadablePlanError", "Verification", "verify_written_plan"]

NOT_COMPARED = {"seconds", "versions", "engine", "engines", "plan_digest"}
"""Facts of the run, not of the plan: they may differ on another machine."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a written plan: what is wrong with it, and a proven bound on its cost gap.

    The gap is 0 unless this machine computes distances a metre away from those of the writing one; the plan
    then is lawful and right on every level before the cost, and at most `gap_ucny` µCNY from the least cost.
    `bounded` says that the plan itself claims gaps, and these are proven.
    """

    faults: list[str]
    gap_ucny: int = 0
    bounded: bool = False


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
    prepared = prepare(case)
    try:
        claim, stated_m, faults = _claim(case, written)
    except (KeyError, TypeError, ValueError) as error:
        return Verification([f"the plan's figures cannot be read: {error}"])
    faults = faults or shape_faults(prepared, claim)
    if faults:
        return Verification(faults)
    _, distance_m, faults = used_pairs(prepared, claim)
    known = stated_m != MISSING
    moved_m = int(np.abs(stated_m - distance_m)[known].max(initial=0))
    if not faults and 0 < moved_m <= distance_tolerance_m(case):
        return _verification_with_gap(prepared, claim, stated_m, written)
    faults = faults or check(prepared, claim) or _presentation_faults(prepared, claim, written)
    return Verification(faults, bounded=bool(written.certificate.get("gap")))


def _verification_with_gap(
    prepared: Prepared, claim: Claim, stated_m: IntArray, written: Written
) -> Verification:
    """Judge a plan whose distances differ by a metre: all but the cost holds exactly, and that nearly.

    Its rows must say what follows from the distances that it states itself, and no more.
    """
    if claim.bounds:
        return Verification(["distances differ by a metre here, and so would the bounds of a plan with gaps"])
    everything = everything_of(prepared)
    found = everything.eligibility().pairs
    problem = everything.problem(found)
    mass = np.zeros(len(found), dtype=np.int64)
    mass[rows_of(found, claim.output, claim.capacity)] = claim.mass_kg
    faults = (
        claim_faults(prepared, claim, but=(COST_LEVEL,))
        or optimality_faults(everything, claim, COST_LEVEL)
        or gap_faults(prepared.case, problem, mass, claim)
        or _presentation_faults(prepared, claim, written, stated_m)
    )
    return Verification(faults, 0 if faults else cost_gap_bound_ucny(problem, mass, claim))


def _claim(case: Case, written: Written) -> tuple[Claim, IntArray, list[str]]:
    """Return what the files claim, the metres that plan.csv states per row, and rows that name no pair."""
    rows, faults = {}, []
    for row in _rows(written.files["plan.csv"], PLAN_COLUMNS):
        i = _place(case.outputs.output_id, row["output_id"])
        j = _place(case.capacities.capacity_id, row["capacity_id"])
        if i < 0 or j < 0:
            faults.append(f"{row['output_id']} to {row['capacity_id']} is no lawful pair of the case")
        elif (i, j) in rows:
            faults.append(f"{row['output_id']} to {row['capacity_id']} stands twice in plan.csv")
        metres = parse_scaled(row["distance_km"], M_PER_KM) if row["distance_km"] else MISSING
        rows[i, j] = _mass(row["mass_t"]), metres
    table = np.array([(i, j, *rows[i, j]) for i, j in sorted(rows)], dtype=np.int64).reshape(-1, 4).T
    claim = Claim(
        output=table[0],
        capacity=table[1],
        mass_kg=table[2],
        unmatched_kg=_unmatched(case, written.files["unmatched.csv"]),
        levels=tuple(whole(level["value"]) for level in written.certificate["levels"]),
        potentials=potentials_of(written.certificate),
        bounds={_known(case, first): bounds for first, bounds in bounds_in(written.certificate).items()},
    )
    return claim, table[3], faults


def _known(case: Case, output_id: str) -> int:
    if (row := _place(case.outputs.output_id, output_id)) < 0:
        raise ValueError(f"the certificate names {output_id}, which the case does not")
    return row


def _unmatched(case: Case, content: bytes) -> IntArray:
    unmatched = np.zeros(case.shape[0], dtype=np.int64)
    for row in _rows(content, UNMATCHED_COLUMNS):
        i = _place(case.outputs.output_id, row["output_id"])
        if i < 0:
            raise ValueError(f"unmatched.csv names {row['output_id']}, which the case does not")
        unmatched[i] += _mass(row["mass_t"])
    return unmatched


def _presentation_faults(
    prepared: Prepared, claim: Claim, written: Written, stated_m: IntArray | None = None
) -> list[str]:
    """Return files that say something else than the verified plan: distances, money, reasons, prices.

    `stated_m` are the plan's own distances where these are a metre from those computed here. Reasons compare
    distances with each other and follow from the latter, where all were computed alike.
    """
    plan, tolerance_ucny = _implied(prepared, claim, a_metre_apart=stated_m is not None)
    if stated_m is not None:
        plan = replace(plan, arcs=arcs_as_stated(plan.case, plan.arcs, stated_m))
    faults = [
        f"{name} does not say what the case and the plan imply"
        for name, content in plan_tables(plan).items()
        if content != written.files[name]
        and not (stated_m is not None and says_the_same(name, written.files[name], content, tolerance_ucny))
    ]
    unit_costs = plan.arcs.cost_ucny_per_kg.tolist()
    cost = sum(kg * each for kg, each in zip(claim.mass_kg.tolist(), unit_costs, strict=True))
    if cost != claim.levels[COST_LEVEL]:
        faults.append(f"level cost is {cost} by the plan's own distances, not {claim.levels[COST_LEVEL]}")
    levels = [{"name": v.name, "value": v.value, "bound": v.bound} for v in plan.levels]
    if written.certificate["levels"] != levels or written.certificate.get("gap") != plan.gap:
        faults.append("certificate.json states other levels, bounds or another gap")
    if written.certificate.get("bounded") != bounded_of(plan):
        faults.append("certificate.json states other parts with bounds")
    return faults + _summary_faults(written.files["summary.json"], summary(plan))


def _implied(prepared: Prepared, claim: Claim, *, a_metre_apart: bool) -> tuple[Plan, int | None]:
    """Return the plan that a claim implies here, and by how many µCNY/kg other prices may differ.

    None where no price follows. A price is the cost of a path, which leaves each output at most once and
    enters it at most once.
    """
    tolerance: int | None = 2 * len(claim.unmatched_kg) * metre_step_ucny_per_kg(prepared.case)
    parts = []
    for sided in (each for part in split(prepared) for each in divided(part, part.eligibility())):
        own = claim_of(claim, sided.part)
        hint = stated_solution(sided, own)
        try:
            solution = hint if hint.bounds else proven(sided.pairs, hint)
            parts.append(tell_part(sided, solution))
        except ArithmeticError:
            if not a_metre_apart:
                raise
            tolerance = None
            parts.append(tell_part(sided, hint, priced=False))
    plan = joined_plan(prepared, parts)
    levels = tuple(
        replace(level, value=claimed, bound=claimed - level.value + level.bound)
        for level, claimed in zip(plan.levels, claim.levels, strict=True)
    )
    return replace(plan, levels=levels), tolerance


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
