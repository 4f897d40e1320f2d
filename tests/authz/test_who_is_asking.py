"""Every state of a session, a membership and a token leads to one of the roles that the matrix asks about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from databases import Databases
from matrix_world import Matrix, matrix
from people import verified
from registry import ACTOR
from sign_ins import organisation_of, sign_in
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.api_tokens import ApiToken, make_token
from circularity.accounts.memberships import Membership
from circularity.accounts.sessions import UserSession
from circularity.accounts.standings import settle
from circularity.database import writing
from circularity.policy.acting import Acting
from web.auth.identity import acting_now

AGO = timedelta(days=1)


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=True) as made:
        made.app.after_request(lambda response: (made.app.extensions.update(heard=acting_now()), response)[1])
        with writing(made.app.extensions["circularity.engine"]).begin() as session:
            for party in ("works", "office"):
                verified(
                    session, organisation_of(session, made, party), "ecology" if party == "office" else ""
                )
        yield made


def change(world: Matrix, act: Callable[[Session], None]) -> None:
    with writing(world.app.extensions["circularity.engine"]).begin() as session:
        act(session)


def heard(world: Matrix, address: str = "/method", **headers: str) -> Acting:
    """Return as whom the next request is asked."""
    world.client.get(address, headers=headers)
    found: Acting = world.app.extensions["heard"]
    return found


def newest(session: Session, model: Any) -> Any:
    return session.scalars(select(model).order_by(model.id.desc()).limit(1)).one()


def edit(model: Any, **values: Any) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        row = newest(session, model)
        for name, value in values.items():
            setattr(row, name, value)

    return act


def test_an_operator_in_an_open_session_is_one(world: Matrix) -> None:
    sign_in(world, "works", "operator")
    found = heard(world)
    assert (found.membership, found.verified, found.dormant, found.scopes) == ("operator", True, False, None)
    assert found.organisation_public_id == world.own["works"]


@pytest.mark.parametrize(
    "values",
    [
        {"ended_at": datetime.now(UTC), "ended_because": "role"},
        {"seen_at": datetime.now(UTC) - AGO},
        {"opened_at": datetime.now(UTC) - AGO, "seen_at": datetime.now(UTC)},
        {"waits_for_code": True},
    ],
    ids=["ended", "idle", "too old", "waits for its code"],
)
def test_a_session_that_is_not_open_lets_nobody_in(world: Matrix, values: dict[str, Any]) -> None:
    sign_in(world, "works", "owner")
    change(world, edit(UserSession, **values))
    assert heard(world).is_anonymous


def test_who_was_disabled_is_nobody(world: Matrix) -> None:
    sign_in(world, "works", "owner")
    change(
        world, lambda session: setattr(newest(session, UserSession).user, "disabled_at", datetime.now(UTC))
    )
    assert heard(world).is_anonymous


@pytest.mark.parametrize("values", [{"ended_at": datetime.now(UTC)}, {"expires_on": date(2026, 1, 1)}])
def test_a_membership_that_is_over_acts_for_nobody(world: Matrix, values: dict[str, Any]) -> None:
    sign_in(world, "works", "owner")
    change(world, edit(Membership, **values))
    found = heard(world)
    assert (found.is_anonymous, found.organisation_public_id, found.membership) == (False, None, None)


def test_what_was_lent_holds_to_its_last_day_and_not_longer(world: Matrix) -> None:
    sign_in(world, "works", "reader")
    today = datetime.now(UTC).date()
    change(world, edit(Membership, delegated_role="operator", delegated_until=today + AGO))
    assert heard(world).membership == "operator"
    change(world, edit(Membership, delegated_until=today - 2 * AGO))
    assert heard(world).membership == "reader"


def test_an_officer_without_a_second_factor_acts_for_no_office(world: Matrix) -> None:
    sign_in(world, "office", "operator")
    assert heard(world).authority_kind == "ecology"
    change(world, edit(UserSession, second_factor=False))
    assert (heard(world).organisation_public_id, heard(world).authority_kind) == (None, None)


def test_an_organisation_whose_verification_was_withdrawn_is_not_verified(world: Matrix) -> None:
    sign_in(world, "works", "operator")
    act: dict[str, Any] = {"actor": ACTOR, "at": datetime.now(UTC), "by": "x", "reason": "x"}
    for verdict in (False, True):
        with writing(world.app.extensions["circularity.engine"]).begin() as session:
            works = organisation_of(session, world, "works")
            settle(session, **act, organisation=works, verified=verdict)
        assert heard(world).verified is verdict


def test_a_token_has_its_scopes_and_ends_with_itself_or_its_maker(world: Matrix) -> None:
    sign_in(world, "works", "operator")
    kept: dict[str, str] = {}

    def make(session: Session) -> None:
        act: dict[str, Any] = {"actor": ACTOR, "at": datetime.now(UTC)}
        maker = newest(session, Membership)
        kept["key"], _ = make_token(session, **act, maker=maker, name="x", scopes=["read"], days=1)

    change(world, make)
    program = {"Authorization": f"Bearer {kept['key']}"}
    assert heard(world, "/api/v1/outputs", **program).scopes == {"read"}
    assert heard(world, "/api/v1/outputs").is_anonymous, "the API takes no cookie"
    for model, ended, mended in (
        (ApiToken, {"revoked_at": datetime.now(UTC)}, {"revoked_at": None}),
        (ApiToken, {"valid_until": datetime.now(UTC)}, {"valid_until": datetime.now(UTC) + AGO}),
        (Membership, {"ended_at": datetime.now(UTC)}, {"ended_at": None}),
    ):
        change(world, edit(model, **ended))
        assert heard(world, "/api/v1/outputs", **program).is_anonymous
        change(world, edit(model, **mended))
        assert not heard(world, "/api/v1/outputs", **program).is_anonymous
