"""What the region loses with an outlet, with figures: the command line is its operator's tool."""

from __future__ import annotations

from typing import Any

from circularity.units import UCNY_PER_KG_PER_CNY_PER_T, divide_half_up
from matching.flow.loss import Loss, PricedRun
from matching.flow.problem import COST_LEVEL, LEVELS

NONE = "0"
UNKNOWN = "–"
LOST = {
    "placed_kg": "另一公斤无处可去 another kg its place",
    "urgent_kg": "另一紧急公斤的去处 an urgent kg its place",
    "utilised_kg": "一公斤的利用 a kg its utilisation",
    "hierarchy": "更好的方式 a better operation",
}
"""What a kilogram costs the region, by the first level that loses."""


def loss_cell(loss: Loss | None) -> str:
    """Return the first level on which the region loses, for the cost how much."""
    if loss is None:
        return UNKNOWN
    if loss.level == LEVELS[COST_LEVEL].name:
        return f"{divide_half_up(loss.per_kg[COST_LEVEL], UCNY_PER_KG_PER_CNY_PER_T):,} CNY/t"
    return LOST.get(loss.level, NONE)


def priced_line(run: PricedRun) -> str:
    """Return which run the losses are counted from, and whether it is old."""
    old = "；此后情况有变 · things have changed since" if run.is_old else ""
    return f"区域损失按 {run.as_of} 的撮合计算 · region losses are counted from the run of {run.as_of}{old}"


def loss_values(loss: Loss | None) -> dict[str, Any] | None:
    """Return what the region loses per kg on each level (cost in µCNY), and from which run."""
    if loss is None:
        return None
    per_kg = {level.name: lost for level, lost in zip(LEVELS, loss.per_kg, strict=False)}
    return {
        "level": loss.level or None,
        "per_kg": per_kg,
        "run": loss.run.public_id,
        "is_old": loss.run.is_old,
    }
