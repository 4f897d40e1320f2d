"""Nothing that is declared lies above what permits it: one refusal for every pair of a mass and its limit."""

from __future__ import annotations

from circularity.errors import RuleBroken

_ABOVE = {
    "line_above_entitlement": ("年限量高于许可总量", "the line's limit exceeds that of its entitlement"),
    "permitted_above_line": ("许可量高于该类别年限量", "what is permitted exceeds the line's annual limit"),
    "group_above_entitlement": (
        "合计年限量高于许可总量",
        "the limit of the lines together exceeds that of their entitlement",
    ),
    "permitted_above_group": (
        "许可量高于所在明细组的合计年限量",
        "what is permitted exceeds the limit that the line shares with others",
    ),
    "permitted_above_entitlement": (
        "许可量高于许可总量",
        "what is permitted exceeds the entitlement's limit",
    ),
    "above_permitted": (
        "已接收与已承诺之和高于许可量",
        "received and committed together exceed what is permitted",
    ),
}


def refuse_above(code: str, field: str, value_kg: int | None, limit_kg: int | None) -> None:
    """Raise RuleBroken `code` for a mass above a limit, both kg; None = not stated, not limited."""
    if value_kg is not None and limit_kg is not None and value_kg > limit_kg:
        zh, en = _ABOVE[code]
        raise RuleBroken(code, zh, en, field=field, value_kg=value_kg, limit_kg=limit_kg)
