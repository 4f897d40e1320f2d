"""What either side metered of a line: the sum of its tickets and readings, kg."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import func, select
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
    tickets = session.execute(
        select(Ticket.ticket_no, Ticket.weighed_at, Ticket.plate, Ticket.gross_kg, Ticket.tare_kg)
        .filter_by(line_id=line.id, side=side)
        .order_by(Ticket.ticket_no, Ticket.weighed_at)
    ).all()
    readings = session.execute(
        select(MeterReading.meter, MeterReading.read_at, MeterReading.mass_kg, MeterReading.figures)
        .filter_by(line_id=line.id, side=side)
        .order_by(MeterReading.meter, MeterReading.read_at)
    ).all()
    rows = [[number, at.isoformat(), *rest] for number, at, *rest in (*tickets, *readings)]
    if not rows:
        return {}
    digest = hashlib.sha256(canonical_json(sorted(rows, key=canonical_json)).encode()).hexdigest()
    mass_kg = _total_kg(session, line, side)
    return {"count": len(rows), "mass_kg": mass_kg, "digest": digest}


def _total_kg(session: Session, line: TransferLine, side: str) -> int:
    tickets = select(func.sum(Ticket.net_kg)).filter_by(line_id=line.id, side=side)
    readings = select(func.sum(MeterReading.mass_kg)).filter_by(line_id=line.id, side=side)
    return int(session.scalar(tickets) or 0) + int(session.scalar(readings) or 0)
