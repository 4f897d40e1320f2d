"""What may be seen of a run: totals, pairs in bands, reasons; money only where both sides published it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.acceptance import WORDS
from circularity.organisations import Site
from circularity.registry.outputs import Output
from circularity.runs.capacity_prices import CapacityPrice
from circularity.runs.changes import RunChange
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of
from circularity.runs.told_run import ToldRun, told_run
from matching.plans.changes import cause_words, kind_of
from matching.plans.summary import NOTICE_EN, NOTICE_ZH
from matching.reasons.explain import CAPACITY
from web.api.disclosure import band, facility_named, is_public, mass_shown, output_named

_PLAIN = (
    "started_at", "as_of", "status", "engine", "case_digest", "certificate_digest", "outputs", "windows",
    "fictional",
)  # fmt: skip
_TOTALS = ("supply_kg", "placed_kg", "can_move_today_kg", "after_procedures_kg", "unmatched_kg")
_MONEY = ("transport", "gate_fee", "price", "carbon", "cost")


def run_summarised(run: MatchingRun) -> dict[str, Any]:
    """Return a run as a list shows it."""
    return {
        "id": run.public_id,
        **{name: getattr(run, name) for name in _PLAIN},
        **{name.replace("_kg", "_band"): band(getattr(run, name)) for name in _TOTALS},
        "notice_zh": NOTICE_ZH,
        "notice_en": NOTICE_EN,
    }


def run_shown(session: Session, run: MatchingRun) -> dict[str, Any]:
    """Return a run with levels, parameters and reasons."""
    told = told_run(session, run)
    exact = {name: kg for name in _TOTALS if (kg := getattr(told, name)) is not None}
    return (
        run_summarised(run)
        | exact
        | {
            "levels": list(_levels(run, told)),
            "parameters": {name: value for name, value in run.parameters.items() if value is not None},
            "reasons": list(_reasons(session, run, told)),
            "not_asked": run.figures.get("not_asked", []),
        }
    )


def proposal_shown(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal; what one side did not publish stays hidden even where the other did."""
    exact = is_public(proposal.output) and is_public(proposal.window)
    shown = {
        "id": proposal.public_id,
        "output": output_named(proposal.output),
        "facility": facility_named(proposal.window.line.entitlement.facility),
        "window_id": proposal.window.public_id,
        "operation": proposal.operation,
        "distance_m": proposal.distance_m,
        "conditions": [{"code": code, **words_of(code)} for code in proposal.conditions],
        "earliest": proposal.earliest,
        "latest": proposal.latest,
        "status": proposal.status,
        **mass_shown("mass", proposal.mass_kg, exact=exact),
    }
    if exact:
        shown |= {f"{part}_ucny_per_kg": getattr(proposal, f"{part}_ucny_per_kg") for part in _MONEY}
    return shown


def change_shown(change: RunChange) -> dict[str, Any]:
    """Return a change; what it does to the output itself is told only where both sides published theirs."""
    exact = is_public(change.output) and is_public(change.window)
    zh, en = cause_words(change.cause, change.level, change.amount if exact else None)
    return {
        "kind": kind_of(change.before_kg, change.after_kg),
        "output": output_named(change.output),
        "facility": facility_named(change.window.line.entitlement.facility),
        "window_id": change.window.public_id,
        **mass_shown("before", change.before_kg, exact=exact),
        **mass_shown("after", change.after_kg, exact=exact),
        "cause": change.cause,
        "zh": zh,
        "en": en,
    }


def unmatched_shown(left: Unmatched) -> dict[str, Any]:
    """Return what was left of an output; the nearest miss tells of both sides, so both must publish."""
    exact = is_public(left.output)
    shown = {
        "output": output_named(left.output),
        "reason": left.reason,
        **words_of(left.reason),
        **mass_shown("mass", left.mass_kg, exact=exact),
    }
    if exact and (left.nearest_window is None or is_public(left.nearest_window)):
        shown |= {"change_zh": left.change_zh, "change_en": left.change_en}
    return shown


def price_shown(price: CapacityPrice) -> dict[str, Any]:
    """Return the price of a window."""
    return {
        "window_id": price.subject_id,
        "used_kg": price.used_kg,
        "limit_kg": price.limit_kg,
        "placed_t_per_t": price.placed_per_kg,
        "saving_ucny_per_kg": price.saving_ucny_per_kg,
    }


def words_of(code: str) -> dict[str, str]:
    """Return the short names of a rule, condition or reason; an unknown code stands for itself."""
    if code == CAPACITY:
        return {"zh": "合法去处均已满", "en": "every lawful outlet is full"}
    words = WORDS.get(code)
    return {"zh": code, "en": code} if words is None else {"zh": words.name_zh, "en": words.name_en}


def _reasons(session: Session, run: MatchingRun, told: ToldRun) -> Iterable[dict[str, Any]]:
    """Yield reasons, heaviest first; exactly where no other table of the run gives the rest away."""
    total, organisations = func.sum(Unmatched.mass_kg), func.count(Site.organisation_id.distinct())
    rows = session.execute(
        select(Unmatched.reason, organisations, total)
        .join(Unmatched.output)
        .join(Output.site)
        .where(in_plan_of(run, Unmatched))
        .group_by(Unmatched.reason)
        .order_by(total.desc(), Unmatched.reason)
    )
    for reason, senders, mass_kg in rows:
        exact_kg = told.reason_kg(reason)
        shown = mass_shown("mass", int(mass_kg), exact=exact_kg is not None)
        yield {"reason": reason, **words_of(reason), "organisations": senders, **shown}


def _levels(run: MatchingRun, told: ToldRun) -> Iterable[dict[str, Any]]:
    """Yield the levels; of what they sum only the placed mass has a table that says who stands behind it."""
    for level in run.levels.get("levels", []):
        exact = level["name"] == "placed_kg" and told.placed_kg is not None
        figures = {"value": level["value"], "bound": level["bound"]} if exact else {}
        proven = level["value"] == level["bound"]
        yield {"name": level["name"], "unit": level["unit"], "proven": proven, **figures}
