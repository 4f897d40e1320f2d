"""The one table from reasons to HTTP, and how a refusal looks to a reader and to a program."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from circularity.errors import (
    BadInput,
    CircularityError,
    NotAllowed,
    NotFound,
    RuleBroken,
    Stale,
    Unavailable,
)
from web.http_problems import Refusal, http_problem, problem_type
from web.language import language

log = logging.getLogger(__name__)

STATUS: Mapping[type[CircularityError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Stale: 409,
    BadInput: 422,
    RuleBroken: 422,
    Unavailable: 503,
}
"""What a reason means in HTTP; repeating helps only for 409, after reading again, and later for 503."""

RETRY_AFTER_S = "2"

_PASSING = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that pass: connection, rollback, resources, a lock in use, shutdown."""


def status_of(error: CircularityError) -> int:
    """Return the HTTP status of a reason; a reason without a row is our own fault, 500."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def problem_of(error: CircularityError) -> dict[str, Any]:
    """Return the reason as the fields of a problem document (RFC 9457), with every field error."""
    problem: dict[str, Any] = {
        "type": problem_type(error.code),
        "title": error.en,
        "title_zh": error.zh,
        "status": status_of(error),
    }
    if error.facts:
        problem["facts"] = error.facts
    if isinstance(error, BadInput):
        problem["errors"] = [found.as_dict() for found in error.problems]
    return problem


def register_errors(app: Flask) -> None:
    """Answer refusals and mistakes with a page, or with a problem document below `/api/`."""
    app.register_error_handler(CircularityError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(PoolTimeout, _busy)
    app.register_error_handler(Exception, _broken)


def _refused(error: CircularityError) -> Any:
    status = status_of(error)
    if _for_a_program():
        return _problem(problem_of(error), status)
    return _page(status, error.zh if language() == "zh" else error.en)


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):  # asked in a name that is not ours: no address could be built
        return Response("未知的主机名 · unknown host", error.code, mimetype="text/plain")
    if _for_a_program():
        return _problem(http_problem(error), error.code)
    why = (error.zh if language() == "zh" else error.en) if isinstance(error, Refusal) else None
    return _page(error.code, why)


def _busy(error: Exception) -> Any:
    """Ask the reader to come back where the database is only busy or away; anything else is our own fault."""
    if not is_busy(error):
        return _broken(error)
    log.warning("the database is busy or away: %s", error)
    zh, en = "系统繁忙，未作任何更改，请稍后重试", "busy just now; nothing was changed, please try again"
    response = current_app.make_response(_refused(Unavailable("busy", zh, en)))
    response.headers["Retry-After"] = RETRY_AFTER_S
    return response


def is_busy(error: Exception) -> bool:
    """Tell whether trying again can help: a lock not had in time, a deadlock, no connection to be had."""
    if isinstance(error, PoolTimeout):
        return True
    orig = getattr(error, "orig", None)
    code = getattr(orig, "sqlite_errorcode", 0) & 0xFF
    state = getattr(orig, "sqlstate", None) or ""
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or state[:2] in _PASSING


def _broken(error: Exception) -> Any:
    """Log what happened and tell the reader nothing about our inside."""
    log.error("a request failed", exc_info=error)
    if _for_a_program():
        return _problem(http_problem(InternalServerError()), 500)
    return _page(500, None)


def _for_a_program() -> bool:
    return request.path.startswith("/api/")


def _problem(fields: dict[str, Any], status: int) -> tuple[Response, int]:
    response = jsonify(fields)
    response.mimetype = "application/problem+json"
    return response, status


def _page(status: int, reason: str | None) -> tuple[str, int]:
    return render_template("error.html", status=status, reason=reason), status
