"""The public shape of corrections: what one party asks to change, and what the others answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import Boolean, List, Nested, Raw, String
from marshmallow.validate import Length, OneOf

from circularity.lifecycle import states
from web.api.paging import Paged
from web.api.quantities import WholeNumber
from web.api.shapes import Answer, OrganisationName, moment

ACTS = ("agree", "refuse", "withdraw")


class Value(Raw):
    """A new value as its field has it: a text, tonnes as a decimal, permille as a whole number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValidationError("Not a valid string or number.")
        return value


class CorrectionQuery(Paged):
    """Which corrections."""

    status = String(validate=OneOf(states("correction")))


class ChangeCreate(Schema):
    """One field and its right value; left out: it was not measured."""

    field = String(
        required=True,
        validate=Length(min=1, max=80),
        metadata={
            "description": "`vehicle`, `official_number`, `carriages.1.vehicle`, `lines.1.packaging`, "
            "`lines.1.sent_t`, `lines.1.received_t`, `lines.1.refused_t`, `lines.1.sent_moisture_permille`, "
            "`lines.1.moisture_permille`"
        },
    )
    value = Value(load_default=None, metadata={"type": ["string", "number"]})


class CorrectionCreate(Schema):
    """What is asked for: right values by field, or that the whole transfer is cancelled by consent."""

    reason = String(required=True, validate=Length(min=1, max=250))
    cancel = Boolean(truthy={True}, falsy={False}, load_default=False)
    changes = List(Nested(ChangeCreate), validate=Length(max=100), load_default=list)


class CorrectionChange(Schema):
    """The answer of another party, or the asker's withdrawal."""

    act = String(required=True, validate=OneOf(ACTS))
    note = String(validate=Length(max=250), load_default="")


class ChangeAnswer(Answer):
    """One change; masses in tonnes, left out where nothing was measured."""

    sometimes = frozenset({"before", "after"})
    field = String()
    before = String()
    after = String()


class PartyAnswer(Answer):
    """One party's yes or no."""

    party = Nested(OrganisationName)
    agrees = Boolean()
    answered_at = moment("when it was answered")
    note = String()


class CorrectionAnswer(Answer):
    """One correction of a signed transfer; `waiting_for` are the parties that have not answered yet."""

    sometimes = frozenset({"settled_at"})
    id = String()
    transfer_id = String()
    transfer_number = String()
    number = WholeNumber(minimum=1, maximum=10_000)
    status = String()
    legal_acts = List(String(), metadata={"description": "what may be done next, by whomever"})
    asked_by = Nested(OrganisationName)
    asked_at = moment("when it was asked for")
    reason = String()
    changes = List(Nested(ChangeAnswer))
    answers = List(Nested(PartyAnswer))
    waiting_for = List(Nested(OrganisationName))
    settled_at = moment("when it was approved, refused or withdrawn")
