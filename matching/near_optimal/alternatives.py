"""Near-optimal alternatives: plans equal to the optimum up to the hierarchy, at a little more cost.

Each is found on the optimal face (`optimal_face`) by trading cost for another aim (`trade`) and
checked like any plan. What is no better than the optimum on its aim, or fails the check, is not told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from circularity.acceptance.pairs import Pairs
from circularity.units import MISSING, IntArray
from matching.flow.problem import COST_LEVEL, LEVELS, exact_dot
from matching.near_optimal.optimal_face import Face, NotAFlowError, face_of, tenths_kg
from matching.near_optimal.trade import cut_at, walk
from matching.pairs.eligibility import with_distances
from matching.pairs.parts import Prepared, prepare
from matching.plans.plan import Plan
from matching.proof.optimality import Claim
from matching.proof.verify import claim_faults

ALLOWANCE_PERMILLE = 20
"""How much dearer than the optimum an alternative may be, as a share of the optimum's cost."""

RESCALINGS = 5
ONE_PARTNER = 10**9
"""What a pair that carries mass costs in the search for few partners, spread over its kilograms."""

MOST_PAIRS = 3_000_000
"""Over more pairs than this alternatives are not sought: every weighting is a flow over all of them."""


class NotOfferedError(RuntimeError):
    """No alternatives are sought for this plan; the message says why, in Chinese and English."""


@dataclass(frozen=True)
class Measures:
    """What a plan costs and how it fares on each aim, exact.

    `kg_m` is None where a distance is unknown; `pairs` counts pairs that carry mass; `crowding_kg` sums the
    kg above each tenth of each capacity's limit (a kg above three tenths counts three times);
    `highest_permille` is the highest use of a capacity.
    """

    cost_ucny: int
    kg_m: int | None
    pairs: int
    crowding_kg: int
    highest_permille: int


@dataclass(frozen=True)
class Alternative:
    """A checked plan beside the optimum: pairs that carry mass (rows of the case), their kg, what differs.

    `bound` is what the aim is at least in any such plan, None where nothing is proven. `outputs_moved` counts
    outputs whose masses go otherwise, `moved_kg` the mass on other pairs than in the optimum.
    """

    aim: str
    output: IntArray
    capacity: IntArray
    mass_kg: IntArray
    measures: Measures
    optimum: Measures
    bound: int | None
    outputs_moved: int
    moved_kg: int


@dataclass(frozen=True)
class _Search:
    """A plan with its face, the distances of its pairs, the cost allowed, and the engine."""

    plan: Plan
    prepared: Prepared
    face: Face
    distance_m: IntArray
    allowed_ucny: int
    engine: str

    @property
    def optimum_kg(self) -> IntArray:
        """The optimum's mass on every pair of the face."""
        return self.face.flow_kg[: self.face.network.pair_arcs]

    @property
    def allowed_on_free(self) -> int:
        """The cost allowed on the free arcs: what the fixed ones cost is spent already."""
        fixed = self.optimum_kg.copy()
        fixed[self.face.free[self.face.free < len(fixed)]] = 0
        return self.allowed_ucny - exact_dot(fixed, self.face.problem.coefficient(COST_LEVEL, _all(fixed)))


def alternatives(
    plan: Plan, allowance_permille: int = ALLOWANCE_PERMILLE, engine: str = "auto"
) -> list[Alternative]:
    """Return up to three plans, each better than the optimum on its aim: tonne-km, even load, few partners.

    All equal the optimum on the levels up to the hierarchy and cost at most the allowance more. Raises
    NotOfferedError for plans with lots or crossing caps and for very many pairs, OverflowError and
    NotProvenError from the engines.
    """
    search = _search_of(plan, allowance_permille, engine)
    before = measures_of(search, search.optimum_kg)
    told = []
    for aim, find in AIMS.items():
        if (found := find(search)) is None:
            continue
        mass, bound = found
        after = measures_of(search, mass)
        better = (MEASURE[aim](after) or 0) < (MEASURE[aim](before) or 0)
        if better and not _faults(search, mass, after):
            told.append(_told(search, aim, mass, after, before, bound))
    return told


def _search_of(plan: Plan, allowance_permille: int, engine: str) -> _Search:
    lots = plan.case.outputs.min_lot_kg
    if plan.status != "optimal" or np.any((lots != MISSING) & (lots > 1)):
        raise NotOfferedError("有最小批量或未证明最优，不提供备选 · none with minimum lots or unproven plans")
    if plan.lawful_pairs > MOST_PAIRS:
        raise NotOfferedError(f"配对过多，不提供备选 · none sought among {plan.lawful_pairs:,} pairs")
    prepared = prepare(plan.case)
    try:
        face = face_of(plan, prepared)
    except NotAFlowError as error:
        raise NotOfferedError(f"交叉限额，不提供备选 · none under crossing caps ({error})") from error
    rows = face.pairs.output.astype(np.int64), face.pairs.capacity.astype(np.int64)
    distance = with_distances(plan.case, Pairs(prepared.tables, *rows)).distance_m
    cost = plan.levels[COST_LEVEL].value
    allowed = cost + abs(cost) * allowance_permille // 1000
    unknown = np.full(len(face.pairs), MISSING, dtype=np.int64)
    return _Search(plan, prepared, face, unknown if distance is None else distance, allowed, engine)


def measures_of(search: _Search, mass_kg: IntArray) -> Measures:
    """Return a plan's exact cost and measures from its masses on the pairs of the face."""
    problem, used = search.face.problem, np.flatnonzero(mass_kg)
    known = not np.any(search.distance_m[used] == MISSING)
    n_capacities = len(problem.capacity_ids)
    load, limit = problem.tree_load_kg(mass_kg)[:n_capacities], problem.tree.limit_kg[:n_capacities]
    above = np.maximum(load[:, None] - tenths_kg(limit)[:, 1:-1], 0)
    loads = zip(load.tolist(), limit.tolist(), strict=True)
    return Measures(
        cost_ucny=exact_dot(mass_kg[used], problem.coefficient(COST_LEVEL, used)),
        kg_m=exact_dot(mass_kg[used], search.distance_m[used]) if known else None,
        pairs=len(used),
        crowding_kg=sum(above.ravel().tolist()),
        highest_permille=max((kg * 1000 // of for kg, of in loads if of), default=0),
    )


def _least_tonne_km(search: _Search) -> tuple[IntArray, int | None] | None:
    if np.any(search.distance_m == MISSING):
        return None
    trade, allowed = search.face.trade(search.distance_m), search.allowed_on_free
    traded = walk(trade, allowed, search.engine)
    mass = search.face.mass_kg(cut_at(trade, traded, allowed, search.engine).flow_kg)
    fixed = exact_dot(search.optimum_kg, search.distance_m) - exact_dot(trade.start_kg, trade.aim)
    return mass, traded.bound + fixed


def _even_load(search: _Search) -> tuple[IntArray, int | None]:
    trade, allowed = search.face.crowding_trade(), search.allowed_on_free
    traded = walk(trade, allowed, search.engine)
    mass = search.face.mass_kg(cut_at(trade, traded, allowed, search.engine).flow_kg)
    fixed = measures_of(search, search.optimum_kg).crowding_kg - exact_dot(trade.start_kg, trade.aim)
    return mass, traded.bound + fixed


def _few_partners(search: _Search) -> tuple[IntArray, int | None]:
    """Scale slopes: a pair's price per kg is its fixed charge over the mass it carried last.

    A heuristic (dynamic slope scaling, Kim and Pardalos 1999): few partners, nothing proves them the fewest.
    """
    problem, best = search.face.problem, search.optimum_kg
    room = np.minimum(problem.arc_limit_kg, problem.tree.limit_kg[problem.arc_entry])
    price = 1 + ONE_PARTNER // np.maximum(room, 1)
    for _ in range(RESCALINGS):
        traded = walk(search.face.trade(price), search.allowed_on_free, search.engine)
        mass = search.face.mass_kg(traded.within.flow_kg)
        if np.count_nonzero(mass) < np.count_nonzero(best):
            best = mass
        rescaled = np.where(mass > 0, 1 + ONE_PARTNER // np.maximum(mass, 1), price)
        if np.array_equal(rescaled, price):
            break
        price = rescaled
    return best, None


AIMS: dict[str, Callable[[_Search], tuple[IntArray, int | None] | None]] = {
    "least_tonne_km": _least_tonne_km,
    "even_load": _even_load,
    "few_partners": _few_partners,
}

MEASURE: dict[str, Callable[[Measures], int | None]] = {
    "least_tonne_km": lambda measures: measures.kg_m,
    "even_load": lambda measures: measures.crowding_kg,
    "few_partners": lambda measures: measures.pairs,
}
"""What each aim makes small."""


def _faults(search: _Search, mass_kg: IntArray, measures: Measures) -> list[str]:
    """Return what is wrong with an alternative: law, limits, a level up to the hierarchy, or its cost."""
    face, used = search.face, np.flatnonzero(mass_kg)
    unmatched = face.problem.supply_kg.copy()
    np.subtract.at(unmatched, face.problem.arc_output, mass_kg)
    own = [level.value(total) for level, total in zip(LEVELS, face.problem.level_sums(mass_kg), strict=True)]
    kept = [level.value for level in search.plan.levels[:COST_LEVEL]]
    claim = Claim(
        output=face.pairs.output[used].astype(np.int64),
        capacity=face.pairs.capacity[used].astype(np.int64),
        mass_kg=mass_kg[used],
        unmatched_kg=unmatched,
        levels=(*kept, *own[COST_LEVEL:]),
        potentials=search.plan.prices.potentials,
    )
    dear = [f"costs {measures.cost_ucny} µCNY"] if measures.cost_ucny > search.allowed_ucny else []
    return claim_faults(search.prepared, claim) + dear


def _told(
    search: _Search, aim: str, mass_kg: IntArray, after: Measures, before: Measures, bound: int | None
) -> Alternative:
    used, pairs = np.flatnonzero(mass_kg), search.face.pairs
    change = mass_kg - search.optimum_kg
    return Alternative(
        aim=aim,
        output=pairs.output[used].astype(np.int64),
        capacity=pairs.capacity[used].astype(np.int64),
        mass_kg=mass_kg[used],
        measures=after,
        optimum=before,
        bound=bound,
        outputs_moved=len(np.unique(pairs.output[change != 0])),
        moved_kg=int(change[change > 0].sum()),
    )


def _all(column: IntArray) -> IntArray:
    return np.arange(len(column))
