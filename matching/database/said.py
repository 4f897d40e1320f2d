"""What a plan says in rows, table by table: all of it, or what is not as in the plan before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.database.carried_rows import Carried
from matching.database.run_rows import (
    Rows,
    entry_cost_rows,
    limit_named,
    price_rows,
    proposal_rows,
    unmatched_rows,
    window_keys,
)
from matching.database.snapshot import Snapshot
from matching.pairs.grant_use import may_be_granted, split_by_grants
from matching.plans.changes import window_digests
from matching.plans.plan import Plan

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Said:
    """What a plan says, table by table, of the `outputs` named here by their keys, each with its row.

    `only` names the keys of a table that it is asked about, of proposals those of outputs; all else is said
    as before. A table that is not named, or without `only` every table, is told whole. `outputs` may be more
    than are told: all of every part that was matched anew, of which the stored rows are checked together.
    `gone` are the keys of outputs that are in the case no more.
    """

    rows: Mapping[str, Rows]
    outputs: Mapping[int, int]
    only: Mapping[str, Collection[Any]] | None = None
    gone: frozenset[int] = frozenset()


def rows_of(snapshot: Snapshot, plan: Plan, carried: Carried | None = None) -> Said:
    """Return what a plan says; which mass a grant frees is decided here, over all outputs.

    What is `carried` is left out, except outputs that a grant may free: they share its limit with others.
    """
    untouched, left_out, nodes = _left_out(snapshot, plan, carried)
    checked = np.flatnonzero(~untouched)
    names = plan.case.outputs.output_id[checked].tolist()
    key_of = {row: snapshot.output_keys[name] for row, name in zip(checked.tolist(), names, strict=True)}
    outputs = {key: row for row, key in key_of.items()}
    wanted = np.where(left_out[plan.arcs.output], 0, plan.mass_kg)
    parts = split_by_grants(plan.case, plan.arcs, wanted, snapshot.grants)
    limits = {node: limit_named(snapshot, plan.case, node) for node in nodes.tolist()}
    told_whole = carried is None or carried.limits is None
    digests = window_digests(plan.case) if told_whole else {}
    rows = {
        "proposals": proposal_rows(plan.case, plan.arcs, parts, key_of, window_keys(snapshot)),
        "unmatched": unmatched_rows(snapshot, plan, left_out),
        "prices": price_rows(plan, limits),
        "entry_costs": entry_cost_rows(plan, limits),
        "windows": {(snapshot.window_keys[name],): (digest,) for name, digest in digests.items()},
    }
    if carried is None:
        return Said(rows, outputs)
    told = {key for key, row in outputs.items() if not left_out[row]}
    only: dict[str, Collection[Any]] = {"proposals": told | carried.gone}
    only["unmatched"] = [(output,) for output in only["proposals"]]
    if not told_whole:
        only |= {
            "prices": limits.values(),
            "entry_costs": [name[:2] for name in limits.values()],
            "windows": (),
        }
    return Said(rows, outputs, only, carried.gone)


def _left_out(
    snapshot: Snapshot, plan: Plan, carried: Carried | None
) -> tuple[BoolArray, BoolArray, IntArray]:
    """Return which outputs are untouched, which are not told, and the nodes of the limits that are."""
    untouched, nodes = np.zeros(plan.case.shape[0], dtype=bool), np.arange(len(plan.load_kg))
    if carried is None:
        return untouched, untouched, nodes
    untouched[carried.untouched] = True
    left_out = untouched.copy()
    left_out[carried.alike] = True
    used = np.flatnonzero(plan.mass_kg)
    shared = plan.arcs.output[used[may_be_granted(plan.case, plan.arcs, used, snapshot.grants)]]
    untouched[shared] = left_out[shared] = False
    if carried.limits is not None:
        nodes = np.delete(nodes, carried.limits)
    return untouched, left_out, nodes
