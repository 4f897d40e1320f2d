"""Where the published problems lie, and how they become cases: every pair is a lane with its cost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from builders import capacity, case, output

from matching.case import Case

_ROOT = Path(__file__).parents[1]
INSTANCES = Path(os.environ.get("CIRC_SHARED_INSTANCES", _ROOT.parent / "shared" / "instances"))


def instance(name: str) -> Path:
    """Return the path of a published instance; skips the test where the collection is absent."""
    path = INSTANCES / name
    if not path.exists():
        pytest.skip(f"published instance {name} is not on this machine (set CIRC_SHARED_INSTANCES)")
    return path


def numbers(path: Path, **words: float) -> list[float]:
    """Return the whitespace-separated numbers of a file; `words` gives values to words in it."""
    return [words[token] if token in words else float(token) for token in path.read_text().split()]


def transportation_case(
    supplies_t: Sequence[float],
    capacities_t: Sequence[float],
    cost_cny_per_t: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    lane_limits_t: dict[tuple[int, int], float] | None = None,
    *,
    whole: bool = False,
) -> Case:
    """Return a case whose only pairs are lanes with the given costs, rounded to 0.001 CNY/t.

    `whole` makes every supply a lot that must not be split.
    """
    lots = [{"min_lot_t": t} if whole else {} for t in supplies_t]
    outputs = [output(f"O{i:04d}", t, place=None, **lots[i]) for i, t in enumerate(supplies_t)]
    capacities = [capacity(f"C{j:04d}", t, place=None) for j, t in enumerate(capacities_t)]
    lanes = [
        {
            "output": f"O{i:04d}",
            "capacity": f"C{j:04d}",
            "cost_cny_per_t": round(float(cost_cny_per_t[i, j]), 3),
            "limit_t": (lane_limits_t or {}).get((i, j)),
        }
        for i in range(len(supplies_t))
        for j in range(len(capacities_t))
        if lane_limits_t is None or (i, j) in lane_limits_t
    ]
    return case(outputs, capacities, lanes=lanes, only_lanes=True)
