"""The catalogue: codes, operations, targets, procedures and legal bases, each with its source."""

from __future__ import annotations

from flask import render_template

from circularity.catalogue.legal import all_bases
from circularity.catalogue.operations import all_operations
from circularity.catalogue.procedures import all_procedures
from circularity.catalogue.waste_types import all_types
from circularity.rates.targets import known_targets
from web.pages.requests import choice, page_of, text
from web.session import read_session
from web.today import today

ROWS = 25


def show_catalogue() -> str:
    """Show the catalogue as of today."""
    sought, hazard = text().casefold(), choice("hazard", ("hazardous", "general"))
    types = [
        waste
        for waste in all_types(today())
        if (not hazard or waste.hazardous == (hazard == "hazardous"))
        and any(sought in words.casefold() for words in (waste.code, waste.name_zh, waste.name_en))
    ]
    page = page_of(len(types), lambda limit, offset: types[offset : offset + limit], size=ROWS)
    reference = {
        "operations": all_operations(today()),
        "targets": known_targets(read_session()),
        "procedures": all_procedures(),
        "bases": [row for rows in all_bases().values() for row in rows],
    }
    return render_template("catalogue.html", page=page, sought=text(), hazard_chosen=hazard, **reference)
