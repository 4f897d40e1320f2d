"""What the platform knows of a procedure before anybody types: parties, waste, mass, days, papers.

The texts are Chinese, because that is the language in which the forms are filed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sqlalchemy.orm import Session

from circularity.catalogue import operations, regions, waste_types
from circularity.catalogue.analytes import analyte_of, unit_of
from circularity.catalogue.operations import UnknownOperation
from circularity.catalogue.procedures import Procedure, find
from circularity.catalogue.regions import UnknownRegion
from circularity.catalogue.waste_codes import kind_of
from circularity.catalogue.waste_types import MalformedCode
from circularity.deals.contract import Agreement
from circularity.deals.limits import mass_by_year
from circularity.deals.proposals import proposed_terms
from circularity.deals.still_lawful import listings_of
from circularity.organisations import Site
from circularity.registry.entitlements import EntitlementLine
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal
from circularity.units import MICRO, format_scaled, format_tonnes
from circularity.whitelist import WhitelistEntry


@dataclass(frozen=True, slots=True)
class Matter:
    """What a procedure is about: whose waste goes on which line, how much, when; no `contract` yet: ""."""

    site: Site
    line: EntitlementLine
    waste_code: str
    operation: str
    mass_kg: int
    first: date
    last: date
    contract: str
    output: Output | None
    listings: tuple[WhitelistEntry, ...]
    on: date

    def rule(self, kind: str) -> Procedure:
        """Return the rule of a kind of procedure for this matter."""
        return find(kind, self.site.region_code, self.on, bool(self.listings))


def matter_of_agreement(session: Session, agreement: Agreement, on: date) -> Matter:
    """Return what a deal's procedures are about."""
    offer = agreement.offer
    pair = agreement.site, agreement.facility, agreement.waste_code, agreement.operation
    return Matter(
        agreement.site,
        agreement.line,
        agreement.waste_code,
        agreement.operation,
        offer.mass_kg,
        offer.valid_from,
        offer.valid_to,
        agreement.document or agreement.number,
        agreement.output,
        tuple(listings_of(session, *pair, on)),
        on,
    )


def matter_of_proposal(session: Session, proposal: Proposal, on: date) -> Matter:
    """Return what the procedures of a proposal would be about; nothing is agreed yet."""
    line, output, terms = proposal.window.line, proposal.output, proposed_terms(proposal)
    pair = output.site, line.entitlement.facility, output.waste_code, proposal.operation
    return Matter(
        output.site,
        line,
        output.waste_code,
        proposal.operation,
        terms.mass_kg,
        terms.valid_from,
        terms.valid_to,
        "",
        output,
        tuple(listings_of(session, *pair, on)),
        on,
    )


def known_fact(matter: Matter, known_from: str, kind: str) -> str:
    """Return the text of a fact, "" where it is not known. Raises KeyError for a fact of no name."""
    if known_from == "ship_within":
        days = matter.rule(kind).ship_within_days
        return f"{days} 日" if days else ""
    return _FACTS[known_from](matter)


def _region(code: str) -> str:
    names = []
    for digits in (2, 4, 6):
        try:
            names.append(regions.get(code[:digits].ljust(6, "0")).name_zh)
        except UnknownRegion:
            continue
    return "".join(dict.fromkeys(names)) or code


def _place(site: Site) -> str:
    return f"{site.longitude:.6f}, {site.latitude:.6f}"


def _waste(matter: Matter) -> str:
    try:
        return waste_types.find(matter.waste_code, matter.on).name_zh
    except MalformedCode:
        return ""


def _operation(matter: Matter) -> str:
    try:
        return f"{matter.operation} {operations.get(matter.operation).name_zh}"
    except UnknownOperation:
        return matter.operation


def _limit(matter: Matter) -> str:
    limit_kg = matter.line.annual_limit_kg
    whole_kg = matter.line.entitlement.annual_limit_kg if limit_kg is None else limit_kg
    return "" if whole_kg is None else format_tonnes(whole_kg)


def _days(first: date | None, last: date | None) -> str:
    begins, ends = first.isoformat() if first else "", last.isoformat() if last else "长期"
    return f"{begins} 至 {ends}".strip()


def _composition(matter: Matter) -> str:
    assays = matter.output.assays if matter.output is not None else []
    told = (
        f"{analyte_of(row.analyte).name_zh} {format_scaled(row.value_micro, MICRO)} {unit_of(row.analyte)}"
        for row in assays
    )
    return "；".join(map(str.rstrip, told))


_FACTS: Mapping[str, Callable[[Matter], str]] = MappingProxyType(
    {
        "sender.name": lambda m: m.site.organisation.name_zh,
        "sender.credit_code": lambda m: m.site.organisation.credit_code,
        "sender.site": lambda m: m.site.name_zh,
        "sender.region": lambda m: _region(m.site.region_code),
        "sender.place": lambda m: _place(m.site),
        "receiver.name": lambda m: m.line.entitlement.facility.site.organisation.name_zh,
        "receiver.credit_code": lambda m: m.line.entitlement.facility.site.organisation.credit_code,
        "receiver.site": lambda m: m.line.entitlement.facility.site.name_zh,
        "receiver.region": lambda m: _region(m.line.entitlement.facility.site.region_code),
        "receiver.entitlement": lambda m: m.line.entitlement.number,
        "receiver.issuer": lambda m: m.line.entitlement.issuer,
        "receiver.entitlement_days": lambda m: _days(
            m.line.entitlement.valid_from, m.line.entitlement.valid_to
        ),
        "receiver.annual_limit_t": _limit,
        "waste.name": _waste,
        "waste.code": lambda m: m.waste_code,
        "waste.kind": lambda m: kind_of(m.waste_code),
        "waste.composition": _composition,
        "operation": _operation,
        "mass_t": lambda m: format_tonnes(m.mass_kg),
        "yearly_mass_t": lambda m: format_tonnes(mass_by_year(m.mass_kg, m.first, m.last)[m.first.year]),
        "period": lambda m: _days(m.first, m.last),
        "year": lambda m: str(m.first.year),
        "contract": lambda m: m.contract,
        "whitelist.document": lambda m: "；".join(dict.fromkeys(row.document for row in m.listings)),
    }
)
"""Words of the column `known_from` of `procedure_fields` → how the fact is read."""

KNOWN = (*_FACTS, "ship_within")
