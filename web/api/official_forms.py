"""A site's books as the national forms have them; they replace no submission to the national system."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, request
from marshmallow import Schema
from marshmallow.fields import String
from marshmallow.validate import OneOf
from sqlalchemy.orm import Session

from circularity.forms.files import csv_text, write_workbook
from circularity.forms.general_tables import general_tables
from circularity.forms.hazardous_stages import hazardous_stages
from circularity.forms.national import (
    DEPARTURES,
    ENTRUSTED,
    FLOWS,
    GENERATED,
    INVENTORY,
    STORED,
    TAKEN_OUT,
    FormSheet,
)
from circularity.forms.national import (
    OWN as OWN_USE,
)
from web.api.acting import acting_for, seen_site
from web.api.blueprint import OWN, ApiBlueprint
from web.api.file_bodies import CSV, WORKBOOK
from web.api.quantities import WholeNumber
from web.session import read_session
from web.today import today

blp = ApiBlueprint(
    "official_forms", "National ledger forms filled from a site's books; no official submission."
)

FORMS = {
    "inventory": INVENTORY,
    "flows": FLOWS,
    "departures": DEPARTURES,
    "generated": GENERATED,
    "stored": STORED,
    "taken_out": TAKEN_OUT,
    "own": OWN_USE,
    "entrusted": ENTRUSTED,
}
"""Word of the query → form: tables 1 to 3 of general waste, then the stages of hazardous waste."""

KINDS = {"general": general_tables, "hazardous": hazardous_stages}


class FormsQuery(Schema):
    """Which books."""

    year = WholeNumber(minimum=2000, maximum=2200, metadata={"description": "this year unless said"})


class WorkbookQuery(FormsQuery):
    """Which forms."""

    kind = String(validate=OneOf(tuple(KINDS)), metadata={"description": "both unless said"})


class CsvQuery(FormsQuery):
    """Which form."""

    form = String(validate=OneOf(tuple(FORMS)), load_default="flows", metadata={"default": "flows"})


@blp.download(f"{OWN}/sites/<public_id:site_id>/official-forms.xlsx", WORKBOOK, query=WorkbookQuery)
def download_official_forms(query: dict[str, Any], organisation_id: str, site_id: str) -> Response:
    """Download the general-waste ledger tables 1 to 3 and the hazardous stages of a site and year."""
    kinds = [query["kind"]] if "kind" in query else list(KINDS)
    stream = io.BytesIO()
    write_workbook(_sheets(read_session(), organisation_id, site_id, query, kinds), stream)
    return _file(stream.getvalue(), WORKBOOK, "official-forms.xlsx")


@blp.download(f"{OWN}/sites/<public_id:site_id>/official-forms.csv", CSV, query=CsvQuery)
def download_official_form(query: dict[str, Any], organisation_id: str, site_id: str) -> Response:
    """Download one form of a site and year, guarded against being run as formulas."""
    wanted = FORMS[query["form"]]
    sheets = _sheets(read_session(), organisation_id, site_id, query, list(KINDS))
    text = next(csv_text(sheet) for sheet in sheets if sheet.form is wanted)
    return _file(text.encode("utf-8-sig"), CSV, f"{query['form']}.csv")


def _sheets(
    session: Session, organisation_id: str, site_id: str, query: dict[str, Any], kinds: list[str]
) -> list[FormSheet]:
    site = seen_site(session, acting_for(session, organisation_id), site_id)
    year = query.get("year", today().year)
    return [sheet for kind in kinds for sheet in KINDS[kind](session, site, year)]


def _file(content: bytes, kind: str, name: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.add_etag()
    response.make_conditional(request)
    return response
