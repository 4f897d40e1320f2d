"""What a party does about one procedure: the sender fills, files and takes back, the authorities decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from circularity.deals.filing_decisions import consent_to, grant_filed, refuse_filed
from circularity.deals.filings import begin_procedure, file_draft, fill_procedure, take_back
from circularity.errors import NotFound
from web.pages.desk.acting import require_acting
from web.pages.desk.agreements import find_agreement, show_agreement
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.procedures import find_procedure, form_of, show_procedure

Facts = dict[str, Any]
_TYPED = "typed."
"""Before the names of the fields of a form, which are data and could be any word."""


def begin(public_id: str) -> Answer:
    """Draft a procedure for a deal and lead to it."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        agreement = find_agreement(session, party, public_id)
        about: Facts = {"actor": party.actor, "at": at, "by": party.of(session), "agreement": agreement}
        made = begin_procedure(session, **about, kind=FormValues().text("kind"))
        return url_for("desk.procedure", public_id=made.public_id)

    return attempt("begin", run, lambda: show_agreement(public_id))


def act(public_id: str, act: str) -> Answer:
    """Take one step with a procedure, as the party one acts for."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        step = STEPS.get(act)
        if step is None:
            raise NotFound("act", "没有这一操作", "there is no such act")
        procedure = find_procedure(session, party, public_id)
        facts: Facts = {"actor": party.actor, "at": at, "by": party.of(session), "procedure": procedure}
        step(session, FormValues(), facts)
        return url_for("desk.procedure", public_id=public_id)

    return attempt(act, run, lambda: show_procedure(public_id))


def _fill(session: Session, form: FormValues, facts: Facts) -> None:
    names = [name for name in request.form if name.startswith(_TYPED)]
    filled = {name.removeprefix(_TYPED): form.text(name) for name in names}
    fill_procedure(session, **facts, filled=filled)


def _file(session: Session, form: FormValues, facts: Facts) -> None:
    file_draft(session, **facts, document=form.text("document"))


def _take_back(session: Session, form: FormValues, facts: Facts) -> None:  # noqa: ARG001 - it takes nothing
    take_back(session, **facts)


def _consent(session: Session, form: FormValues, facts: Facts) -> None:
    consent_to(session, **facts, document=form.text("document"))


def _grant(session: Session, form: FormValues, facts: Facts) -> None:
    facts["valid_to"] = form.day("valid_to") if form.text("valid_to") else None
    facts["limit_kg"] = form.maybe_mass("limit_t")
    form.finish()
    grant_filed(session, **facts, document=form.text("document"))


def _refuse(session: Session, form: FormValues, facts: Facts) -> None:
    refuse_filed(session, **facts, reasons=form.text("reasons"))


STEPS: dict[str, Callable[[Session, FormValues, Facts], None]] = {
    "fill": _fill,
    "file": _file,
    "recall": _take_back,
    "reopen": _take_back,
    "consent": _consent,
    "grant": _grant,
    "refuse": _refuse,
}
"""What can be done with a procedure, by the act in its address."""

__all__ = ["STEPS", "act", "begin", "form_of"]
