"""Advice on one posting: outlets for an output, feed for a capacity window, best first.

Without accounts the asker is neither side, so money and masses are told only where both sides published
theirs; what the law asks for first is told to everybody. What the region would lose rests on what others hold
and pay: only on which level it loses first is told.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, Integer, List, Nested, String

from circularity.acceptance import ADVICE_EN, ADVICE_ZH, Finding
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from matching.advice.recommending import Recommendation, feed_for_window, outlets_for_output
from matching.flow.problem import COST_LEVEL, LEVELS
from web.api.blueprint import ApiBlueprint
from web.api.disclosure import facility_named, is_public, mass_shown, output_named
from web.api.lookups import by_public_id
from web.api.quantities import CnyPerTonne, Kilometres, Tonnes, WholeNumber
from web.api.run_answers import words_of
from web.api.shapes import Answer, Band, FacilityReference, OutputReference
from web.api.writing import now
from web.session import live_receivers, read_session

blp = ApiBlueprint("recommendations", "Outlets for an output, feed for a capacity window.")

_MONEY = ("transport", "gate_fee", "price", "carbon")
NO_LOSS = "none"


class AdviceQuery(Schema):
    """How many."""

    limit = WholeNumber(minimum=1, maximum=50, load_default=20)


class StepAnswer(Answer):
    """What must be granted, filed or measured first: where, how long it takes, on which law."""

    sometimes = frozenset(
        {"authority_zh", "authority_en", "hand_in_zh", "hand_in_en", "lead_working_days", "validity_months"}
    )
    condition = String()
    zh = String()
    en = String()
    law_zh = String()
    law_en = String()
    confidence = String(metadata={"description": "H, M or L: how sure the legal row is"})
    authority_zh = String()
    authority_en = String()
    hand_in_zh = String()
    hand_in_en = String()
    lead_working_days = Integer()
    validity_months = Integer()


class RegionLossAnswer(Answer):
    """On which level the region's optimum loses first if the lot goes here; how much is not told."""

    level = String(metadata={"enum": [NO_LOSS, *(level.name for level in LEVELS[: COST_LEVEL + 1])]})
    run_id = String()
    as_of = Date()
    is_old = Boolean(metadata={"description": "something has changed since that run"})


class RecommendationAnswer(Answer):
    """One lawful pair, or a conditional one with its steps. It is advice and reserves nothing."""

    sometimes = frozenset(
        {
            "mass_t",
            "distance_km",
            "latest",
            "transport_cny_per_t",
            "gate_fee_cny_per_t",
            "price_cny_per_t",
            "carbon_cny_per_t",
            "cost_cny_per_t",
            "region_loss",
        }
    )
    verdict = String(metadata={"enum": ["lawful", "conditional"]})
    advice_zh = String(dump_default=ADVICE_ZH)
    advice_en = String(dump_default=ADVICE_EN)
    output = Nested(OutputReference)
    facility = Nested(FacilityReference)
    window_id = String()
    operation = String()
    rank = Integer()
    utilises = Boolean()
    mass_band = Nested(Band, metadata={"description": "what the other side offers or has"})
    mass_t = Tonnes(attribute="mass_kg")
    distance_km = Kilometres(attribute="distance_m")
    can_move_today = Boolean()
    earliest = Date()
    latest = Date()
    steps = List(Nested(StepAnswer))
    transport_cny_per_t = CnyPerTonne(attribute="transport_ucny_per_kg")
    gate_fee_cny_per_t = CnyPerTonne(attribute="gate_fee_ucny_per_kg")
    price_cny_per_t = CnyPerTonne(attribute="price_ucny_per_kg")
    carbon_cny_per_t = CnyPerTonne(attribute="carbon_ucny_per_kg")
    cost_cny_per_t = CnyPerTonne(attribute="cost_ucny_per_kg")
    region_loss = Nested(RegionLossAnswer)


@blp.read(
    "/outputs/<public_id:output_id>/recommendations", RecommendationAnswer, many=True, query=AdviceQuery
)
def list_outlets(query: dict[str, Any], output_id: str) -> list[dict[str, Any]]:
    """List the best lawful and conditional outlets for a lot."""
    output = by_public_id(read_session(), Output, output_id)
    found = outlets_for_output(live_receivers(), read_session(), output, at=now(), limit=query["limit"])
    return [advice_shown(advice, advice.window.offered_kg, exact=_both_public(advice)) for advice in found]


@blp.read(
    "/windows/<public_id:window_id>/recommendations", RecommendationAnswer, many=True, query=AdviceQuery
)
def list_feed(query: dict[str, Any], window_id: str) -> list[dict[str, Any]]:
    """List the lots that suit a capacity window best."""
    window = by_public_id(read_session(), CapacityWindow, window_id)
    found = feed_for_window(read_session(), window, at=now(), limit=query["limit"])
    return [advice_shown(advice, advice.output.mass_kg, exact=_both_public(advice)) for advice in found]


def _both_public(advice: Recommendation) -> bool:
    return is_public(advice.output) and is_public(advice.window)


def advice_shown(advice: Recommendation, others_mass_kg: int, *, exact: bool) -> dict[str, Any]:
    """Return advice; mass and money of the pair only where `exact`, else a band and none."""
    shown = {
        "verdict": "lawful" if advice.can_move_today else "conditional",
        "output": output_named(advice.output),
        "facility": facility_named(advice.window.line.entitlement.facility),
        "window_id": advice.window.public_id,
        "operation": advice.operation,
        "rank": advice.rank,
        "utilises": advice.utilises,
        "distance_m": advice.distance_m,
        "can_move_today": advice.can_move_today,
        "earliest": advice.earliest,
        "latest": advice.latest,
        "steps": [_step(finding, exact=exact) for finding in advice.findings],
        **mass_shown("mass", others_mass_kg, exact=exact),
    }
    if exact:
        shown |= {f"{part}_ucny_per_kg": advice.costs_ucny_per_kg.get(part) for part in _MONEY}
        shown |= {"cost_ucny_per_kg": advice.cost_ucny_per_kg}
    if advice.loss is not None:
        run = advice.loss.run
        level = advice.loss.level or NO_LOSS
        shown |= {
            "region_loss": {"level": level, "run_id": run.public_id, "as_of": run.as_of, "is_old": run.is_old}
        }
    return shown


def _step(finding: Finding, *, exact: bool) -> dict[str, Any]:
    """Return a condition; its own sentence may tell figures of both sides, its name never does."""
    sentence = {"zh": finding.zh, "en": finding.en} if exact else words_of(finding.rule)
    step: dict[str, Any] = {
        "condition": finding.rule,
        **sentence,
        "law_zh": f"{finding.legal.document_zh} {finding.legal.article_zh}",
        "law_en": f"{finding.legal.document_en}, {finding.legal.article_en}",
        "confidence": finding.confidence,
    }
    procedure = finding.procedure
    if procedure is not None:
        step |= {
            name: getattr(procedure, name)
            for name in ("authority_zh", "authority_en", "hand_in_zh", "hand_in_en", "lead_working_days")
        }
        step |= {"validity_months": procedure.validity_months}
    return step
