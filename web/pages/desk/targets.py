"""Targets of the utilisation rates: what stands, and the next one entered by the authority that owns them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.regions import all_regions
from circularity.catalogue.targets import all_targets
from circularity.errors import NotFound
from circularity.rates.formula import SCOPES
from circularity.rates.targets import EnteredTarget, enter_target, entered_targets, may_enter, withdraw_target
from web.pages.desk.acting import acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.session import read_session
from web.today import today


def show_targets() -> str:
    """Show the targets of the catalogue and those entered, with the form of the next for who may enter it."""
    session, party = read_session(), acting()
    owns = party is not None and may_enter(session, party.organisation, today())
    regions = [
        region
        for level in ("province", "prefecture")
        for region in all_regions(level)
        if party is not None and _inside(party.organisation.region_code, region.code)
    ]
    facts = {"listed": all_targets(), "entered": entered_targets(session), "scopes": SCOPES}
    return render_template("targets.html", owns=owns, regions=regions, **facts)


def put_target() -> Answer:
    """Enter a target."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        rate = form.percent("rate_percent")
        if rate is None:
            form.refuse("rate_percent", "empty", "不能为空", "must not be empty")
        names = ("scope", "region_code", "document_zh", "document_en")
        facts: dict[str, Any] = {name: form.text(name) for name in names}
        facts |= {name: form.day(name) for name in ("period_from", "period_to")}
        form.finish()
        by = party.of(session)
        enter_target(session, actor=party.actor, at=at, by=by, rate_permille=rate or 0, **facts)
        return url_for("desk.targets")

    return attempt("target", put, show_targets)


def take_back(public_id: str) -> Answer:
    """Withdraw a target that was entered wrongly."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        target = session.scalar(select(EnteredTarget).filter_by(public_id=public_id))
        if target is None:
            raise NotFound("target", "没有这一目标", "there is no such target", id=public_id[:40])
        reason, by = FormValues().text("reason"), party.of(session)
        withdraw_target(session, actor=party.actor, at=at, by=by, target=target, reason=reason)
        return url_for("desk.targets")

    return attempt(f"withdraw-{public_id}", run, show_targets)


def _inside(region: str, code: str) -> bool:
    return code.startswith(region.rstrip("0")) if region else True
