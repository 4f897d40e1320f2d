"""A treatment as one party may see it: facility and authority all of it, a sender the share of its loads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from circularity.custody.reception import Treatment, TreatmentInput
from circularity.custody.treatment_notices import Outcome, outcome_for
from circularity.organisations import Organisation
from circularity.party_listings import facilities_seen, sites_seen
from circularity.readings import Owners, owners_at
from circularity.registry.entitlements import Facility


@dataclass(frozen=True)
class SeenTreatment:
    """A treatment, the loads in it that a party sees, and what came of them.

    `is_whole_seen`: the party sees every load and result, not only its own share.
    """

    treatment: Treatment
    inputs: list[TreatmentInput]
    outcome: Outcome
    is_whole_seen: bool

    @property
    def owners(self) -> Owners:
        """Whose record it is as far as the party sees it: the facility's, and the senders' of those loads."""
        senders = (row.receipt.line.transfer.sender_site for row in self.inputs)
        return owners_at([self.treatment.facility.site, *senders])

    @property
    def told_at(self) -> datetime | None:
        """When the party opened it as the sender; None while any of these loads is new."""
        moments = [row.told_at for row in self.inputs]
        return max((at for at in moments if at), default=None) if all(moments) else None


def seen_treatment(
    session: Session, treatment: Treatment, organisation: Organisation, side: str, only: frozenset[str]
) -> SeenTreatment:
    """Return a treatment as a party sees it; arguments as for `party_listings`."""
    seen = facilities_seen(organisation, side, only).where(Facility.id == treatment.facility_id)
    if session.scalar(seen) is not None:
        return SeenTreatment(treatment, treatment.inputs, outcome_for(treatment, treatment.input_kg), True)
    sites = set(session.scalars(sites_seen(organisation, side, only)))
    mine = [row for row in treatment.inputs if row.receipt.line.transfer.sender_site_id in sites]
    return SeenTreatment(treatment, mine, outcome_for(treatment, sum(row.mass_kg for row in mine)), False)
