"""The national forms as files: tables 1 to 3 of general waste, the stages of hazardous waste."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from urllib.parse import quote

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.errors import BadInput, InputProblem, NotFound
from circularity.forms.files import write_workbook
from circularity.forms.general_tables import general_tables
from circularity.forms.hazardous_stages import hazardous_stages
from circularity.forms.national import FormSheet
from circularity.organisations import Site
from circularity.party_listings import sites_seen
from web.pages.desk.acting import require_acting
from web.session import read_session
from web.today import today

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST_YEAR = 2000

_FORMS: Mapping[str, tuple[Callable[[Session, Site, int, int | None], list[FormSheet]], str]] = {
    "general": (general_tables, "一般工业固体废物管理台账"),
    "hazardous": (hazardous_stages, "危险废物管理台账"),
}
FORMS = tuple(_FORMS)


def download_forms() -> Response:
    """Send the forms of one site and period as a workbook with a sheet per form."""
    session, party = read_session(), require_acting()
    seen = sites_seen(party.organisation, party.side, party.sites)
    named = select(Site).filter_by(public_id=request.args.get("site", "")).where(Site.id.in_(seen))
    site = session.scalar(named)
    found = _FORMS.get(request.args.get("form", ""))
    if site is None or found is None:
        raise NotFound("site", "没有这一厂区", "there is no such site")
    fill, title = found
    year, month = _whole("year", FIRST_YEAR, today().year), _whole("month", 0, 12)
    if year is None:
        zh, en = "year 应为年份", "year must be a year"
        raise BadInput([InputProblem("form", None, "year", "not_a_year", "", zh, en)])
    book = io.BytesIO()
    write_workbook(fill(session, site, year, month or None), book)
    period = f"{year}-{month:02d}" if month else str(year)
    name = quote(f"{title}-{site.name_zh}-{period}.xlsx")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(book.getvalue(), mimetype=_XLSX, headers=headers)


def _whole(name: str, least: int, most: int) -> int | None:
    text = request.args.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
    return number if least <= number <= most else None
