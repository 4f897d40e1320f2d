"""`/healthz`: the process answers. `/readyz`: it can also do its work, or says what keeps it from it."""

from __future__ import annotations

from flask import Flask, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from circularity.database import is_current
from web.session import engine


def register_health(app: Flask) -> None:
    """Register both addresses."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    """Answer 200 as long as the process runs."""
    return jsonify(status="ok")


def readyz() -> tuple[Response, int]:
    """Answer 200 when the database can be read and has the newest schema, else 503 with the reason."""
    try:
        current = is_current(engine())
    except SQLAlchemyError:
        return jsonify(status="unavailable", database="unreachable"), 503
    if not current:
        return jsonify(status="unavailable", database="schema is not current: run circularity init"), 503
    return jsonify(status="ok", database="ok"), 200
