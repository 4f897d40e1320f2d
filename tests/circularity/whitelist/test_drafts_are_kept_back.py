"""An application that is still a draft is known to its facility and to the office that drafts it alone."""

from __future__ import annotations

from typing import Any

from listing_world import PAPERS, pdf, wanted
from registry import AT, Registry

from circularity.accounts.standings import begin_standing
from circularity.organisations import Organisation
from circularity.policy.acting import Acting
from circularity.policy.decisions import NOT_FOUND, Allowed, is_concerned, may
from circularity.policy_facts import facts_about
from circularity.whitelist.applications import Application
from circularity.whitelist.papers import hand_in
from circularity.whitelist.proposing import apply_for, submit

DAY = AT.date()
WANTED = wanted(waste_pattern="SW17", operation="R5", accepted_origins=("32",))


def office(registry: Registry) -> Organisation:
    made = registry.organisation(roles=frozenset({"authority"}), region_code="310000")
    begin_standing(registry.session, **registry.act, organisation=made, authority_kind="ecology")
    return made


def officer(of: Organisation) -> Acting:
    return Acting(
        user_public_id="u" * 32, organisation_public_id=of.public_id, roles=of.roles, membership="operator",
        verified=True, region_code=of.region_code, authority_kind="ecology", authority_level="province",
    )  # fmt: skip


def drafted(registry: Registry, by: Organisation | None = None) -> tuple[Application, dict[str, Any]]:
    facility = registry.facility()
    registry.line(facility, waste_pattern="SW17", operation="R5")
    registry.session.flush()
    act: dict[str, Any] = {"session": registry.session, **registry.act}
    act["by"] = by or facility.site.organisation
    return apply_for(**act, facility=facility, wanted=WANTED), act


def knows(asker: Acting, application: Application) -> bool:
    thing = facts_about(application)
    told = is_concerned(asker, thing, on=DAY)
    assert may(asker, "whitelist.read", thing, on=DAY) == (Allowed(watching=True) if told else NOT_FOUND)
    return told


def test_a_draft_is_known_to_no_office_until_it_is_submitted(registry: Registry) -> None:
    application, act = drafted(registry)
    watching = officer(office(registry))
    assert not knows(watching, application)
    for kind in PAPERS:
        hand_in(**act, application=application, kind=kind, title=kind, content=pdf(kind))
    submit(**act, application=application)
    assert knows(watching, application)


def test_what_an_office_drafts_it_knows_and_no_other_does(registry: Registry) -> None:
    proposer, other = office(registry), office(registry)
    application, _ = drafted(registry, proposer)
    assert knows(officer(proposer), application)
    assert not knows(officer(other), application)
    owner = application.facility.site.organisation
    owns = Acting(
        user_public_id="u" * 32, organisation_public_id=owner.public_id, membership="reader",
        roles=frozenset({"facility"}), verified=True,
    )  # fmt: skip
    assert may(owns, "whitelist.read", facts_about(application), on=DAY) == Allowed()
