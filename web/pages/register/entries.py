"""One entry as those see it whom it concerns: its quota's book, and what the authority does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.listing_rules import all_grounds
from circularity.custody.quota import quota_book, quota_state, raise_quota
from circularity.errors import NotFound
from circularity.organisations import Organisation
from circularity.whitelist import WhitelistEntry, appeals, standing
from circularity.whitelist.applications import Appeal, Application
from circularity.whitelist.history import history_of
from circularity.whitelist.offices import decides_on
from circularity.whitelist.possible import acts_with_entry
from circularity.whitelist.visible import sees_entry
from web.language import said
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.register.applications import show_application
from web.session import read_session
from web.today import today

Facts = dict[str, Any]


def show_entry(public_id: str) -> str:
    """Show one entry with its quota, to the facility and to who decides on it."""
    session, party = read_session(), require_acting()
    entry = find_entry(session, party.organisation, public_id)
    facts = {
        "acts": acts_with_entry(session, entry, party.organisation, today()),
        "state_of": quota_state(session, entry),
        "book": list(reversed(quota_book(session, entry))),
        "history": history_of(session, entry),
        "appeal": appeals.waiting_appeal(session, entry),
        "decides": decides_on(session, party.organisation, entry.facility, today()),
        "grounds": [(row.ground, said(row)) for row in all_grounds() if row.holds(today())],
    }
    return render_template("register/entry.html", entry=entry, **facts)


def act_on_entry(public_id: str, act: str) -> Answer:
    """Suspend, resume, delist, blacklist, consent above the quota, or appeal."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        step, by = STEPS.get(act), party.of(session)
        if step is None:
            raise NotFound("act", "没有这一操作", "there is no such act")
        entry = find_entry(session, by, public_id)
        step(session, FormValues(), {"actor": party.actor, "at": at, "entry": entry, "by": by})
        return url_for("register.entry", public_id=public_id)

    return attempt(act, run, lambda: show_entry(public_id))


def act_on_appeal(public_id: str, act: str) -> Answer:
    """Uphold, dismiss or withdraw an appeal."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        by = party.of(session)
        appeal = _find_appeal(session, by, public_id)
        facts: Facts = {"actor": party.actor, "at": at, "appeal": appeal, "by": by}
        if act in ("uphold", "dismiss"):
            verb = appeals.uphold if act == "uphold" else appeals.dismiss
            verb(session, **facts, answer=FormValues().text("answer"))
        elif act == "withdraw":
            appeals.withdraw_appeal(session, **facts)
        else:
            raise NotFound("act", "没有这一操作", "there is no such act")
        return _address(appeal)

    def show() -> str:
        appeal = _find_appeal(read_session(), party.organisation, public_id)
        return _page_of(appeal.application or appeal.entry)

    return attempt(act, run, show)


def find_entry(session: Session, organisation: Organisation, public_id: str) -> WhitelistEntry:
    """Return an entry whose quota an organisation may see; raises NotFound."""
    found = session.scalar(select(WhitelistEntry).filter_by(public_id=public_id))
    if found is None or not sees_entry(session, organisation, found, today()):
        raise NotFound("whitelist_entry", "没有这一条目", "there is no such entry", id=public_id[:40])
    return found


def _with_reason(verb: Callable[..., Any]) -> Callable[[Session, FormValues, Facts], None]:
    return lambda session, form, facts: verb(session, **facts, reason=form.text("reason"))


def _suspend(session: Session, form: FormValues, facts: Facts) -> None:
    standing.suspend(session, **facts, ground=form.text("ground"), reason=form.text("reason"))


def _raise(session: Session, form: FormValues, facts: Facts) -> None:
    mass_kg, document = form.mass("mass_t"), form.text("document")
    form.finish()
    raise_quota(session, **facts, mass_kg=mass_kg, document=document, reason=form.text("reason"))


def _appeal(session: Session, form: FormValues, facts: Facts) -> None:
    about = facts.pop("entry")
    appeals.appeal(session, **facts, about=about, reason=form.text("reason"))


STEPS: dict[str, Callable[[Session, FormValues, Facts], None]] = {
    "suspend": _suspend,
    "resume": _with_reason(standing.resume),
    "delist": _with_reason(standing.delist),
    "blacklist": _with_reason(standing.blacklist),
    "raise": _raise,
    "appeal": _appeal,
}
"""What can be done with an entry, by the act in its address."""


def _find_appeal(session: Session, by: Organisation, public_id: str) -> Appeal:
    found = session.scalar(select(Appeal).filter_by(public_id=public_id))
    if found is not None:
        concerned = found.organisation_id == by.id or decides_on(
            session, by, appeals.facility_of(found), today()
        )
        if concerned:
            return found
    raise NotFound("appeal", "没有这一申诉", "there is no such appeal", id=public_id[:40])


def _address(appeal: Appeal) -> str:
    if appeal.application is not None:
        return url_for("register.application", public_id=appeal.application.public_id)
    return url_for("register.entry", public_id=appeal.entry.public_id if appeal.entry else "")


def _page_of(about: Application | WhitelistEntry | None) -> str:
    if isinstance(about, Application):
        return show_application(about.public_id)
    return show_entry(about.public_id if about else "")
