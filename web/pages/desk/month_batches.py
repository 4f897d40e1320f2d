"""The batches of one stage of a hazardous month: shown, and typed as the record of the stage asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.catalogue.stage_columns import STAGES, columns_of
from circularity.catalogue.waste_types import is_hazardous
from circularity.errors import BadInput, InputProblem, NotFound
from circularity.ledger.batches import USING, Batch, tell_batches, told_at
from circularity.ledger.handling import HANDLING
from circularity.ledger.month_balances import month_days
from circularity.ledger.months import LedgerMonth
from web.formats import operation_name
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.handling_form import handling_typed
from web.pages.desk.months import find_month, require_writer
from web.session import read_session

FORM = "batches"
SPARE = 2
"""So many empty rows stand below what is told; more come with what is kept."""

_MASS = re.compile(r"batches\.(\d{1,4})\.mass_t")
_BETWEEN = "|"
"""Stands between an operation and the party that it was entrusted to, in one choice."""


def show_batches(public_id: str, stage: str) -> str:
    """Show the form of one stage, filled with its batches, or with the figures that they tell closer."""
    session, party = read_session(), require_acting()
    month = find_month(session, party, public_id)
    require_writer(month, party)
    _require_stage(month, stage)
    batches = told_at(month, stage) or _figures(month, stage)
    facts = {
        "columns": {fact: column for fact, column in columns_of(stage).items() if fact in HANDLING},
        "related": columns_of(stage).get("related"),
        "rows": max([len(batches) + SPARE, *_typed_rows()]),
        "ways": [(_BETWEEN.join(way), _words(way)) for way in _ways(month, stage)],
    }
    return render_template("month_batches.html", month=month, stage=stage, batches=batches, **facts)


def write_batches(public_id: str, stage: str) -> Answer:
    """Put what was typed in the place of what was told of the stage."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        month = find_month(session, party, public_id)
        require_writer(month, party)
        _require_stage(month, stage)
        form, rows = FormValues(), _filled_rows()
        batches = [_batch(form, row, stage) for row in rows]
        form.finish()
        try:
            tell_batches(session, actor=party.actor, at=at, month=month, stage=stage, batches=batches)
        except BadInput as bad:
            raise BadInput([_at_row(problem, rows) for problem in bad.problems]) from None
        return url_for("desk.month", public_id=public_id)

    return attempt(FORM, put, lambda: show_batches(public_id, stage))


def _require_stage(month: LedgerMonth, stage: str) -> None:
    if stage not in STAGES or not is_hazardous(month.waste_code):
        raise NotFound("stage", "没有这一环节", "there is no such stage")


def _batch(form: FormValues, row: int, stage: str) -> Batch:
    start = f"batches.{row}."
    operation, _, entrusted_to = form.text(f"{start}operation").partition(_BETWEEN)
    return Batch(
        form.day(f"{start}day"),
        form.mass(f"{start}mass_t"),
        operation if stage in USING else "",
        entrusted_to,
        form.text(f"{start}batch"),
        form.text(f"{start}related"),
        handling_typed(form, start),
    )


def _typed_rows() -> list[int]:
    return [int(found[1]) for name in request.form if (found := _MASS.fullmatch(name))]


def _filled_rows() -> list[int]:
    """Return the rows in which a mass, a number or a way of keeping is typed."""
    told = ("mass_t", "batch", "related", *HANDLING)
    return [
        row
        for row in sorted(_typed_rows())
        if any(request.form.get(f"batches.{row}.{name}", "").strip() for name in told)
    ]


def _at_row(problem: InputProblem, rows: Sequence[int]) -> InputProblem:
    """Return a problem at the row that was typed; a verb counts the batches that it was given."""
    found = re.match(r"batches\.(\d+)\.", problem.column or "")
    if found is None:
        return problem
    typed = f"batches.{rows[int(found[1]) - 1]}."
    texts: dict[str, Any] = {
        name: getattr(problem, name).replace(found[0], typed) for name in ("column", "zh", "en")
    }
    return replace(problem, **texts)


def _ways(month: LedgerMonth, stage: str) -> list[tuple[str, str]]:
    """Return the ways that a month was used in at a stage, with the party of what was entrusted."""
    uses = [use for use in month.uses if stage in USING and use.kind.startswith(stage)]
    return list(dict.fromkeys((use.operation, use.party if stage == "entrusted" else "") for use in uses))


def _words(way: tuple[str, str]) -> str:
    operation, entrusted_to = way
    return " · ".join(filter(None, (operation_name(operation), entrusted_to)))


def _figures(month: LedgerMonth, stage: str) -> list[Batch]:
    """Return what the month says of a stage in sums, to begin with."""
    day = month_days(month)[1]
    if stage in ("generated", "stored"):
        return [Batch(day, month.generated_kg)] if month.generated_kg else []
    return [
        Batch(day, use.mass_kg, use.operation, use.party if stage == "entrusted" else "")
        for use in month.uses
        if stage == "taken_out" or use.kind.startswith(stage)
    ]
