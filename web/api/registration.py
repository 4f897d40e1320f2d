"""Puts the API together: its blueprints, its description at `/openapi.json`, its reader at `/docs`."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask
from flask_smorest import Api
from werkzeug.routing import BaseConverter

from web.api.agreements import blp as agreements
from web.api.catalogue import blp as catalogue
from web.api.corrections import blp as corrections
from web.api.descriptions import blp as descriptions
from web.api.documentation import blueprint as documentation
from web.api.drafts import blp as drafts
from web.api.entitlements import blp as entitlements
from web.api.facilities import blp as facilities
from web.api.handlings import blp as handlings
from web.api.imports import blp as imports
from web.api.jobs import blp as jobs
from web.api.ledger_months import blp as ledger_months
from web.api.ledgers import blp as ledgers
from web.api.list_appeals import blp as list_appeals
from web.api.list_applications import blp as list_applications
from web.api.list_entries import blp as list_entries
from web.api.list_rounds import blp as list_rounds
from web.api.match import blp as match
from web.api.official_forms import blp as official_forms
from web.api.outputs import blp as outputs
from web.api.overdue import blp as overdue
from web.api.own_rates import blp as own_rates
from web.api.own_treatments import blp as own_treatments
from web.api.procedures import blp as procedures
from web.api.rates import blp as rates
from web.api.receipts import blp as receipts
from web.api.recommendations import blp as recommendations
from web.api.refused_loads import blp as refused_loads
from web.api.reported_rates import blp as reported_rates
from web.api.runs import blp as runs
from web.api.settlements import blp as settlements
from web.api.shapes import Problem
from web.api.sites import blp as sites
from web.api.stored_loads import blp as stored_loads
from web.api.targets import blp as targets
from web.api.transfers import blp as transfers
from web.api.weighings import blp as weighings
from web.api.whitelist import blp as whitelist

BLUEPRINTS = (
    sites,
    descriptions,
    drafts,
    ledgers,
    outputs,
    facilities,
    entitlements,
    whitelist,
    list_applications,
    list_entries,
    list_appeals,
    list_rounds,
    recommendations,
    runs,
    agreements,
    settlements,
    procedures,
    transfers,
    weighings,
    handlings,
    corrections,
    receipts,
    own_treatments,
    refused_loads,
    stored_loads,
    overdue,
    ledger_months,
    official_forms,
    jobs,
    imports,
    rates,
    reported_rates,
    own_rates,
    targets,
    catalogue,
    match,
)

DESCRIPTION = """\
Matches solid waste of the Yangtze River Delta to lawful outlets.

撮合建议：不产生任何权利义务，不替代主管部门审批。
Matching results are advice: they create no duty and replace no approval.

Quantities carry their unit in the field's name and are decimal texts in answers: `mass_t` in tonnes with at
most three decimals. In requests a JSON number is taken as well; excess precision is refused, never rounded.
What an owner has not published is banded (`mass_band`) or left out. Unknown fields are refused. Errors are
problem documents (RFC 9457) whose `type` is stable.
"""


class PublicId(BaseConverter):
    """A public id in an address: 32 hexadecimal digits, anything else is found nowhere."""

    regex = "[0-9a-f]{32}"
    part_isolating = True


class OurApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """The API; refusals are answered by `web.errors`, for every address alike."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """Register none: flask-smorest would take over the errors of the pages too."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= 400:
                response["content"] = {"application/problem+json": {"schema": self.ERROR_SCHEMA}}
            self.spec.components.response(status.name, response, lazy=True)
        problem = {"application/problem+json": {"schema": self.ERROR_SCHEMA}}
        refusal = {"description": "a refusal or an error", "content": problem}
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, refusal, lazy=True)


def register_api(app: Flask) -> None:
    """Register every blueprint of the API, its description and its reader."""
    app.url_map.converters["public_id"] = PublicId
    app.config.update(
        API_TITLE="Circularity",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": DESCRIPTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
                "x-release": version("circularity"),
            },
        },
    )
    api = OurApi(app)
    api.register_converter(PublicId, lambda _: {"type": "string", "pattern": "^[0-9a-f]{32}$"})
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(documentation)
