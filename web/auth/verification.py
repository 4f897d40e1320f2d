"""An authority verifies the organisations of its region, one by one or from a permit list."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.permit_lists import Verified, import_permit_list
from circularity.accounts.standings import decide, waiting_in
from circularity.database import writing
from circularity.errors import BadInput, InputProblem, NotFound
from circularity.organisations import Organisation
from web.auth.forms import Answer, attempt_form, change, typed
from web.auth.membership import acting_as, organisation_in
from web.pages.requests import page_of
from web.session import engine, read_session


def show_verification(done: Verified | None = None) -> str:
    """Show the organisations of the region, those that wait first."""
    _, mine = acting_as()
    rows = waiting_in(read_session(), mine.organisation)
    page = page_of(len(rows), lambda limit, offset: rows[offset : offset + limit], size=20)
    return render_template("auth/verification.html", page=page, done=done, mine=mine)


def decide_on(public_id: str) -> Answer:
    """Verify an organisation, or refuse it with a reason."""
    found, _ = acting_as()

    def verb(session: Session, at: datetime) -> str:
        organisation = session.scalar(select(Organisation).where(Organisation.public_id == public_id))
        if organisation is None:
            raise NotFound("unknown_organisation", "没有此单位", "there is no such organisation")
        decide(
            session,
            actor=found.actor,
            at=at,
            authority=organisation_in(session),
            organisation=organisation,
            verified=typed("decision", 10) == "verify",
            reason=typed("reason"),
        )
        return url_for("auth.verification")

    return change("verification", verb, show_verification)


def import_permits() -> Answer:
    """Verify from an uploaded permit list and show at once what came of it."""

    def act(at: datetime) -> Answer:
        found, _ = acting_as()
        given = request.files.get("file")
        if given is None or not given.filename:
            zh, en = "file 请选择文件", "file is missing: choose one"
            raise BadInput([InputProblem("form", None, "file", "no_file", "", zh, en)])
        content = given.read()
        with writing(engine()).begin() as session:
            done = import_permit_list(
                session, actor=found.actor, at=at, authority=organisation_in(session), content=content
            )
        return show_verification(done)

    return attempt_form("permits", act, show_verification)
