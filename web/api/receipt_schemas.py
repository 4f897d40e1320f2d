"""The public shape of receipts and treatments: what must be sent, what is answered."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.custody.reception import RESULTS
from web.api.codes import CODE_LENGTH, NAME_LENGTH, PUBLIC_ID, SOURCE_LENGTH
from web.api.quantities import SignedTonnes, Tonnes, WholeNumber
from web.api.shapes import Answer, Band, moment

_NUMBER = {"minimum": 1, "maximum": 1000}
_LINES = Length(min=1, max=50)


class WeighedLine(Schema):
    """What the receiver weighed of one line, wet; left out: the sum of its tickets and readings."""

    number = WholeNumber(required=True, **_NUMBER)
    received_t = Tonnes(attribute="received_kg")
    moisture_permille = WholeNumber(minimum=0, maximum=1000)


class ReceiptsCreate(Schema):
    """What arrived, every line once; weighed again while no verdict is given."""

    lines = List(Nested(WeighedLine), required=True, validate=_LINES)


class VerdictLine(Schema):
    """What is accepted and refused of one line, together what was received; a refusal has a reason."""

    number = WholeNumber(required=True, **_NUMBER)
    accepted_t = Tonnes(required=True, attribute="accepted_kg")
    refused_t = Tonnes(attribute="refused_kg", load_default=0)
    reason = String(validate=Length(max=500), load_default="")


class VerdictsCreate(Schema):
    """The receiver's verdict on every line, and its signature."""

    organisation_id = String(required=True, validate=PUBLIC_ID)
    person = String(required=True, validate=NAME_LENGTH)
    lines = List(Nested(VerdictLine), required=True, validate=_LINES)


class DifferenceAnswer(Schema):
    """How far the two weights of a load lie apart, water that dried off put back, and what is expected."""

    unexplained_t = SignedTonnes(attribute="unexplained_kg", metadata={"description": "below zero: short"})
    moisture_t = Tonnes(attribute="moisture_kg", metadata={"description": "dried off on the way"})
    judged = String(validate=OneOf(("within", "warn", "report")))
    warn_permille = WholeNumber(minimum=0, maximum=1000, metadata={"description": "shown above this, ‰ sent"})
    report_permille = WholeNumber(minimum=0, maximum=1000, metadata={"description": "reported above this"})


class ReceiptAnswer(Answer):
    """What became of one line on arrival; masses exactly only where the asker may know them."""

    sometimes = frozenset(
        {"id", "decided_at", "received_t", "accepted_t", "refused_t", "settled_t", "left_t", "reason"}
        | {"moisture_permille", "difference"}
    )
    id = String()
    number = WholeNumber(**_NUMBER)
    waste_code = String()
    verdict = String()
    received_on = Date()
    decided_at = moment("when the verdict was given")
    received_band = Nested(Band)
    received_t = Tonnes(attribute="received_kg")
    accepted_t = Tonnes(attribute="accepted_kg")
    refused_t = Tonnes(attribute="refused_kg")
    settled_t = Tonnes(attribute="settled_kg", metadata={"description": "what the agreement owes for"})
    left_t = Tonnes(attribute="left_kg", metadata={"description": "neither treated nor sent on yet"})
    moisture_permille = WholeNumber(minimum=0, maximum=1000)
    reason = String()
    difference = Nested(DifferenceAnswer)


class ReceptionAnswer(Answer):
    """A transfer's receipts by line; `id` is the transfer's."""

    id = String()
    status = String()
    receipts = List(Nested(ReceiptAnswer))


class InputCreate(Schema):
    """A load that goes in; without a mass all that is left of it."""

    receipt_id = String(required=True, validate=PUBLIC_ID)
    mass_t = Tonnes(attribute="mass_kg", least=1)


class ResultCreate(Schema):
    """One thing that comes out; a residue is waste again and has a code of its own."""

    kind = String(required=True, validate=OneOf(RESULTS))
    mass_t = Tonnes(required=True, attribute="mass_kg", least=1)
    name = String(validate=SOURCE_LENGTH, load_default="")
    waste_code = String(validate=CODE_LENGTH, load_default="")


class TreatmentCreate(Schema):
    """What a facility made of accepted loads over some days; input and results must balance."""

    facility_id = String(required=True, validate=PUBLIC_ID)
    operation = String(required=True, validate=CODE_LENGTH)
    day_from = Date(required=True)
    day_to = Date(required=True)
    inputs = List(Nested(InputCreate), required=True, validate=Length(min=1, max=500))
    results = List(Nested(ResultCreate), required=True, validate=Length(min=1, max=100))


class ResultAnswer(Answer):
    """One thing that came out."""

    sometimes = frozenset({"mass_t"})
    kind = String()
    name = String()
    waste_code = String()
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")


class TreatmentAnswer(Answer):
    """One treatment; masses exactly only where the asker may know them."""

    sometimes = frozenset({"input_t"})
    id = String()
    operation = String()
    day_from = Date()
    day_to = Date()
    recorded_at = moment("when it was recorded")
    input_band = Nested(Band)
    input_t = Tonnes(attribute="input_kg")
    results = List(Nested(ResultAnswer))
