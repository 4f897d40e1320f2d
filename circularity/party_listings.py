"""What one party may see of deals, transfers, books and treatments: its own, an authority's its region's.

Each `…_seen` is a condition for a query, so that what is not seen is simply not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.catalogue.regions import prefix_of
from circularity.custody.manifests import Carriage, Transfer
from circularity.custody.reception import Receipt, Treatment, TreatmentInput
from circularity.deals.contract import Agreement
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal

WATCHING = ("authority", "coordinator")
"""Sides that see what happens in their region and are no party to it."""


def side_of(organisation: Organisation) -> str:
    """Return the side on which an organisation sees: watching where it is nothing but an authority."""
    watching = [role for role in organisation.roles if role in WATCHING]
    return watching[0] if len(watching) == len(organisation.roles) else "party"


def sites_seen(organisation: Organisation, side: str, only: frozenset[str]) -> Select[Any]:
    """Return the keys of the sites that are a party's own, or that lie in an authority's region.

    `only` are public ids of the sites that somebody acts for, empty = all of them; authorities have no such.
    """
    if side in WATCHING:
        inside = Site.region_code.startswith(prefix_of(organisation.region_code), autoescape=True)
        return select(Site.id).where(inside)
    own = select(Site.id).where(Site.organisation_id == organisation.id)
    return own.where(Site.public_id.in_(only)) if only else own


def sites_of(session: Session, organisation: Organisation, only: frozenset[str]) -> Sequence[Site]:
    """Return the sites of a party's own that somebody acts for, in the order in which they came."""
    mine = Site.id.in_(sites_seen(organisation, "party", only))
    return session.scalars(select(Site).where(mine).order_by(Site.id)).all()


def facilities_seen(organisation: Organisation, side: str, only: frozenset[str]) -> Select[Any]:
    """Return the keys of the facilities at those sites."""
    return select(Facility.id).where(Facility.site_id.in_(sites_seen(organisation, side, only)))


def facilities_run(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for facilities that are a party's own, or that lie in an authority's region."""
    return Facility.id.in_(facilities_seen(organisation, side, only))


def windows_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for the windows of those facilities."""
    lines = select(EntitlementLine.id).join(EntitlementLine.entitlement)
    own = Entitlement.facility_id.in_(facilities_seen(organisation, side, only))
    return CapacityWindow.line_id.in_(lines.where(own))


def agreements_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for deals that a party is one side of, whoever made the first offer."""
    return or_(
        Agreement.site_id.in_(sites_seen(organisation, side, only)),
        Agreement.facility_id.in_(facilities_seen(organisation, side, only)),
    )


def transfers_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for transfers that a party sends, carries or receives; drafts only as sender."""
    carried = Transfer.id.in_(
        select(Carriage.transfer_id).where(Carriage.organisation_id == organisation.id)
    ) & _not_elsewhere(organisation, only)
    sites = sites_seen(organisation, side, only)
    sends = Transfer.sender_site_id.in_(sites)
    if side in WATCHING:
        return (Transfer.status != "draft") & or_(
            sends, Transfer.facility_id.in_(facilities_seen(organisation, side, only))
        )
    others = or_(carried, Transfer.facility_id.in_(facilities_seen(organisation, side, only)))
    # A receiver adds its own tickets to a sheet while that is still a draft.
    return sends | others & or_(Transfer.status != "draft", Transfer.metering != "trip")


def _not_elsewhere(organisation: Organisation, only: frozenset[str]) -> ColumnElement[bool]:
    """Leave out what leaves or reaches those of an organisation's sites that somebody does not act for."""
    if not only:
        return true()
    others = select(Site.id).where(Site.organisation_id == organisation.id, Site.public_id.not_in(only))
    reached = select(Facility.id).where(Facility.site_id.in_(others))
    return Transfer.sender_site_id.not_in(others) & Transfer.facility_id.not_in(reached)


def months_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for months of the ledger."""
    return LedgerMonth.site_id.in_(sites_seen(organisation, side, only))


def proposals_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for proposals to a party: its lots as generator, its windows as facility."""
    if side == "facility":
        windows = (
            select(CapacityWindow.id)
            .join(EntitlementLine, CapacityWindow.line_id == EntitlementLine.id)
            .join(Entitlement, EntitlementLine.entitlement_id == Entitlement.id)
            .where(Entitlement.facility_id.in_(facilities_seen(organisation, side, only)))
        )
        return Proposal.window_id.in_(windows)
    lots = select(Output.id).where(Output.site_id.in_(sites_seen(organisation, side, only)))
    return Proposal.output_id.in_(lots)


def proposals(seen: ColumnElement[bool], status: str) -> Select[Any]:
    """Return proposals of a status, the newest run's first, the heaviest first within it."""
    return (
        select(Proposal)
        .where(seen, Proposal.status == status)
        .options(
            joinedload(Proposal.output).joinedload(Output.site),
            joinedload(Proposal.window)
            .joinedload(CapacityWindow.line)
            .joinedload(EntitlementLine.entitlement)
            .joinedload(Entitlement.facility)
            .joinedload(Facility.site),
        )
        .order_by(Proposal.run_id.desc(), Proposal.mass_kg.desc(), Proposal.id)
    )


def agreements(seen: ColumnElement[bool], statuses: Sequence[str] = ()) -> Select[Any]:
    """Return deals of some states, or all, the newest first."""
    wanted = select(Agreement).where(seen)
    if statuses:
        wanted = wanted.where(Agreement.status.in_(statuses))
    return wanted.options(
        joinedload(Agreement.site),
        joinedload(Agreement.facility).joinedload(Facility.site),
        selectinload(Agreement.offers),
    ).order_by(Agreement.begun_at.desc(), Agreement.id.desc())


def transfers(seen: ColumnElement[bool], statuses: Sequence[str] = ()) -> Select[Any]:
    """Return transfers of some states, or all, the newest first."""
    wanted = select(Transfer).where(seen)
    if statuses:
        wanted = wanted.where(Transfer.status.in_(statuses))
    return wanted.options(
        joinedload(Transfer.sender_site),
        joinedload(Transfer.facility).joinedload(Facility.site),
        selectinload(Transfer.lines),
        selectinload(Transfer.carriages).joinedload(Carriage.organisation),
    ).order_by(Transfer.day_to.desc(), Transfer.id.desc())


def months(seen: ColumnElement[bool]) -> Select[Any]:
    """Return months of the ledger, the newest first; those that were dropped are left out."""
    return (
        select(LedgerMonth)
        .where(seen, LedgerMonth.status != "dropped")
        .options(joinedload(LedgerMonth.site), selectinload(LedgerMonth.uses))
        .order_by(LedgerMonth.year.desc(), LedgerMonth.month.desc(), LedgerMonth.waste_code, LedgerMonth.id)
    )


def treatments_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for treatments by a party's facilities, or of loads that it sent."""
    sent = (
        select(TreatmentInput.treatment_id)
        .join(Receipt, TreatmentInput.receipt_id == Receipt.id)
        .join(Receipt.line)
        .join(Transfer)
        .where(Transfer.sender_site_id.in_(sites_seen(organisation, side, only)))
    )
    return or_(Treatment.facility_id.in_(facilities_seen(organisation, side, only)), Treatment.id.in_(sent))


def untreated(facility: Facility) -> Select[Any]:
    """Return a facility's receipts with mass that is neither treated nor forwarded, the oldest first."""
    left_kg = Receipt.accepted_kg - Receipt.forwarded_kg - Receipt.treated_kg
    return (
        select(Receipt)
        .where(Receipt.facility_id == facility.id, left_kg > 0)
        .options(joinedload(Receipt.line))
        .order_by(Receipt.received_on, Receipt.id)
    )


def total(session: Session, wanted: Select[Any]) -> int:
    """Return how many rows a listing has in all."""
    bare = wanted.options().order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(bare) or 0
