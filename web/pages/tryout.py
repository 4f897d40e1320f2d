"""One's own workbook, answered at once and kept nowhere: no account, nothing posted.

A workbook of wastes alone is asked of every plant in the registry, row by row. One that also says where the
wastes could go is a whole case, matched and proven as on the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from flask import Response, g, render_template, request

from circularity.errors import BadInput, CircularityError
from circularity.units import format_scaled, format_tonnes
from matching.advice.ledgers import AdvisedRow, outlets_for_ledger
from matching.case_format.files import read_outputs
from matching.plans.files import PLAN_COLUMNS, PRICE_COLUMNS, UNMATCHED_COLUMNS
from web.api.file_bodies import WORKBOOK
from web.errors import status_of
from web.language import language, said
from web.pages.csv_answer import csv_address
from web.pages.desk.form_values import uploaded
from web.pages.desk.problems import problems_of
from web.pages.disclosure import is_told
from web.session import live_receivers, read_session
from web.today import now
from web.tryout.runner import match_in_process
from web.tryout.template import template_workbook
from web.words import word

MAX_BYTES = 10_000_000
OUTLETS = 3
"""How many outlets a row is told; its first ones decide, the rest is for a posted lot's own page."""

SHOWN = 200
LEDGER_COLUMNS = (
    "output_id", "waste_code", "mass_t", "place", "facility", "region_code", "operation", "distance_km",
    "conditions", "earliest_start", "reason",
)  # fmt: skip


def show_try() -> str:
    """Show what to send."""
    return render_template("try.html")


def download_template() -> Response:
    """Return the workbook to fill in."""
    headers = {"Content-Disposition": "attachment; filename=circularity-template.xlsx"}
    return Response(template_workbook(), mimetype=WORKBOOK, headers=headers)


def try_workbook() -> tuple[str, int]:
    """Answer a workbook, or show everything that is wrong with it."""
    request.max_content_length = MAX_BYTES
    try:
        with uploaded("file") as file, TemporaryDirectory(prefix="circularity-try-") as folder:
            answer = _answered(file, Path(folder))
    except CircularityError as error:
        rows = error.problems[:SHOWN] if isinstance(error, BadInput) else ()
        g.refused_form, g.problems = "try", [] if rows and rows[0].rule != "no_file" else problems_of(error)
        return render_template("try.html", wrong=rows if not g.problems else (), refused=error), status_of(
            error
        )
    return render_template("try.html", **answer), 200


def _answered(file: Path, folder: Path) -> dict[str, Any]:
    done = match_in_process(file, folder)
    if "answer" in done:
        return _plan(done["answer"])
    outputs, _ = read_outputs(folder, friendly=False)
    rows = list(outlets_for_ledger(live_receivers(), read_session(), outputs, at=now(), limit=OUTLETS))
    return {
        "rows": rows,
        "notes": done["ledger"]["notes"],
        "totals": _totals(rows),
        "unplaced": int(np.count_nonzero(outputs.region_code == "")),
        "file": csv_address(LEDGER_COLUMNS, _told(rows)),
    }


def _plan(answer: dict[str, Any]) -> dict[str, Any]:
    tables = (("plan", PLAN_COLUMNS), ("unmatched", UNMATCHED_COLUMNS), ("prices", PRICE_COLUMNS))
    files = {name: csv_address(header, _cells(header, answer[name])) for name, header in tables}
    return {"plan": answer, "notes": answer["notes"], "files": files, "shown": SHOWN}


def _cells(header: Sequence[str], rows: Iterable[dict[str, str]]) -> Iterable[list[str]]:
    return ([row.get(name, "") for name in header] for row in rows)


def _totals(rows: Sequence[AdvisedRow]) -> dict[str, tuple[int, int]]:
    """Return (rows, kg) by what stands before the best outlet: nothing, procedures, or there is none."""
    found = {"today": (0, 0), "later": (0, 0), "none": (0, 0)}
    for row in rows:
        today = any(outlet.can_move_today for outlet in row.outlets)
        kind = "today" if today else "later" if row.outlets else "none"
        number, mass_kg = found[kind]
        found[kind] = number + 1, mass_kg + row.lot.mass_kg
    return found


def _told(rows: Iterable[AdvisedRow]) -> Iterable[list[object]]:
    """Yield the lines of the file: one per outlet, or one that says why there is none."""
    for row in rows:
        lot = [row.lot.public_id, row.lot.waste_code, format_tonnes(row.lot.mass_kg)]
        for place, outlet in enumerate(row.outlets, start=1):
            site = outlet.window.line.entitlement.facility.site
            distance = "" if outlet.distance_m is None else format_scaled(outlet.distance_m, 1000)
            conditions = "; ".join(str(word("rule", code)) for code in outlet.conditions)
            where = [said(site.organisation), site.region_code, outlet.operation]
            yield [*lot, place, *where, distance, conditions, outlet.earliest, ""]
        if row.miss is not None:
            yield [*lot, "", "", "", "", "", "", "", _reason(row)]


def _reason(row: AdvisedRow) -> str:
    """Return why a row has no outlet; the change that would mend it only where its window may be told."""
    miss = row.miss
    assert miss is not None  # noqa: S101 - only rows without outlets are asked
    change = miss.change_zh if language() == "zh" else miss.change_en
    told = miss.window is None or is_told(miss.window)
    return f"{word('rule', miss.rule)}: {change}" if told and change else str(word("rule", miss.rule))
