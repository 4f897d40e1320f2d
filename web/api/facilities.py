"""Facilities: the plants that take waste, what entitles them, the capacity they offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.errors import RuleBroken
from circularity.organisations import Site
from circularity.registry.capacity import offer_capacity, withdraw_capacity
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.facilities import add_entitlement_line, grant_entitlement, register_facility
from web.api.blueprint import ApiBlueprint
from web.api.codes import operation_of, verb_arguments
from web.api.facility_answers import facility_shown, facility_summarised, window_shown
from web.api.facility_schemas import (
    EntitlementCreate,
    FacilityAnswer,
    FacilityCreate,
    FacilityQuery,
    FacilitySummary,
    WindowAnswer,
    WindowChange,
    WindowCreate,
)
from web.api.lookups import by_public_id, named_in_body
from web.api.paging import Paging
from web.api.writing import ACTOR, now
from web.session import read_session

blp = ApiBlueprint("facilities", "Plants that take waste, what entitles them, the capacity they offer.")

_LINES = selectinload(Facility.entitlements).selectinload(Entitlement.lines)
_LOADED = (joinedload(Facility.site), _LINES)
_OF_WINDOW = (
    joinedload(CapacityWindow.line)
    .joinedload(EntitlementLine.entitlement)
    .joinedload(Entitlement.facility)
    .joinedload(Facility.site)
)


@blp.read("/facilities", FacilitySummary, many=True, query=FacilityQuery)
def list_facilities(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the facilities, newest first."""
    rows, headers = Paging.of(query).of_statement(read_session(), _wanted(query))
    return [facility_summarised(facility) for facility in rows], headers


@blp.read("/facilities/<public_id:facility_id>", FacilityAnswer)
def get_facility(facility_id: str) -> dict[str, Any]:
    """Read one facility with its entitlements, lines and capacity windows."""
    options = (*_LOADED, _LINES.selectinload(EntitlementLine.windows))
    return facility_shown(by_public_id(read_session(), Facility, facility_id, *options))


@blp.read("/windows/<public_id:window_id>", WindowAnswer)
def get_window(window_id: str) -> dict[str, Any]:
    """Read one capacity window."""
    return window_shown(by_public_id(read_session(), CapacityWindow, window_id, _OF_WINDOW))


@blp.create(
    "/facilities", FacilityCreate, FacilityAnswer, located="facilities.get_facility", by="facility_id"
)
def create_facility(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Register a plant at a site."""
    site = named_in_body(session, Site, "site_id", body["site_id"])
    facility = register_facility(session, actor=ACTOR, at=now(), site=site, **verb_arguments(body))
    session.flush()
    return facility_shown(facility)


@blp.create(
    "/facilities/<public_id:facility_id>/entitlements",
    EntitlementCreate,
    FacilityAnswer,
    located="facilities.get_facility",
    by="facility_id",
)
def create_entitlement(session: Session, body: dict[str, Any], facility_id: str) -> dict[str, Any]:
    """Note what entitles a facility, with its lines; answers the facility as it stands then."""
    facility = by_public_id(session, Facility, facility_id, *_LOADED)
    lines = body.pop("lines")
    held = grant_entitlement(session, actor=ACTOR, at=now(), facility=facility, **body)
    for line in lines:
        add_entitlement_line(session, actor=ACTOR, at=now(), entitlement=held, **line)
    session.flush()
    return facility_shown(facility)


@blp.create(
    "/facilities/<public_id:facility_id>/windows",
    WindowCreate,
    WindowAnswer,
    located="facilities.get_window",
    by="window_id",
)
def create_window(session: Session, body: dict[str, Any], facility_id: str) -> dict[str, Any]:
    """Offer capacity on a line; the answer echoes what remains of it, to the one who sent it."""
    facility = by_public_id(session, Facility, facility_id)
    line = named_in_body(session, EntitlementLine, "line_id", body["line_id"])
    if line.entitlement.facility_id != facility.id:
        zh, en = "该许可明细不属于此设施", "this line belongs to another facility"
        raise RuleBroken("line_of_another_facility", zh, en, field="line_id")
    window = offer_capacity(session, actor=ACTOR, at=now(), line=line, **verb_arguments(body))
    session.flush()
    return window_shown(window, exact=True)


@blp.change("/windows/<public_id:window_id>", WindowChange, WindowAnswer)
def change_window(session: Session, body: dict[str, Any], window_id: str) -> dict[str, Any]:  # noqa: ARG001 - the signature is the route's
    """Withdraw a window from future runs; nothing is deleted, and deals stand."""
    window = by_public_id(session, CapacityWindow, window_id, _OF_WINDOW)
    blp.check_etag(window_shown(window), WindowAnswer)
    withdraw_capacity(session, actor=ACTOR, at=now(), window=window)
    session.flush()
    return window_shown(window)


def _wanted(query: dict[str, Any]) -> Select[Facility]:
    wanted = select(Facility).join(Facility.site).options(*_LOADED)
    if "kind" in query:
        wanted = wanted.where(Facility.kind == query["kind"])
    if "province" in query:
        wanted = wanted.where(func.substr(Site.region_code, 1, 2) == query["province"])
    if "operation" in query:
        lines = select(Entitlement.facility_id).join(Entitlement.lines)
        having = lines.where(EntitlementLine.operation == operation_of(query["operation"]))
        wanted = wanted.where(Facility.id.in_(having))
    return wanted.order_by(Facility.id.desc())
