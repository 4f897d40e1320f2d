"""The verdict on pairs: lawful now, conditional or unlawful; on one pair also every sentence behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from circularity.acceptance.facts import fill
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES, Rule, ask_conditions, days
from circularity.catalogue import legal, procedures
from circularity.catalogue.legal import LegalBasis
from circularity.catalogue.procedures import Procedure
from circularity.units import MISSING, IntArray

LAWFUL, CONDITIONALLY, UNLAWFULLY = 0, 1, 2
VERDICTS = ("lawful", "conditional", "unlawful")


@dataclass(frozen=True)
class Verdicts:
    """Verdicts on pairs, one row each: `verdict` is a row of VERDICTS, `first_rule` of RULES (-1: none).

    `conditions` holds the bits of CONDITIONS, `latest_day` is MISSING when open, `slack` is (rules, pairs).
    """

    verdict: IntArray
    first_rule: IntArray
    conditions: IntArray
    earliest_day: IntArray
    latest_day: IntArray
    slack: IntArray


@dataclass(frozen=True)
class Finding:
    """One broken rule of one pair in words, with its law as of the day and, if conditional, its procedure."""

    rule: str
    effect: str
    slack: int
    slack_unit: str
    zh: str
    en: str
    legal: LegalBasis
    procedure: Procedure | None
    ready_day: int

    @property
    def confidence(self) -> str:
        """H, M or L: how sure the catalogue is of the legal row."""
        return self.legal.confidence


def askable(rule: Rule, pairs: Pairs) -> bool:
    """Return whether the tables hold the rule's data and the pairs know what it needs."""
    known = {
        "": True,
        "distance": pairs.distance_m is not None,
        "net_cost": pairs.net_cost_ucny_per_kg is not None,
        "conditions": pairs.conditions is not None,
    }
    return known[rule.needs] and rule.asked(pairs.tables)


def judge(pairs: Pairs) -> Verdicts:
    """Return the verdicts, asking every rule of every pair; a rule without its data breaks nothing."""
    pairs = ask_conditions(pairs)
    slack = np.zeros((len(RULES), len(pairs)), dtype=np.int64)
    for r, rule in enumerate(RULES):
        if askable(rule, pairs):
            slack[r] = rule.slack(pairs)
    forbidding = np.array([rule.effect != CONDITIONAL for rule in RULES])
    broken = (slack > 0) & forbidding[:, None]
    unlawful = broken.any(axis=0)
    conditions = np.zeros(len(pairs), dtype=np.int64) if pairs.conditions is None else pairs.conditions
    earliest, latest = days(pairs)
    return Verdicts(
        verdict=np.where(unlawful, UNLAWFULLY, np.where(conditions != 0, CONDITIONALLY, LAWFUL)),
        first_rule=np.where(unlawful, broken.argmax(axis=0), -1),
        conditions=conditions,
        earliest_day=earliest,
        latest_day=latest,
        slack=slack,
    )


def findings(pairs: Pairs, k: int = 0) -> list[Finding]:
    """Return every rule that pair k breaks, in the order of the rules, in words; empty = lawful now."""
    return all_findings(pairs.take(np.array([k])))[0]


def all_findings(pairs: Pairs, rules: Sequence[Rule] = RULES) -> list[list[Finding]]:
    """Return for each pair every rule that it breaks, of those given and in their order, in words."""
    if pairs.conditions is None:
        pairs = ask_conditions(pairs)
    found: list[list[Finding]] = [[] for _ in range(len(pairs))]
    for rule in rules:
        slack = rule.slack(pairs) if askable(rule, pairs) else np.zeros(len(pairs), dtype=np.int64)
        for k in np.flatnonzero(slack > 0).tolist():
            found[k].append(_finding(rule, pairs.take(np.array([k])), int(slack[k])))
    return found


def _finding(rule: Rule, pair: Pairs, slack: int) -> Finding:
    on = pair.tables.on
    procedure = _procedure(rule, pair)
    ready = MISSING
    if procedure is not None:
        ready = procedures.add_working_days(on, procedure.lead_working_days).toordinal()
    return Finding(
        rule=rule.code,
        effect=rule.effect,
        slack=slack,
        slack_unit=rule.slack_unit,
        zh=fill(rule.zh, pair, rule, slack),
        en=fill(rule.en, pair, rule, slack),
        legal=legal.basis(rule.legal_key, on),
        procedure=procedure,
        ready_day=ready,
    )


def _procedure(rule: Rule, pair: Pairs) -> Procedure | None:
    if not rule.procedure:
        return None
    listed = bool(pair.tables.whitelisted.at(pair.i, pair.j)[0])
    origin = str(pair.tables.outputs.region_code[pair.i[0]])
    return procedures.find(rule.procedure, origin, pair.tables.on, listed)
