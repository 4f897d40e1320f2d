"""Who asks: found once per request from the browser's cookie or a program's token, and from nothing else.

Every request reads session, person, membership and standing anew, so no right outlives its row. A person who
acts for an authority acts for nobody until a second factor was given in this very session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask import session as choices
from sqlalchemy.exc import SQLAlchemyError

from circularity.accounts import api_tokens, sessions
from circularity.accounts.api_tokens import ApiToken, token_of
from circularity.accounts.dormancy import is_asleep
from circularity.accounts.memberships import Membership, memberships_of
from circularity.accounts.offices import kind_of_office
from circularity.accounts.people import User
from circularity.accounts.sessions import UserSession, session_of
from circularity.accounts.standings import is_authority, level_of, standing_of
from circularity.audit import Actor
from circularity.calendar_days import delta_day
from circularity.database import writing
from circularity.policy.acting import ANONYMOUS, Acting
from circularity.policy.decisions import Allowed, may
from web.auth.cookie import key_of_browser
from web.config import Config
from web.permission_check import ASKING
from web.permissions import permission_of
from web.session import engine, read_session

MEMBERSHIP = "membership"
"""Under which the signed cookie keeps the membership that was chosen."""

_API = "/api/"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person in a browser, or a program with a token; `membership` is what it acts under, if anything."""

    user: User
    membership: Membership | None
    opened: UserSession | None
    token: ApiToken | None

    @property
    def actor(self) -> Actor:
        """Who the audit chain says it was."""
        organisation = self.membership.organisation.public_id if self.membership else None
        if self.token is not None:
            return Actor(f"{self.token.name} (…{self.token.ending})", organisation, "token")
        return Actor(f"{self.user.name} ({self.user.public_id[:8]})", organisation, "person")


def register_identity(app: Flask) -> None:
    """Let policy ask who it is; without accounts nobody is asked and visitors choose freely."""
    if cast(Config, app.extensions["circularity.config"]).accounts:
        app.extensions[ASKING] = acting_now
        app.after_request(_note_use)
        app.after_request(_lead_to_log_in)


def accounts_are_on() -> bool:
    """Tell whether people sign in here."""
    return ASKING in current_app.extensions


def identity() -> Identity | None:
    """Return who asks, None for a visitor who has not signed in."""
    if "identity" not in g:
        g.identity = _of_program() if request.path.startswith(_API) else _of_browser()
    return cast("Identity | None", g.identity)


def person() -> User | None:
    """Return the signed-in person, None for a visitor and for a program.

    None too while the database does not answer: the page that says so asks as well.
    """
    try:
        found = identity() if accounts_are_on() else None
    except SQLAlchemyError:
        current_app.logger.exception("the database did not answer")
        return None
    return found.user if found is not None and found.token is None else None


def own_memberships() -> list[Membership]:
    """Return what the signed-in person may act for today."""
    found = person()
    return memberships_of(read_session(), found, delta_day(_now())) if found is not None else []


def acting_now() -> Acting:
    """Return who asks as policy knows it."""
    if "acting_now" not in g:
        found = identity()
        g.acting_now = ANONYMOUS if found is None else _acting(found)
    return cast(Acting, g.acting_now)


def member_role() -> str:
    """Return the role under which who asks acts today, "" where nobody signed in or acts for anybody."""
    found = identity() if accounts_are_on() else None
    return found.membership.role_on(delta_day(_now())) if found is not None and found.membership else ""


def may_open(endpoint: str) -> bool:
    """Tell whether who asks may open a page, things of others aside; true where nobody signs in."""
    permission = permission_of("GET", endpoint)
    if not accounts_are_on() or permission is None:
        return permission is not None
    return isinstance(may(acting_now(), permission.verb, on=delta_day(_now())), Allowed)


def proven(membership: Membership, opened: UserSession) -> bool:
    """Tell whether a session may act under a membership: for an authority only with a second factor."""
    return opened.second_factor or not is_authority(membership.organisation)


def _acting(found: Identity) -> Acting:
    scopes = frozenset(found.token.scopes) if found.token is not None else None
    if found.membership is None:
        return Acting(user_public_id=found.user.public_id, scopes=scopes)
    organisation = found.membership.organisation
    standing = standing_of(read_session(), organisation)
    authority = is_authority(organisation)
    return Acting(
        user_public_id=found.user.public_id,
        organisation_public_id=organisation.public_id,
        roles=frozenset(organisation.roles),
        membership=found.membership.role_on(delta_day(_now())),
        verified=standing is not None and standing.verification == "verified",
        dormant=is_asleep(read_session(), organisation),
        region_code=organisation.region_code,
        authority_kind=kind_of_office(read_session(), organisation),
        authority_level=level_of(organisation) if authority else None,
        sites=frozenset(found.membership.sites),
        scopes=scopes,
    )


def _of_browser() -> Identity | None:
    key = key_of_browser()
    opened = session_of(read_session(), key, _now()) if key else None
    if opened is None or opened.waits_for_code:
        return None
    usable = [
        row for row in memberships_of(read_session(), opened.user, delta_day(_now())) if proven(row, opened)
    ]
    chosen = [row for row in usable if row.public_id == choices.get(MEMBERSHIP)] or usable[:1]
    return Identity(opened.user, chosen[0] if chosen else None, opened, None)


def _of_program() -> Identity | None:
    """Return the owner of a bearer token; the API takes no cookie, so no site can make a browser write."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    token = token_of(read_session(), key.strip()[:200], _now()) if kind.lower() == "bearer" else None
    return Identity(token.membership.user, token.membership, None, token) if token is not None else None


def _note_use(response: Response) -> Response:
    """Note now and then that a session or token is used; a failure of that harms nobody."""
    found, at = cast("Identity | None", g.get("identity")), _now()
    if found is None:
        return response
    try:
        if found.token is not None and api_tokens.is_due(found.token, at):
            with writing(engine()).begin() as session:
                api_tokens.note_use(session, found.token.id, at)
        elif found.opened is not None and sessions.is_due(found.opened, at):
            with writing(engine()).begin() as session:
                sessions.note_use(session, found.opened.id, at)
    except SQLAlchemyError:
        current_app.logger.exception("the use of a session was not noted")
    return response


def _lead_to_log_in(response: Response) -> Response:
    """Lead a reader who must sign in first to where that is done, and back afterwards."""
    if response.status_code != 401 or request.path.startswith(_API) or request.method != "GET":
        return response
    back = request.full_path.rstrip("?")
    return cast(Response, redirect(url_for("auth.log_in", next=back), 303))


def _now() -> datetime:
    if "asked_at" not in g:
        g.asked_at = datetime.now(UTC)
    return cast(datetime, g.asked_at)
