"""What changed between two plans, pair by pair, and why, in words that give away nothing of others.

Where neither end of a pair changed, its output was moved for the sake of the whole. It is told what that does
to itself: the first level on which its own mass is now worth less or more, and by how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np

from circularity.units import KG_PER_T, MICRO, MISSING, format_scaled
from matching.case import Case
from matching.case_digest import columns_of
from matching.flow.problem import COST_LEVEL, LEVELS
from matching.pairs.coefficients import is_utilisation, rank_of
from matching.pairs.parts import Prepared
from matching.plans.plan import Plan

Pair = tuple[Hashable, Hashable]
Placed = tuple[Hashable, Hashable, int, str, int]
"""Output, capacity, kg, operation and cost in µCNY/kg of mass that a plan places."""

CAUSES: Mapping[str, tuple[str, str]] = {
    "output_posted": ("该批次为新发布", "the output is new"),
    "output_withdrawn": ("该批次已撤回、结束或已签约",
                         "the output was withdrawn, is over or is under agreement"),
    "output_changed": ("该批次的内容有变", "the output changed"),
    "capacity_opened": ("该能力为新发布", "the capacity is new"),
    "capacity_closed": ("该能力已撤回或结束", "the capacity was withdrawn or is over"),
    "capacity_changed": ("该能力或其限额、设施有变", "the capacity, a limit on it or its facility changed"),
    "terms_changed": ("匹配的条件有变", "the terms of the matching changed"),
    "displaced": ("别处的变动占用了能力", "changes elsewhere take the room"),
    "improved": ("别处的变动腾出了能力", "changes elsewhere leave room"),
    "balanced": (
        "为平衡别处的变动而调整，对该批次同样好",
        "it makes up for changes elsewhere and is as good",
    ),
}  # fmt: skip

_OWN: Mapping[str, tuple[str, str]] = {
    "displaced": ("，该批次在“{zh}”上差了 {amount}", "; the output is worse by {amount} in {en}"),
    "improved": ("，该批次在“{zh}”上好了 {amount}", "; the output is better by {amount} in {en}"),
}
"""What a change for the sake of others does to the output itself."""

_LEVEL_WORDS: Mapping[str, tuple[str, str, str, int]] = {
    "placed_kg": ("安置质量", "mass placed", "t", KG_PER_T),
    "urgent_kg": ("紧急危险废物", "urgent mass placed", "t", KG_PER_T),
    "utilised_kg": ("利用质量", "mass utilised", "t", KG_PER_T),
    "hierarchy": ("方式等级", "rank of operations", "t × rank", KG_PER_T),
    "cost": ("净成本", "net cost", "CNY", MICRO),
}
"""Of each level up to the cost: its words, and the unit in which it is told with its parts."""


@dataclass(frozen=True)
class PlanChange:
    """A pair whose mass changed, in kg, and why: a key of CAUSES.

    Of an output moved for others, `level` is the first on which its own mass is worth another sum, `amount`
    by how much: kg, kg × rank or µCNY, above 0 is worse.
    """

    output_id: Any
    capacity_id: Any
    before_kg: int
    after_kg: int
    cause: str
    level: str = ""
    amount: int = 0

    @property
    def kind(self) -> str:
        """Say whether the proposal is `new`, `gone` or `changed` in mass."""
        return kind_of(self.before_kg, self.after_kg)

    @property
    def words(self) -> tuple[str, str]:
        """Return the change and its cause in Chinese and English."""
        before, after = (format_scaled(kg, KG_PER_T) for kg in (self.before_kg, self.after_kg))
        why_zh, why_en = cause_words(self.cause, self.level, self.amount)
        return f"{before} t → {after} t：{why_zh}", f"{before} t → {after} t: {why_en}"


def kind_of(before_kg: int, after_kg: int) -> str:
    """Say whether a pair of these masses is `new`, `gone` or `changed`."""
    return "new" if not before_kg else "changed" if after_kg else "gone"


def cause_words(cause: str, level: str = "", amount: int | None = None) -> tuple[str, str]:
    """Return a cause in Chinese and English; what it does to the output itself where an amount is given.

    That amount is no matter of strangers, and none of the capacity's owner.
    """
    if amount is None or cause not in _OWN:
        return CAUSES[cause]
    zh, en, unit, scale = _LEVEL_WORDS[level]
    much = f"{format_scaled(abs(amount), scale)} {unit}"
    (why_zh, why_en), (own_zh, own_en) = CAUSES[cause], _OWN[cause]
    return why_zh + own_zh.format(zh=zh, amount=much), why_en + own_en.format(en=en, amount=much)


@dataclass(frozen=True)
class View:
    """A plan as far as its changes go: what it places, kg of every output, digests of capacities, terms.

    Outputs and capacities are named alike in both views that are compared.
    """

    placed: Iterable[Placed]
    supply_kg: Mapping[Hashable, int]
    capacities: Mapping[Hashable, str]
    terms: Mapping[str, Any]

    @cached_property
    def masses(self) -> dict[Pair, int]:
        """Return the mass of every pair, kg."""
        masses: dict[Pair, int] = defaultdict(int)
        for output, capacity, mass_kg, _, _ in self.placed:
            masses[output, capacity] += mass_kg
        return masses

    def placed_of(self, outputs: Collection[Hashable]) -> dict[Hashable, list[Placed]]:
        """Return what is placed of these outputs."""
        found: dict[Hashable, list[Placed]] = {output: [] for output in outputs}
        for row in self.placed:
            if row[0] in found:
                found[row[0]].append(row)
        return found


@dataclass(frozen=True)
class Lots:
    """The outputs of a case, `rows` of those asked about by name, and what mass of theirs is worth."""

    prepared: Prepared
    rows: Mapping[Any, int]

    def worth(self, output: Hashable, placed: Iterable[Placed]) -> list[int]:
        """Return what the placed mass of an output adds to the minimised levels up to the cost."""
        row, on = self.rows[output], self.prepared.tables.on
        hazardous = bool(self.prepared.coefficients.hazardous[row])
        urgent = int(self.prepared.coefficients.urgent[row])
        worth = [0] * (COST_LEVEL + 1)
        for _, _, mass_kg, operation, cost in placed:
            utilised, rank = is_utilisation(hazardous, operation, on), rank_of(operation, on)
            for k, each in enumerate((-1, urgent, -int(utilised), rank, cost)):
                worth[k] += mass_kg * each
        return worth


def plan_changes(before: Plan, after: Plan) -> list[PlanChange]:
    """Return every pair whose mass differs between two plans in memory, sorted by ids."""
    lots = Lots(after.prepared, {name: row for row, name in enumerate(_ids(after))})
    return changes_between(_view(before), _view(after), lots)


def changes_between(before: View, after: View, lots: Lots) -> list[PlanChange]:
    """Return every pair whose mass differs between two views, sorted; `lots` are those of the later."""
    old, new = before.masses, after.masses
    same_terms = before.terms == after.terms
    pairs = {pair for pair, mass_kg in old.items() if new.get(pair, 0) != mass_kg} | (new.keys() - old.keys())
    causes = {pair: _own_cause(before, after, *pair, same_terms=same_terms) for pair in sorted(pairs)}
    moved = {output for (output, _), cause in causes.items() if not cause}
    placed = before.placed_of(moved), after.placed_of(moved)
    found = []
    for pair, own in causes.items():
        cause, level, amount = own, "", 0
        if not own:
            level, amount = _first_difference(*(lots.worth(pair[0], rows[pair[0]]) for rows in placed))
            cause = "displaced" if amount > 0 else "improved" if amount < 0 else "balanced"
        found.append(PlanChange(*pair, old.get(pair, 0), new.get(pair, 0), cause, level, amount))
    return found


def window_digests(case: Case) -> dict[str, str]:
    """Return a digest of every capacity with its facility and the caps on it, by its id."""
    caps: dict[int, list[tuple[str, int, str]]] = defaultdict(list)
    for cap in case.caps:
        for member in cap.members:
            caps[member].append((cap.cap_id, cap.limit_kg, cap.origin_region))
    columns = [(name, column) for name, column in columns_of(case.capacities) if name != "facility"]
    own = zip(*(column.tolist() for name, column in columns if "." not in name), strict=True)
    # A limit that only others state is no column of this capacity.
    limits: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for name, column in columns:
        if "." in name:
            for k in np.flatnonzero(column != MISSING).tolist():
                limits[k].append((name, int(column[k])))
    plants = list(zip(*(column.tolist() for _, column in columns_of(case.facilities)), strict=True))
    found = {}
    for k, (row, plant) in enumerate(zip(own, case.capacities.facility.tolist(), strict=True)):
        facts = repr((row, limits.get(k), plants[plant], caps.get(k)))
        found[str(case.capacities.capacity_id[k])] = blake2b(facts.encode(), digest_size=16).hexdigest()
    return found


def _own_cause(before: View, after: View, output: Hashable, capacity: Hashable, *, same_terms: bool) -> str:
    """Return why a pair's own ends explain its change, "" where they do not."""
    checks = (
        ("output_posted", output in before.supply_kg),
        ("output_withdrawn", output in after.supply_kg),
        ("capacity_opened", capacity in before.capacities),
        ("capacity_closed", capacity in after.capacities),
        ("output_changed", before.supply_kg.get(output) == after.supply_kg.get(output)),
        ("capacity_changed", before.capacities.get(capacity) == after.capacities.get(capacity)),
        ("terms_changed", same_terms),
    )
    return next((cause for cause, as_before in checks if not as_before), "")


def _first_difference(before: list[int], after: list[int]) -> tuple[str, int]:
    """Return the first level whose sum differs, and by how much it is worse now; ("", 0) for none."""
    pairs = zip(LEVELS, before, after, strict=False)
    return next(((level.name, b - a) for level, a, b in pairs if a != b), ("", 0))


def _ids(plan: Plan) -> list[str]:
    return list(map(str, plan.case.outputs.output_id.tolist()))


def _view(plan: Plan) -> View:
    case, arcs = plan.case, plan.arcs
    return View(
        list(
            zip(
                case.outputs.output_id[arcs.output].tolist(),
                case.capacities.capacity_id[arcs.capacity].tolist(),
                plan.mass_kg.tolist(),
                case.capacities.operation[arcs.capacity].tolist(),
                arcs.cost_ucny_per_kg.tolist(),
                strict=True,
            )
        ),
        dict(zip(_ids(plan), case.outputs.mass_kg.tolist(), strict=True)),
        dict(window_digests(case).items()),
        {f.name: getattr(case.parameters, f.name) for f in fields(case.parameters)},
    )
