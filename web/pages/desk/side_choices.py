"""Choosing the two sides of a deal: sites and lines of entitlements by words, a page of them at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from circularity.catalogue.waste_codes import EVERYTHING, kind_of
from circularity.catalogue.waste_types import MalformedCode, parse_code
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import Entitlement, EntitlementLine, Facility
from web.formats import operation_name, region_name, waste_name
from web.language import said
from web.pages.desk.acting import Acting, own_sites_only
from web.pages.requests import text

SHOWN = 12
"""How many hits one search shows; more words make them fewer."""

_KEPT = ("site", "entitlement_line", "waste_code", "mass_t", "q_site", "q_entitlement_line")


@dataclass(frozen=True)
class Choice:
    """One side to be chosen: what is chosen already, or the hits of a search with the address of each."""

    name: str
    asked: str
    chosen: tuple[str, str] | None
    hits: tuple[tuple[str, str, str], ...]
    total: int
    again: str
    """The address without what is chosen."""


def site_choice(session: Session, party: Acting) -> Choice:
    """Offer the generator's sites: one's own where one acts as a generator, else anybody's."""
    wanted = select(Site).join(Site.organisation).options(contains_eager(Site.organisation))
    if party.side == "generator":
        wanted = wanted.where(*own_sites_only(party))
    for word in text("q_site").split():
        wanted = wanted.where(_holds(word, *_NAMES))
    return _choice(session, "site", Site, wanted.order_by(Organisation.name_zh, Site.id), _site_label)


def line_choice(session: Session, party: Acting) -> Choice:
    """Offer lines of entitlements: a facility its own, others those of anybody in good standing."""
    wanted = (
        select(EntitlementLine)
        .join(EntitlementLine.entitlement)
        .join(Entitlement.facility)
        .join(Facility.site)
        .join(Site.organisation)
        .where(Facility.standing == "")
        .options(
            contains_eager(EntitlementLine.entitlement)
            .contains_eager(Entitlement.facility)
            .contains_eager(Facility.site)
            .contains_eager(Site.organisation)
        )
    )
    if party.side == "facility":
        wanted = wanted.where(*own_sites_only(party))
    for word in text("q_entitlement_line").split():
        wanted = wanted.where(_covers(word) | _holds(word, *_NAMES, *_OF_LINE))
    order = Organisation.name_zh, EntitlementLine.id
    return _choice(session, "entitlement_line", EntitlementLine, wanted.order_by(*order), _line_label)


_NAMES = (Organisation.name_zh, Organisation.name_en, Site.name_zh, Site.name_en)
_OF_LINE = (EntitlementLine.waste_pattern, EntitlementLine.operation)


def _choice(
    session: Session, name: str, kind: type[Any], wanted: Select[Any], label: Callable[[Any], str]
) -> Choice:
    """Return what is chosen in the address, the only one there is, or the hits."""
    kept = {key: value for key in _KEPT if (value := request.values.get(key, ""))}
    bare: dict[str, Any] = {key: value for key, value in kept.items() if key not in (name, f"q_{name}")}
    named = kept.get(name, "")
    found = session.scalar(wanted.where(kind.public_id == named)) if named else None
    total = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    rows = [] if found is not None else session.scalars(wanted.limit(SHOWN)).all()
    if total == 1 and not text(f"q_{name}") and rows:
        found = rows[0]
    to = [(url_for("desk.new_agreement", **{**bare, name: row.public_id}), label(row)) for row in rows]
    hits = tuple((row.public_id, *pair) for row, pair in zip(rows, to, strict=True))
    chosen = (found.public_id, label(found)) if found is not None else None
    return Choice(name, text(f"q_{name}"), chosen, hits, total, url_for("desk.new_agreement", **bare))


def _holds(word: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def _covers(word: str) -> ColumnElement[bool]:
    """A full code finds the lines whose pattern covers it."""
    try:
        code = parse_code(word)
    except MalformedCode:
        return EntitlementLine.waste_pattern == word
    return EntitlementLine.waste_pattern.in_((EVERYTHING, code, kind_of(code)))


def _site_label(site: Site) -> str:
    return f"{said(site.organisation)} · {said(site)} · {region_name(site.region_code)}"


def _line_label(line: EntitlementLine) -> str:
    facility = line.entitlement.facility
    waste, operation = waste_name(line.waste_pattern), operation_name(line.operation)
    place = region_name(facility.site.region_code)
    return f"{said(facility.site.organisation)} · {place} · {waste} {line.waste_pattern} · {operation}"
