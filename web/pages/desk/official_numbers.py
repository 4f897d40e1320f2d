"""Numbers of the national manifest: which transfers lack one, and a list of them uploaded at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from flask import Response, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.custody.manifests import Transfer
from circularity.errors import NotAllowed
from circularity.guarded_cells import guard_text
from circularity.organisations import Site
from circularity.party_listings import sites_of, total, transfers
from circularity.uploads import OFFICIAL_NUMBERS
from web.pages.desk.acting import acting, require_acting
from web.pages.desk.attempts import Answer
from web.pages.desk.imports import ask_import
from web.pages.desk.waiting import without_number
from web.pages.requests import page_of
from web.permission_check import note_shown
from web.session import read_session

FORM = "numbers"
COLUMNS = ("平台转移编号", "国家联单编号", "移出单位", "接收单位", "日期")


def show_official_numbers() -> str:
    """Show the hazardous transfers without a number."""
    session, party = read_session(), acting()
    page = None
    if party is not None:
        wanted = transfers(without_number(party))
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
        note_shown(page.rows)
    return render_template("official_numbers.html", page=page)


def upload_official_numbers() -> Answer:
    """Have the numbers of an uploaded list entered; each transfer must be the party's own."""
    party = require_acting()
    if party.watches:
        zh, en = "只有转移各方可以录入", "only a party of a transfer enters its number"
        raise NotAllowed("not_a_party", zh, en)
    told: dict[str, Any] = {"sites": sorted(party.sites)} if party.sites else {}

    def ask(session: Session) -> tuple[dict[str, Any], Sequence[Site]]:
        return told, sites_of(session, party.organisation, party.sites)

    return ask_import(FORM, OFFICIAL_NUMBERS, ask, show_official_numbers)


def download_list() -> Response:
    """Send the transfers without a number as a list to fill in and upload again."""
    session, party = read_session(), require_acting()
    rows = session.scalars(
        select(Transfer)
        .where(without_number(party))
        .options(selectinload(Transfer.sender_site), selectinload(Transfer.facility))
        .order_by(Transfer.id)
    ).all()
    note_shown(rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        parties = (row.sender_site.organisation.name_zh, row.facility.site.organisation.name_zh)
        writer.writerow([row.number, "", *map(guard_text, parties), row.day_from.isoformat()])
    headers = {"Content-Disposition": "attachment; filename=official-numbers.csv"}
    return Response("\ufeff" + text.getvalue(), mimetype="text/csv", headers=headers)
