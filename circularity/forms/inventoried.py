"""The wastes that table 1 lists of a year, over many sites: whatever is declared, written or described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import is_hazardous
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site
from circularity.registry.declarations import GenerationDeclaration
from circularity.registry.descriptions import WasteDescription


@dataclass(frozen=True, slots=True)
class InventoriedWaste:
    """One general waste of one site; `description` is what holds of it in the year, None = not described."""

    site: Site
    waste_code: str
    description: WasteDescription | None


def inventoried_wastes(session: Session, seen: Select[Any], year: int) -> Sequence[InventoriedWaste]:
    """Return the general wastes of a year at the sites whose keys `seen` selects, by site and code."""
    known = (
        _at(GenerationDeclaration, seen).where(GenerationDeclaration.year == year),
        _at(LedgerMonth, seen).where(LedgerMonth.year == year, LedgerMonth.status.in_(("open", "closed"))),
        _at(WasteDescription, seen).where(WasteDescription.year <= year),
    )
    found: list[Any] = list(session.execute(union(*known)))
    wastes = sorted((site, code) for site, code in found if not is_hazardous(code))
    keys = {site for site, _ in wastes}
    sites = {site.id: site for site in session.scalars(select(Site).where(Site.id.in_(keys)))}
    row = WasteDescription
    described = session.scalars(select(row).where(row.site_id.in_(keys), row.year <= year).order_by(row.year))
    last = {(description.site_id, description.waste_code): description for description in described}
    return [InventoriedWaste(sites[key], code, last.get((key, code))) for key, code in wastes]


def _at(
    row: type[GenerationDeclaration | LedgerMonth | WasteDescription], seen: Select[Any]
) -> Select[int, str]:
    return select(row.site_id, row.waste_code).where(row.site_id.in_(seen))
