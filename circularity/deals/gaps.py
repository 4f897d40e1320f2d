"""Where agreements have gaps ahead: days on which nothing may leave although the parties expect it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.deals.contract import Agreement, AgreementProcedure, Offer
from circularity.registry.entitlements import EntitlementLine

WARNED_DAYS = 45
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days that are not covered: `kind` is `entitlement`, a kind of procedure, or `agreement` for its end.

    `document` is the entitlement's number, the grant's id or the agreement's number; `last` None: no end.
    """

    agreement: Agreement
    kind: str
    document: str
    first: date
    last: date | None


def gaps(session: Session, on: date, within_days: int = WARNED_DAYS) -> list[Gap]:
    """Return the gaps that begin within so many days, those that have begun too, the earliest first.

    An agreement that ends is a gap when it is a regular one, and no other of the same site and waste follows.
    """
    offer_of = (Offer.agreement_id == Agreement.id) & (Offer.number == Agreement.offer_number)
    agreements = session.scalars(
        select(Agreement)
        .join(Offer, offer_of)
        .where(Agreement.status.in_(("agreed", "suspended")), Offer.valid_to >= on)
        .options(
            joinedload(Agreement.line).joinedload(EntitlementLine.entitlement),
            selectinload(Agreement.offers),
            selectinload(Agreement.procedures).joinedload(AgreementProcedure.grant),
        )
        .order_by(Agreement.id)
    ).all()
    last_days: dict[tuple[int, str], date] = defaultdict(lambda: date.min)
    for agreement in agreements:
        stream = agreement.site_id, agreement.waste_code
        last_days[stream] = max(last_days[stream], agreement.offer.valid_to)
    found = [
        gap
        for agreement in agreements
        for gap in (
            *_uncovered(agreement),
            *_end(agreement, last_days[agreement.site_id, agreement.waste_code]),
        )
        if gap.first <= on + within_days * DAY
    ]
    return sorted(found, key=lambda gap: (gap.first, gap.agreement.id))


def _uncovered(agreement: Agreement) -> Iterator[Gap]:
    """Yield the days for which the entitlement or a granted procedure no longer holds."""
    last, entitlement = agreement.offer.valid_to, agreement.line.entitlement
    if entitlement.valid_to is not None and entitlement.valid_to < last:
        yield Gap(agreement, "entitlement", entitlement.number, entitlement.valid_to + DAY, last)
    for kind in sorted({procedure.kind for procedure in agreement.procedures}):
        grants = [row.grant for row in agreement.procedures if row.kind == kind and row.grant is not None]
        grants.sort(key=lambda grant: (grant.valid_from, grant.id))
        ends = None
        for grant in grants:
            if ends is None or grant.valid_from <= ends.valid_to + DAY:
                ends = grant if ends is None or grant.valid_to > ends.valid_to else ends
        if ends is not None and ends.valid_to < last:
            yield Gap(agreement, kind, ends.public_id, ends.valid_to + DAY, last)


def _end(agreement: Agreement, followed_to: date) -> Iterator[Gap]:
    offer = agreement.offer
    if offer.lot == "regular" and offer.cadence != "once" and offer.valid_to >= followed_to:
        yield Gap(agreement, "agreement", agreement.number, offer.valid_to + DAY, None)
