"""Which generators have not closed a month that they should have."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from circularity.catalogue.regions import prefix_of
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site
from circularity.registry.declarations import GenerationDeclaration


@dataclass(frozen=True, slots=True)
class NonReporter:
    """A waste of a site whose month is missing; `written` tells that it is written and not closed."""

    site: Site
    waste_code: str
    written: bool


def non_reporters(session: Session, year: int, month: int, region: str = "") -> list[NonReporter]:
    """Return whose month is not closed, by site and waste, in a region (prefix or code, "" = everywhere).

    A month is due from a site for every waste that it declared for the year, wrote in an earlier month of
    this year or the last, or generated on transfers and in treatments in that very month.
    """
    due = union(_declared(year), _written(year, month), _booked(year, month)).subquery()
    standing = select(LedgerMonth.site_id, LedgerMonth.waste_code, LedgerMonth.status).filter_by(
        year=year, month=month
    )
    status = {
        (site, code): state
        for site, code, state in session.execute(standing.where(LedgerMonth.status.in_(("open", "closed"))))
    }
    rows = session.execute(
        select(Site, due.c.waste_code)
        .join(due, due.c.site_id == Site.id)
        .where(Site.region_code.startswith(prefix_of(region) if region else "", autoescape=True))
        .order_by(Site.id, due.c.waste_code)
    )
    return [
        NonReporter(site, code, (site.id, code) in status)
        for site, code in rows
        if status.get((site.id, code)) != "closed"
    ]


def _declared(year: int) -> Select[int, str]:
    return select(GenerationDeclaration.site_id, GenerationDeclaration.waste_code).filter_by(year=year)


def _written(year: int, month: int) -> Select[int, str]:
    number = LedgerMonth.year * 12 + LedgerMonth.month
    first = (year - 1) * 12 + 1
    standing = LedgerMonth.status.in_(("open", "closed"))
    return select(LedgerMonth.site_id, LedgerMonth.waste_code).where(
        standing, number.between(first, year * 12 + month)
    )


def _booked(year: int, month: int) -> Select[int, str]:
    days = (date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    return (
        select(MassAccount.origin_site_id, MassAccount.waste_code)
        .join(MassMove, MassMove.source_id == MassAccount.id)
        .join(MassGroup, MassMove.group_id == MassGroup.id)
        .where(MassAccount.kind == "generated", MassGroup.on_day.between(*days))
    )
