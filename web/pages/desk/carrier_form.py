"""Carriers as forms take them: found by name or credit code, with vehicle, permit and what it covers."""

from __future__ import annotations

import re

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from circularity.custody.carriers import Carrier
from circularity.deals.contract import Agreement
from circularity.organisations import Organisation
from web.language import said
from web.pages.desk.form_values import FormValues

ROWS = (1, 2, 3)
"""How many carriers a form offers at least."""

_CREDIT_CODE = re.compile(r"[0-9A-Z]{18}$")


def carrier_names(session: Session, agreement: Agreement) -> list[str]:
    """Return who may carry, as a field suggests it: carriers, and the two parties with their own vehicles."""
    parties = {agreement.site.organisation_id, agreement.facility.site.organisation_id}
    rows = session.scalars(select(Organisation).order_by(Organisation.name_zh, Organisation.id))
    return [f"{said(row)} {row.credit_code}" for row in rows if "carrier" in row.roles or row.id in parties]


def typed_carriers(session: Session, form: FormValues) -> list[Carrier]:
    """Return the carriers that were typed; one that is not found is noted at its field."""
    found = []
    for number in form.rows("carriers"):
        named = form.text(f"carriers.{number}.carrier")
        if not named:
            continue
        organisation = _named(session, named)
        if organisation is None:
            zh, en = (
                "不是平台上的单位，请从列表中选择",
                "is no organisation here: choose one that is suggested",
            )
            form.refuse(f"carriers.{number}.carrier", "unknown", zh, en)
            continue
        permitted = form.text(f"carriers.{number}.permitted").replace("\uff1b", ";").split(";")
        found.append(
            Carrier(
                organisation,
                form.text(f"carriers.{number}.vehicle"),
                form.text(f"carriers.{number}.permit"),
                tuple(filter(None, map(str.strip, permitted))),
            )
        )
    form.finish()
    return found


def _named(session: Session, text: str) -> Organisation | None:
    """Return the organisation of a suggestion, of a credit code alone, or of a name that only one has."""
    code = _CREDIT_CODE.search(text)
    if code is not None:
        return session.scalar(select(Organisation).filter_by(credit_code=code[0]))
    names = or_(Organisation.name_zh == text, Organisation.name_en == text, Organisation.public_id == text)
    rows = session.scalars(select(Organisation).where(names).limit(2)).all()
    return rows[0] if len(rows) == 1 else None
