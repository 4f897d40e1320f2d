"""A plan in a page of figures: what the summary file, the terminal and the database keep of it."""

from __future__ import annotations

import platform
from collections import Counter
from dataclasses import asdict, fields
from datetime import date
from functools import cache
from importlib.metadata import version
from operator import mul
from typing import Any

import numpy as np

from circularity.acceptance import ADVICE_EN, ADVICE_ZH, CONDITIONS
from circularity.units import (
    KG_PER_T,
    MISSING,
    UCNY_PER_CNY,
    UCNY_PER_FEN,
    UCNY_PER_KG_PER_CNY_PER_T,
    divide_half_up,
    format_date,
    format_scaled,
    format_tonnes,
)
from matching.parameters import Parameters
from matching.plans.bounded_summary import bounded_parts, engines, level_row
from matching.plans.plan import Plan
from matching.reasons.words import reason_words

NOTICE_ZH = (
    "撮合建议：不产生任何权利义务，不保留产能，不替代主管部门审批，"
    f"也不替代产废单位的尽职核查义务。{ADVICE_ZH}。"
)
NOTICE_EN = (
    "Matching advice: it creates no duty, reserves nothing, and replaces neither an approval by the "
    f"competent authority nor the sender's own due diligence. {ADVICE_EN}."
)
MARGINS_PERCENT = (1, 5, 10)
BOTTLENECKS_SHOWN = 10


def summary(plan: Plan, plan_digest: str = "") -> dict[str, Any]:
    """Return the plan's figures as plain values for JSON; masses in tonnes as decimal text, money in CNY."""
    return figures(plan) | {
        "status": plan.status,
        "engine": plan.engine,
        "digest": plan.case.digest(),
        "plan_digest": plan_digest,
        "parameters": parameters_of(plan.case.parameters),
        "levels": [level_row(level) for level in plan.levels],
        "unique": plan.unique,
        "engines": engines(plan),
        "bounded_parts": bounded_parts(plan),
        "placed_t": format_tonnes(plan.placed_kg),
        "unmatched_t": format_tonnes(int(plan.unmatched_kg.sum())),
        "can_move_today_t": format_tonnes(plan.can_move_today_kg),
        "after_procedures_t": format_tonnes(plan.placed_kg - plan.can_move_today_kg),
        "urgent": urgent(plan),
        "by_reason": by_reason(plan),
        "conditions": conditions(plan),
        "bottlenecks": _bottlenecks(plan),
    }


def figures(plan: Plan) -> dict[str, Any]:
    """Return the figures of a summary that a stored run keeps as they are: rows and columns tell the rest."""
    return {
        "versions": versions(),
        "gap": plan.gap,
        "limits_without_price": len(plan.unpriced),
        "limits_priced_at_most": len(plan.priced_at_most),
        "cost_cny": cost_cny(plan),
        "last_mass_cost": last_mass_cost(plan),
        "unknown_money_t": _unknown_money(plan),
        "by_waste": _by_waste(plan),
        "not_asked": list(plan.arcs.not_asked),
        "seconds": plan.seconds,
        "notice_zh": NOTICE_ZH,
        "notice_en": NOTICE_EN,
    }


def parameters_of(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters as integers in their stored units, dates as ISO text, absent ones as None."""
    values: dict[str, Any] = {}
    for f in fields(parameters):
        value = getattr(parameters, f.name)
        if f.name.endswith("_day"):
            values[f.name.removesuffix("_day")] = format_date(value) or None
        else:
            values[f.name] = None if value == MISSING else value
    return values


def versions() -> dict[str, str]:
    """Return what computed the plan."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    names = ("circularity", "ortools", "networkx", "numpy", "scipy", "geopy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def urgent(plan: Plan) -> dict[str, Any]:
    """Return the hazardous lots at or near the end of their storage year, and how much of them is placed."""
    lots = plan.prepared.coefficients.urgent != 0
    posted, left = plan.case.outputs.mass_kg[lots], plan.unmatched_kg[lots]
    return {
        "outputs": int(lots.sum()),
        "posted_t": format_tonnes(int(posted.sum())),
        "placed_t": format_tonnes(int(posted.sum() - left.sum())),
    }


def cost_cny(plan: Plan) -> str:
    """Return the plan's cost in yuan, rounded to the fen once."""
    cost = next(v.value for v in plan.levels if v.name == "cost")
    return format_scaled(divide_half_up(cost, UCNY_PER_FEN), UCNY_PER_CNY // UCNY_PER_FEN)


def last_mass_cost(plan: Plan) -> list[dict[str, Any]]:
    """Return what the dearest 1, 5 and 10 % of the placed mass cost on average, in CNY per tonne."""
    used = np.flatnonzero(plan.mass_kg)
    unit_cost = plan.arcs.cost_ucny_per_kg
    order = used[np.argsort(-unit_cost[used])]
    together_kg = np.cumsum(plan.mass_kg[order])
    looked_at_kg = plan.placed_kg * max(MARGINS_PERCENT) // 100
    order = order[: np.searchsorted(together_kg, looked_at_kg) + 1]
    masses, costs = plan.mass_kg[order].tolist(), unit_cost[order].tolist()
    rows = []
    for percent in MARGINS_PERCENT:
        taken = plan.placed_kg * percent // 100
        whole = int(np.searchsorted(together_kg, taken, side="right"))
        # a sum of money may leave 64 bits
        spent = sum(map(mul, masses[:whole], costs[:whole]))
        if rest := taken - sum(masses[:whole]):
            spent += rest * costs[whole]
        average = format_scaled(divide_half_up(spent, taken), UCNY_PER_KG_PER_CNY_PER_T) if taken else None
        rows.append({"percent": percent, "mass_t": format_tonnes(taken), "cny_per_t": average})
    return rows


def by_reason(plan: Plan) -> list[dict[str, Any]]:
    """Return unmatched outputs and tonnes by reason, heaviest first."""
    mass: Counter[str] = Counter()
    outputs: Counter[str] = Counter()
    for reason, kg in zip(plan.reasons.reason.tolist(), plan.reasons.mass_kg.tolist(), strict=True):
        mass[reason] += kg
        outputs[reason] += 1
    return [
        {"reason": reason, "outputs": outputs[reason], "mass_t": format_tonnes(kg), **_words(plan, reason)}
        for reason, kg in sorted(mass.items(), key=lambda item: (-item[1], item[0]))
    ]


def conditions(plan: Plan) -> list[dict[str, Any]]:
    """Return pairs and tonnes that wait for each condition; a pair may wait for several."""
    rows = []
    for k, code in enumerate(CONDITIONS):
        waiting = (plan.arcs.conditions >> k & 1 == 1) & (plan.mass_kg > 0)
        if waiting.any():
            mass = format_tonnes(int(plan.mass_kg[waiting].sum()))
            rows.append(
                {"condition": code, "pairs": int(waiting.sum()), "mass_t": mass, **_words(plan, code)}
            )
    return rows


def _words(plan: Plan, code: str) -> dict[str, str]:
    return asdict(reason_words(code, date.fromordinal(plan.case.parameters.as_of_day)))


def _by_waste(plan: Plan) -> list[dict[str, str]]:
    codes, code_of = plan.prepared.tables.outputs.codes
    posted = np.zeros(len(codes), dtype=np.int64)
    unmatched = np.zeros(len(codes), dtype=np.int64)
    np.add.at(posted, code_of, plan.case.outputs.mass_kg)
    np.add.at(unmatched, code_of, plan.unmatched_kg)
    return [
        {
            "waste_code": code,
            "posted_t": format_tonnes(int(posted[k])),
            "placed_t": format_tonnes(int(posted[k] - unmatched[k])),
            "unmatched_t": format_tonnes(int(unmatched[k])),
        }
        for k, code in enumerate(codes)
    ]


def _unknown_money(plan: Plan) -> dict[str, str]:
    """Return the placed tonnes whose money totals leave a component out because nobody stated it."""
    return {
        component: format_scaled(int(plan.mass_kg[flags].sum()), KG_PER_T)
        for component, flags in sorted(plan.arcs.unknown.items())
        if plan.mass_kg[flags].any()
    }


def _bottlenecks(plan: Plan) -> list[dict[str, Any]]:
    """Return the heaviest sets of full limits that hold lawful mass back together."""
    return [
        {
            "limits": [plan.case.limit_id(node) for node in found.limits],
            "mass_t": format_tonnes(found.unmatched_kg),
        }
        for found in plan.bottlenecks[:BOTTLENECKS_SHOWN]
    ]
