"""How mass was metered: weighbridge tickets, readings of meters, draught surveys. Verbs: `sheets`.

Both sides' weights are kept; which one settles is the agreement's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.columns import mass, one_of
from circularity.custody.manifests import Transfer, TransferLine
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.organisations import Site

SIDES = ("sender", "receiver")

OPEN_STATES = {"sender": ("draft",), "receiver": ("draft", "submitted", "picked_up", "arrived")}
"""Until when a side adds what it weighed: to its signature."""

METERS = ("conveyor", "pipeline", "draught")


class Ticket(Base):
    """One weighing on a weighbridge; equal bridge, ticket and moment are the same weighing, whoever sends it.

    `site` is where the bridge stands, `side` whose weight it is.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("site_id", "ticket_no", "weighed_at", name="uq_tickets_weighing"),
        one_of("side", SIDES),
        mass("gross_kg", 1),
        mass("tare_kg"),
        mass("net_kg", 1),
        CheckConstraint("net_kg = gross_kg - tare_kg", name="net_is_gross_less_tare"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("transfer_lines.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    side: Mapped[str]
    ticket_no: Mapped[str]
    plate: Mapped[str]
    weighed_at: Mapped[datetime]
    gross_kg: Mapped[int]
    tare_kg: Mapped[int]
    net_kg: Mapped[int]

    line: Mapped[TransferLine] = relationship()
    site: Mapped[Site] = relationship()


class MeterReading(Base):
    """Mass that a meter or a draught survey found, with the figures it was reckoned from.

    `figures` are counters before and after, or draughts, density of water and displacement, kept to be shown.
    """

    __tablename__ = "meter_readings"
    __table_args__ = (
        UniqueConstraint("site_id", "meter", "read_at", name="uq_meter_readings_reading"),
        one_of("kind", METERS),
        one_of("side", SIDES),
        mass("mass_kg", 1),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("transfer_lines.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str]
    side: Mapped[str]
    meter: Mapped[str]
    read_at: Mapped[datetime]
    mass_kg: Mapped[int]
    figures: Mapped[dict[str, Any]]

    line: Mapped[TransferLine] = relationship()
    site: Mapped[Site] = relationship()


def require_open(transfer: Transfer, side: str) -> None:
    """Raise RuleBroken `already_signed` once a side has signed what it weighed."""
    if transfer.status not in OPEN_STATES[side]:
        zh, en = "该方已签署，磅单不能再变动", "this side has signed; its weighings stand"
        raise RuleBroken("already_signed", zh, en, side=side, status=transfer.status)


def drop_weighings(session: Session, transfer: Transfer, sides: Sequence[str] = SIDES) -> int:
    """Delete what sides weighed of a transfer that they have not signed, so that it can be sent elsewhere.

    Return how many tickets and readings there were.
    """
    lines = [line.id for line in transfer.lines]
    dropped = 0
    for model in (Ticket, MeterReading):
        gone = delete(model).where(model.line_id.in_(lines), model.side.in_(sides))
        dropped += session.connection().execute(gone).rowcount
    return dropped
