"""What changed between two plans, pair by pair, and why, in words that give away nothing of others.

Where neither end of a pair changed, its output was moved for the sake of the whole. It is told what that does
to itself: the first level on which its own mass is now worth less or more, and by how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from circularity.units import KG_PER_T, MICRO, format_scaled
from matching.carried import moved, places_of, same_rows
from matching.case import Case
from matching.coefficients import coefficients_of
from matching.plan import Plan
from matching.problem import COST_LEVEL, LEVELS

Pair = tuple[str, str]

CAUSES: Mapping[str, tuple[str, str]] = {
    "output_posted": ("该批次为新发布", "the output is new"),
    "output_withdrawn": ("该批次已撤回或结束", "the output was withdrawn or is over"),
    "output_changed": ("该批次的内容有变", "the output changed"),
    "capacity_opened": ("该能力为新发布", "the capacity is new"),
    "capacity_closed": ("该能力已撤回或结束", "the capacity was withdrawn or is over"),
    "capacity_changed": ("该能力或其限额、设施有变", "the capacity, a limit on it or its facility changed"),
    "terms_changed": ("匹配的条件有变", "the terms of the matching changed"),
    "displaced": ("别处的变动占用了能力,该批次在“{zh}”上差了 {amount}",
                  "changes elsewhere take the room; the output is worse by {amount} in {en}"),
    "improved": ("别处的变动腾出了能力,该批次在“{zh}”上好了 {amount}",
                 "changes elsewhere leave room; the output is better by {amount} in {en}"),
    "balanced": ("为平衡别处的变动而调整,对该批次同样好", "it makes up for changes elsewhere and is as good"),
}  # fmt: skip

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

    output_id: str
    capacity_id: str
    before_kg: int
    after_kg: int
    cause: str
    level: str = ""
    amount: int = 0

    @property
    def kind(self) -> str:
        """Say whether the proposal is `new`, `gone` or `changed` in mass."""
        return "new" if not self.before_kg else "changed" if self.after_kg else "gone"

    @property
    def words(self) -> tuple[str, str]:
        """Return the change and its cause in Chinese and English."""
        zh, en, unit, scale = _LEVEL_WORDS.get(self.level, ("", "", "", 1))
        amount = f"{format_scaled(abs(self.amount), scale)} {unit}"
        before, after = (format_scaled(kg, KG_PER_T) for kg in (self.before_kg, self.after_kg))
        why_zh, why_en = (text.format(zh=zh, en=en, amount=amount) for text in CAUSES[self.cause])
        return f"{before} t → {after} t:{why_zh}", f"{before} t → {after} t: {why_en}"


def plan_changes(before: Plan, after: Plan) -> list[PlanChange]:
    """Return every pair whose mass differs between two plans, sorted by ids."""
    old, new = _masses(before), _masses(after)
    own, worth = _Causes(before.case, after.case), (_worth(before), _worth(after))
    found = []
    for pair in sorted(pair for pair in old.keys() | new.keys() if old.get(pair, 0) != new.get(pair, 0)):
        cause, level, amount = own.of(*pair), "", 0
        if not cause:
            level, amount = _first_difference(*(each[pair[0]] for each in worth))
            cause = "displaced" if amount > 0 else "improved" if amount < 0 else "balanced"
        found.append(PlanChange(*pair, old.get(pair, 0), new.get(pair, 0), cause, level, amount))
    return found


def _ids(plan: Plan) -> list[Pair]:
    outputs = plan.case.outputs.output_id[plan.arcs.output].tolist()
    return list(zip(outputs, plan.case.capacities.capacity_id[plan.arcs.capacity].tolist(), strict=True))


def _masses(plan: Plan) -> dict[Pair, int]:
    return dict(zip(_ids(plan), plan.mass_kg.tolist(), strict=True))


def _worth(plan: Plan) -> dict[str, list[int]]:
    """Return what each output's placed mass adds to the minimised levels up to the cost."""
    coefficients, arcs = coefficients_of(plan.case), plan.arcs
    columns = [
        np.broadcast_to(coefficients.at(k, arcs.output, arcs.capacity), len(arcs.output)).tolist()
        for k in range(COST_LEVEL)
    ]
    per_kg = zip(*columns, arcs.cost_ucny_per_kg.tolist(), strict=True)
    worth: dict[str, list[int]] = defaultdict(lambda: [0] * (COST_LEVEL + 1))
    for (output, _), mass_kg, levels in zip(_ids(plan), plan.mass_kg.tolist(), per_kg, strict=True):
        worth[output] = [total + mass_kg * each for total, each in zip(worth[output], levels, strict=True)]
    return worth


def _first_difference(before: list[int], after: list[int]) -> tuple[str, int]:
    """Return the first level whose sum differs, and by how much it is worse now; ("", 0) for none."""
    pairs = zip(LEVELS, before, after, strict=False)
    return next(((level.name, b - a) for level, a, b in pairs if a != b), ("", 0))


class _Causes:
    """Which rows and terms changed between the cases of two plans."""

    def __init__(self, old: Case, new: Case) -> None:
        self._same_terms = old.parameters == new.parameters
        self._same_outputs = set(new.outputs.output_id[moved(old, new).same].tolist())
        self._same_capacities = _same_capacities(old, new)
        self._outputs = [set(case.outputs.output_id.tolist()) for case in (old, new)]
        self._capacities = [set(case.capacities.capacity_id.tolist()) for case in (old, new)]

    def of(self, output: str, capacity: str) -> str:
        """Return why a pair's own ends explain its change, "" where they do not."""
        checks = (
            ("output_posted", output in self._outputs[0]),
            ("output_withdrawn", output in self._outputs[1]),
            ("capacity_opened", capacity in self._capacities[0]),
            ("capacity_closed", capacity in self._capacities[1]),
            ("output_changed", output in self._same_outputs),
            ("capacity_changed", capacity in self._same_capacities),
            ("terms_changed", self._same_terms),
        )
        return next((cause for cause, as_before in checks if not as_before), "")


def _same_capacities(old: Case, new: Case) -> set[str]:
    """Return the ids of capacities that are as they were, with their facilities and the caps on them."""
    ids, others = new.capacities.capacity_id, old.capacities.capacity_id
    windows = [
        replace(case.capacities, facility=np.zeros_like(case.capacities.facility)) for case in (old, new)
    ]
    same = same_rows(places_of(others, ids), windows[0], windows[1])
    known = places_of(old.facilities.facility_id, new.facilities.facility_id)
    plants = same_rows(known, old.facilities, new.facilities)
    of_plant = new.facilities.facility_id[new.capacities.facility]
    was = old.facilities.facility_id[old.capacities.facility]
    kept = np.flatnonzero(same & plants[new.capacities.facility])
    named = {str(ids[k]): (str(of_plant[k]), _caps_on(new, int(k))) for k in kept}
    return {
        identity
        for identity, facts in named.items()
        for k in [int(np.searchsorted(others, identity))]
        if (str(was[k]), _caps_on(old, k)) == facts
    }


def _caps_on(case: Case, capacity: int) -> list[tuple[str, int, str]]:
    return [(c.cap_id, c.limit_kg, c.origin_region) for c in case.caps if capacity in c.members]
