"""The public shape of batches of hazardous waste, and of how they are kept and handled."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.catalogue.stage_columns import STAGES
from circularity.ledger.batches import MOST_BATCHES
from circularity.ledger.handling import HANDLING, MOST_CONTAINERS
from web.api.codes import CODE_LENGTH
from web.api.paging import Paged
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer

_NAME = Length(max=200)
_NUMBER = Length(max=60)
_COUNT = {"minimum": 1, "maximum": MOST_CONTAINERS}
_LINE = {"minimum": 1, "maximum": 1000}


class HandlingCreate(Schema):
    """How waste is kept and handled; what is left out is not said."""

    container_type = String(validate=_NAME)
    container_code = String(validate=_NAME)
    container_count = WholeNumber(**_COUNT)
    facility_code = String(validate=_NAME)
    handler = String(validate=_NAME)
    mover = String(validate=_NAME, metadata={"description": "who moves it into or out of the store"})


class BatchCreate(HandlingCreate):
    """One batch of a stage; `operation` and `party` where it is used or entrusted."""

    day = Date(required=True)
    mass_t = Tonnes(required=True, least=1, attribute="mass_kg")
    operation = String(validate=CODE_LENGTH)
    party = String(validate=_NAME)
    batch = String(validate=_NUMBER, metadata={"description": "left out: the platform gives one"})
    related = String(validate=_NUMBER, metadata={"description": "the batch it came from, or went into"})


class BatchesCreate(Schema):
    """All batches of one stage of a month, in the place of those told before; none takes them back."""

    stage = String(required=True, validate=OneOf(tuple(STAGES)))
    batches = List(Nested(BatchCreate), required=True, validate=Length(max=MOST_BATCHES))


class HandlingAnswer(Answer):
    """How waste is kept and handled; empty = not said, no count = not counted."""

    sometimes = frozenset({"container_count"})
    container_type = String()
    container_code = String()
    container_count = WholeNumber(**_COUNT)
    facility_code = String()
    handler = String()
    mover = String()


class BatchAnswer(HandlingAnswer):
    """One batch of one stage."""

    stage = String()
    day = Date()
    mass_t = Tonnes(attribute="mass_kg")
    operation = String()
    party = String()
    batch = String()
    related = String()


class LineHandlingCreate(HandlingCreate):
    """Of which line of the load."""

    line = WholeNumber(required=True, **_LINE)


class HandlingsCreate(Schema):
    """What the sender's ledger tells of lines, in the place of what it told before."""

    lines = List(Nested(LineHandlingCreate), required=True, validate=Length(min=1, max=1000))


class LineHandlingAnswer(HandlingAnswer):
    """Of which line of the load."""

    line = WholeNumber(**_LINE)


class HandlingsAnswer(Answer):
    """The transfer, and what its sender's ledger now tells of the lines that were named."""

    id = String()
    lines = List(Nested(LineHandlingAnswer))


class HandlingsQuery(Paged):
    """Which page."""


def told(body: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a loaded body that tell a handling, taken out of it."""
    return {name: body.pop(name) for name in HANDLING if name in body}
