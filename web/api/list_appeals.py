"""Appeals against what was decided about a list: raised by whom it concerns, answered by the authority."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.errors import NotFound
from circularity.whitelist.appeals import appeal, dismiss, uphold, withdraw_appeal
from circularity.whitelist.applications import Appeal, Application
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.possible import acts_with_appeal
from circularity.whitelist.visible import sees_appeal
from web.api.acting import Party, acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.disclosure import organisation_shown
from web.api.list_applications import seen_application
from web.api.list_entries import seen_entry
from web.api.list_entry_schemas import (
    APPEAL_ACTS,
    AppealQuery,
    ListAppealAnswer,
    ListAppealChange,
    ListAppealCreate,
)
from web.api.lookups import by_public_id
from web.api.named_acts import facts_of
from web.api.paging import Paging
from web.api.writing import now
from web.permission_check import note_shown
from web.session import read_session
from web.today import today

blp = ApiBlueprint("list_appeals", "Appeals against refusals, suspensions and delistings.")

_ONE = f"{OWN}/list-appeals/<public_id:appeal_id>"
_LOCATED = {"located": "list_appeals.get_list_appeal", "by": "appeal_id"}
_VERBS: dict[str, Callable[..., None]] = {
    "uphold": uphold,
    "dismiss": dismiss,
    "withdraw": withdraw_appeal,
}


@blp.read(f"{OWN}/list-appeals", ListAppealAnswer, many=True, query=AppealQuery)
def list_appeals(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List a party's own appeals, or those of an authority's region, the newest first."""
    session, on = read_session(), today()
    party = acting_for(session, organisation_id)
    wanted = select(Appeal).order_by(Appeal.id.desc())
    if "status" in query:
        wanted = wanted.where(Appeal.status == query["status"])
    found = [row for row in session.scalars(wanted) if sees_appeal(session, party.organisation, row, on)]
    rows, headers = Paging.of(query).of_list(found)
    note_shown(rows)
    return [_shown(session, party, row) for row in rows], headers


@blp.read(_ONE, ListAppealAnswer)
def get_list_appeal(organisation_id: str, appeal_id: str) -> dict[str, Any]:
    """Read one appeal."""
    session = read_session()
    party = acting_for(session, organisation_id)
    return _shown(session, party, _seen(session, party, appeal_id))


@blp.create(
    f"{OWN}/list-applications/<public_id:application_id>/appeals",
    ListAppealCreate,
    ListAppealAnswer,
    **_LOCATED,
)
def appeal_about_application(
    session: Session, body: dict[str, Any], organisation_id: str, application_id: str
) -> dict[str, Any]:
    """Appeal against a refusal."""
    party = acting_for(session, organisation_id)
    return _raised(session, party, seen_application(session, party, application_id), body["reason"])


@blp.create(
    f"{OWN}/list-entries/<public_id:list_entry_id>/appeals", ListAppealCreate, ListAppealAnswer, **_LOCATED
)
def appeal_about_entry(
    session: Session, body: dict[str, Any], organisation_id: str, list_entry_id: str
) -> dict[str, Any]:
    """Appeal against a suspension or a delisting."""
    party = acting_for(session, organisation_id)
    return _raised(session, party, seen_entry(session, party, list_entry_id), body["reason"])


@blp.change(_ONE, ListAppealChange, ListAppealAnswer)
def change_list_appeal(
    session: Session, body: dict[str, Any], organisation_id: str, appeal_id: str
) -> dict[str, Any]:
    """Uphold or dismiss as the authority, or withdraw one's own."""
    party = acting_for(session, organisation_id)
    row = _seen(session, party, appeal_id)
    blp.check_etag(_shown(session, party, row), ListAppealAnswer)
    facts = facts_of(body, APPEAL_ACTS)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    _VERBS[body["act"]](session, **who, appeal=row, **facts)
    session.flush()
    return _shown(session, party, row)


def _raised(
    session: Session, party: Party, about: Application | WhitelistEntry, reason: str
) -> dict[str, Any]:
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    return _shown(session, party, appeal(session, **who, about=about, reason=reason))


def _seen(session: Session, party: Party, appeal_id: str) -> Appeal:
    row = by_public_id(session, Appeal, appeal_id)
    if not sees_appeal(session, party.organisation, row, today()):
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=appeal_id)
    return row


def _shown(session: Session, party: Party, row: Appeal) -> dict[str, Any]:
    names = ("status", "reason", "answer", "raised_at", "answered_at")
    return {name: getattr(row, name) for name in names} | {
        "id": row.public_id,
        "legal_acts": list(acts_with_appeal(session, row, party.organisation, today())),
        "application_id": row.application.public_id if row.application else None,
        "entry_id": row.entry.public_id if row.entry else None,
        "organisation": organisation_shown(row.organisation),
    }
