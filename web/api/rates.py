"""Planned utilisation rates: what the newest run would mean; every answer says that it is planned."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Constant, Date, Integer, Nested, String
from marshmallow.validate import OneOf

from circularity.catalogue.regions import PROVINCES
from circularity.catalogue.targets import Target
from circularity.errors import NotFound
from circularity.rates.planned import LABEL_EN, LABEL_ZH, PlannedRate, planned_rates
from circularity.rates.told_planned import COVERAGE, RATE, STAGES
from circularity.runs.stored import MatchingRun, latest_run
from web.api.blueprint import ApiBlueprint
from web.api.quantities import Percent, Tonnes
from web.api.shapes import Answer
from web.session import read_session

blp = ApiBlueprint("rates", "Utilisation rates, planned: no official statistic.")

_HUNDREDTHS_OF_PERCENT_PER_PERMILLE = 10


class RateQuery(Schema):
    """Which region: a province, or the whole Delta when left out."""

    province = String(validate=OneOf(PROVINCES))


class TargetAnswer(Answer):
    """A target with its period and document."""

    rate_percent = Percent()
    period_from = Date()
    period_to = Date()
    over = Boolean(metadata={"description": "its period has ended and no next one was entered"})
    document_zh = String()
    document_en = String()
    source = String()
    verified = Boolean()


class RateAnswer(Answer):
    """One planned rate with what it was made from; figures of too few, or nearly of one, are withheld."""

    sometimes = frozenset(
        {
            "rate_percent",
            "rate_today_percent",
            "generated_t",
            "utilised_t",
            "utilised_today_t",
            "agreed_t",
            "reserved_t",
            "proposed_t",
            "missing_t",
            "target",
            "coverage_zh",
            "coverage_en",
        }
    )
    basis = Constant("planned", metadata={"type": "string", "enum": ["planned"]})
    label_zh = Constant(LABEL_ZH, metadata={"type": "string"})
    label_en = Constant(LABEL_EN, metadata={"type": "string"})
    scope = String(metadata={"description": "`general` industrial waste, or its `bulk` part"})
    region = String(metadata={"description": "two digits of a province; empty: the Delta"})
    as_of = Date()
    run_id = String()
    formula_version = Integer()
    sites = Integer()
    withheld = Boolean(metadata={"description": "too few organisations to publish figures"})
    rate_percent = Percent(metadata={"description": "after all procedures; left out without generation"})
    rate_today_percent = Percent(metadata={"description": "of what can move today"})
    generated_t = Tonnes(attribute="generated_kg")
    utilised_t = Tonnes(attribute="utilised_kg")
    utilised_today_t = Tonnes(attribute="utilised_today_kg")
    agreed_t = Tonnes(attribute="agreed_kg", metadata={"description": "planned: agreed, left out of few"})
    reserved_t = Tonnes(attribute="reserved_kg", metadata={"description": "planned: accepted by one side"})
    proposed_t = Tonnes(attribute="proposed_kg", metadata={"description": "planned: by the run beyond them"})
    missing_t = Tonnes(attribute="missing_kg", metadata={"description": "what the target still needs"})
    target = Nested(TargetAnswer)
    coverage_zh = String()
    coverage_en = String()


@blp.read("/rates", RateAnswer, many=True, query=RateQuery)
def list_rates(query: dict[str, Any]) -> list[dict[str, Any]]:
    """List the planned general and bulk rates of the newest run."""
    session = read_session()
    run = latest_run(session)
    if run is None:
        raise NotFound(
            "no_run", "尚无撮合，无计划利用率", "there is no run yet, so there are no planned rates"
        )
    rates = planned_rates(session, run, region=query.get("province"))
    return [_shown(run, rate) for rate in rates]


def _shown(run: MatchingRun, rate: PlannedRate) -> dict[str, Any]:
    withheld = RATE not in rate.told
    shown = {
        "scope": rate.scope,
        "region": rate.region,
        "as_of": rate.on,
        "run_id": run.public_id,
        "formula_version": rate.formula_version,
        "sites": rate.sites,
        "withheld": withheld,
        "target": target_shown(rate.target, rate.target_over),
    }
    if not withheld:
        shown |= {"rate_percent": rate.rate, "rate_today_percent": rate.rate_today}
        shown |= {name: getattr(rate, name) for name in _FIGURES}
    if COVERAGE in rate.told:
        shown |= {"coverage_zh": rate.coverage_zh, "coverage_en": rate.coverage_en}
    if STAGES in rate.told:
        shown |= {name: getattr(rate.balance, name) for name in ("agreed_kg", "reserved_kg", "proposed_kg")}
    return shown


_FIGURES = ("generated_kg", "utilised_kg", "utilised_today_kg", "missing_kg")


def target_shown(target: Target | None, over: bool) -> dict[str, Any] | None:
    """Return a target for `TargetAnswer`, None without one."""
    if target is None:
        return None
    return {
        "rate_percent": target.rate_permille * _HUNDREDTHS_OF_PERCENT_PER_PERMILLE,
        "period_from": target.period_from,
        "period_to": target.period_to,
        "over": over,
        "document_zh": target.document_zh,
        "document_en": target.document_en,
        "source": target.source,
        "verified": target.verified,
    }
