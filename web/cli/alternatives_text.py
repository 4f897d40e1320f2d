"""Near-optimal alternatives as text for a terminal, Chinese beside English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from circularity.units import format_scaled
from matching.near_optimal.words import NAMES


def alternatives_text(told: Sequence[dict[str, Any]], allowance_permille: int) -> str:
    """Return a line or two per aim; aims without a better plan are named too."""
    percent = format_scaled(allowance_permille, 10)
    lines = [
        f"备选方案 · alternatives（已落实、急迫、利用、等级与最优相同，成本最多 +{percent} % · "
        f"placed, urgent, utilised, hierarchy as in the optimum, cost at most +{percent} %）"
    ]
    by_aim = {each["aim"]: each for each in told}
    for aim, (zh, en) in NAMES.items():
        lines.append(f"  {zh} · {en}")
        if each := by_aim.get(aim):
            lines += [f"    {each['difference_zh']}", f"    {each['difference_en']}"]
        else:
            lines.append("    未找到更好的方案 · no better plan found")
    return "\n".join(lines)
