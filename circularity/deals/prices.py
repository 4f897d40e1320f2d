"""What an offer says of its price, and the fen that are owed for a settled mass.

Unit prices are µCNY/kg, positive when the receiver pays. A sum is exact until it is rounded to fen, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from circularity.columns import MAX_AMOUNT
from circularity.deals.contract import Offer
from circularity.fields import Checks
from circularity.units import MAX_MASS_KG, UCNY_PER_FEN, divide_half_up

ALL_OF_IT = 1000
"""The whole of a base price follows its index, in ‰."""

_KEYS = {
    "fixed": {"fixed"},
    "stepped": {"steps"},
    "formula": {"formula", "base", "index", "reference", "share_permille"},
}


def checked_price(checks: Checks, kind: str, price: Mapping[str, Any]) -> dict[str, Any]:
    """Return a price with its defaults, problems noted as `price…`.

    `fixed`: `{"fixed": µCNY/kg or None}`. `stepped`: `{"steps": [[from_kg, µCNY/kg], …]}`, the first from 0:
    each kilogram costs what holds at its place in the whole deal. `formula`: the text of the formula, a
    `base` in µCNY/kg, the name of the quoted `index`, its value `reference` at which the base holds, and the
    `share_permille` of the base that follows the index.
    """
    unknown = set(price) - _KEYS.get(kind, set())
    for name in sorted(unknown):
        checks.refuse(f"price.{name}", "unknown_field", price[name], f"未知字段 {name}", f"unknown: {name}")
    if kind == "fixed":
        return {"fixed": checks.price("price.fixed", price.get("fixed"))}
    if kind == "stepped":
        return {"steps": _steps(checks, price.get("steps"))}
    if kind != "formula":
        return {}
    return {
        "formula": checks.text("price.formula", str(price.get("formula", "")), maximum=500),
        "base": checks.whole("price.base", price.get("base"), -MAX_AMOUNT, MAX_AMOUNT),  # type: ignore[arg-type]  # no number is refused by the check
        "index": checks.text("price.index", str(price.get("index", ""))),
        "reference": checks.whole("price.reference", price.get("reference"), 1, MAX_AMOUNT),  # type: ignore[arg-type]  # no number is refused by the check
        "share_permille": checks.whole(
            "price.share_permille", price.get("share_permille", ALL_OF_IT), 0, ALL_OF_IT
        ),
    }


def price_owed_fen(
    offer: Offer, settled_kg: int, shipped_before_kg: int, index_value: int | None = None
) -> int | None:
    """Return what the receiver owes for a settled mass in fen, negative when the sender pays.

    `shipped_before_kg` is what the deal had settled before, which decides the step. `index_value` is the
    quotation of a formula, in the unit of its reference. None: no price is agreed, or no quotation known.
    """
    price = offer.price
    if offer.price_kind == "stepped":
        return divide_half_up(_stepped_ucny(price["steps"], settled_kg, shipped_before_kg), UCNY_PER_FEN)
    if offer.price_kind == "formula":
        if index_value is None:
            return None
        base, reference, share = (int(price[name]) for name in ("base", "reference", "share_permille"))
        followed = ALL_OF_IT * reference + share * (index_value - reference)
        return divide_half_up(settled_kg * base * followed, ALL_OF_IT * reference * UCNY_PER_FEN)
    fixed: int | None = price["fixed"]
    return None if fixed is None else divide_half_up(settled_kg * fixed, UCNY_PER_FEN)


def _stepped_ucny(steps: list[list[int]], settled_kg: int, before_kg: int) -> int:
    end_kg = before_kg + settled_kg
    ends = [*(start for start, _ in steps[1:]), max(end_kg, steps[-1][0])]
    return sum(
        max(0, min(end_kg, end) - max(before_kg, start)) * ucny
        for (start, ucny), end in zip(steps, ends, strict=True)
    )


def _steps(checks: Checks, steps: Any) -> list[list[int]]:
    pairs = [list(step) for step in steps] if _are_pairs(steps) else []
    if not pairs:
        zh, en = "应为由起始吨数和单价组成的阶梯", "steps of tonnes to start from and a unit price are wanted"
        checks.refuse("price.steps", "malformed_steps", steps, zh, en)
        return []
    found = [
        [
            checks.whole("price.steps", start, 0, MAX_MASS_KG),
            checks.whole("price.steps", ucny, -MAX_AMOUNT, MAX_AMOUNT),
        ]
        for start, ucny in pairs
    ]
    if found[0][0] or any(after[0] <= before[0] for before, after in pairwise(found)):
        zh, en = "阶梯应从 0 吨起并递增", "steps start at 0 t and rise"
        checks.refuse("price.steps", "steps_not_rising", [start for start, _ in found], zh, en)
    return found


def _are_pairs(steps: Any) -> bool:
    return isinstance(steps, list | tuple) and all(
        isinstance(step, list | tuple) and len(step) == 2 for step in steps
    )
