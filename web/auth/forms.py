"""Doing one verb for a form of an account, and showing the form again with what was refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask import g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from circularity.database import writing
from circularity.errors import BadInput, CircularityError, InputProblem, NotFound
from web.errors import status_of
from web.pages.desk.problems import problems_of
from web.session import engine

Answer = Response | str | tuple[str, int]


def attempt_form(form: str, act: Callable[[datetime], Answer], show: Callable[[], str]) -> Answer:
    """Run `act`, which opens its own transactions, and answer with what it returns.

    What it refuses is shown by `show`, the page the form stands on, at the form and its fields.
    """
    try:
        return act(datetime.now(UTC))
    except NotFound:
        raise
    except CircularityError as error:
        g.refused_form, g.problems = form, problems_of(error)
        return show(), status_of(error)


def change(form: str, verb: Callable[[Session, datetime], str], show: Callable[[], str]) -> Answer:
    """Run one verb in one transaction and go to the address it returns."""

    def act(at: datetime) -> Answer:
        with writing(engine()).begin() as session:
            to = verb(session, at)
        return redirect(to, 303)

    return attempt_form(form, act, show)


def typed(name: str, longest: int = 1000) -> str:
    """Return a field as typed; a longer text is cut to one that its verb refuses."""
    return request.form.get(name, "")[: longest + 1]


def typed_day(name: str) -> date | None:
    """Return a typed day, None for an empty field; raises BadInput for anything else."""
    text = typed(name).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        zh, en = f"{name} 应为日期", f"{name} must be a calendar day"
        raise BadInput([InputProblem("form", None, name, "not_a_day", text[:80], zh, en)]) from None


def network_address() -> str:
    """Return where the request came from; proxies are believed only as far as the server is told to."""
    return request.remote_addr or "unknown"
