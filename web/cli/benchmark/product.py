"""The product's own parts: a case matched, proven, priced and explained; a claim verified from arrays."""

from __future__ import annotations

from typing import Any

from matching.case import Case
from matching.pairs.parts import prepare
from matching.plans.plan import Plan, make_plan
from matching.proof.optimality import Claim
from matching.proof.verify import check
from web.cli.benchmark.task import Options, Task

PROOF_PHASES = frozenset({"prices", "verify", "explain"})
"""Phases after the optimum is found; the others are candidates, rules and solving."""


def plan_task(case: Case, options: Options) -> Task:
    """Arrays to a verified plan with all levels, prices and reasons."""

    def run() -> Plan:
        return make_plan(case, engine=options.engine, processes=options.processes)

    return Task(run, _told)


def verify_task(case: Case, options: Options) -> Task:
    """Everything that a checker recomputes from the arrays of the case to accept the claim of a plan."""
    claim = make_plan(case, engine=options.engine, processes=options.processes).claim
    return Task(lambda: _faults(case, claim), lambda faults: {"faults": len(faults)})


def _faults(case: Case, claim: Claim) -> list[str]:
    return check(prepare(case), claim)


def _told(plan: Plan) -> dict[str, Any]:
    return {
        "arcs": plan.lawful_pairs,
        "engine": plan.engine,
        "status": plan.status,
        "placed_kg": plan.placed_kg,
        "supply_kg": sum(plan.case.outputs.mass_kg.tolist()),
        "levels": {level.name: level.value for level in plan.levels},
        "phases": plan.seconds,
    }
