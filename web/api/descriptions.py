"""What a party's wastes are like, as table 1 of the general-waste ledger describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import String
from marshmallow.validate import Length
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.waste_types import parse_code
from circularity.party_listings import sites_seen
from circularity.registry.descriptions import FACTS, WasteDescription, describe_waste, descriptions
from web.api.acting import acting_for, require_at, seen_site
from web.api.blueprint import OWN, ApiBlueprint
from web.api.codes import CODE_LENGTH
from web.api.paging import Paged, Paging
from web.api.quantities import WholeNumber
from web.api.shapes import Answer
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import read_session

blp = ApiBlueprint(
    "descriptions", "What wastes are like: the describing columns of the general-waste ledger."
)

_YEAR = {"minimum": 2000, "maximum": 2100}


def _said() -> String:
    """Return a field that says something of a waste."""
    told = {"description": "left out: as it stood; empty: no longer said"}
    return String(validate=Length(max=200), metadata=told)


class DescriptionQuery(Paged):
    """Said for which year."""

    year = WholeNumber(**_YEAR)


class DescriptionCreate(Schema):
    """What one waste of a site is like from a year on; describing it again changes what is given."""

    waste_code = String(required=True, validate=CODE_LENGTH)
    year = WholeNumber(required=True, **_YEAR)
    grade = _said()
    arising_step = _said()
    physical_state = _said()
    components = _said()
    pollution_character = _said()


class DescriptionAnswer(Answer):
    """One description; it holds from its year on until a later one."""

    id = String()
    site_id = String()
    waste_code = String()
    year = WholeNumber(**_YEAR)
    grade = String()
    arising_step = String()
    physical_state = String()
    components = String()
    pollution_character = String()


@blp.read(f"{OWN}/descriptions", DescriptionAnswer, many=True, query=DescriptionQuery)
def list_descriptions(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List how a party's own sites describe their wastes, newest year first."""
    party, row = acting_for(read_session(), organisation_id), WasteDescription
    wanted = select(row).where(row.site_id.in_(sites_seen(party.organisation, party.side, party.sites)))
    wanted = wanted.where(told_of(row))
    if "year" in query:
        wanted = wanted.where(row.year == query["year"])
    wanted = wanted.options(joinedload(row.site)).order_by(row.year.desc(), row.site_id, row.waste_code)
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    note_shown(rows)
    return [_described(description) for description in rows], headers


@blp.create(
    f"{OWN}/sites/<public_id:site_id>/descriptions",
    DescriptionCreate,
    DescriptionAnswer,
    located="descriptions.list_descriptions",
    by="description_id",
)
def create_description(
    session: Session, body: dict[str, Any], organisation_id: str, site_id: str
) -> dict[str, Any]:
    """Describe, or describe anew, one waste of a site; answers with what holds in that year."""
    party = acting_for(session, organisation_id)
    site = seen_site(session, party, site_id)
    require_at(party, site)
    said = {name: body.pop(name) for name in FACTS if name in body}
    describe_waste(session, actor=party.actor, at=now(), site=site, **body, facts=said)
    return _described(descriptions(session, site, body["year"])[parse_code(body["waste_code"])])


def _described(row: WasteDescription) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "site_id": row.site.public_id,
        "waste_code": row.waste_code,
        "year": row.year,
        **row.facts,
    }
