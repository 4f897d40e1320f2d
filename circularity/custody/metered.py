"""What either side metered of a line: the sum of its tickets and readings, kg."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from circularity.columns import canonical_json
from circularity.custody.manifests import TransferLine
from circularity.custody.weighings import MeterReading, Ticket


def sent_total_kg(session: Session, line: TransferLine) -> int:
    """Return what the sender metered; 0 without a ticket or reading."""
    return _total_kg(session, line, "sender")


def received_total_kg(session: Session, line: TransferLine) -> int:
    """Return what the receiver metered; 0 without a ticket or reading."""
    return _total_kg(session, line, "receiver")


def weighings_sealed(session: Session, line: TransferLine, side: str) -> dict[str, Any]:
    """Return what a signature seals of one side's weighings: how many, their sum, a digest of every one."""
    asked = {"line": line.id, "side": side}
    tickets = session.execute(_TICKETS, asked).all()
    readings = session.execute(_READINGS, asked).all()
    rows = [[number, at.isoformat(), *rest] for _, number, at, *rest in (*tickets, *readings)]
    if not rows:
        return {}
    digest = hashlib.sha256(canonical_json(sorted(rows, key=canonical_json)).encode()).hexdigest()
    mass_kg = sum(kg for kg, *_ in (*tickets, *readings))
    return {"count": len(rows), "mass_kg": mass_kg, "digest": digest}


_TICKETS = (
    select(Ticket.net_kg, Ticket.ticket_no, Ticket.weighed_at, Ticket.plate, Ticket.gross_kg, Ticket.tare_kg)
    .where(Ticket.line_id == bindparam("line"), Ticket.side == bindparam("side"))
    .order_by(Ticket.ticket_no, Ticket.weighed_at)
)
_READINGS = (
    select(
        MeterReading.mass_kg.label("kg"),
        MeterReading.meter,
        MeterReading.read_at,
        MeterReading.mass_kg,
        MeterReading.figures,
    )
    .where(MeterReading.line_id == bindparam("line"), MeterReading.side == bindparam("side"))
    .order_by(MeterReading.meter, MeterReading.read_at)
)
_TOTAL = select(
    *(
        select(func.coalesce(func.sum(column), 0))
        .where(model.line_id == bindparam("line"), model.side == bindparam("side"))
        .scalar_subquery()
        for model, column in ((Ticket, Ticket.net_kg), (MeterReading, MeterReading.mass_kg))
    )
)


def _total_kg(session: Session, line: TransferLine, side: str) -> int:
    tickets_kg, readings_kg = session.execute(_TOTAL, {"line": line.id, "side": side}).one()
    return int(tickets_kg) + int(readings_kg)
