"""Table 1 coming in: what a site generates of a waste in a year, and what that waste is like."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.catalogue.waste_types import MalformedCode, parse_code
from circularity.forms.cells import Unreadable, tonnes_of
from circularity.forms.national import DESCRIBED
from circularity.forms.reading import FormRow
from circularity.organisations import Site
from circularity.registry.declarations import GenerationDeclaration, declare_generation
from circularity.registry.descriptions import describe_waste

_PARTS = ("own_utilised_kg", "own_disposed_kg", "entrusted_elsewhere_utilised_kg")


def take_inventory_row(session: Session, *, actor: Actor, at: datetime, site: Site, row: FormRow) -> bool:
    """Take one row, all of it or nothing; False when the books say the same already.

    Raises Unreadable, BadInput, RuleBroken.
    """
    code, year = _code(row), _year(row)
    facts = {name: row.cells[column] for column, name in DESCRIBED.items() if row.cells.get(column)}
    act: dict[str, Any] = {"actor": actor, "at": at, "site": site, "waste_code": code, "year": year}
    with session.begin_nested():
        declared = _declare(session, act, row, code, year)
        described = bool(facts) and describe_waste(session, **act, facts=facts)
    return declared or described


def _declare(session: Session, act: dict[str, Any], row: FormRow, code: str, year: int) -> bool:
    if not row.cells.get("年产生量"):
        return False
    generated_kg, site = tonnes_of(row, "年产生量"), act["site"]
    known = session.scalar(
        select(GenerationDeclaration).filter_by(site_id=site.id, waste_code=code, year=year)
    )
    if known is not None and known.generated_kg == generated_kg:
        return False
    parts: dict[str, Any] = {name: getattr(known, name) if known else 0 for name in _PARTS}
    declare_generation(session, **act, generated_kg=generated_kg, **parts)
    return True


def _code(row: FormRow) -> str:
    try:
        return parse_code(row.cells["代码"])
    except MalformedCode:
        zh, en = "不是固废代码", "this is no waste code"
        raise Unreadable(row.problem("代码", "malformed_code", row.cells["代码"], zh, en)) from None


def _year(row: FormRow) -> int:
    text = row.cells.get("年份", "").removesuffix("年").removesuffix(".0")
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        zh, en = "年份应为四位数字", "the year must have four digits"
        raise Unreadable(row.problem("年份", "not_a_year", text, zh, en))
    return int(text)
