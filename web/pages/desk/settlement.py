"""What is owed under one agreement by month; a formula is reckoned with the quotations in the address."""

from __future__ import annotations

import re

from flask import render_template, request

from circularity.custody.statements import Month, statement
from web.pages.desk.acting import require_acting
from web.pages.desk.agreements import find_agreement
from web.session import read_session

QUOTED = "quoted."
"""Before the month in the name of a field, as in `quoted.2026-08`."""

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUOTATION = re.compile(r"0*[1-9]\d{0,11}")


def show_settlement(public_id: str) -> str:
    """Show the settled mass and the money of each month, and their sums."""
    session, party = read_session(), require_acting()
    agreement = find_agreement(session, party, public_id)
    quotations, wrong = _quoted()
    months = statement(session, agreement, quotations)
    owed = [row.owed_fen for row in months if row.owed_fen is not None]
    facts = {
        "months": months,
        "settled_kg": sum(row.settled_kg for row in months),
        "owed_fen": sum(owed) if len(owed) == len(months) else None,
        "by_formula": agreement.offer.price_kind == "formula",
        "wrong": wrong,
        "quoted": QUOTED,
    }
    return render_template("settlement.html", agreement=agreement, **facts)


def _quoted() -> tuple[dict[Month, int], list[str]]:
    """Return the quotations that were typed, by month, and the fields that hold none."""
    quotations: dict[Month, int] = {}
    wrong = []
    for name, text in request.args.items():
        month = _MONTH.fullmatch(name.removeprefix(QUOTED)) if name.startswith(QUOTED) else None
        if month is None or not text.strip():
            continue
        if _QUOTATION.fullmatch(text.strip()):
            quotations[int(month[1]), int(month[2])] = int(text)
        else:
            wrong.append(name)
    return quotations, wrong
