"""The certificate: what a plan was made from, what it is worth, and the potentials that prove it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from matching.plan import Plan

FORMAT = "circularity certificate 1"


def sha256_of(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


def certificate_of(plan: Plan, files: dict[str, bytes], reading: dict[str, Any]) -> dict[str, Any]:
    """Return the certificate of a plan and of the files written beside it.

    `potentials` holds one list per level over outputs, capacities, caps (each by id) and the root, integers.
    """
    from_plan: dict[str, Any] = {
        "format": FORMAT,
        "case_digest": plan.case.digest(),
        "reading": reading,
        "files": {name: sha256_of(content) for name, content in sorted(files.items())},
        "engine": plan.engine,
        "levels": [{"name": v.name, "value": v.value, "bound": v.bound} for v in plan.levels],
        "gap": 0,
        "potentials": plan.prices.potentials.tolist(),
    }
    return {**from_plan, "certificate_digest": certificate_digest(from_plan)}


def certificate_digest(certificate: dict[str, Any]) -> str:
    """Return the digest of a certificate's content, its own digest left out."""
    content = {key: value for key, value in certificate.items() if key != "certificate_digest"}
    return sha256_of(json.dumps(content, sort_keys=True, ensure_ascii=True).encode())


def potentials_of(certificate: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the potentials as an array; raises ValueError where they are no rectangular integer table."""
    rows = certificate["potentials"]
    if not all(type(value) is int for row in rows for value in row):
        raise ValueError("a potential is no integer")
    try:
        return np.array(rows, dtype=np.int64)
    except (OverflowError, ValueError) as error:
        raise ValueError("the potentials are no table of 64-bit integers") from error
