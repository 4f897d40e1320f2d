"""What the description of the API says of many views alike: the key, the headers, the refusals."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema

from web.api.writing import KEY_HEADER, REPLAYED_HEADER

KEY_PARAMETER = {
    "in": "header",
    "name": KEY_HEADER,
    "description": (
        "a key of your choice: the same request under the same key acts once and answers alike; "
        "other content under a used key is refused"
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
WRITTEN_HEADERS = {
    "Location": {"description": "address of what was made", "schema": {"type": "string"}},
    REPLAYED_HEADER: {
        "description": "`true` when this answer was given before under the same key",
        "schema": {"type": "string"},
    },
}


def documented(blueprint: Blueprint, view: Any, statuses: tuple[int, ...]) -> Any:
    """Document the refusals that a view can answer with."""
    for status in statuses:
        view = blueprint.alt_response(status, response=_STATUS_NAMES[status])(view)
    return view


_STATUS_NAMES = {
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "REQUEST_ENTITY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_ENTITY",
    503: "SERVICE_UNAVAILABLE",
}


def read_problems(rule: str, query: type[Schema] | None, *, own: bool) -> tuple[int, ...]:
    """Return the refusals that a reading view can answer with."""
    return (*((403,) if own else ()), *((404,) if "<" in rule else ()), *((422,) if query else ()))
