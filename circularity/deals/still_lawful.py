"""The rules of lawfulness asked of one pair as of a day: when a deal is offered, accepted and confirmed, and
again when a load leaves or arrives.

What the parties wished when they posted (how far, how dear) is not asked: they sign other terms themselves.
Of the days only those agreed count. An entitlement may end before a deal does; then the deal has a gap, which
`circularity.deals.agreements.gaps` warns of, and nothing leaves in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from circularity.acceptance import (
    Finding,
    Pairs,
    all_findings,
    ask_conditions,
    rule,
)
from circularity.acceptance.rules import CONDITIONAL, PROCEDURES
from circularity.catalogue.regions import prefix_of
from circularity.catalogue.waste_types import pattern_covers
from circularity.deals.contract import Agreement, Offer
from circularity.deals.one_pair import Days, Receiving, Sending, pair_of
from circularity.deals.pair_rows import read_anew
from circularity.deals.reliance import lost_listing
from circularity.errors import RuleBroken
from circularity.organisations import Site
from circularity.registry.entitlements import CapacityWindow, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.whitelist import ProcedureGrant, WhitelistEntry

Broken = Callable[[Collection[str]], list[Finding]]
"""Tells every rule that is broken, in order, by the kinds of procedure that are held."""


class Asked(NamedTuple):
    """What the rules say of a deal as of a day, and the whitelist entries in force that count for it."""

    listed: Sequence[WhitelistEntry]
    broken: Broken


def verdict_of(  # noqa: PLR0913 - a pair is asked with every fact about it
    session: Session,
    *,
    site: Site,
    waste_code: str,
    line: EntitlementLine,
    operation: str,
    on: date,
    output: Output | None = None,
    window: CapacityWindow | None = None,
    days: tuple[date, date] | None = None,
    mass_kg: int = 1,
    held: Collection[str] = (),
) -> list[Finding]:
    """Return every rule that the pair breaks as of a day, in order; empty = lawful now.

    `days` are those agreed; without them those of output and window count. `held` are the kinds of procedure
    granted for this deal; grants without a limit for the pair, or for any sender, are found here.
    """
    facility = line.entitlement.facility
    listed = listings_of(session, site, facility, waste_code, operation, on)
    pair = pair_of(
        Sending(site, waste_code, output, mass_kg),
        Receiving(line, operation, listed),
        days or _posted_days(output, window),
        on,
    )
    return _still_broken(pair, held, partial(_open_grants, session, site, facility, waste_code, on))


def require_lawful(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that a procedure can meet; raises RuleBroken `unlawful` (facts: rules) for others.

    Each of `rules` has rule, zh, en and the document behind it.
    """
    conditional: list[Finding] = []
    unlawful: list[Finding] = []
    for finding in findings:
        (conditional if finding.effect == CONDITIONAL else unlawful).append(finding)
    if unlawful:
        rules = [
            {
                "rule": found.rule,
                "zh": found.zh,
                "en": found.en,
                "document_zh": found.legal.document_zh,
                "document_en": found.legal.document_en,
            }
            for found in unlawful
        ]
        zh = "不符合规定：" + "；".join(found.zh for found in unlawful)
        en = "not lawful: " + "; ".join(found.en for found in unlawful)
        raise RuleBroken("unlawful", zh, en, rules=rules)
    return conditional


def agreement_findings(
    session: Session, agreement: Agreement, on: date, *, offer: Offer | None = None
) -> list[Finding]:
    """Return what an agreement, or an offer about it, breaks as of a day, its own procedures held.

    It needs a writing session: see `rules_of`.
    """
    return rules_of(session, agreement, on, offer=offer).broken(held_kinds(agreement, on))


def rules_of(
    session: Session, agreement: Agreement, on: date, *, offer: Offer | None = None, anew: bool = True
) -> Asked:
    """Ask an agreement, or an offer about it, as of a day.

    With `anew`, which needs a writing session, facility, its whitelist entries, entitlement, line and
    postings are read anew and stay as they are until the transaction ends.
    """
    entries = read_anew(session, agreement) if anew else None
    terms, line = offer or agreement.offer, agreement.line
    site, facility, code = agreement.site, line.entitlement.facility, agreement.waste_code
    if entries is not None:
        listed = _in_force(entries, site, code, agreement.operation, on)
    else:
        listed = listings_of(session, site, facility, code, agreement.operation, on)
    pair = pair_of(
        Sending(site, code, agreement.output, terms.mass_kg),
        Receiving(line, agreement.operation, listed),
        (max(on, terms.valid_from), max(on, terms.valid_to)),
        on,
    )
    open_grants = cache(partial(_open_grants, session, site, facility, code, on))

    def broken(held: Collection[str]) -> list[Finding]:
        found = _still_broken(pair, held, open_grants)
        return found if listed else [*found, *lost_listing(session, agreement, terms, found)]

    return Asked(listed, broken)


def held_kinds(agreement: Agreement, on: date) -> frozenset[str]:
    """Return the kinds of procedure that an agreement holds on a day, or counts on until it is agreed."""
    return granted_kinds(agreement, on) | _promised(agreement, on)


def granted_kinds(agreement: Agreement, on: date) -> frozenset[str]:
    """Return the kinds of procedure that were granted for an agreement and hold on a day."""
    return frozenset(
        procedure.kind
        for procedure in agreement.procedures
        if procedure.granted_on is not None
        and procedure.granted_on <= on
        and (procedure.grant is None or procedure.grant.valid_from <= on <= procedure.grant.valid_to)
    )


def _promised(agreement: Agreement, on: date) -> frozenset[str]:
    """Return the kind of the grant that a run counted on; it hangs on the agreement once both have agreed."""
    grant = agreement.proposal.grant if agreement.proposal is not None else None
    return frozenset() if grant is None or grant.valid_to < on else frozenset({grant.kind})


def listings_of(
    session: Session, site: Site, facility: Facility, waste_code: str, operation: str, on: date
) -> list[WhitelistEntry]:
    """Return the whitelist entries in force that change something for a pair, by their keys."""
    entries = session.scalars(_LISTED, {"facility": facility.id, "operation": operation})
    return _in_force(entries, site, waste_code, operation, on)


_LISTED = (
    select(WhitelistEntry)
    .where(WhitelistEntry.facility_id == bindparam("facility"))
    .where(WhitelistEntry.operation == bindparam("operation"), WhitelistEntry.status == "listed")
    .order_by(WhitelistEntry.id)
)


def _in_force(
    entries: Iterable[WhitelistEntry], site: Site, waste_code: str, operation: str, on: date
) -> list[WhitelistEntry]:
    """Return those of a facility's entries that are in force and change something for a pair."""
    return [
        entry
        for entry in entries
        if (entry.status, entry.operation) == ("listed", operation)
        and entry.list_kind != "information"
        and (entry.valid_from is None or entry.valid_from <= on)
        and (entry.valid_to is None or on <= entry.valid_to)
        and pattern_covers(entry.waste_pattern, waste_code)
        and site.region_code.startswith(tuple(map(prefix_of, entry.accepted_origins)))
    ]


def grant_suits(grant: ProcedureGrant, site: Site, facility: Facility, waste_code: str) -> bool:
    """Return whether a grant is about waste of this code from this site to this facility."""
    return (
        grant.facility_id == facility.id
        and grant.organisation_id in (None, site.organisation_id)
        and site.region_code.startswith(prefix_of(grant.origin_region))
        and pattern_covers(grant.waste_pattern, waste_code)
    )


def _open_grants(session: Session, site: Site, facility: Facility, waste_code: str, on: date) -> set[str]:
    """Return the kinds of procedure that an unlimited grant meets; a limited one is attached and counted."""
    found = session.scalars(_OPEN_GRANTS, {"facility": facility.id, "day": on})
    return {grant.kind for grant in found if grant_suits(grant, site, facility, waste_code)}


_OPEN_GRANTS = (
    select(ProcedureGrant)
    .where(ProcedureGrant.facility_id == bindparam("facility"), ProcedureGrant.limit_kg.is_(None))
    .where(ProcedureGrant.valid_from <= bindparam("day"), ProcedureGrant.valid_to >= bindparam("day"))
)


def _still_broken(
    pair: Pairs, held: Collection[str], open_grants: Callable[[], Collection[str]]
) -> list[Finding]:
    """Return the findings without those that a held procedure meets; lead times count for the others.

    Grants open to others too are looked for only where a procedure is needed at all.
    """
    asked = ask_conditions(pair)
    if asked.conditions is None:
        raise ValueError("the conditions were not asked")
    if asked.conditions.any():
        held = {*held, *open_grants()}
    met = sum(1 << k for k, kind in enumerate(PROCEDURES) if kind in held)
    waiting = replace(asked, conditions=asked.conditions & ~met)
    late = bool(rule("lead_time").slack(waiting)[0] > 0)
    return [
        finding
        for finding in all_findings(asked)[0]
        if (late if finding.rule == "lead_time" else rule(finding.rule).procedure not in held)
    ]


def _posted_days(output: Output | None, window: CapacityWindow | None) -> Days:
    rows = [row for row in (output, window) if row is not None]
    first = [row.available_from for row in rows if row.available_from is not None]
    last = [row.available_to for row in rows if row.available_to is not None]
    return max(first, default=None), min(last, default=None)
