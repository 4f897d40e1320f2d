"""The certificate: what a plan was made from, what it is worth, and the potentials that prove it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from matching.plans.part_plan import PartPlan
from matching.plans.plan import Plan
from matching.proof.dual_bound import BoundProof, LevelBound, Multipliers

FORMAT = "circularity certificate 1"


def sha256_of(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


def certificate_of(plan: Plan, files: dict[str, bytes], reading: dict[str, Any]) -> dict[str, Any]:
    """Return the certificate of a plan and of the files written beside it.

    `potentials` holds one list per level over outputs, capacities, caps (each by id) and the root, integers.
    `bounded` holds the parts that lots or crossing caps bind and potentials do not prove: their outputs and
    limits in the order of the proofs (matching.proof.dual_bound), and a proof per level.
    """
    from_plan: dict[str, Any] = {
        "format": FORMAT,
        "case_digest": plan.case.digest(),
        "reading": reading,
        "files": {name: sha256_of(content) for name, content in sorted(files.items())},
        "engine": plan.engine,
        "levels": [{"name": v.name, "value": v.value, "bound": v.bound} for v in plan.levels],
        "gap": plan.gap,
        "potentials": plan.prices.potentials.tolist(),
        "bounded": bounded_of(plan),
    }
    return {**from_plan, "certificate_digest": certificate_digest(from_plan)}


def stored_digest(plan: Plan) -> str:
    """Return the digest under which the database knows the proof of a plan that is written into no files.

    Potentials are taken as bytes: as text they are most of a certificate.
    """
    said = {
        "format": FORMAT,
        "case_digest": plan.case.digest(),
        "engine": plan.engine,
        "levels": [[level.name, level.value, level.bound] for level in plan.levels],
        "shape": plan.prices.potentials.shape,
        "bounded": bounded_of(plan),
    }
    head = json.dumps(said, sort_keys=True, ensure_ascii=True).encode()
    return sha256_of(head + plan.prices.potentials.astype("<i8").tobytes())


def bounded_of(plan: Plan) -> list[dict[str, Any]]:
    """Return the proofs of the parts with bounds, which are of minimised sums."""
    return [_bounded(plan, part) for part in plan.sided if part.bounds]


def _bounded(plan: Plan, part: PartPlan) -> dict[str, Any]:
    return {
        "outputs": plan.case.outputs.output_id[part.outputs].tolist(),
        "limits": [plan.case.limit_id(node) for node in part.nodes.tolist()],
        "levels": [
            {
                "bound": each.bound,
                "solver_bound": each.solver_bound,
                "denominator": each.proof.multipliers.denominator,
                "crossing_caps": list(each.proof.multipliers.caps),
                "levels_before": list(each.proof.multipliers.levels),
                "potentials": each.proof.potentials.tolist(),
            }
            for each in part.bounds
        ],
    }


def bounds_in(certificate: dict[str, Any]) -> dict[str, tuple[LevelBound, ...]]:
    """Return the bounds of every part by the id of its first output.

    Raises ValueError, KeyError or TypeError where they are no such table.
    """
    found: dict[str, tuple[LevelBound, ...]] = {}
    for part in certificate.get("bounded", []):
        first = str(part["outputs"][0])
        if first in found:
            raise ValueError(f"the part of {first} stands twice")
        found[first] = tuple(_bound(level) for level in part["levels"])
    return found


def _bound(level: dict[str, Any]) -> LevelBound:
    numbers = (level["denominator"], *level["crossing_caps"], *level["levels_before"], level["bound"])
    solver_bound = level["solver_bound"]
    if not all(
        type(number) is int for number in (*numbers, *([] if solver_bound is None else [solver_bound]))
    ):
        raise ValueError("a bound or multiplier is no integer")
    multipliers = Multipliers(
        level["denominator"], tuple(level["crossing_caps"]), tuple(level["levels_before"])
    )
    return LevelBound(level["bound"], BoundProof(multipliers, _table(level["potentials"])), solver_bound)


def certificate_digest(certificate: dict[str, Any]) -> str:
    """Return the digest of a certificate's content, its own digest left out."""
    content = {key: value for key, value in certificate.items() if key != "certificate_digest"}
    return sha256_of(json.dumps(content, sort_keys=True, ensure_ascii=True).encode())


def potentials_of(certificate: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the potentials as an array; raises ValueError where they are no rectangular integer table."""
    rows = certificate["potentials"]
    if not rows:
        raise ValueError("there are no potentials")
    return np.stack([_table(row) for row in rows])


def _table(row: list[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    if not all(type(value) is int for value in row):
        raise ValueError("a potential is no integer")
    try:
        return np.array(row, dtype=np.int64)
    except (OverflowError, ValueError) as error:
        raise ValueError("the potentials are no table of 64-bit integers") from error
