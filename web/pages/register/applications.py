"""One application: its page, its form, its papers, and every act of either side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Response, render_template, request, send_file, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.standings import is_authority
from circularity.catalogue.listing_rules import paper_kinds, papers_for
from circularity.catalogue.operations import all_operations
from circularity.catalogue.regions import PROVINCES, all_regions
from circularity.catalogue.settings import setting
from circularity.errors import NotAllowed, NotFound
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility
from circularity.whitelist import LIST_KINDS, WhitelistEntry, appeals, deciding, proposing
from circularity.whitelist.applications import Application
from circularity.whitelist.offices import decides_on
from circularity.whitelist.papers import hand_in, lacks
from circularity.whitelist.possible import acts_with_application
from circularity.whitelist.visible import applications_seen
from web.api.lookups import named_in_body
from web.language import said
from web.pages.desk.acting import Acting, own_sites_only, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.session import read_session
from web.today import today

Facts = dict[str, Any]


def show_application(public_id: str) -> str:
    """Show one application, with what its reader may do about it."""
    session, party = read_session(), require_acting()
    application = find_application(session, party.organisation, party.sites, public_id)
    renewal = application.renews_id is not None
    facts = {
        "acts": acts_with_application(session, application, party.organisation, today()),
        "lacks": lacks(application, today()),
        "wanting": deciding.wanting_consent(application),
        "papers": papers_for(application.list_kind, today(), renewal=renewal),
        "kinds": paper_kinds(),
        "appeal": appeals.waiting_appeal(session, application),
        "decides": decides_on(session, party.organisation, application.facility, today()),
        "most_bytes": min(_most_bytes(), request.max_content_length or _most_bytes()),
        "today": today(),
        **_choices(),
    }
    return render_template("register/application.html", application=application, **facts)


def show_new_application() -> str:
    """Show the form of a new application; `?renews=` fills it from an entry."""
    session, party = read_session(), require_acting()
    renews = session.scalar(select(WhitelistEntry).filter_by(public_id=request.args.get("renews", "")))
    facts = {"facilities": _facilities(session, party), "renews": renews, "today": today()}
    return render_template("register/new_application.html", **facts, **_choices())


def begin_application() -> Answer:
    """Begin an application as a draft."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        form = FormValues()
        facility = named_in_body(session, Facility, "facility", form.text("facility"))
        if party.sites and not party.acts_at(facility.site):
            zh, en = "您不负责这一厂区", "this is none of the sites that you act for"
            raise NotAllowed("not_your_site", zh, en, field="facility")
        renews = None
        if form.text("renews"):
            renews = named_in_body(session, WhitelistEntry, "renews", form.text("renews"))
        about: Facts = {"actor": party.actor, "at": at, "by": party.of(session), "renews": renews}
        made = proposing.apply_for(session, **about, facility=facility, wanted=_wanted(form))
        return url_for("register.application", public_id=made.public_id)

    return attempt("application", run, show_new_application)


def act_on_application(public_id: str, act: str) -> Answer:
    """Take one step with an application, as the party one acts for."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        step = STEPS.get(act)
        if step is None:
            raise NotFound("act", "没有这一操作", "there is no such act")
        by = party.of(session)
        application = find_application(session, by, party.sites, public_id)
        step(session, FormValues(), {"actor": party.actor, "at": at, "application": application, "by": by})
        return url_for("register.application", public_id=public_id)

    return attempt(act, run, lambda: show_application(public_id))


def add_paper(public_id: str) -> Answer:
    """Take a file into an application."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        form, by = FormValues(), party.of(session)
        application = find_application(session, by, party.sites, public_id)
        file = request.files.get("file")
        about: Facts = {"actor": party.actor, "at": at, "application": application, "by": by}
        title = form.text("title") or (file.filename if file and file.filename else "")
        content = file.read(_most_bytes() + 1) if file else b""
        hand_in(session, **about, kind=form.text("kind"), title=title[:200], content=content)
        return url_for("register.application", public_id=public_id)

    return attempt("paper", run, lambda: show_application(public_id))


def download_paper(public_id: str, paper_id: str) -> Response:
    """Give a file back, to those who may see its application, never to be shown as a page of ours."""
    party = require_acting()
    application = find_application(read_session(), party.organisation, party.sites, public_id)
    paper = next((paper for paper in application.papers if paper.public_id == paper_id), None)
    if paper is None:
        raise NotFound("paper", "没有这一材料", "there is no such paper", id=paper_id[:40])
    suffix = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[paper.media_type]
    name = f"{application.number}-{paper.kind}.{suffix}"
    return send_file(BytesIO(paper.content), paper.media_type, as_attachment=True, download_name=name)


def find_application(
    session: Session, organisation: Organisation, only: frozenset[str], public_id: str
) -> Application:
    """Return an application that an organisation may see; raises NotFound."""
    wanted = select(Application).filter_by(public_id=public_id).where(applications_seen(organisation, only))
    found = session.scalar(wanted)
    if found is None:
        raise NotFound("application", "没有这一申报", "there is no such application", id=public_id[:40])
    return found


def _plain(verb: Callable[..., Any], *texts: str) -> Callable[[Session, FormValues, Facts], None]:
    """Return a step that takes texts of the form under the names the verb gives them."""
    return lambda session, form, facts: verb(session, **facts, **{name: form.text(name) for name in texts})


def _edit(session: Session, form: FormValues, facts: Facts) -> None:
    proposing.change_draft(session, **facts, wanted=_wanted(form))


def _visit(session: Session, form: FormValues, facts: Facts) -> None:
    day, findings = form.day("visited_on"), form.text("findings")
    form.finish()
    deciding.note_visit(session, **facts, visited_on=day, findings=findings)


def _appeal(session: Session, form: FormValues, facts: Facts) -> None:
    about = facts.pop("application")
    appeals.appeal(session, **facts, about=about, reason=form.text("reason"))


STEPS: dict[str, Callable[[Session, FormValues, Facts], None]] = {
    "edit": _edit,
    "submit": _plain(proposing.submit, "answer"),
    "withdraw": _plain(proposing.withdraw),
    "take_up": _plain(deciding.take_up),
    "ask_more": _plain(deciding.ask_more, "missing"),
    "visit": _visit,
    "consent": _plain(deciding.consent, "document"),
    "approve": _plain(deciding.approve, "reasons"),
    "refuse": _plain(deciding.refuse, "reasons"),
    "publish": _plain(deciding.publish, "document"),
    "appeal": _appeal,
}
"""What can be done with an application, by the act in its address."""


def _wanted(form: FormValues) -> proposing.Wanted:
    """Return what the form asks for; masses in tonnes, at least one box of the origins."""
    within = form.whole("ship_within_days") if form.text("ship_within_days") else None
    wanted = proposing.Wanted(
        list_kind=form.text("list_kind"),
        waste_pattern=form.text("waste_pattern"),
        operation=form.text("operation"),
        accepted_origins=tuple(set(request.form.getlist("accepted_origins")) & set(PROVINCES)),
        valid_from=form.day("valid_from"),
        valid_to=form.day("valid_to"),
        quota_kg=form.maybe_mass("quota_t"),
        ship_within_days=within,
    )
    form.finish()
    return wanted


def _choices() -> Facts:
    provinces = [(row.code[:2], said(row)) for row in all_regions("province")]
    return {"list_kinds": LIST_KINDS, "operations": all_operations(today()), "provinces": provinces}


def _facilities(session: Session, party: Acting) -> list[tuple[str, str]]:
    """Return (id, name) of the facilities that a party may propose: its own, or all of its region."""
    wanted = select(Facility).join(Facility.site).order_by(Facility.id)
    if not is_authority(party.organisation):
        wanted = wanted.where(*own_sites_only(party))
    found = session.scalars(wanted).all()
    return [(row.public_id, f"{said(row.site.organisation)} · {said(row.site)}") for row in found]


def _most_bytes() -> int:
    return setting("whitelist_paper_bytes", today()).value
