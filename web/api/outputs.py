"""Outputs: the lots of waste that look for an outlet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.catalogue.waste_codes import has_kind_form
from circularity.catalogue.waste_types import find
from circularity.deals.changed_lots import change_output as change_terms
from circularity.organisations import Site
from circularity.registry.outputs import Output, post_output, withdraw_output
from web.api.blueprint import ApiBlueprint
from web.api.codes import verb_arguments, waste_pattern_of
from web.api.disclosure import is_public, mass_shown, organisation_shown, place_shown
from web.api.lookups import by_public_id, named_in_body
from web.api.output_schemas import OutputAnswer, OutputChange, OutputCreate, OutputQuery
from web.api.paging import Paging
from web.api.writing import ACTOR, now
from web.session import read_session
from web.today import today

blp = ApiBlueprint("outputs", "Lots of waste that look for an outlet.")

_LOADED = (joinedload(Output.site), selectinload(Output.assays))


@blp.read("/outputs", OutputAnswer, many=True, query=OutputQuery)
def list_outputs(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the lots that stand, newest first."""
    rows, headers = Paging.of(query).of_statement(read_session(), _wanted(query))
    return [output_shown(output) for output in rows], headers


@blp.read("/outputs/<public_id:output_id>", OutputAnswer)
def get_output(output_id: str) -> dict[str, Any]:
    """Read one lot."""
    return output_shown(by_public_id(read_session(), Output, output_id, *_LOADED))


@blp.create("/outputs", OutputCreate, OutputAnswer, located="outputs.get_output", by="output_id")
def create_output(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Post a lot; the answer echoes every quantity with its unit, to the one who sent it."""
    site = named_in_body(session, Site, "site_id", body["site_id"])
    output = post_output(session, actor=ACTOR, at=now(), site=site, **verb_arguments(body))
    session.flush()
    return output_shown(output, exact=True)


@blp.change("/outputs/<public_id:output_id>", OutputChange, OutputAnswer)
def change_output(session: Session, body: dict[str, Any], output_id: str) -> dict[str, Any]:
    """Change what is said of a lot, or withdraw it from future runs; nothing is deleted."""
    output = by_public_id(session, Output, output_id, *_LOADED)
    blp.check_etag(output_shown(output), OutputAnswer)
    withdrawn = body.pop("withdrawn", False)
    if body:
        change_terms(session, actor=ACTOR, at=now(), output=output, changes=body)
    if withdrawn:
        withdraw_output(session, actor=ACTOR, at=now(), output=output)
    session.flush()
    return output_shown(output)


def output_shown(output: Output, *, exact: bool | None = None) -> dict[str, Any]:
    """Return what may be seen of an output; `exact` None asks its visibility."""
    shown = _identity(output)
    exact = is_public(output) if exact is None else exact
    shown |= mass_shown("mass", output.mass_kg, exact=exact)
    if exact:
        shown |= {
            "max_distance_m": output.max_distance_m,
            "max_net_cost_ucny_per_kg": output.max_net_cost_ucny_per_kg,
            "min_lot_kg": output.min_lot_kg,
            "price_ucny_per_kg": output.price_ucny_per_kg,
            "storage_since": output.storage_since,
            "plan_mass_kg": output.plan_mass_kg,
            "assays": {assay.analyte: assay.value_micro for assay in output.assays},
        }
    return shown


def _identity(output: Output) -> dict[str, Any]:
    waste = find(output.waste_code, today())
    return {
        "id": output.public_id,
        "organisation": organisation_shown(output.site.organisation),
        "site": place_shown(output.site),
        "waste_code": output.waste_code,
        "waste_name_zh": waste.name_zh,
        "waste_name_en": waste.name_en,
        "waste_verified": waste.verified,
        "hazardous": waste.hazardous,
        "status": output.status,
        "visibility": output.visibility,
        "available_from": output.available_from,
        "available_to": output.available_to,
        "allowed_operations": list(output.allowed_operations),
        "posted_at": output.posted_at,
        "withdrawn_at": output.withdrawn_at,
        "version": output.version,
    }


def _wanted(query: dict[str, Any]) -> Select[Output]:
    wanted = select(Output).join(Output.site).where(Output.withdrawn_at.is_(None)).options(*_LOADED)
    if "waste_code" in query:
        wanted = wanted.where(_of_waste(query["waste_code"]))
    if "province" in query:
        wanted = wanted.where(func.substr(Site.region_code, 1, 2) == query["province"])
    if "status" in query:
        wanted = wanted.where(Output.status == query["status"])
    return wanted.order_by(Output.id.desc())


def _of_waste(text: str) -> Any:
    """Return the condition for a code or a whole kind; raises BadInput for neither."""
    pattern = waste_pattern_of(text)
    if has_kind_form(pattern):
        ending = pattern.removeprefix("HW") if pattern.startswith("HW") else f"S{pattern[2:]}"
        return Output.waste_code.endswith(f"-{ending}", autoescape=True)
    return Output.waste_code == pattern
