"""A plan that lives on: after changes only the parts that they touch are matched again, and those warm.

While receivers stay as they are, the rules are asked only of outputs that changed, and the search begins with
the prices of the plan before. The proof covers as much as ever: every pair of a touched part is priced
exactly, and the checker looks at every candidate of which what it proved before may no longer hold. The
result is the plan that `make_plan` would make of the changed case. A changed receiver, lane or parameter can
change what the rules say of any output, so all is asked anew; only what a capacity or a cap holds may change
without that. Where lots or crossing caps bind anything, what they connect can change too, and all is matched
anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import RULES
from circularity.units import IntArray
from matching.case import Case
from matching.case_digest import columns_of
from matching.flow.side_constraints import side_faults
from matching.pairs.parts import Part, Prepared, prepare, split, whole
from matching.plans.carried import (
    KnownPart,
    Moved,
    carried_pairs,
    carried_part,
    carried_potentials,
    carried_reasons,
    is_as_before,
    moved,
    standing_proof,
    to_ask,
)
from matching.plans.part_plan import tell_part
from matching.plans.plan import Plan, PlanRefusedError, Progress, joined_plan
from matching.plans.planning import plan_faults, solved
from matching.proof.optimality import are_lawful
from matching.proof.sided_parts import SidedPart, could_bind, divided, side_of
from matching.proof.verify import feasibility_faults


@dataclass(frozen=True)
class Matched:
    """A case matched and what its parts leave for the next change; `touched` parts were matched anew.

    `carried` are the outputs (rows of the case) of the others, whose plan is that of the case before.
    """

    prepared: Prepared
    parts: tuple[KnownPart, ...]
    plan: Plan
    touched: int
    carried: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def _untold(_phase: str, _done: float) -> None:
    """Nobody listens."""


def matched(case: Case, *, engine: str = "auto", tell: Progress = _untold) -> Matched:
    """Match a case from nothing, telling progress; raises what `make_plan` and `tell` raise."""
    tell("prepare", 0.0)
    prepared = prepare(case)
    tell("prepare", 1.0)
    parts = []
    every = split(prepared)
    for done, part in enumerate(every):
        tell("match", done / len(every))
        parts += [_matched_part(piece, engine) for piece in divided(part, part.eligibility())]
    tell("match", 1.0)
    return _joined(prepared, parts, len(parts))


def rematched(before: Matched, case: Case, *, engine: str = "auto", tell: Progress = _untold) -> Matched:
    """Match a changed case, warm where it can be; raises what `make_plan` and `tell` raise."""
    tell("prepare", 0.0)
    prepared = replace(prepare(case), ties=before.prepared.ties)
    bound = could_bind(whole(before.prepared)) or could_bind(whole(prepared))
    if bound or not same_receivers(before.prepared, prepared):
        return matched(case, engine=engine, tell=tell)
    tell("prepare", 1.0)
    change = moved(before.prepared.case, case)
    by_first_node = {int(known.part.nodes[0]): known for known in before.parts}
    every = [(part, _known(by_first_node, part)) for part in split(prepared)]
    as_before = [known is not None and is_as_before(known, part, change) for part, known in every]
    nobody = np.empty(0, dtype=np.int64)
    touched_parts = [pair for pair, same in zip(every, as_before, strict=True) if not same]
    anew = np.sort(
        np.concatenate([nobody, *(to_ask(known, part, change) for part, known in touched_parts if known)])
    )
    said = replace(whole(prepared), outputs=anew).eligibility()
    parts, touched, carried = [], 0, [nobody]
    for done, ((part, known), same) in enumerate(zip(every, as_before, strict=True)):
        tell("match", done / len(every))
        if known and same:
            parts.append(carried_part(known, part))
            carried.append(part.outputs)
            continue
        found = carried_pairs(known, part, change, anew, said) if known else part.eligibility()
        parts.append(_matched_part(SidedPart(part, found), engine, known, change))
        touched += 1
    tell("match", 1.0)
    return replace(_joined(prepared, parts, touched), carried=np.concatenate(carried))


def _known(by_first_node: Mapping[int, KnownPart], part: Part) -> KnownPart | None:
    """Return what is known of a part: the plan of one with the same limits."""
    known = by_first_node.get(int(part.nodes[0]))
    return known if known is not None and np.array_equal(known.part.nodes, part.nodes) else None


def _matched_part(
    sided: SidedPart, engine: str, known: KnownPart | None = None, change: Moved | None = None
) -> KnownPart:
    """Match one part, from the prices of a known plan where there is one, and check it."""
    part = sided.part
    near, told, standing = None, None, None
    if known is not None and change is not None:
        near, told = carried_potentials(known, part, change), carried_reasons(known, part, change)
        standing = standing_proof(known, part, change, near)
    plan = tell_part(sided, solved(sided, engine, near=near), told=told)
    problem = part.problem(plan.pairs)
    rows = plan.pairs.output.astype(np.int64), plan.pairs.capacity.astype(np.int64)
    used = Pairs(part.prepared.tables, *rows)
    if standing is not None:
        # what carried mass before, from an output as it was, was asked about then
        used = used.take(~standing.carried(used.i, used.j))
    faults = feasibility_faults(problem, plan.mass_kg, plan.unmatched_kg) + plan_faults(sided, plan, standing)
    faults += side_faults(problem, side_of(part, problem), plan.mass_kg)
    if not are_lawful(part.prepared, used).all():
        faults.append("a pair that carries mass is not lawful")
    if faults:
        raise PlanRefusedError(faults)
    return KnownPart(part, sided.found, plan)


def _joined(prepared: Prepared, parts: list[KnownPart], touched: int) -> Matched:
    plan = joined_plan(prepared, [known.plan for known in parts])
    return Matched(prepared, tuple(parts), plan, touched)


def same_receivers(before: Prepared, after: Prepared) -> bool:
    """Say whether the rules answer for an unchanged output what they answered before."""
    old, new = before.case, after.case
    if old.parameters != new.parameters or new.parameters.only_lanes:
        return False
    if old.lanes.output.size or new.lanes.output.size or len(old.caps) != len(new.caps):
        return False
    asked = [[rule.asked(prepared.tables) for rule in RULES] for prepared in (before, after)]
    if asked[0] != asked[1] or any(_flags(before)[name] != value for name, value in _flags(after).items()):
        return False
    windows = [replace(case.capacities, capacity_kg=case.capacities.facility) for case in (old, new)]
    if not (_same_tables(old.facilities, new.facilities) and _same_tables(*windows)):
        return False
    return all(replace(a, limit_kg=b.limit_kg) == b for a, b in zip(old.caps, new.caps, strict=True))


def _flags(prepared: Prepared) -> dict[str, object]:
    tables = prepared.tables
    return {f.name: getattr(tables, f.name) for f in fields(tables) if f.type in ("int", "bool")}


def _same_tables(before: object, after: object) -> bool:
    columns, others = columns_of(before), columns_of(after)
    return [name for name, _ in columns] == [name for name, _ in others] and all(
        np.array_equal(a, b) for (_, a), (_, b) in zip(columns, others, strict=True)
    )
