"""The whitelist register, searched by waste (code or name), province, origin and operation."""

from __future__ import annotations

from flask import render_template

from circularity.catalogue.operations import all_operations
from circularity.catalogue.regions import all_regions
from circularity.catalogue.waste_codes import has_kind_form, spell
from circularity.catalogue.waste_types import MalformedCode, all_types, parse_code
from circularity.listings import WhitelistFilter, list_whitelist
from web.pages.requests import choice, page_number, province, text
from web.session import read_session
from web.today import today


def show_whitelist() -> str:
    """Show a page of the register."""
    operations = all_operations(today())
    wanted = WhitelistFilter(
        codes=meant_codes(text()) if text() else None,
        province=province(),
        origin=province("origin"),
        operation=choice("operation", [operation.code for operation in operations]),
    )
    page = list_whitelist(read_session(), wanted, page_number())
    choices = {"provinces": all_regions("province"), "operations": operations}
    return render_template("whitelist.html", page=page, wanted=wanted, asked=text(), **choices)


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
