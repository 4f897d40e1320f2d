"""What the register and the accounts hold of a set of parties: one row of every kind that has an address."""

from __future__ import annotations

from datetime import date
from typing import Any

from deal_rows import Deal
from listing_world import PAPERS, pdf, wanted
from people import member
from registry import ACTOR, AT, Registry

from circularity.accounts.api_tokens import make_token
from circularity.accounts.invitations import invite
from circularity.accounts.standings import begin_standing
from circularity.custody.corrections import ask_correction
from circularity.custody.manifests import Transfer
from circularity.deals.filings import begin_procedure, file_draft, fill_procedure
from circularity.organisations import Organisation
from circularity.rates.targets import enter_target
from circularity.registry.entitlements import EntitlementLine
from circularity.whitelist import appeals
from circularity.whitelist.entitlement_requests import request_change
from circularity.whitelist.papers import hand_in
from circularity.whitelist.proposing import apply_for, submit
from circularity.whitelist.standing import suspend

ACT: dict[str, Any] = {"actor": ACTOR, "at": AT}


def register_rows(
    registry: Registry, office: Organisation, line: EntitlementLine, words: str
) -> dict[str, Any]:
    """Return an application with a paper, an appeal and a change of one plant; `words` stand in each."""
    facility, session = line.entitlement.facility, registry.session
    plant = facility.site.organisation
    act = {"session": session, **ACT, "by": plant}
    pattern, origins = line.waste_pattern, ("31", "34")
    asked = wanted(waste_pattern=pattern, operation=line.operation, accepted_origins=origins)
    application = apply_for(**act, facility=facility, wanted=asked)
    for kind in PAPERS:
        content = pdf(f"{kind} {words}")
        paper = hand_in(**act, application=application, kind=kind, title=words, content=content)
    submit(**act, application=application)
    entry = registry.listing(facility, waste_pattern=line.waste_pattern, operation="C1")
    suspend(session, **ACT, entry=entry, by=office, ground="capability", reason="不再具备条件 no longer met")
    change = request_change(
        **act, entitlement=line.entitlement, kind="line_limit", line=line, document=words, reason=words,
        wanted={"annual_limit_kg": line.annual_limit_kg},
    )  # fmt: skip
    return {
        "Application": application,
        "ApplicationPaper": paper,
        "Appeal": appeals.appeal(**act, about=entry, reason=words),
        "EntitlementChange": change,
    }


def procedure_rows(made: Deal, words: str) -> dict[str, Any]:
    """Return a procedure that the works has filed for its deal; `words` stand in its form."""
    act: dict[str, Any] = {**made.act, "by": made.works.organisation}
    procedure = begin_procedure(**act, agreement=made.agreement, kind="general_record")
    fill_procedure(**act, procedure=procedure, filled={"capability": words})
    file_draft(**act, procedure=procedure, document=words)
    return {"AgreementProcedure": procedure}


def correction_rows(made: Deal, transfer: Transfer, words: str) -> dict[str, Any]:
    """Return a correction that the works asks for."""
    return {
        "Correction": ask_correction(
            **made.act, transfer=transfer, organisation=made.works.organisation, reason=words,
            changes={"vehicle": "沪B54321"},
        )
    }  # fmt: skip


def account_rows(registry: Registry, organisation: Organisation, mail: str) -> dict[str, Any]:
    """Return a person, an invitation and a token of an organisation."""
    session = registry.session
    owner = member(session, organisation, mail)
    _, invitation = invite(session, **ACT, organisation=organisation, mail=f"new-{mail}", role="reader")
    _, token = make_token(session, **ACT, maker=owner, name=mail, scopes=["read"], days=30)
    return {"Membership": owner, "Invitation": invitation, "ApiToken": token}


def target_rows(registry: Registry, code: str) -> dict[str, Any]:
    """Return a target that the region's economy authority entered; what it says is public."""
    office = registry.organisation(roles=frozenset({"authority"}), region_code="310000")
    begin_standing(registry.session, **ACT, organisation=office, authority_kind="economy")
    year = 2031 + int(code[:3]) % 50
    entered = enter_target(
        registry.session, **ACT, by=office, scope="general", region_code="310000", rate_permille=960,
        period_from=date(year, 1, 1), period_to=date(year, 12, 31), document_zh="《虚构的规划》",
    )  # fmt: skip
    return {"EnteredTarget": entered}
