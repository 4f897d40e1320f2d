"""The authority's side of a white list: taking an application up, visiting, deciding, publishing.

Only an authority of the receiving region decides; a province of origin consents to an entry of an agreed
list.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import Guards, advance
from circularity.organisations import Organisation
from circularity.whitelist.applications import Application, Consent
from circularity.whitelist.entries import WhitelistEntry, list_facility
from circularity.whitelist.offices import require_office, require_partner
from circularity.whitelist.papers import unfit
from circularity.whitelist.proposing import add_note, hold, require_none


def take_up(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation
) -> None:
    """Begin the review. Raises NotAllowed, RuleBroken `illegal_step`."""
    _step(session, application, by, "take_up", at)
    record(session, actor, at, "application.taken_up", application, {"by": by})


def ask_more(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation, missing: str
) -> None:
    """Give an application back to be completed; `missing` says what is wanted. Raises BadInput."""
    missing = _text("missing", missing)
    _step(session, application, by, "ask_more", at)
    application.missing = missing
    add_note(application, by, "question", delta_day(at), missing, at)
    record(session, actor, at, "application.more_asked", application, {"by": by, "missing": missing})


def note_visit(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    application: Application,
    by: Organisation,
    visited_on: date,
    findings: str,
) -> None:
    """Note what was seen at the plant; not before the application and not ahead of today. Raises BadInput."""
    checks = Checks("application")
    findings = checks.text("findings", findings, maximum=2000)
    checks.period("visited_on", visited_on, "", None)
    if isinstance(visited_on, date) and visited_on > delta_day(at):
        zh, en = "现场核查日期不能在今天之后", "a visit lies not ahead of today"
        checks.refuse("visited_on", "in_the_future", visited_on, zh, en)
    checks.finish()
    _step(session, application, by, "visit", at)
    add_note(application, by, "visit", visited_on, findings, at)
    facts = {"by": by, "visited_on": visited_on, "findings": findings}
    record(session, actor, at, "application.visited", application, facts)


def consent(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation, document: str
) -> None:
    """Consent for a province of origin to an entry of an agreed list, once. Raises BadInput, NotAllowed."""
    document = _text("document", document, 500)
    hold(session, application)
    province = require_partner(session, by, application.accepted_origins, delta_day(at))
    if application.list_kind != "agreed" or province not in wanting_consent(application):
        zh, en = "该省的同意不需要或已表示", "the consent of this province is not needed, or given already"
        raise RuleBroken("no_consent_needed", zh, en, province=province)
    advance(application, "application", "consent", "partner")
    application.consents.append(Consent(province=province, organisation=by, document=document, given_at=at))
    facts = {"by": by, "province": province, "document": document}
    record(session, actor, at, "application.consented", application, facts)


def wanting_consent(application: Application) -> list[str]:
    """Return the provinces, two digits each, whose consent an application of an agreed list still needs."""
    if application.list_kind != "agreed":
        return []
    origins = {origin[:2] for origin in application.accepted_origins} - {application.province}
    return sorted(origins - {given.province for given in application.consents})


def approve(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation, reasons: str
) -> None:
    """Decide that a facility is to be listed.

    Raises RuleBroken `not_visited` without a site visit, except for a list for information and a renewal,
    `consent_missing` (facts: provinces), `incomplete`.
    """
    reasons = _text("reasons", reasons)
    on = delta_day(at)

    def decidable() -> None:
        visited = any(note.kind == "visit" for note in application.notes)
        if application.list_kind != "information" and application.renews_id is None and not visited:
            zh, en = "首次列入须有现场核查记录", "a first entry needs a note of a site visit"
            raise RuleBroken("not_visited", zh, en)
        wanting = wanting_consent(application)
        if wanting:
            zh = "尚缺移出地同意：" + "、".join(wanting)
            en = "the consent of these provinces is missing: " + ", ".join(wanting)
            raise RuleBroken("consent_missing", zh, en, provinces=wanting)
        require_none(unfit(application, on))

    _decide(session, application, by, "approve", reasons, at, {"decidable": decidable})
    record(session, actor, at, "application.approved", application, {"by": by, "reasons": reasons})


def refuse(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation, reasons: str
) -> None:
    """Decide against an entry, with reasons; the applicant may appeal. Raises BadInput."""
    reasons = _text("reasons", reasons)
    _decide(session, application, by, "refuse", reasons, at)
    record(session, actor, at, "application.refused", application, {"by": by, "reasons": reasons})


def publish(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation, document: str
) -> WhitelistEntry:
    """Publish an approved application as an entry; `document` is the number of the published list.

    Raises RuleBroken `incomplete` where something has come to stand against it since it was approved.
    """
    document = _text("document", document, 500)
    _step(
        session,
        application,
        by,
        "publish",
        at,
        {"publishable": lambda: require_none(unfit(application, delta_day(at)))},
    )
    entry = list_facility(
        session,
        actor=actor,
        at=at,
        facility=application.facility,
        list_kind=application.list_kind,
        issuer_region=application.province,
        document=document,
        waste_pattern=application.waste_pattern,
        operation=application.operation,
        accepted_origins=application.accepted_origins,
        quota_kg=application.quota_kg,
        ship_within_days=application.ship_within_days,
        valid_from=application.valid_from,
        valid_to=application.valid_to,
    )
    session.flush()
    application.entry, application.published_at = entry, at
    facts = {"by": by, "entry": entry, "document": document}
    record(session, actor, at, "application.published", application, facts)
    return entry


def _step(
    session: Session,
    application: Application,
    by: Organisation,
    act: str,
    at: datetime,
    guards: Guards | None = None,
) -> None:
    hold(session, application)
    require_office(session, by, application.facility, delta_day(at))
    advance(application, "application", act, "authority", guards)


def _decide(
    session: Session,
    application: Application,
    by: Organisation,
    act: str,
    reasons: str,
    at: datetime,
    guards: Guards | None = None,
) -> None:
    _step(session, application, by, act, at, guards)
    application.reasons, application.decided_at = reasons, at


def _text(field: str, value: str, maximum: int = 2000) -> str:
    checks = Checks("application")
    text = checks.text(field, value, maximum=maximum)
    checks.finish()
    return text
