"""Deals for tests: two parties, a lot, a window, and terms of which a test says only what matters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from registry import ACTOR, AT, Registry, T
from sqlalchemy.orm import Session

from circularity.columns import new_public_id
from circularity.deals.agreements import agree_directly
from circularity.deals.contract import Agreement
from circularity.deals.offers import Terms, accept, confirm
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Proposal

SEPTEMBER, DECEMBER = date(2026, 9, 1), date(2026, 12, 31)


def terms(tonnes: int = 100, **facts: Any) -> Terms:
    """Terms from September to the end of 2026."""
    defaults = {"mass_kg": tonnes * T, "valid_from": SEPTEMBER, "valid_to": DECEMBER}
    return Terms(**(defaults | facts))


def act(**later: Any) -> dict[str, Any]:
    """Actor and moment of a step, so much later than the registry's own."""
    return {"actor": ACTOR, "at": AT + timedelta(**later)}


@dataclass
class DealWorld:
    """A registry with deals in it."""

    registry: Registry

    @property
    def session(self) -> Session:
        """The registry's session."""
        return self.registry.session

    @cached_property
    def run(self) -> MatchingRun:
        """A run of the same morning, without its plan."""
        run = MatchingRun(
            public_id=new_public_id(),
            started_at=AT,
            started_by="test",
            as_of=AT.date(),
            status="optimal",
            engine="test",
            case_digest="",
            certificate_digest="",
            outputs=1,
            windows=1,
            supply_kg=0,
            placed_kg=0,
            can_move_today_kg=0,
            unmatched_kg=0,
            levels={},
            parameters={},
            figures={},
            fictional=True,
        )
        self.session.add(run)
        return run

    def proposal(
        self, output: Output | None = None, window: CapacityWindow | None = None, **facts: Any
    ) -> Proposal:
        """Propose the whole of a lot to a window."""
        output, window = output or self.registry.output(), window or self.registry.window()
        defaults = {
            "mass_kg": output.mass_kg,
            "grant": None,
            "operation": window.line.operation,
            "distance_m": 1000,
            "transport_ucny_per_kg": 300,
            "gate_fee_ucny_per_kg": None,
            "price_ucny_per_kg": None,
            "carbon_ucny_per_kg": 1,
            "cost_ucny_per_kg": 301,
            "conditions": (),
            "earliest": SEPTEMBER,
            "latest": DECEMBER,
            "status": "open",
        }
        proposal = Proposal(
            public_id=new_public_id(), run=self.run, output=output, window=window, **(defaults | facts)
        )
        self.session.add(proposal)
        self.session.flush()
        return proposal

    def offered(self, tonnes: int = 100, **facts: Any) -> Agreement:
        """Offer fly ash of a new generator to a facility; any fact of the deal may be given."""
        window = facts.get("window")
        line = facts.pop("line", None) or (window.line if window else self.registry.line())
        output = facts.get("output")
        defaults = {
            "site": facts.pop("site", None) or (output.site if output else self.registry.site()),
            "line": line,
            "waste_code": output.waste_code if output else "900-001-S02",
            "operation": line.operation,
            "side": "generator",
            "terms": terms(tonnes, **facts.pop("with_terms", {})),
        }
        self.session.flush()
        return agree_directly(self.session, **act(), **(defaults | facts))

    def agreed(self, tonnes: int = 100, **facts: Any) -> Agreement:
        """Offer, accept and confirm."""
        agreement = self.offered(tonnes, **facts)
        accept(self.session, **act(), agreement=agreement, side="facility")
        confirm(self.session, **act(), agreement=agreement, side="generator")
        return agreement


def at(**later: Any) -> datetime:
    """A moment so much later than the registry's own."""
    return AT + timedelta(**later)
