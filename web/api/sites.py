"""A party's own sites, and what each declares that it generates in a year."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Integer, String
from marshmallow.validate import Length, OneOf
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.geography import DATUMS
from circularity.organisations import DEGREES_E7, Site, add_site
from circularity.party_listings import sites_seen
from circularity.registry.declarations import GenerationDeclaration, declare_generation
from web.api.acting import acting_for, require_at, require_own, seen_site
from web.api.blueprint import OWN, ApiBlueprint
from web.api.codes import CODE_LENGTH, NAME_LENGTH
from web.api.disclosure import place_shown
from web.api.paging import Paged, Paging
from web.api.quantities import Degrees, Tonnes, WholeNumber
from web.api.shapes import Answer, Place
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import read_session

blp = ApiBlueprint("sites", "Where an organisation's wastes arise, and how much of them in a year.")


class SiteCreate(Schema):
    """A place of one's own; which datum a position is given in decides where it is."""

    name_zh = String(required=True, validate=NAME_LENGTH)
    name_en = String(load_default="", validate=Length(max=200))
    region_code = String(required=True, validate=CODE_LENGTH)
    lat = Degrees(required=True)
    lon = Degrees(required=True)
    datum = String(load_default="wgs84", validate=OneOf(DATUMS))


class DeclarationQuery(Paged):
    """Of which year."""

    year = WholeNumber(minimum=2000, maximum=2100)


class DeclarationCreate(Schema):
    """What a site generates of one waste in a calendar year; declaring it again replaces what stood there."""

    waste_code = String(required=True, validate=CODE_LENGTH)
    year = WholeNumber(required=True, minimum=2000, maximum=2100)
    generated_t = Tonnes(required=True, attribute="generated_kg")
    own_utilised_t = Tonnes(load_default=0, attribute="own_utilised_kg")
    own_disposed_t = Tonnes(load_default=0, attribute="own_disposed_kg")
    entrusted_elsewhere_utilised_t = Tonnes(load_default=0, attribute="entrusted_elsewhere_utilised_kg")


class DeclarationAnswer(Answer):
    """One declaration; what is neither used nor disposed of is to be placed."""

    id = String()
    site_id = String()
    waste_code = String()
    year = Integer()
    generated_t = Tonnes(attribute="generated_kg")
    own_utilised_t = Tonnes(attribute="own_utilised_kg")
    own_disposed_t = Tonnes(attribute="own_disposed_kg")
    entrusted_elsewhere_utilised_t = Tonnes(attribute="entrusted_elsewhere_utilised_kg")


@blp.read(f"{OWN}/sites", Place, many=True, query=Paged)
def list_own_sites(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List a party's own sites, an authority's those of its region."""
    party = acting_for(read_session(), organisation_id)
    seen = Site.id.in_(sites_seen(party.organisation, party.side, party.sites)) & told_of(Site)
    rows, headers = Paging.of(query).of_statement(read_session(), select(Site).where(seen).order_by(Site.id))
    note_shown(rows)
    return [place_shown(site) for site in rows], headers


@blp.read(f"{OWN}/sites/<public_id:site_id>", Place)
def get_own_site(organisation_id: str, site_id: str) -> dict[str, Any]:
    """Read one site."""
    return place_shown(seen_site(read_session(), acting_for(read_session(), organisation_id), site_id))


@blp.create(f"{OWN}/sites", SiteCreate, Place, located="sites.get_own_site", by="site_id")
def create_site(session: Session, body: dict[str, Any], organisation_id: str) -> dict[str, Any]:
    """Add a site; swapped coordinates and places outside China are refused."""
    party = acting_for(session, organisation_id)
    require_own(party)
    body |= {name: Decimal(body[name]) / DEGREES_E7 for name in ("lat", "lon")}
    site = add_site(session, actor=party.actor, at=now(), organisation=party.organisation, **body)
    session.flush()
    return place_shown(site)


@blp.read(f"{OWN}/declarations", DeclarationAnswer, many=True, query=DeclarationQuery)
def list_declarations(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List what a party's own sites declare, newest year first."""
    party, row = acting_for(read_session(), organisation_id), GenerationDeclaration
    seen = row.site_id.in_(sites_seen(party.organisation, party.side, party.sites)) & told_of(row)
    wanted = select(row).where(seen)
    if "year" in query:
        wanted = wanted.where(row.year == query["year"])
    wanted = wanted.options(joinedload(row.site)).order_by(row.year.desc(), row.site_id, row.waste_code)
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    note_shown(rows)
    return [_declared(declaration) for declaration in rows], headers


@blp.create(
    f"{OWN}/sites/<public_id:site_id>/declarations",
    DeclarationCreate,
    DeclarationAnswer,
    located="sites.list_declarations",
    by="declaration_id",
)
def create_declaration(
    session: Session, body: dict[str, Any], organisation_id: str, site_id: str
) -> dict[str, Any]:
    """Declare, or declare anew, what a site generates of one waste in a year."""
    party = acting_for(session, organisation_id)
    site = seen_site(session, party, site_id)
    require_at(party, site)
    declared = declare_generation(session, actor=party.actor, at=now(), site=site, **body)
    session.flush()
    return _declared(declared)


def _declared(row: GenerationDeclaration) -> dict[str, Any]:
    masses = ("generated_kg", "own_utilised_kg", "own_disposed_kg", "entrusted_elsewhere_utilised_kg")
    return {
        "id": row.public_id,
        "site_id": row.site.public_id,
        "waste_code": row.waste_code,
        "year": row.year,
        **{name: getattr(row, name) for name in masses},
    }
