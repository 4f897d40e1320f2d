"""What was received under each entry of the white lists in a year, from receipts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.regions import prefix_of
from circularity.catalogue.waste_types import pattern_covers
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.reception import Receipt
from circularity.organisations import Site
from circularity.registry.entitlements import Facility
from circularity.whitelist.entries import WhitelistEntry


@dataclass(frozen=True, slots=True)
class Received:
    """What a facility received under an entry in a year, of one waste from one province, kg and loads."""

    entry: WhitelistEntry
    province: str
    waste_code: str
    mass_kg: int
    loads: int


def actual_receipts(session: Session, year: int) -> list[Received]:
    """Return what was received under each entry in a year, entries without any with 0 kg.

    A load counts for the first entry that covers facility, waste, operation and origin on its day.
    """
    sums: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])
    entries = [entry for entry in _entries(session) if _touches(entry, year)]
    for received_on, kg, facility_id, code, operation, region in _loads(session, year):
        for entry in entries:
            if entry.facility_id == facility_id and _covers(entry, code, operation, region, received_on):
                cell = sums[entry.id, region[:2], code]
                cell[0] += kg
                cell[1] += 1
                break
    found = []
    for entry in entries:
        cells = sorted((key, cell) for key, cell in sums.items() if key[0] == entry.id)
        found += [Received(entry, key[1], key[2], *cell) for key, cell in cells]
        if not cells:
            found.append(Received(entry, "", "", 0, 0))
    return found


def _entries(session: Session) -> Sequence[WhitelistEntry]:
    loaded = joinedload(WhitelistEntry.facility).joinedload(Facility.site)
    return session.scalars(select(WhitelistEntry).order_by(WhitelistEntry.id).options(loaded)).all()


def _touches(entry: WhitelistEntry, year: int) -> bool:
    begins = entry.valid_from is None or entry.valid_from.year <= year
    published = entry.status in ("listed", "suspended", "delisted", "expired")
    return published and begins and (entry.valid_to is None or entry.valid_to.year >= year)


def _covers(entry: WhitelistEntry, code: str, operation: str, region: str, on: date) -> bool:
    return (
        entry.operation == operation
        and pattern_covers(entry.waste_pattern, code)
        and region.startswith(tuple(map(prefix_of, entry.accepted_origins)))
        and (entry.valid_from is None or entry.valid_from <= on)
        and (entry.valid_to is None or on <= entry.valid_to)
    )


def _loads(session: Session, year: int) -> Sequence[tuple[date, int, int, str, str, str]]:
    """Return day, accepted kg, facility, code, operation and origin of every receipt of a year."""
    rows = session.execute(
        select(
            Receipt.received_on,
            Receipt.accepted_kg,
            Receipt.facility_id,
            TransferLine.waste_code,
            TransferLine.operation,
            Site.region_code,
        )
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .join(Site, Transfer.sender_site_id == Site.id)
        .where(Receipt.received_on.between(date(year, 1, 1), date(year, 12, 31)), Receipt.accepted_kg > 0)
        .order_by(Receipt.id)
    )
    return rows.all()
