"""What a verdict moves in the mass ledger: the difference of two weighings, and what was accepted."""

from __future__ import annotations

from sqlalchemy.orm import Session

from circularity.custody.manifests import TransferLine
from circularity.custody.reception import Receipt
from circularity.custody.settlement import difference
from circularity.custody.transfer_cells import cells_of
from circularity.ledger.postings import Movement
from circularity.shares import split


def receipt_movements(session: Session, line: TransferLine, receipt: Receipt) -> list[Movement]:
    """Return the moves of one line, each spread over the cells that are there; what is refused stays."""
    cells = cells_of(session, line.transfer, line)
    found = difference(
        line.sent_kg, receipt.received_kg, line.sent_moisture_permille, receipt.moisture_permille
    )
    stored = "stored" if receipt.facility.kind == "collector" else "received"
    left = [mass_kg for _, mass_kg in cells]
    movements = []
    for leg, mass_kg in (
        ("over", found.over_kg),
        ("moisture", found.moisture_kg),
        ("short", found.short_kg),
        (stored, receipt.accepted_kg),
    ):
        shares = split(mass_kg, left)
        arrives = leg == stored
        for k, (cell, _) in enumerate(cells):
            left[k] += shares[k] if leg == "over" else -shares[k]
            movements.append(
                Movement(
                    leg,
                    cell,
                    shares[k],
                    line.transfer.sender_site_id,
                    receipt.facility.site_id if arrives else None,
                    line.operation if arrives else "",
                )
            )
    return movements
