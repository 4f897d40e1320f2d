"""The public shape of weighings: tickets of weighbridges, readings of meters, surveys of barges."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import AwareDateTime, Boolean, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.custody.weighings import METERS, SIDES
from web.api.paging import Paged
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer, FieldProblem, moment

MAX_TICKETS = 500
_LINE = {"minimum": 1, "maximum": 1000}
_SHORT = Length(max=60)
_COUNTER = {"minimum": 0, "maximum": 10**12}
_DRAUGHT = {"minimum": 0, "maximum": 30_000}


class WeighingQuery(Paged):
    """Which weighings."""

    side = String(validate=OneOf(SIDES))
    line = WholeNumber(**_LINE)


class TicketCreate(Schema):
    """One weighing; the moment with its offset from UTC."""

    ticket_no = String(required=True, validate=_SHORT)
    plate = String(required=True, validate=_SHORT)
    weighed_at = AwareDateTime(required=True, format="iso")
    gross_t = Tonnes(required=True, least=1, attribute="gross_kg")
    tare_t = Tonnes(required=True, attribute="tare_kg")


class _Weighed(Schema):
    """For which line, and whose weight it is; it is said, for each side adds its own alone."""

    line = WholeNumber(**_LINE, load_default=1)
    side = String(required=True, validate=OneOf(SIDES))


class TicketsCreate(_Weighed):
    """Tickets of one bridge for one line; those that are there already are ignored."""

    tickets = List(Nested(TicketCreate), required=True, validate=Length(min=1, max=MAX_TICKETS))


class TicketsAnswer(Answer):
    """What became of the tickets; a problem's row counts them from 1."""

    id = String(metadata={"description": "the transfer"})
    added = WholeNumber(minimum=0, maximum=MAX_TICKETS)
    ignored = WholeNumber(minimum=0, maximum=MAX_TICKETS)
    problems = List(Nested(FieldProblem))


class Figures(Schema):
    """What a meter showed before and after: counters of belt scales and flow meters, draughts of a barge."""

    counter_before_t = WholeNumber(**_COUNTER)
    counter_after_t = WholeNumber(**_COUNTER)
    draught_before_mm = WholeNumber(**_DRAUGHT)
    draught_after_mm = WholeNumber(**_DRAUGHT)
    water_kg_per_m3 = WholeNumber(minimum=990, maximum=1050, metadata={"description": "the water it lay in"})


class ReadingCreate(_Weighed):
    """One reading of a belt scale or flow meter, or one survey of a barge's draught, for one line.

    A reading that is there already is ignored.
    """

    kind = String(required=True, validate=OneOf(METERS))
    meter = String(
        required=True, validate=Length(min=1, max=100), metadata={"description": "its number; a barge's name"}
    )
    read_at = AwareDateTime(required=True, format="iso", metadata={"description": "with its offset from UTC"})
    mass_t = Tonnes(
        least=1, attribute="mass_kg", metadata={"description": "left out: what the counter moved by"}
    )
    figures = Nested(Figures, load_default=dict)


class ReadingMade(Answer):
    """What became of a reading."""

    id = String(metadata={"description": "the transfer"})
    added = Boolean(metadata={"description": "false where it was there already"})


class WeighingsClear(Schema):
    """Whose tickets and readings are all taken out again."""

    side = String(required=True, validate=OneOf(SIDES))


class WeighingsCleared(Answer):
    """How many tickets and readings there were."""

    id = String(metadata={"description": "the transfer"})
    dropped = WholeNumber(minimum=0, maximum=10**9)


class _WeighingAnswer(Answer):
    line = WholeNumber(**_LINE)
    side = String()


class TicketAnswer(_WeighingAnswer):
    """One ticket of a transfer; a bridge's number and moment name it."""

    ticket_no = String()
    plate = String()
    weighed_at = moment("when it was weighed")
    gross_t = Tonnes(attribute="gross_kg")
    tare_t = Tonnes(attribute="tare_kg")
    net_t = Tonnes(attribute="net_kg")


class FiguresAnswer(Answer):
    """What a meter showed, as far as it was said."""

    sometimes = frozenset(
        {"counter_before_t", "counter_after_t", "draught_before_mm", "draught_after_mm", "water_kg_per_m3"}
    )
    counter_before_t = WholeNumber(**_COUNTER)
    counter_after_t = WholeNumber(**_COUNTER)
    draught_before_mm = WholeNumber(**_DRAUGHT)
    draught_after_mm = WholeNumber(**_DRAUGHT)
    water_kg_per_m3 = WholeNumber(minimum=990, maximum=1050)


class ReadingAnswer(_WeighingAnswer):
    """One reading of a transfer; meter and moment name it."""

    kind = String()
    meter = String()
    read_at = moment("when it was read")
    mass_t = Tonnes(attribute="mass_kg")
    figures = Nested(FiguresAnswer)
