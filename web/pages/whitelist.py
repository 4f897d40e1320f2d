"""The whitelist register, searched by waste (code or name), province, origin, operation, list and status.

Every entry has an address of its own, with what has become of it; what the search finds can be downloaded.
"""

from __future__ import annotations

from flask import Response, render_template
from flask_babel import gettext

from circularity.catalogue.operations import all_operations
from circularity.catalogue.regions import all_regions
from circularity.catalogue.waste_codes import has_kind_form, spell
from circularity.catalogue.waste_types import MalformedCode, all_types, parse_code
from circularity.errors import NotFound
from circularity.listings import (
    PUBLISHED,
    WhitelistFilter,
    all_whitelist,
    list_whitelist,
    published_entry,
)
from circularity.whitelist import LIST_KINDS, WhitelistEntry
from circularity.whitelist.history import history_of
from web.formats import operation_name, region_name, waste_name
from web.language import said
from web.pages.csv_answer import csv_answer
from web.pages.disclosure import told_quota
from web.pages.requests import choice, page_number, province, text
from web.session import read_session
from web.today import today
from web.words import word


def show_whitelist() -> str:
    """Show a page of the register."""
    wanted = _wanted()
    page = list_whitelist(read_session(), wanted, page_number())
    choices = {"provinces": all_regions("province"), "operations": all_operations(today())}
    words = {"list_kinds": LIST_KINDS, "statuses": PUBLISHED}
    return render_template("whitelist.html", page=page, wanted=wanted, asked=text(), **choices, **words)


def show_entry(public_id: str) -> str:
    """Show one published entry with its history."""
    session = read_session()
    entry = published_entry(session, public_id)
    if entry is None:
        raise NotFound("whitelist_entry", "没有这一条目", "there is no such entry", id=public_id[:40])
    return render_template("whitelist_entry.html", entry=entry, history=history_of(session, entry))


def download_whitelist() -> Response:
    """Give what the search finds as a CSV file."""
    header = (
        *(gettext("Facility"), gettext("Region"), gettext("Waste"), gettext("Waste code")),
        *(gettext("Operation"), gettext("List"), gettext("Document"), gettext("Accepted origins")),
        *(gettext("Quota (t)"), gettext("First day"), gettext("Last day"), gettext("Status"), "id"),
    )
    entries = all_whitelist(read_session(), _wanted())
    return csv_answer("whitelist.csv", header, [_row(entry) for entry in entries])


def meant_codes(words: str) -> tuple[str, ...]:
    """Return the codes a reader means: a full code, all of a kind, or those whose name holds the words."""
    try:
        return (parse_code(words),)
    except MalformedCode:
        spelled = spell(words)
    types = all_types(today())
    if has_kind_form(spelled):
        return tuple(waste.code for waste in types if waste.kind == spelled)
    sought = words.casefold()
    return tuple(
        waste.code
        for waste in types
        if sought in waste.name_zh.casefold() or sought in waste.name_en.casefold()
    )


def _wanted() -> WhitelistFilter:
    return WhitelistFilter(
        codes=meant_codes(text()) if text() else None,
        province=province(),
        origin=province("origin"),
        operation=choice("operation", [operation.code for operation in all_operations(today())]),
        list_kind=choice("list_kind", LIST_KINDS),
        status=choice("status", PUBLISHED),
    )


def _row(entry: WhitelistEntry) -> tuple[object, ...]:
    return (
        said(entry.facility.site.organisation),
        region_name(entry.facility.site.region_code),
        waste_name(entry.waste_pattern),
        entry.waste_pattern,
        operation_name(entry.operation),
        word("list", entry.list_kind),
        entry.document,
        "、".join(region_name(origin) for origin in entry.accepted_origins),
        told_quota(entry.quota_kg),
        entry.valid_from,
        entry.valid_to,
        word("entry", entry.status),
        entry.public_id,
    )
