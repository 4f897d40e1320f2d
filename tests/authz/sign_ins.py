"""People of a world's parties, and the browser that one of them signs in with."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from matrix_world import Matrix
from people import member
from registry import ACTOR
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.api_tokens import make_token
from circularity.accounts.sessions import open_session
from circularity.database import writing
from circularity.organisations import Organisation
from web.auth.identity import acting_now
from web.permission_check import ASKING

_NUMBERS = count(1)


def organisation_of(session: Session, world: Matrix, party: str) -> Organisation:
    """Return a party of the own set as a row."""
    return session.scalars(select(Organisation).filter_by(public_id=world.own[party])).one()


def sign_in(world: Matrix, party: str, role: str) -> None:
    """Let somebody new with a role in a party be who sends every request from now on."""
    with writing(world.app.extensions["circularity.engine"]).begin() as session:
        organisation = organisation_of(session, world, party)
        somebody = member(session, organisation, f"{role}-{next(_NUMBERS)}@matrix.example", role)
        act = {"actor": ACTOR, "at": datetime.now(UTC)}
        key, _ = open_session(session, **act, user=somebody.user, second_factor=True)
    world.app.extensions[ASKING] = acting_now
    world.client.set_cookie("circ_key", key)


def program_of(world: Matrix, party: str) -> dict[str, str]:
    """Return the headers of a program that reads for a party; who asks is found as in the product."""
    with writing(world.app.extensions["circularity.engine"]).begin() as session:
        organisation = organisation_of(session, world, party)
        owner = member(session, organisation, f"owner-{next(_NUMBERS)}@matrix.example", "owner")
        facts = {"name": "程序", "scopes": ("read",), "days": 1}
        key, _ = make_token(session, actor=ACTOR, at=datetime.now(UTC), maker=owner, **facts)
    world.app.extensions[ASKING] = acting_now
    return {"Authorization": f"Bearer {key}"}
