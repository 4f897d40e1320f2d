"""What a summary says of parts that lots or crossing caps bind: which engine, why, and how far proven."""

from __future__ import annotations

from typing import Any

import numpy as np

from circularity.units import MISSING
from matching.flow.problem import LEVELS
from matching.plans.part_plan import PartPlan
from matching.plans.plan import LevelValue, Plan

FLOW_ZH, FLOW_EN = "限额相互嵌套，批次可分", "limits nest and lots may be divided"


def level_row(level: LevelValue) -> dict[str, Any]:
    """Return a level as a summary has it; `solver_bound` only where a solver says more than is proven."""
    told = {} if level.solver_bound is None else {"solver_bound": level.solver_bound}
    known = {"name": level.name, "value": level.value, "unit": level.unit, "bound": level.bound}
    return {**known, "gap": level.gap, **told}


def engines(plan: Plan) -> list[dict[str, Any]]:
    """Return which engines solved which parts, and why: plain flows together, bound parts one by one."""
    bound = sum(len(part.outputs) for part in plan.sided)
    rest = plan.case.shape[0] - bound
    flow = {"engine": plan.flow_engine, "outputs": rest, "why_zh": FLOW_ZH, "why_en": FLOW_EN}
    return [*([flow] if rest else []), *(_engine(plan, part) for part in plan.sided)]


def _engine(plan: Plan, part: PartPlan) -> dict[str, Any]:
    why_zh, why_en = _why(plan, part)
    return {
        "engine": "+".join(part.engines),
        "outputs": len(part.outputs),
        "first_output": str(plan.case.outputs.output_id[part.outputs[0]]),
        "why_zh": why_zh,
        "why_en": why_en,
    }


def bounded_parts(plan: Plan) -> list[dict[str, Any]]:
    """Return every part with a gap: what binds it, and each level's value, proven bound and gap in it."""
    rows = []
    for part in plan.sided:
        if any(part.gaps[:-1]):
            why_zh, why_en = _why(plan, part)
            rows.append(
                {
                    "first_output": str(plan.case.outputs.output_id[part.outputs[0]]),
                    "outputs": len(part.outputs),
                    "limits": len(part.nodes),
                    "why_zh": why_zh,
                    "why_en": why_en,
                    "levels": [_level(part, k) for k in range(len(LEVELS))],
                }
            )
    return rows


def _level(part: PartPlan, k: int) -> dict[str, Any]:
    level, each = LEVELS[k], part.bounds[k]
    told = None if each.solver_bound is None else level.value(each.solver_bound)
    return level_row(
        LevelValue(level.name, level.value(part.sums[k]), level.unit, level.value(each.bound), told)
    )


def _why(plan: Plan, part: PartPlan) -> tuple[str, str]:
    """Name what binds a part besides nested limits, in Chinese and English."""
    lots = plan.case.outputs.min_lot_kg[part.outputs]
    n_lots = int(np.count_nonzero((lots != MISSING) & (lots > 1)))
    crossing = [plan.case.limit_id(node) for node in plan.tree.crossing if node in set(part.nodes.tolist())]
    shown = ", ".join(crossing[:3]) + (" …" if len(crossing) > 3 else "")
    zh = [f"{n_lots} 个批次有最小批量"] if n_lots else []
    en = [f"{n_lots} output(s) have a minimum lot"] if n_lots else []
    if crossing:
        zh.append(f"限额交叉：{shown}")
        en.append(f"caps cross: {shown}")
    return "；".join(zh), "; ".join(en)
