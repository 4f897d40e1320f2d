"""What left a site on transfers, by operation: the entrusted part of the books, never typed again."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from circularity.catalogue import utilisation
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.manifests import Transfer, TransferLine
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.ledger.site_stock import AT_SITE
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import Facility

Sent = dict[tuple[str, str], int]
"""(operation, receiver's name) → kg."""


def sent_between(session: Session, site: Site, waste_code: str, first: date, last: date) -> Sent:
    """Return what left the stock of a site's own waste on those days, less what came back, kg."""
    sent: Sent = defaultdict(int)
    for sign, start, end in ((1, AT_SITE, ("in_transit",)), (-1, ("in_transit",), AT_SITE)):
        source, target = aliased(MassAccount), aliased(MassAccount)
        rows = session.execute(
            select(TransferLine.operation, Organisation.name_zh, func.sum(MassMove.mass_kg))
            .join(MassGroup, MassMove.group_id == MassGroup.id)
            .join(Transfer, Transfer.public_id == MassGroup.subject_id)
            .join(TransferLine, TransferLine.transfer_id == Transfer.id)
            .join(Facility, Transfer.facility_id == Facility.id)
            .join(Facility.site)
            .join(Site.organisation)
            .join(source, MassMove.source_id == source.id)
            .join(target, MassMove.target_id == target.id)
            .where(
                MassGroup.on_day.between(first, last),
                TransferLine.waste_code == waste_code,
                source.waste_code == waste_code,
                source.origin_site_id == site.id,
                source.holder_site_id == site.id,
                target.holder_site_id == site.id,
                source.kind.in_(start),
                target.kind.in_(end),
            )
            .group_by(TransferLine.operation, Organisation.name_zh)
        )
        for operation, receiver, mass_kg in rows:
            sent[operation, receiver] += sign * int(mass_kg)
    return {key: mass_kg for key, mass_kg in sorted(sent.items()) if mass_kg}


def entrusted_kind(waste_code: str, operation: str, on: date) -> str:
    """Return whether entrusting waste to an operation is utilisation or disposal, as a kind of use."""
    counts = utilisation.counts(is_hazardous(waste_code), operation, on)
    return "entrusted_utilised" if counts else "entrusted_disposed"
