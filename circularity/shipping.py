"""How much of an agreement has been shipped: one counter, raised by one conditional UPDATE."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from circularity.deals import Agreement
from circularity.errors import RuleBroken


def ship(session: Session, agreement: Agreement, mass_kg: int) -> None:
    """Count kg as shipped. Raises RuleBroken `more_than_agreed` beyond the offer's mass (facts: left_kg)."""
    limit_kg = agreement.offer.mass_kg
    raised = session.execute(
        update(Agreement)
        .where(Agreement.id == agreement.id, Agreement.shipped_kg + mass_kg <= limit_kg)
        .values(shipped_kg=Agreement.shipped_kg + mass_kg)
    )
    session.refresh(agreement, ["shipped_kg"])
    if raised.rowcount != 1:  # type: ignore[attr-defined]
        left_kg = limit_kg - agreement.shipped_kg
        zh = f"协议 {agreement.number} 只剩 {left_kg} kg 可转移"
        en = f"agreement {agreement.number} has {left_kg} kg left to ship"
        raise RuleBroken("more_than_agreed", zh, en, agreement=agreement.number, left_kg=left_kg)


def unship(session: Session, agreement: Agreement, mass_kg: int) -> None:
    """Take back kg that were counted and did not go."""
    session.execute(
        update(Agreement)
        .where(Agreement.id == agreement.id)
        .values(shipped_kg=Agreement.shipped_kg - mass_kg)
    )
    session.refresh(agreement, ["shipped_kg"])
