"""Reported rates and capacity used as one party is told them: exactly, of itself or of its region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, List, Nested, String
from marshmallow.validate import OneOf, Regexp

from circularity.catalogue.streams import all_streams
from circularity.errors import BadInput, InputProblem
from circularity.own_rates import Reach, own_capacity_used, own_report, reach_of
from circularity.rates.capacity_used import WARNINGS, LineUse
from circularity.rates.periods import period_of
from circularity.rates.reported import Report, ScopeReport
from circularity.rates.sums import KEYS
from circularity.registry.entitlements import Facility
from web.api.acting import acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.codes import PUBLIC_ID
from web.api.disclosure import facility_named, output_named
from web.api.paging import Paged, Paging
from web.api.quantities import Tonnes, WholeNumber
from web.api.rates import target_shown
from web.api.reported_rates import ReportedAnswer, ScopeAnswer, SumsAnswer, sums_shown
from web.api.shapes import Answer, FacilityReference, OutputReference
from web.permission_check import note_shown, told_of, wastes_told
from web.rate_disclosure import note_rates
from web.session import read_session
from web.today import today

blp = ApiBlueprint("own_rates", "Reported rates and used capacity of a party, or of an authority's region.")


class OwnReportQuery(Schema):
    """A year, a quarter or a month; the filters narrow what the asker may see, `by` tells it apart."""

    year = WholeNumber(minimum=2000, maximum=2200)
    quarter = WholeNumber(minimum=1, maximum=4)
    month = WholeNumber(minimum=1, maximum=12)
    region = String(validate=Regexp(r"\d{2}(\d{2}){0,2}$", error="Must be 2, 4 or 6 digits."))
    stream = String(validate=OneOf([stream.code for stream in all_streams()]))
    generator_id = String(validate=PUBLIC_ID, metadata={"description": "one generator of the region"})
    by = String(validate=OneOf(KEYS))


class ClosingAnswer(Answer):
    """A lot of the newest run without an outlet, and what is still missing once it is used too."""

    output = Nested(OutputReference)
    mass_t = Tonnes(attribute="mass_kg")
    reason = String()
    still_missing_t = Tonnes(attribute="still_missing_kg")


class OwnScopeAnswer(ScopeAnswer):
    """One scope, exactly."""

    closing_outputs = List(Nested(ClosingAnswer), metadata={"description": "heaviest first"})


class OwnRowAnswer(Answer):
    """The general scope at acceptance by the key asked for."""

    key = String(metadata={"description": "a region's digits, a stream, a month, or a generator's id"})
    sums = Nested(SumsAnswer)


class OwnReportAnswer(ReportedAnswer):
    """The reported rates of a party or region."""

    region = String(metadata={"description": "its digits; empty: the Delta"})
    scopes = List(Nested(OwnScopeAnswer))
    rows = List(Nested(OwnRowAnswer))


class CapacityQuery(Paged):
    """Every limit, or only those that are warned of."""

    warned = Boolean(truthy={"true"}, falsy={"false"})


class LimitAnswer(Answer):
    """One yearly limit and what was received on it this year."""

    sometimes = frozenset({"entitlement", "waste_patterns", "operation", "full_on"})
    kind = String(metadata={"description": "line, group (of lines), entitlement or facility"})
    facility = Nested(FacilityReference)
    entitlement = String(metadata={"description": "its number"})
    waste_patterns = List(String())
    operation = String()
    permitted_t = Tonnes(attribute="permitted_kg")
    received_t = Tonnes(attribute="received_kg")
    outside_t = Tonnes(attribute="declared_kg", metadata={"description": "of it outside the platform"})
    warning_percent = WholeNumber(minimum=0, maximum=100, metadata={"description": f"0 or one of {WARNINGS}"})
    full_on = Date(metadata={"description": "at the pace of the year so far; left out: not this year"})


@blp.read(f"{OWN}/rates/reported", OwnReportAnswer, query=OwnReportQuery)
def read_own_rates(query: dict[str, Any], organisation_id: str) -> dict[str, Any]:
    """Read the reported rates of one's own waste, for an authority those of its region."""
    session = read_session()
    party = acting_for(session, organisation_id)
    reach = reach_of(party.organisation, party.side, party.sites, wastes_told())
    _require_inside(reach, query.get("region", reach.region))
    period = period_of(
        query.get("year", today().year), quarter=query.get("quarter"), month=query.get("month")
    )
    keys = (query["by"],) if "by" in query else ()
    report, tables = own_report(
        session, reach, period, keys, region=query.get("region", ""), stream=query.get("stream"),
        organisation=query.get("generator_id"),
    )  # fmt: skip
    rows = tables[keys[0]] if keys else {}
    if party.watches:
        shown = [*(scope.accepted for scope in report.scopes), *rows.values()]
        note_rates(session, period, shown, _owners_of_lots(report))
    return {
        "region": report.region,
        "period_from": period.first,
        "period_to": period.last,
        "scopes": [_scope(scope) for scope in report.scopes],
        "rows": [{"key": key, "sums": sums_shown(sums)} for key, sums in rows.items()],
    }


@blp.read(f"{OWN}/rates/capacity", LimitAnswer, many=True, query=CapacityQuery)
def list_own_capacity_used(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the yearly limits of one's facilities, for an authority those of its region, the fullest first."""
    session = read_session()
    party = acting_for(session, organisation_id)
    told = told_of(Facility)
    found = own_capacity_used(session, party.organisation, party.side, party.sites, today(), told)
    if "warned" in query:
        found = [use for use in found if bool(use.warning) == query["warned"]]
    rows, headers = Paging.of(query).of_list(found)
    note_shown(use.facility for use in rows)
    return [_limit(use) for use in rows], headers


def _require_inside(reach: Reach, region: str) -> None:
    if not reach.covers(region):
        zh, en = "不在本部门的管辖地区", "this lies outside the authority's region"
        raise BadInput([InputProblem("query", None, "region", "outside_region", region, zh, en)])


def _owners_of_lots(report: Report) -> Iterable[str]:
    for scope in report.scopes:
        for lot in scope.closing:
            yield lot.unmatched.output.site.organisation.public_id


def _scope(found: ScopeReport) -> dict[str, Any]:
    return {
        "scope": found.scope,
        "withheld": False,
        "headline": "rate" if found.coverage.headlines_rate else "tonnes",
        "target": target_shown(found.target, found.target_over),
        "acceptance": sums_shown(found.accepted),
        "treatment": sums_shown(found.treated),
        "missing_kg": found.missing_kg if found.target else None,
        "coverage_zh": found.coverage.sentence_zh,
        "coverage_en": found.coverage.sentence_en,
        "closing_outputs": [
            {
                "output": output_named(lot.unmatched.output),
                "mass_kg": lot.unmatched.mass_kg,
                "reason": lot.unmatched.reason,
                "still_missing_kg": lot.still_missing_kg,
            }
            for lot in found.closing
        ],
    }


def _limit(use: LineUse) -> dict[str, Any]:
    lines = use.group.lines if use.group else [use.line] if use.line else []
    return {
        "kind": use.kind,
        "facility": facility_named(use.facility),
        "entitlement": use.entitlement.number if use.entitlement else None,
        "waste_patterns": [line.waste_pattern for line in lines] or None,
        "operation": use.line.operation if use.line else None,
        **{name: getattr(use, name) for name in ("permitted_kg", "received_kg", "declared_kg", "full_on")},
        "warning_percent": use.warning,
    }
