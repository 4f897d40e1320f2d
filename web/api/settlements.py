"""What is owed under one agreement of a party, month by month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from marshmallow.fields import String
from marshmallow.validate import Length, Regexp
from sqlalchemy.orm import Session

from circularity.columns import MAX_AMOUNT
from circularity.custody.statements import Month, statement
from circularity.deals.contract import Agreement
from circularity.party_listings import agreements_seen
from web.api.acting import acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.lookups import by_public_id
from web.api.paging import Paged, Paging
from web.api.quantities import Cny, Tonnes, WholeNumber
from web.api.shapes import Answer
from web.session import read_session

blp = ApiBlueprint("settlements", "What the two sides of an agreement owe each other.")

_ONE = r"\d{4}-\d{2}:[1-9]\d{0,11}"
_QUOTED = re.compile(r"(\d{4})-(\d{2}):(\d+)")


class SettlementQuery(Paged):
    """The quotations that a price by formula is reckoned with."""

    quotations = String(
        load_default="",
        validate=[Length(max=2000), Regexp(rf"^$|^{_ONE}(,{_ONE})*$")],
        metadata={"description": "month:quotation, in the unit of its reference; 2026-08:1100,2026-09:1150"},
    )


class SettlementAnswer(Answer):
    """The loads accepted in one month; no invoice, and a corrected weight changes it.

    `owed_cny`, without taxes, is what the receiver owes, below zero what the sender owes; null without a
    price, or where a formula has no quotation of the month.
    """

    sometimes = frozenset({"quotation", "owed_cny"})
    year = WholeNumber(minimum=2000, maximum=2200)
    month = WholeNumber(minimum=1, maximum=12)
    accepted_loads = WholeNumber(attribute="loads", minimum=1, maximum=10**9)
    sent_t = Tonnes(attribute="sent_kg")
    accepted_t = Tonnes(attribute="accepted_kg")
    settled_t = Tonnes(attribute="settled_kg")
    quotation = WholeNumber(minimum=1, maximum=MAX_AMOUNT)
    owed_cny = Cny(attribute="owed_fen")


@blp.read(
    f"{OWN}/agreements/<public_id:agreement_id>/settlement",
    SettlementAnswer,
    many=True,
    query=SettlementQuery,
)
def list_settlement(
    query: dict[str, Any], organisation_id: str, agreement_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the months in which loads were accepted under an agreement, with the money owed for each."""
    session = read_session()
    agreement = _seen(session, organisation_id, agreement_id)
    quotations: dict[Month, int] = {
        (int(year), int(month)): int(value) for year, month, value in _QUOTED.findall(query["quotations"])
    }
    rows, headers = Paging.of(query).of_list(statement(session, agreement, quotations))
    names = ("year", "month", "loads", "sent_kg", "accepted_kg", "settled_kg", "quotation", "owed_fen")
    return [{name: getattr(row, name) for name in names} for row in rows], headers


def _seen(session: Session, organisation_id: str, agreement_id: str) -> Agreement:
    party = acting_for(session, organisation_id)
    only = agreements_seen(party.organisation, party.side, party.sites)
    return by_public_id(session, Agreement, agreement_id, only=only)
