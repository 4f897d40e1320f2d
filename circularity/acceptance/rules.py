"""The rules of lawfulness: one ordered table, asked of millions of pairs or of one.

An unlawful rule that is broken excludes the pair. A conditional rule that is broken keeps it, but a procedure
must be granted before it may ship. The first broken rule in this order is the one that is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from circularity.acceptance import predicates, presence
from circularity.acceptance.pairs import OPEN_DAY, Pairs
from circularity.acceptance.sentences import WORDS
from circularity.acceptance.tables import Tables
from circularity.acceptance.timing import shipping_days
from circularity.units import MISSING, IntArray

UNLAWFUL = "unlawful"
CONDITIONAL = "conditional"


@dataclass(frozen=True)
class Rule:
    """One rule. `slack(pairs)` is int64 per pair: above 0 the rule is broken by that many `slack_unit`.

    `asked(tables)` tells whether the tables hold the data the rule needs, `asked_of_all(tables)` whether they
    hold it for every pair; a pair without its data breaks nothing. `needs` names what must be known of the
    pairs besides their rows: "", "distance", "net_cost", or "conditions" for the rule that follows from
    the others. A rule `by_code` depends on the waste code and the capacity alone. `procedure` is the kind of
    procedure that meets a conditional rule; `legal_key` leads to the legal basis of a day.
    """

    code: str
    effect: str
    legal_key: str
    slack: Callable[[Pairs], IntArray]
    asked: Callable[[Tables], bool] = presence.always
    asked_of_all: Callable[[Tables], bool] = presence.always
    slack_unit: str = ""
    needs: str = ""
    procedure: str = ""
    by_code: bool = False

    @property
    def zh(self) -> str:
        """What is wrong, in Chinese, with the names of the facts in braces."""
        return WORDS[self.code].zh

    @property
    def en(self) -> str:
        """What is wrong, in English, with the names of the facts in braces."""
        return WORDS[self.code].en


def _no_day_left(pairs: Pairs) -> IntArray:
    """Days by which the lead times of the conditions outlast the window; pairs without a window: 0."""
    if pairs.conditions is None:
        raise ValueError("lead times need the conditions of the pairs")
    late = np.zeros(len(pairs), dtype=np.int64)
    rows = np.flatnonzero(pairs.conditions)
    waiting = pairs.take(rows)
    earliest, latest = shipping_days(waiting, PROCEDURES)
    first, last = waiting.entitled_window()
    late[rows] = np.where(first <= last, earliest - latest, 0)
    return late


RULES: tuple[Rule, ...] = (
    Rule("standing", UNLAWFUL, "blacklist", predicates.bad_standing, presence.standings, by_code=True),
    Rule("waste_code", UNLAWFUL, "waste_code", predicates.code_not_covered, by_code=True),
    Rule("relabel", UNLAWFUL, "relabel", predicates.hazardous_relabelled),
    Rule("operation", UNLAWFUL, "operation", predicates.operation_not_allowed, presence.allowed_operations),
    Rule("hazardous_licence", UNLAWFUL, "hazardous_licence", predicates.no_hazardous_entitlement),
    Rule("exemption_stage", UNLAWFUL, "exemption_stage", predicates.not_on_exemption_list),
    Rule("point_to_point", UNLAWFUL, "point_to_point", predicates.scheme_names_nobody),
    Rule(
        "exemption_region",
        UNLAWFUL,
        "exemption_region",
        predicates.exemption_not_recognised,
        presence.regions,
        presence.every_region,
    ),
    Rule("sender", UNLAWFUL, "sender", predicates.sender_not_named, presence.senders),
    Rule("period", UNLAWFUL, "period", predicates.no_common_day, presence.intervals, slack_unit="days"),
    Rule(
        "licence_validity",
        UNLAWFUL,
        "licence_validity",
        predicates.entitlement_too_short,
        presence.entitlement_ends,
        slack_unit="days",
    ),
    Rule(
        "composition",
        UNLAWFUL,
        "composition",
        predicates.outside_limits,
        presence.measured_limits,
        slack_unit="assay",
    ),
    Rule(
        "distance",
        UNLAWFUL,
        "distance",
        predicates.too_far,
        presence.distance_limits,
        slack_unit="m",
        needs="distance",
    ),
    Rule(
        "too_dear",
        UNLAWFUL,
        "price",
        predicates.too_dear,
        presence.net_cost_limits,
        slack_unit="ucny_per_kg",
        needs="net_cost",
    ),
    Rule(
        "hazardous_cross_province",
        CONDITIONAL,
        "hazardous_cross_province",
        predicates.hazardous_needs_approval,
        presence.regions,
        presence.every_region,
        procedure="hazardous_approval",
    ),
    Rule(
        "general_record",
        CONDITIONAL,
        "general_record",
        predicates.general_needs_record,
        presence.regions,
        presence.every_region,
        procedure="general_record",
    ),
    Rule(
        "general_approval",
        CONDITIONAL,
        "general_approval",
        predicates.general_needs_approval,
        presence.regions,
        presence.every_region,
        procedure="general_approval",
    ),
    Rule(
        "plan",
        CONDITIONAL,
        "plan",
        predicates.mass_beyond_plan,
        presence.management_plans,
        slack_unit="kg",
        procedure="plan_change",
    ),
    Rule("assay", CONDITIONAL, "composition", predicates.assays_missing, presence.limits, procedure="assay"),
    Rule(
        "exemption_evidence",
        CONDITIONAL,
        "exemption_stage",
        predicates.exemption_unproven,
        procedure="exemption_evidence",
    ),
    Rule("lead_time", UNLAWFUL, "lead_time", _no_day_left, slack_unit="days", needs="conditions"),
)

CONDITIONAL_RULES = tuple(rule for rule in RULES if rule.effect == CONDITIONAL)

CONDITIONS = tuple(rule.code for rule in CONDITIONAL_RULES)
"""Codes of the conditional rules; bit k of a pair's conditions stands for CONDITIONS[k]."""

PROCEDURES = tuple(rule.procedure for rule in CONDITIONAL_RULES)
"""Kinds of procedure in the order of CONDITIONS."""


def rule(code: str) -> Rule:
    """Return the rule of that code; raises KeyError."""
    return _BY_CODE[code]


_BY_CODE = {each.code: each for each in RULES}


def not_asked(tables: Tables) -> tuple[str, ...]:
    """Return the codes of the rules that lack their data, of all pairs or of some, in order."""
    return tuple(each.code for each in RULES if not (each.asked(tables) and each.asked_of_all(tables)))


def ask_conditions(pairs: Pairs) -> Pairs:
    """Return the pairs with the bits of every conditional rule that they break."""
    return replace(pairs, conditions=condition_bits(pairs))


def condition_bits(pairs: Pairs) -> IntArray:
    """Return the bits of the conditional rules that the pairs, or those of a grid, break."""
    bits = np.zeros(pairs.shape, dtype=np.int64)
    for k, each in enumerate(CONDITIONAL_RULES):
        if each.asked(pairs.tables):
            broken = each.slack(pairs) > 0
            if broken.any():
                bits |= broken.astype(np.int64) << k
    return bits


def days(pairs: Pairs) -> tuple[IntArray, IntArray]:
    """Return earliest and latest shipping day of pairs with known conditions; latest MISSING when open."""
    earliest, latest = shipping_days(pairs, PROCEDURES)
    return earliest, np.where(latest == OPEN_DAY, MISSING, latest)
