"""One call from a case to a verified, priced and explained plan, without any database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from circularity.acceptance.rules import RULES
from circularity.units import IntArray
from matching.case import Case
from matching.engines.side_solve import LIMIT_S
from matching.flow.cap_tree import CapTree
from matching.flow.graph import Bottleneck
from matching.flow.network import UNREACHED
from matching.flow.prices import DualPrices
from matching.flow.problem import LEVELS, TIE_LEVEL
from matching.pairs.arcs import Arcs, arcs_of
from matching.pairs.candidates import BY_CODE
from matching.pairs.lawful_pairs import LawfulPairs
from matching.pairs.parts import Prepared, prepare
from matching.plans.part_plan import PartPlan
from matching.plans.planning import PHASES, plan_parts
from matching.proof.optimality import Claim
from matching.proof.verify import claim_faults
from matching.reasons.explain import Unmatched, explain_unmatched, joined

Progress = Callable[[str, float], None]


class PlanRefusedError(RuntimeError):
    """The engine's own plan failed verification; `faults` says where. Nothing may be stored or written."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults[:5]))
        self.faults = faults


@dataclass(frozen=True)
class LevelValue:
    """A level's value in its own sense, and the proven bound; equal bound means proven optimal.

    `solver_bound` is what a solver's floats say where the proof leaves a gap: told, and no proof.
    """

    name: str
    value: int
    unit: str
    bound: int
    solver_bound: int | None = None

    @property
    def gap(self) -> int:
        """How far the value may be from the best, in the level's unit; 0 is proven optimal."""
        return abs(self.value - self.bound)


@dataclass(frozen=True)
class Plan:
    """A verified plan: the pairs that carry mass, kg unmatched per output, limits, prices and reasons.

    `arcs` and `mass_kg` are of the pairs that carry mass. `load_kg` is what flows through each node of `tree`
    (capacities, then caps), `entry_costs` what one kilogram more costs the plan there. `lawful_pairs` counts
    all pairs over which the plan is optimal; `unique` says that no other plan is as good on every level, and
    is proven. `sided` are the parts bound by lots or crossing caps, where prices are bounds or unknown and
    bounds may leave gaps.
    """

    prepared: Prepared = field(repr=False)
    arcs: Arcs
    mass_kg: IntArray
    unmatched_kg: IntArray
    tree: CapTree
    load_kg: IntArray
    levels: tuple[LevelValue, ...]
    prices: DualPrices
    entry_costs: IntArray
    reasons: Unmatched
    bottlenecks: tuple[Bottleneck, ...]
    lawful_pairs: int
    unique: bool
    engine: str
    flow_engine: str
    sided: tuple[PartPlan, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The case that it plans."""
        return self.prepared.case

    @property
    def status(self) -> str:
        """`optimal` where every level before the tie is proven, `bounded` where a gap is left."""
        return "bounded" if self.gap else "optimal"

    @property
    def gap(self) -> int:
        """The gap of the first level that is not proven, in its unit; the tie decides nothing."""
        return next((level.gap for level in self.levels[:TIE_LEVEL] if level.gap), 0)

    @cached_property
    def unpriced(self) -> frozenset[int]:
        """Nodes of limits whose price is not known: lots or crossing caps bind what flows through them."""
        return frozenset(node for part in self.sided if part.bounds for node in part.nodes.tolist())

    @cached_property
    def priced_at_most(self) -> frozenset[int]:
        """Nodes of limits whose price leaves lots and crossing caps out: a kilogram is worth that at most."""
        return frozenset(node for part in self.sided if not part.bounds for node in part.nodes.tolist())

    @property
    def placed_kg(self) -> int:
        """Mass with an outlet, now or after procedures."""
        return int(self.mass_kg.sum())

    @property
    def can_move_today_kg(self) -> int:
        """Mass on pairs that need no procedure first; the rest of the placed mass moves after procedures."""
        return int(self.mass_kg[self.arcs.conditions == 0].sum())

    @property
    def claim(self) -> Claim:
        """What the plan claims, for the checker and the certificate."""
        values = tuple(level.value for level in self.levels)
        arcs = self.arcs
        return Claim(
            arcs.output, arcs.capacity, self.mass_kg, self.unmatched_kg, values, self.prices.potentials,
            {int(part.outputs[0]): part.bounds for part in self.sided if part.bounds},
        )  # fmt: skip


def make_plan(
    case: Case,
    *,
    engine: str = "auto",
    processes: int = 1,
    progress: Progress | None = None,
    limit_s: float = LIMIT_S,
) -> Plan:
    """Return the best plan of a case, verified.

    `progress` is called with a phase name and its share done (0 to 1); `limit_s` bounds the search in each
    connected part that lots or crossing caps bind. Raises PlanRefusedError when the result does not verify,
    NotProvenError and OverflowError from the engines.
    """
    tell = progress or (lambda _phase, _done: None)
    began = time.perf_counter()
    tell("prepare", 0.0)
    prepared = prepare(case)
    tell("prepare", 1.0)
    seconds = {"prepare": time.perf_counter() - began, **dict.fromkeys(PHASES, 0.0)}
    parts: list[PartPlan] = []
    tell("match", 0.0)
    for done, of, planned in plan_parts(prepared, engine, processes, limit_s):
        if planned.faults:
            raise PlanRefusedError(planned.faults)
        parts += planned.plans
        for phase in PHASES:
            seconds[phase] += planned.seconds[phase]
        tell("match", done / of)
    began = time.perf_counter()
    plan = joined_plan(prepared, parts)
    seconds["explain"] += time.perf_counter() - began
    began = time.perf_counter()
    if faults := claim_faults(prepared, plan.claim):
        raise PlanRefusedError(faults)
    seconds["verify"] += time.perf_counter() - began
    plan.seconds.update({phase: round(value, 3) for phase, value in seconds.items()})
    return plan


def joined_plan(prepared: Prepared, parts: Sequence[PartPlan]) -> Plan:
    """Return the plan of a whole case from the plans of its parts, in any order."""
    case, tree = prepared.case, prepared.tree
    n_outputs, n_nodes = case.shape[0], len(tree.parent)
    unmatched = case.outputs.mass_kg.copy()
    load, change = np.zeros(n_nodes, dtype=np.int64), np.zeros((TIE_LEVEL, n_nodes), dtype=np.int64)
    entry_costs = _entry_costs_of_idle(tree)
    potentials = np.zeros((len(LEVELS), n_outputs + n_nodes + 1), dtype=np.int64)
    excluded = _excluded_by_code(prepared)
    alone = np.ones(n_outputs, dtype=bool)
    for part in parts:
        places = np.concatenate([part.outputs, n_outputs + part.nodes])
        unmatched[part.outputs], excluded[part.outputs] = part.unmatched_kg, part.excluded
        load[part.nodes], change[:, part.nodes] = part.load_kg, part.change
        entry_costs[:, part.nodes] = part.entry_costs
        potentials[:, places] = part.potentials[:, :-1] - part.potentials[:, -1:]
        alone[part.outputs] = False
    none = LawfulPairs.none()
    pairs, mass = _in_order([none, *(part.pairs for part in parts)], [part.mass_kg for part in parts])
    left = explain_unmatched(case, none, unmatched, None, np.flatnonzero(alone), prepared.tables)
    return Plan(
        prepared=prepared,
        arcs=arcs_of(case, prepared.tables, pairs, excluded),
        mass_kg=mass,
        unmatched_kg=unmatched,
        tree=tree,
        load_kg=load,
        levels=tuple(_level(k, parts) for k in range(len(LEVELS))),
        prices=DualPrices(potentials, change),
        entry_costs=entry_costs,
        reasons=joined([left, *(part.reasons for part in parts)]),
        bottlenecks=tuple(sorted(_all_bottlenecks(parts), key=lambda b: (-b.unmatched_kg, b.limits))),
        lawful_pairs=sum(part.lawful_pairs for part in parts),
        unique=all(part.unique for part in parts),
        engine=_engines(parts),
        flow_engine=_engines([part for part in parts if not part.sided]),
        sided=tuple(sorted((part for part in parts if part.sided), key=lambda part: int(part.outputs[0]))),
    )


def _engines(parts: Sequence[PartPlan]) -> str:
    return "+".join(sorted({name for part in parts for name in part.engines})) or "none"


def _level(k: int, parts: Sequence[PartPlan]) -> LevelValue:
    """Return a level's value over all parts, with its bounds added up."""
    total = sum(part.sums[k] for part in parts)
    bound = total - sum(part.gaps[k] for part in parts)
    level, told = LEVELS[k], total - sum(part.told_gaps[k] for part in parts)
    solver_bound = None if told == bound else level.value(told)
    return LevelValue(level.name, level.value(total), level.unit, level.value(bound), solver_bound)


def _entry_costs_of_idle(tree: CapTree) -> IntArray:
    """Return what a kilogram costs where no pair can reach: nothing, unless a limit above is shut."""
    shut, above = tree.limit_kg <= 0, tree.parent
    while np.any(above >= 0):
        shut = shut | ((above >= 0) & (tree.limit_kg[above] <= 0))
        above = np.where(above >= 0, tree.parent[above], -1)
    return np.where(shut, UNREACHED, np.zeros((TIE_LEVEL, 1), dtype=np.int64))


def _excluded_by_code(prepared: Prepared) -> IntArray:
    """Return what the rules by code exclude for each output; of outputs that fit nothing, this is all."""
    excluded = np.zeros((prepared.case.shape[0], len(RULES)), dtype=np.int64)
    if not prepared.case.parameters.only_lanes:
        excluded[:, : len(BY_CODE)] = prepared.fits.excluded[prepared.fits.code]
    return excluded


def _in_order(pairs: Sequence[LawfulPairs], masses: Sequence[IntArray]) -> tuple[LawfulPairs, IntArray]:
    """Return the pairs of all parts with their masses, sorted by (output, capacity)."""
    together = LawfulPairs.concatenated(pairs)
    order = np.lexsort((together.capacity, together.output))
    return together.take(order), np.concatenate([np.empty(0, dtype=np.int64), *masses])[order]


def _all_bottlenecks(parts: Sequence[PartPlan]) -> list[Bottleneck]:
    return [found for part in parts for found in part.bottlenecks]
