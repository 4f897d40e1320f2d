"""The list of a year: proposed in the season before, decided one by one, published under one document."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from circularity.whitelist.rounds import propose_round, publish_round, round_of
from web.api.acting import Party, acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.list_entry_schemas import RoundAnswer, RoundChange, RoundCreate
from web.api.writing import now
from web.session import read_session

blp = ApiBlueprint("list_rounds", "The yearly lists.")

_ONE = f"{OWN}/list-rounds/<int(fixed_digits=4):year>"


@blp.read(_ONE, RoundAnswer)
def get_list_round(organisation_id: str, year: int) -> dict[str, Any]:
    """Read how far the list of a year is, of a party's own facilities or of an authority's region."""
    session = read_session()
    return _shown(session, acting_for(session, organisation_id), year)


@blp.create(f"{OWN}/list-rounds", RoundCreate, RoundAnswer, located="list_rounds.get_list_round", by="year")
def propose_list_round(session: Session, body: dict[str, Any], organisation_id: str) -> dict[str, Any]:
    """Begin an application for every entry that ends with the year before; those begun are left alone."""
    party = acting_for(session, organisation_id)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    propose_round(session, **who, year=body["year"])
    session.flush()
    return _shown(session, party, body["year"])


@blp.change(_ONE, RoundChange, RoundAnswer)
def publish_list_round(
    session: Session, body: dict[str, Any], organisation_id: str, year: int
) -> dict[str, Any]:
    """Publish every application of the year that is approved."""
    party = acting_for(session, organisation_id)
    blp.check_etag(_shown(session, party, year), RoundAnswer)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    publish_round(session, **who, year=year, document=body["document"])
    session.flush()
    return _shown(session, party, year)


def _shown(session: Session, party: Party, year: int) -> dict[str, Any]:
    rows = round_of(session, party.organisation, year)
    return {
        "id": str(year),
        "year": year,
        "applications": [
            {
                "application_id": row.public_id,
                "number": row.number,
                "status": row.status,
                "entry_id": row.entry.public_id if row.entry else None,
            }
            for row in rows
        ],
        "to_publish": sum(row.status == "approved" for row in rows),
    }
