"""The public shape of corrections: what one party asks to change, and what the others answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import AwareDateTime, Boolean, List, Nested, Raw, String
from marshmallow.validate import Length, OneOf

from circularity.custody.corrected_weighings import ACTS as WEIGHING_ACTS
from circularity.custody.corrected_weighings import THINGS
from circularity.custody.weighings import METERS, SIDES
from circularity.lifecycle import states
from web.api.paging import Paged
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer, OrganisationName, moment
from web.api.weighing_schemas import Figures, FiguresAnswer

ACTS = ("agree", "refuse", "withdraw")


class Value(Raw):
    """A new value as its field has it: a text, tonnes as a decimal, permille as a whole number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - the signature is the framework's
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


class WeighingCorrection(Schema):
    """One ticket or reading put right; the weights that are the sum of such rows follow from it.

    A ticket has plate, gross_t and tare_t, a reading kind, mass_t and figures: all of one that is added (a
    counter's mass may be left out), those to change of another, none of one that is voided.
    """

    thing = String(required=True, validate=OneOf(THINGS))
    act = String(required=True, validate=OneOf(WEIGHING_ACTS))
    line = WholeNumber(minimum=1, maximum=1000, load_default=1)
    side = String(required=True, validate=OneOf(SIDES))
    name = String(
        required=True,
        validate=Length(min=1, max=100),
        metadata={"description": "the ticket's number, or the meter's"},
    )
    at = AwareDateTime(required=True, format="iso", metadata={"description": "when it was weighed or read"})
    plate = String(validate=Length(min=1, max=60))
    gross_t = Tonnes(least=1, attribute="gross_kg")
    tare_t = Tonnes(attribute="tare_kg")
    kind = String(validate=OneOf(METERS))
    mass_t = Tonnes(least=1, attribute="mass_kg")
    figures = Nested(Figures)


class CorrectionCreate(Schema):
    """What is asked for: right values by field, weighings put right, or a cancellation by consent.

    A weight that is the sum of tickets and readings is corrected by these, never for itself.
    """

    reason = String(required=True, validate=Length(min=1, max=250))
    cancel = Boolean(truthy={True}, falsy={False}, load_default=False)
    changes = List(Nested(ChangeCreate), validate=Length(max=100), load_default=list)
    weighings = List(Nested(WeighingCorrection), validate=Length(max=100), load_default=list)


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


class WeighingValues(Answer):
    """The values of a ticket or reading; `mass_t` is a ticket's net weight."""

    sometimes = frozenset({"plate", "gross_t", "tare_t", "kind", "figures"})
    plate = String()
    gross_t = Tonnes(attribute="gross_kg")
    tare_t = Tonnes(attribute="tare_kg")
    kind = String()
    figures = Nested(FiguresAnswer)
    mass_t = Tonnes(attribute="mass_kg")


class WeighingChangeAnswer(Answer):
    """One weighing put right: without `before` it is added, without `after` it is voided."""

    sometimes = frozenset({"before", "after"})
    thing = String()
    line = WholeNumber(minimum=1, maximum=1000)
    side = String()
    name = String()
    at = String(metadata={"description": "when it was weighed or read, in UTC"})
    before = Nested(WeighingValues)
    after = Nested(WeighingValues)


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
    changes = List(
        Nested(ChangeAnswer), metadata={"description": "with the weights that follow from weighings"}
    )
    weighings = List(Nested(WeighingChangeAnswer))
    answers = List(Nested(PartyAnswer))
    waiting_for = List(Nested(OrganisationName))
    settled_at = moment("when it was approved, refused or withdrawn")
