"""The public shape of the generators' books: months, their balance, stock surveys."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.ledger.months import USES
from circularity.lifecycle import states
from web.api.batch_schemas import BatchAnswer
from web.api.codes import CODE_LENGTH, NAME_LENGTH, PUBLIC_ID, SOURCE_LENGTH
from web.api.paging import Paged
from web.api.quantities import SignedTonnes, Tonnes, WholeNumber
from web.api.shapes import Answer, Band, moment

_YEAR = {"minimum": 2000, "maximum": 2200}
_MONTH = {"minimum": 1, "maximum": 12}
ACTS = ("close", "reverse", "discard")


class MonthQuery(Paged):
    """Which months; conditions add up."""

    year = WholeNumber(**_YEAR)
    month = WholeNumber(**_MONTH)
    status = String(validate=OneOf(states("month")))


class UseLine(Schema):
    """Mass used or disposed of in one way; `party` is the other side of an outside contract."""

    kind = String(required=True, validate=OneOf(USES))
    operation = String(required=True, validate=CODE_LENGTH)
    mass_t = Tonnes(required=True, least=1, attribute="mass_kg")
    party = String(validate=Length(max=200), load_default="")


class MonthCreate(Schema):
    """One month of one waste at one site; written again while it is open."""

    site_id = String(required=True, validate=PUBLIC_ID)
    waste_code = String(required=True, validate=CODE_LENGTH)
    year = WholeNumber(required=True, **_YEAR)
    month = WholeNumber(required=True, **_MONTH)
    generated_t = Tonnes(required=True, attribute="generated_kg")
    uses = List(Nested(UseLine), validate=Length(max=100), load_default=list)
    discarded_t = Tonnes(attribute="discarded_kg", load_default=0)
    stored_t = Tonnes(
        required=True, attribute="stored_kg", metadata={"description": "stock at the end of the month"}
    )


class MonthCarry(Schema):
    """Which month of which waste is carried from transfers and treatments."""

    site_id = String(required=True, validate=PUBLIC_ID)
    waste_code = String(required=True, validate=CODE_LENGTH)
    year = WholeNumber(required=True, **_YEAR)
    month = WholeNumber(required=True, **_MONTH)


class MonthChange(Schema):
    """Close an open month, reverse a closed one, discard one written by mistake."""

    act = String(required=True, validate=OneOf(ACTS))
    reason = String(validate=SOURCE_LENGTH, load_default="", metadata={"description": "why it is reversed"})


class UseAnswer(Answer):
    """Mass used or disposed of in one way."""

    kind = String()
    operation = String()
    mass_t = Tonnes(attribute="mass_kg")
    party = String()


class BalanceAnswer(Answer):
    """What the month comes to; a month with a difference cannot be closed."""

    opening_t = SignedTonnes(attribute="opening_kg")
    surveyed_t = SignedTonnes(attribute="surveyed_kg")
    booked_t = SignedTonnes(
        attribute="booked_kg", metadata={"description": "generation that transfers booked already"}
    )
    used_t = SignedTonnes(attribute="used_kg")
    sent_t = SignedTonnes(attribute="sent_kg", metadata={"description": "left on transfers"})
    closing_t = SignedTonnes(attribute="closing_kg")
    difference_t = SignedTonnes(attribute="difference_kg")


class MonthAnswer(Answer):
    """One month; figures exactly only where the asker may know them."""

    sometimes = frozenset(
        {"site_id", "closed_at", "generated_t", "discarded_t", "stored_t", "uses", "batches", "balance"}
    )
    id = String()
    site_id = String()
    region_code = String()
    waste_code = String()
    year = WholeNumber(**_YEAR)
    month = WholeNumber(**_MONTH)
    revision = WholeNumber(minimum=1, maximum=1000)
    status = String()
    source = String()
    written_at = moment("when it was last written")
    closed_at = moment("when it was closed")
    generated_band = Nested(Band)
    generated_t = Tonnes(attribute="generated_kg")
    discarded_t = Tonnes(attribute="discarded_kg")
    stored_t = Tonnes(attribute="stored_kg")
    uses = List(Nested(UseAnswer))
    batches = List(Nested(BatchAnswer), metadata={"description": "of hazardous waste, by stage"})
    balance = Nested(BalanceAnswer)


class SurveyCreate(Schema):
    """Stock of one waste and year of generation that a survey found at the end of a day."""

    site_id = String(required=True, validate=PUBLIC_ID)
    waste_code = String(required=True, validate=CODE_LENGTH)
    vintage = WholeNumber(required=True, minimum=1900, maximum=2200)
    surveyed_on = Date(required=True)
    mass_t = Tonnes(required=True, attribute="mass_kg")
    method = String(required=True, validate=NAME_LENGTH)
    document = String(validate=Length(max=500), load_default="")


class SurveyAnswer(Answer):
    """One survey."""

    sometimes = frozenset({"mass_t", "document"})
    id = String()
    region_code = String()
    waste_code = String()
    vintage = WholeNumber(minimum=1900, maximum=2200)
    surveyed_on = Date()
    method = String()
    document = String()
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")
