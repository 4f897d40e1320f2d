"""Changes of small whole cases: what is posted, and what was proposed before."""

from __future__ import annotations

from typing import Any

from case_strategies import PLACES, output_rows, tonnes
from hypothesis import strategies as st

from matching.plans.plan import Plan

Arguments = dict[str, Any]

OF_OUTPUTS = ["add", "withdraw", "mass", "place", "nothing"]
KINDS = [*OF_OUTPUTS, "window", "suspend"]


def change(data: st.DataObject, tables_now: Arguments, number: int, kinds: list[str] = KINDS) -> None:
    """Change one posting or one receiver of the tables."""
    outputs, capacities = tables_now["outputs"], tables_now["capacities"]
    kind = data.draw(st.sampled_from(kinds))
    if kind == "add":
        outputs.append(data.draw(output_rows(100 + number)))
    elif kind == "withdraw" and len(outputs) > 1:
        outputs.pop(data.draw(st.integers(0, len(outputs) - 1)))
    elif kind == "mass":
        data.draw(st.sampled_from(outputs))["mass_t"] = data.draw(tonnes)
    elif kind == "place":
        data.draw(st.sampled_from(outputs))["place"] = data.draw(st.sampled_from(PLACES))
    elif kind == "window":
        data.draw(st.sampled_from(capacities))["capacity_t"] = data.draw(tonnes)
    elif kind == "suspend":
        data.draw(st.sampled_from(capacities))["standing"] = "suspended"


def proposed(plan: Plan, arguments: Arguments) -> list[tuple[str, str]]:
    """Return the pairs of a plan whose output and capacity are still there."""
    posted = {row["output_id"] for row in arguments["outputs"]}
    arcs, of = plan.arcs, plan.case
    ids = of.outputs.output_id[arcs.output].tolist(), of.capacities.capacity_id[arcs.capacity].tolist()
    return [(output, capacity) for output, capacity in zip(*ids, strict=True) if output in posted]
