"""Runs as rows for tests of what rests on them: a run without a match, what it places and what it leaves."""

from __future__ import annotations

from datetime import date
from typing import Any

from registry import AT, Registry, T

from circularity.columns import new_public_id
from circularity.runs.stored import MatchingRun, Proposal, Unmatched

AS_OF = date(2026, 9, 1)


def stored_run(registry: Registry, as_of: date = AS_OF) -> MatchingRun:
    """A run without rows; its totals play no part in the rates."""
    run = MatchingRun(
        public_id=new_public_id(), started_at=AT, started_by="t", as_of=as_of, status="optimal",
        engine="none", case_digest="", certificate_digest="", outputs=0, windows=0, supply_kg=0, placed_kg=0,
        can_move_today_kg=0, unmatched_kg=0, levels={}, parameters={}, figures={}, fictional=False,
    )  # fmt: skip
    registry.session.add(run)
    registry.session.flush()
    return run


def placed(registry: Registry, run: MatchingRun, output: Any, tonnes: int, **facts: Any) -> None:
    """A proposal for an output."""
    window = facts.pop("window", None) or registry.window(tonnes)
    values = {"operation": "C2", "conditions": (), "earliest": AS_OF, "status": "open"} | facts
    registry.session.add(
        Proposal(
            public_id=new_public_id(), run=run, output=output, window=window, mass_kg=tonnes * T,
            carbon_ucny_per_kg=0, cost_ucny_per_kg=0, **values,
        )
    )  # fmt: skip


def left(registry: Registry, run: MatchingRun, output: Any, tonnes: int) -> None:
    """Mass of an output without an outlet."""
    registry.session.add(
        Unmatched(
            run=run, output=output, mass_kg=tonnes * T, reason="capacity", slack_unit="", change_zh="",
            change_en="", excluded={},
        )
    )  # fmt: skip
