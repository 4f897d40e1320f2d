"""Doing one verb for a form: once per form sent, and shown again with what was refused at its field."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from flask import g, redirect, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from circularity.errors import BadInput, CircularityError, NotFound, Stale
from circularity.idempotency import Request, act_once
from web.api.writing import refuse_unless_writable
from web.errors import status_of
from web.language import language
from web.pages.desk.problems import Problem, problems_of
from web.session import engine

Answer = Response | tuple[str, int]

ONCE = "once"
"""The hidden field that makes two presses of one button one act."""


def attempt(form: str, act: Callable[[Session, datetime], str], show: Callable[[], str]) -> Answer:
    """Run `act` in one transaction and go to the address it returns.

    What it refuses is shown by `show`, the page the form stands on, at the form and its fields.
    """
    refuse_unless_writable()
    at = datetime.now(UTC)
    try:
        done, _ = act_once(engine(), _request(), at, lambda session: {"to": act(session, at)})
    except StaleDataError:
        zh, en = "数据刚被他人更改，请重新读取", "somebody else has just changed it: read it again"
        return _again(form, Stale("stale", zh, en), show)
    except NotFound:
        raise
    except CircularityError as error:
        return _again(form, error, show)
    return redirect(done["to"], 303)


def given(form: str, name: str, default: Any = "") -> str:
    """Return what a field shows: what was typed where its form was just refused, else its default."""
    if g.get("refused_form") == form:
        return request.form.get(name, "")
    return "" if default is None else str(default)


def given_all(form: str, name: str, default: Collection[str] = ()) -> Collection[str]:
    """Return what is ticked of a field with several values, likewise."""
    return request.form.getlist(name) if g.get("refused_form") == form else default


def problems_at(form: str, name: str = "") -> list[Problem]:
    """Return what was refused about a form, or about one of its fields."""
    found: list[Problem] = g.get("problems", []) if g.get("refused_form") == form else []
    return [problem for problem in found if not name or problem.field == name]


def refused_form() -> str:
    """Return the form that was just refused, "" for none."""
    return str(g.get("refused_form", ""))


def fresh() -> str:
    """Return a new mark for a form."""
    return secrets.token_urlsafe(12)


def refuse_form(form: str, error: CircularityError, fields: Collection[str]) -> None:
    """Show a refusal at the fields of a form, and without a field where it is about neither of them.

    What is wrong in an uploaded file is for its page to show.
    """
    told = problems_of(error)
    g.refused_form = form
    if isinstance(error, BadInput) and not any(problem.field in fields for problem in told):
        told = [Problem("", error.zh if language() == "zh" else error.en)]
    g.problems = told


def _again(form: str, error: CircularityError, show: Callable[[], str]) -> tuple[str, int]:
    g.refused_form, g.problems = form, problems_of(error)
    if isinstance(error, BadInput) and len(g.problems) > 30:
        rest = len(g.problems) - 30
        more = gettext("%(n)s more problems of the same kind", n=rest)
        g.problems = [*g.problems[:30], Problem("", more)]
    return show(), status_of(error)


def _request() -> Request | None:
    """Return what makes this form itself; one without a mark, or with a file, is simply done."""
    mark = request.form.get(ONCE, "")
    if not mark or request.files:
        return None
    typed = repr(sorted(request.form.items(multi=True))).encode()
    digest = hashlib.sha256(typed).hexdigest()
    return Request(f"POST {request.path}"[:200], digest, digest)
