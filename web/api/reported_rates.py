"""Reported rates: what the mass ledger shows, told of at least three generators."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Constant, Date, Integer, List, Nested, String
from marshmallow.validate import OneOf

from circularity.catalogue.regions import PROVINCES
from circularity.rates.capacity_used import capacity_used, count_warnings
from circularity.rates.formula import (
    FORMULA_VERSION,
    MASSES,
    Sums,
    disposal_rate,
    plain_ratio,
    storage_rate,
    utilisation_rate,
)
from circularity.rates.reported import LABEL_EN, LABEL_ZH, ScopeReport, reported
from circularity.rates.told import TABLES, Told, told
from web.api.blueprint import ApiBlueprint
from web.api.quantities import Percent, Tonnes, WholeNumber
from web.api.rates import TargetAnswer, target_shown
from web.api.shapes import Answer
from web.session import read_session
from web.today import today

blp = ApiBlueprint("reported_rates", "Reported rates and used capacity: no official statistic.")

RATES = {
    "rate_percent": utilisation_rate,
    "plain_ratio_percent": plain_ratio,
    "disposal_rate_percent": disposal_rate,
    "storage_rate_percent": storage_rate,
}


class ReportQuery(Schema):
    """A calendar year, or a quarter or month of it; a province, or the whole Delta when left out."""

    year = WholeNumber(minimum=2000, maximum=2200)
    quarter = WholeNumber(minimum=1, maximum=4)
    month = WholeNumber(minimum=1, maximum=12)
    province = String(validate=OneOf(PROVINCES))


class SumsAnswer(Answer):
    """What became of waste in the period, and the rates that follow; rates are left out without a whole.

    `*_old_t` is the part from earlier years' stock. Utilised is split by evidence into `receipts_t`,
    `own_use_t` and `declared_t`.
    """

    sometimes = frozenset(RATES)
    rate_percent = Percent(metadata={"description": "utilised / (generated + utilised old stock)"})
    plain_ratio_percent = Percent(metadata={"description": "utilised / generated; not the official rate"})
    disposal_rate_percent = Percent()
    storage_rate_percent = Percent()
    generated_t = Tonnes(attribute="generated_kg")
    utilised_t = Tonnes(attribute="utilised_kg")
    utilised_old_t = Tonnes(attribute="utilised_old_kg")
    disposed_t = Tonnes(attribute="disposed_kg")
    disposed_old_t = Tonnes(attribute="disposed_old_kg")
    discarded_t = Tonnes(attribute="discarded_kg")
    discarded_old_t = Tonnes(attribute="discarded_old_kg")
    stored_t = Tonnes(attribute="stored_kg", metadata={"description": "negative where stock was drawn down"})
    residue_t = Tonnes(attribute="residue_kg")
    difference_t = Tonnes(attribute="difference_kg", metadata={"description": "moisture and weighing"})
    receipts_t = Tonnes(attribute="receipts_kg")
    own_use_t = Tonnes(attribute="own_use_kg")
    declared_t = Tonnes(attribute="declared_kg")


class RowAnswer(Answer):
    """One row of a table of the general scope at acceptance; small ones are added up as `other`."""

    table = String(metadata={"description": "province, stream or month"})
    key = String()
    sums = Nested(SumsAnswer)


class ScopeAnswer(Answer):
    """One scope; figures that would tell of too few generators are withheld."""

    sometimes = frozenset({"acceptance", "treatment", "missing_t", "target", "coverage_zh", "coverage_en"})
    scope = String(metadata={"description": "`general` industrial waste, or its `bulk` part"})
    withheld = Boolean()
    headline = String(
        metadata={"description": "`rate`, or `tonnes` where the coverage is too low or unknown"}
    )
    acceptance = Nested(SumsAnswer, metadata={"description": "used when accepted: statistical"})
    treatment = Nested(SumsAnswer, metadata={"description": "used when treated: strict"})
    target = Nested(TargetAnswer)
    missing_t = Tonnes(attribute="missing_kg", metadata={"description": "what the target still needs"})
    coverage_zh = String()
    coverage_en = String()


class ReportedAnswer(Answer):
    """What reported rates are, and of which period; no official statistic."""

    basis = Constant("reported", metadata={"type": "string", "enum": ["reported"]})
    label_zh = Constant(LABEL_ZH, metadata={"type": "string"})
    label_en = Constant(LABEL_EN, metadata={"type": "string"})
    formula_version = Constant(FORMULA_VERSION, metadata={"type": "integer"})
    period_from = Date()
    period_to = Date()


class ReportAnswer(ReportedAnswer):
    """The reported rates of a region in a period."""

    region = String(metadata={"description": "two digits of a province; empty: the Delta"})
    scopes = List(Nested(ScopeAnswer))
    rows = List(Nested(RowAnswer), metadata={"description": "tables of the Delta and a whole year only"})


class CapacityAnswer(Answer):
    """How many yearly limits are nearly used up; left out where they are those of too few organisations."""

    sometimes = frozenset({"limits", "reached_80_percent", "reached_90_percent", "used_up"})
    as_of = Date()
    withheld = Boolean()
    limits = Integer()
    reached_80_percent = Integer()
    reached_90_percent = Integer()
    used_up = Integer()


@blp.read("/rates/reported", ReportAnswer, query=ReportQuery)
def read_reported_rates(query: dict[str, Any]) -> dict[str, Any]:
    """Read the reported general and bulk rate of a period, this year's when left out."""
    session, region = read_session(), query.get("province", "")
    report = reported(
        session,
        query.get("year", today().year),
        quarter=query.get("quarter"),
        month=query.get("month"),
        region=region,
    )
    shown = told(session, report.period, region)
    return {
        "region": region,
        "period_from": report.period.first,
        "period_to": report.period.last,
        "scopes": [_scope_shown(found, shown) for found in report.scopes],
        "rows": [
            {"table": table, "key": key, "sums": sums_shown(sums)}
            for table in TABLES
            for key, sums in shown.tables.get(table, {}).items()
        ],
    }


@blp.read("/rates/capacity", CapacityAnswer)
def read_capacity_used() -> dict[str, Any]:
    """Read how many limits of licences and permits are used to 80 and 90 % and used up this year."""
    counts = count_warnings(capacity_used(read_session(), today()))
    answer: dict[str, Any] = {"as_of": today(), "withheld": counts is None}
    if counts is not None:
        names = {0: "limits", 80: "reached_80_percent", 90: "reached_90_percent", 100: "used_up"}
        answer |= {names[step]: count for step, count in counts.items()}
    return answer


def _scope_shown(found: ScopeReport, shown: Told) -> dict[str, Any]:
    withheld = found.scope not in shown.scopes
    answer = {
        "scope": found.scope,
        "withheld": withheld,
        "headline": "rate" if found.coverage.headlines_rate and not withheld else "tonnes",
        "target": target_shown(found.target, found.target_over),
    }
    if not withheld:
        answer |= {
            "acceptance": sums_shown(found.accepted),
            "treatment": sums_shown(found.treated),
            "missing_kg": found.missing_kg if found.target else None,
            "coverage_zh": found.coverage.sentence_zh,
            "coverage_en": found.coverage.sentence_en,
        }
    return answer


def sums_shown(sums: Sums) -> dict[str, Any]:
    """Return sums with the rates that follow from them."""
    rates = {name: rate(sums).hundredths for name, rate in RATES.items()}
    return rates | {name: getattr(sums, name) for name in MASSES}
