"""What policy must know about a row: its parties, its places and its wastes, as a `Thing`.

A row that is not there has no facts: None, which is refused like a thing of others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from circularity.accounts.api_tokens import ApiToken
from circularity.accounts.invitations import Invitation
from circularity.accounts.memberships import Membership
from circularity.catalogue.waste_codes import kind_of
from circularity.custody.amendments import Correction
from circularity.custody.manifests import Transfer
from circularity.custody.reception import Receipt, Treatment
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.jobs import Job
from circularity.ledger.months import LedgerMonth, StockSurvey
from circularity.organisations import Organisation, Site
from circularity.policy.things import SIDES, Thing
from circularity.rates.targets import EnteredTarget
from circularity.registry.declarations import GenerationDeclaration
from circularity.registry.descriptions import WasteDescription
from circularity.registry.drafts import OutputDraft, OutputLedger
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal
from circularity.uploads import Upload
from circularity.whitelist import ProcedureGrant, WhitelistEntry
from circularity.whitelist.applications import Appeal, Application
from circularity.whitelist.entitlement_changes import EntitlementChange

Row = Any


def thing_of(session: Session, kind: str, public_id: str) -> Thing | None:
    """Return the facts about the row of a kind with this public id; None where there is none.

    Raises KeyError for a kind that policy is never asked about.
    """
    model, facts = _KINDS[kind]
    row = session.scalar(select(model).filter_by(public_id=public_id))
    return facts(row) if row is not None else None


def facts_about(row: Row) -> Thing:
    """Return the facts about a row that is loaded already; raises KeyError likewise."""
    return _KINDS[type(row).__name__][1](row)


def _of_site(kind: str, site: Site, *wastes: str) -> Thing:
    """A generator's own: a site, a lot, a book."""
    return _thing(kind, [("generator", site)], wastes)


def _kept_back(kind: str, site: Site) -> Thing:
    """What a generator has shown to nobody yet."""
    return _thing(kind, [("generator", site)], (), kept_back=True)


def _of_facility(kind: str, facility: Facility, *wastes: str) -> Thing:
    """A receiver's own: a facility, an entitlement, a window."""
    return _thing(kind, [("receiver", facility.site)], wastes)


def _between(kind: str, site: Site, facility: Facility, *wastes: str) -> Thing:
    return _thing(kind, [("generator", site), ("receiver", facility.site)], wastes)


def _thing(
    kind: str, sites: Collection[tuple[str, Site]], wastes: Iterable[str], *, kept_back: bool = False
) -> Thing:
    regions = {side: site.region_code for side, site in sites}
    return Thing(
        kind=kind,
        parties=frozenset((side, site.organisation.public_id) for side, site in sites),
        origin=regions.get("generator", ""),
        destination=regions.get("receiver", ""),
        wastes=frozenset(kind_of(code) for code in wastes),
        kept_back=kept_back,
        sites=frozenset((side, site.public_id) for side, site in sites),
    )


def _transfer(row: Transfer) -> Thing:
    """A trip that is only drafted is its sender's; a sheet is filled by both sides from its first day."""
    drafted = row.status == "draft"
    alone = drafted and row.metering == "trip"
    sides = [("generator", row.sender_site), ("receiver", row.facility.site)][: 1 if alone else 2]
    known = _thing("Transfer", sides, [line.waste_code for line in row.lines], kept_back=drafted)
    if alone:
        return known
    carriers = frozenset(("carrier", carriage.organisation.public_id) for carriage in row.carriages)
    return replace(known, parties=known.parties | carriers)


def _treatment(row: Treatment) -> Thing:
    """A treatment is its facility's, and each sender's whose load went into it.

    Loads of several regions may be in it: then it is told to the authority of the facility alone.
    """
    senders = [part.receipt.line.transfer.sender_site for part in row.inputs]
    known = _of_facility("Treatment", row.facility, *(part.receipt.line.waste_code for part in row.inputs))
    sent = frozenset(("generator", site.organisation.public_id) for site in senders)
    regions = {site.region_code for site in senders}
    origin = regions.pop() if len(regions) == 1 else ""
    at = frozenset(("generator", site.public_id) for site in senders)
    return replace(known, parties=known.parties | sent, origin=origin, sites=known.sites | at)


def _listed(row: WhitelistEntry | Application) -> Thing:
    """A place on a list, or the wish for one, is its facility's; the provinces it takes from have a say.

    While the wish is a draft, no office but the one that drafts it sees it.
    """
    known = _of_facility(type(row).__name__, row.facility)
    known = replace(known, further_origins=frozenset(row.accepted_origins))
    if not isinstance(row, Application) or row.status != "draft":
        return known
    return replace(known, kept_back=True, kept_by=frozenset({row.organisation.public_id}))


def _procedure(row: AgreementProcedure) -> Thing:
    """A procedure is between the two sides of its deal; an authority sees it once it is filed."""
    deal = row.agreement
    known = _between("AgreementProcedure", deal.site, deal.facility, deal.waste_code)
    return replace(known, kept_back=row.status == "to_file")


def _organisation(row: Organisation, kind: str = "Organisation") -> Thing:
    """An organisation is its own, and so is who belongs to it and what acts for it."""
    parties = frozenset((side, row.public_id) for side in SIDES)
    return Thing(kind=kind, parties=parties, origin=row.region_code)


def _job(row: Job) -> Thing:
    """A job is that organisation's that asked for it; the platform's own jobs are nobody's.

    An import is about the sites of its file, all of them at once.
    """
    owner = row.asked_by_organisation
    known = Thing(kind="Job", parties=frozenset((side, owner) for side in SIDES) if owner else frozenset())
    session = object_session(row)
    upload = session.scalar(select(Upload).filter_by(job_id=row.id)) if session is not None else None
    if upload is None:
        return known
    at = frozenset((side, site.public_id) for side in SIDES for site in upload.sites)
    return replace(known, sites=at, together=True)


_Facts = Callable[[Row], Thing]


def _kinds() -> dict[str, tuple[Any, _Facts]]:
    return {
        "Organisation": (Organisation, _organisation),
        "Membership": (Membership, lambda row: _organisation(row.organisation, "Membership")),
        "Invitation": (Invitation, lambda row: _organisation(row.organisation, "Invitation")),
        "ApiToken": (ApiToken, lambda row: _organisation(row.membership.organisation, "ApiToken")),
        "Site": (Site, lambda row: _of_site("Site", row)),
        "OutputDraft": (OutputDraft, lambda row: _kept_back("OutputDraft", row.site)),
        "OutputLedger": (
            OutputLedger,
            lambda row: _kept_back("OutputLedger", row.site),
        ),
        "Output": (Output, lambda row: _of_site("Output", row.site, row.waste_code)),
        "LedgerMonth": (LedgerMonth, lambda row: _of_site("LedgerMonth", row.site, row.waste_code)),
        "GenerationDeclaration": (
            GenerationDeclaration,
            lambda row: _of_site("GenerationDeclaration", row.site, row.waste_code),
        ),
        "WasteDescription": (
            WasteDescription,
            lambda row: _of_site("WasteDescription", row.site, row.waste_code),
        ),
        "StockSurvey": (StockSurvey, lambda row: _of_site("StockSurvey", row.site, row.waste_code)),
        "Facility": (Facility, lambda row: _of_facility("Facility", row)),
        "Entitlement": (Entitlement, lambda row: _of_facility("Entitlement", row.facility)),
        "EntitlementLine": (
            EntitlementLine,
            lambda row: _of_facility("EntitlementLine", row.entitlement.facility),
        ),
        "CapacityWindow": (
            CapacityWindow,
            lambda row: _of_facility("CapacityWindow", row.line.entitlement.facility),
        ),
        "WhitelistEntry": (WhitelistEntry, _listed),
        "Application": (Application, _listed),
        "Appeal": (Appeal, lambda row: replace(_listed(row.application or row.entry), kind="Appeal")),
        "EntitlementChange": (
            EntitlementChange,
            lambda row: _of_facility("EntitlementChange", row.entitlement.facility),
        ),
        "ProcedureGrant": (ProcedureGrant, lambda row: _of_facility("ProcedureGrant", row.facility)),
        "Proposal": (
            Proposal,
            lambda row: _between(
                "Proposal", row.output.site, row.window.line.entitlement.facility, row.output.waste_code
            ),
        ),
        "Agreement": (
            Agreement,
            lambda row: _between("Agreement", row.site, row.facility, row.waste_code),
        ),
        "AgreementProcedure": (AgreementProcedure, _procedure),
        "Transfer": (Transfer, _transfer),
        "Correction": (Correction, lambda row: replace(_transfer(row.transfer), kind="Correction")),
        "Receipt": (Receipt, lambda row: _of_facility("Receipt", row.facility, row.line.waste_code)),
        "Treatment": (Treatment, _treatment),
        "EnteredTarget": (
            EnteredTarget,
            lambda row: Thing(kind="EnteredTarget", origin=row.region_code),
        ),
        "Job": (Job, _job),
    }


_KINDS: Mapping[str, tuple[Any, _Facts]] = MappingProxyType(_kinds())

KINDS = tuple(_KINDS)
"""Names of the rows that policy is asked about."""
