"""Applications for a place on a white list: begun and handed in by one side, reviewed by the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import Any

from flask import Response, request, send_file
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.errors import NotFound
from circularity.registry.entitlements import Facility
from circularity.whitelist import WhitelistEntry, deciding, proposing
from circularity.whitelist.applications import Application, ApplicationPaper
from circularity.whitelist.papers import hand_in, lacks
from circularity.whitelist.possible import acts_with_application
from circularity.whitelist.visible import applications_seen
from web.api.acting import Party, acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.disclosure import facility_named, organisation_shown
from web.api.file_bodies import PAPER_TYPES, FileBody
from web.api.list_application_schemas import (
    ACTS,
    ApplicationChange,
    ApplicationCreate,
    ApplicationQuery,
    ListApplicationAnswer,
    ListPaperAnswer,
    PaperQuery,
)
from web.api.lookups import by_public_id, named_in_body
from web.api.named_acts import facts_of
from web.api.paging import Paging
from web.api.shapes import NothingAsked
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today

blp = ApiBlueprint("list_applications", "Applications for white lists, from a draft to the published entry.")

_ALL = f"{OWN}/list-applications"
_ONE = f"{_ALL}/<public_id:application_id>"
_PAPER = f"{_ONE}/papers/<public_id:paper_id>"
_LOADED = joinedload(Application.facility).joinedload(Facility.site)


@blp.read(_ALL, ListApplicationAnswer, many=True, query=ApplicationQuery)
def list_applications(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the applications that a party made or has to do with, the newest first."""
    session = read_session()
    party = acting_for(session, organisation_id)
    seen = applications_seen(party.organisation, party.sites) & told_of(Application)
    wanted = select(Application).where(seen).options(_LOADED)
    if "status" in query:
        wanted = wanted.where(Application.status == query["status"])
    rows, headers = Paging.of(query).of_statement(session, wanted.order_by(Application.id.desc()))
    note_shown(rows)
    return [application_shown(session, party, row) for row in rows], headers


@blp.read(_ONE, ListApplicationAnswer)
def get_list_application(organisation_id: str, application_id: str) -> dict[str, Any]:
    """Read one application."""
    session = read_session()
    party = acting_for(session, organisation_id)
    return application_shown(session, party, seen_application(session, party, application_id))


@blp.create(
    _ALL,
    ApplicationCreate,
    ListApplicationAnswer,
    located="list_applications.get_list_application",
    by="application_id",
)
def begin_list_application(session: Session, body: dict[str, Any], organisation_id: str) -> dict[str, Any]:
    """Begin an application as a draft, for one's own facility or as an authority that proposes one."""
    party = acting_for(session, organisation_id)
    renews = None
    if "renews_id" in body:
        renews = named_in_body(session, WhitelistEntry, "renews_id", body["renews_id"])
    made = proposing.apply_for(
        session,
        actor=party.actor,
        at=now(),
        by=party.organisation,
        facility=named_in_body(session, Facility, "facility_id", body["facility_id"]),
        wanted=_wanted(body["wanted"]),
        renews=renews,
    )
    return application_shown(session, party, made)


@blp.change(_ONE, ApplicationChange, ListApplicationAnswer)
def change_list_application(
    session: Session, body: dict[str, Any], organisation_id: str, application_id: str
) -> dict[str, Any]:
    """Take one step: edit, submit, withdraw; take_up, ask_more, visit, consent, approve, refuse, publish."""
    party = acting_for(session, organisation_id)
    application = seen_application(session, party, application_id)
    blp.check_etag(application_shown(session, party, application), ListApplicationAnswer)
    facts = facts_of(body, ACTS)
    if "wanted" in facts:
        facts["wanted"] = _wanted(facts["wanted"])
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    _VERBS[body["act"]](session, **who, application=application, **facts)
    session.flush()
    return application_shown(session, party, application)


@blp.keep(
    f"{_ONE}/papers",
    ListPaperAnswer,
    query=PaperQuery,
    located="list_applications.download_list_paper",
    by="paper_id",
    types=PAPER_TYPES,
)
def hand_in_list_paper(
    session: Session, query: dict[str, Any], file: FileBody, organisation_id: str, application_id: str
) -> dict[str, Any]:
    """Hand a file in; the same bytes again change nothing."""
    party = acting_for(session, organisation_id)
    application = seen_application(session, party, application_id)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    paper = hand_in(session, **who, application=application, content=file.content, **query)
    session.flush()
    return _paper_shown(paper)


@blp.download(_PAPER, *PAPER_TYPES, query=NothingAsked)
def download_list_paper(
    query: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    organisation_id: str,
    application_id: str,
    paper_id: str,
) -> Response:
    """Download a file as it was handed in."""
    session = read_session()
    application = seen_application(session, acting_for(session, organisation_id), application_id)
    paper = next((paper for paper in application.papers if paper.public_id == paper_id), None)
    if paper is None:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=paper_id)
    name = f"{application.number}-{paper.kind}.{PAPER_TYPES[paper.media_type]}"
    content = BytesIO(paper.content)
    answer = send_file(content, paper.media_type, as_attachment=True, download_name=name, etag=paper.sha256)
    answer.make_conditional(request)
    return answer


def seen_application(session: Session, party: Party, application_id: str) -> Application:
    """Return an application that the party may see; raises NotFound."""
    seen = applications_seen(party.organisation, party.sites)
    return by_public_id(session, Application, application_id, _LOADED, only=seen)


def application_shown(session: Session, party: Party, row: Application) -> dict[str, Any]:
    """Return an application with the acts that are open to the party."""
    plain = (
        "number", "status", "list_kind", "waste_pattern", "operation", "quota_kg", "ship_within_days",
        "valid_from", "valid_to", "missing", "reasons", "begun_at", "submitted_at", "decided_at",
        "published_at",
    )  # fmt: skip
    on = today()
    return {name: getattr(row, name) for name in plain} | {
        "id": row.public_id,
        "legal_acts": list(acts_with_application(session, row, party.organisation, on)),
        "facility": facility_named(row.facility),
        "applicant": organisation_shown(row.organisation),
        "accepted_origins": list(row.accepted_origins),
        "renews_id": row.renews.public_id if row.renews else None,
        "entry_id": row.entry.public_id if row.entry else None,
        "papers": [_paper_shown(paper) for paper in row.papers],
        "notes": [
            {"organisation": organisation_shown(note.organisation)}
            | {name: getattr(note, name) for name in ("kind", "on_day", "text")}
            for note in row.notes
        ],
        "consents": [
            {"organisation": organisation_shown(given.organisation)}
            | {name: getattr(given, name) for name in ("province", "document", "given_at")}
            for given in row.consents
        ],
        "lacks": [{"code": lack.code, "zh": lack.zh, "en": lack.en} for lack in lacks(row, on)],
        "wanting_consent": deciding.wanting_consent(row),
    }


def _paper_shown(paper: ApplicationPaper) -> dict[str, Any]:
    names = ("kind", "title", "media_type", "size_bytes", "sha256", "handed_in_at")
    return {"id": paper.public_id} | {name: getattr(paper, name) for name in names}


def _wanted(body: dict[str, Any]) -> proposing.Wanted:
    return proposing.Wanted(**{**body, "accepted_origins": tuple(body["accepted_origins"])})


_VERBS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "edit": proposing.change_draft,
        "submit": proposing.submit,
        "withdraw": proposing.withdraw,
        "take_up": deciding.take_up,
        "ask_more": deciding.ask_more,
        "visit": deciding.note_visit,
        "consent": deciding.consent,
        "approve": deciding.approve,
        "refuse": deciding.refuse,
        "publish": deciding.publish,
    }
)
