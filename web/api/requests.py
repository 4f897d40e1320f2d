"""Reading a request: strict JSON of the right content type, no unknown fields, every mistake listed."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE, Schema, ValidationError
from webargs import missing
from webargs.flaskparser import FlaskParser

from web.api.field_problems import bad_input
from web.api.json_body import read_json
from web.http_problems import Refusal


class StrictParser(FlaskParser):
    """Reads bodies with `read_json` and refuses unknown fields of a query as it does those of a body."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as its base declares it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": RAISE,
        "query": RAISE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        """Return the body; a page of another origin can send only the types refused here."""
        if req.mimetype != "application/json":
            zh, en = "正文应为 application/json", "the body must be application/json"
            raise Refusal(415, "unsupported_media_type", zh, en)
        body = req.get_data(cache=True)
        return read_json(body) if body else missing

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002 - the signature that webargs calls
        schema: Schema,  # noqa: ARG002 - likewise
        **_: Any,
    ) -> NoReturn:
        """Raise BadInput with every mistake."""
        raise bad_input(error, error.data) from error
