"""Filtered pages of the registry, for whoever shows or serves lists: outputs, facilities, whitelist entries.

Filters are conjunctive and an empty one asks nothing. Streams and hazard are known to the catalogue and not
to the database, so they become the set of codes in use that have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Text, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.catalogue.waste_codes import EVERYTHING, kind_of
from circularity.catalogue.waste_types import WasteType, find
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output, not_over
from circularity.whitelist import WhitelistEntry

Row = TypeVar("Row")

PAGE_SIZE = 50
PUBLISHED = ("listed", "suspended", "delisted", "expired")
"""Statuses of whitelist entries that lists show; an application concerns applicant and authority only."""

_BY_REGION = (
    WhitelistEntry.issuer_region,
    WhitelistEntry.waste_pattern,
    WhitelistEntry.operation,
    WhitelistEntry.id,
)

LAST_PAGE = 2_000
"""No reader turns further; it bounds what one request can make the database skip."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a longer list: its rows, its number from 1, and how many rows there are in all."""

    rows: Sequence[Row]
    number: int
    total: int
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return min(max(1, -(-self.total // self.size)), LAST_PAGE)


@dataclass(frozen=True)
class OutputFilter:
    """Which outputs: stream code, two-digit province, `hazardous` or `general`, status, part of a name."""

    stream: str = ""
    province: str = ""
    hazard: str = ""
    status: str = ""
    text: str = ""


@dataclass(frozen=True)
class FacilityFilter:
    """Which facilities: kind, two-digit province, operation of a line, part of a name."""

    kind: str = ""
    province: str = ""
    operation: str = ""
    text: str = ""


@dataclass(frozen=True)
class WhitelistFilter:
    """Which entries: canonical full codes they cover, province of the plant, accepted origin, operation,
    kind of list, status (one of PUBLISHED).
    """

    codes: tuple[str, ...] | None = None
    province: str = ""
    origin: str = ""
    operation: str = ""
    list_kind: str = ""
    status: str = ""


def list_outputs(
    session: Session, wanted: OutputFilter, number: int = 1, *, on: date, heaviest_first: bool = False
) -> Page[Output]:
    """Return one page of the outputs that stand on a day, newest first.

    An order by mass tells of masses that are not published.
    """
    query = (
        select(Output)
        .join(Output.site)
        .join(Site.organisation)
        .where(not_over(on), *_of_province(wanted.province), *_named(wanted.text))
        .options(joinedload(Output.site))
    )
    if wanted.stream or wanted.hazard:
        codes = _codes_in_use(session, lambda waste: _fits(waste, wanted.stream, wanted.hazard))
        query = query.where(Output.waste_code.in_(codes))
    if wanted.status:
        query = query.where(Output.status == wanted.status)
    order = (Output.mass_kg.desc(), Output.id) if heaviest_first else (Output.posted_at.desc(), Output.id)
    return _page(session, query, order, number)


def list_facilities(session: Session, wanted: FacilityFilter, number: int = 1) -> Page[Facility]:
    """Return one page of the facilities with their entitlements and lines, by name."""
    query = (
        select(Facility)
        .join(Facility.site)
        .join(Site.organisation)
        .where(*_of_province(wanted.province), *_named(wanted.text))
        .options(
            joinedload(Facility.site), selectinload(Facility.entitlements).selectinload(Entitlement.lines)
        )
    )
    if wanted.kind:
        query = query.where(Facility.kind == wanted.kind)
    if wanted.operation:
        lines = select(Entitlement.facility_id).join(Entitlement.lines)
        query = query.where(Facility.id.in_(lines.where(EntitlementLine.operation == wanted.operation)))
    return _page(session, query, (Organisation.name_en, Organisation.name_zh, Facility.id), number)


def list_whitelist(session: Session, wanted: WhitelistFilter, number: int = 1) -> Page[WhitelistEntry]:
    """Return one page of whitelist entries, by issuing region, waste and operation."""
    return _page(session, _published(wanted), _BY_REGION, number)


def all_whitelist(session: Session, wanted: WhitelistFilter) -> Sequence[WhitelistEntry]:
    """Return every entry that fits, in the order of the pages: what an export holds."""
    return session.scalars(_published(wanted).order_by(*_BY_REGION)).unique().all()


def published_entry(session: Session, public_id: str) -> WhitelistEntry | None:
    """Return one entry that everybody may see, None where there is none."""
    return session.scalar(
        select(WhitelistEntry).where(
            WhitelistEntry.public_id == public_id, WhitelistEntry.status.in_(PUBLISHED)
        )
    )


def _published(wanted: WhitelistFilter) -> Select[WhitelistEntry]:
    query = (
        select(WhitelistEntry)
        .join(WhitelistEntry.facility)
        .join(Facility.site)
        .where(WhitelistEntry.status.in_(PUBLISHED), *_of_province(wanted.province))
        .options(joinedload(WhitelistEntry.facility).joinedload(Facility.site))
    )
    if wanted.codes is not None:
        patterns = {pattern for code in wanted.codes for pattern in (code, kind_of(code))}
        query = query.where(WhitelistEntry.waste_pattern.in_([*sorted(patterns), EVERYTHING]))
    for name in ("operation", "list_kind", "status"):
        if getattr(wanted, name):
            query = query.where(getattr(WhitelistEntry, name) == getattr(wanted, name))
    if wanted.origin:
        # Origins are `;`-separated prefixes; the province is accepted where any prefix begins with it.
        spelled = literal(";") + type_coerce(WhitelistEntry.__table__.c.accepted_origins, Text)
        query = query.where(spelled.contains(f";{wanted.origin}", autoescape=True))
    return query


def facility_whitelist(session: Session, facility: Facility) -> Sequence[WhitelistEntry]:
    """Return the published entries that name a facility, by issuing region and waste."""
    entry = WhitelistEntry
    wanted = select(entry).where(entry.facility_id == facility.id, entry.status.in_(PUBLISHED))
    return session.scalars(wanted.order_by(entry.issuer_region, entry.waste_pattern, entry.id)).all()


def streams_in_use(session: Session) -> set[str]:
    """Return the stream codes of the outputs that stand."""
    codes = session.scalars(select(Output.waste_code).where(Output.withdrawn_at.is_(None)).distinct())
    return {find(code, date.today()).stream for code in codes}


def operations_in_use(session: Session) -> set[str]:
    """Return the operation codes of all entitlement lines."""
    return set(session.scalars(select(EntitlementLine.operation).distinct()))


def _page(
    session: Session,
    query: Select[Row],
    order: Sequence[Any],
    number: int,
) -> Page[Row]:
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    last = Page[Row]((), 1, total).pages
    number = min(max(1, number), last)
    rows = session.scalars(query.order_by(*order).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
    return Page(rows.unique().all(), number, total)


def _of_province(province: str) -> list[ColumnElement[bool]]:
    return [func.substr(Site.region_code, 1, 2) == province] if province else []


def _named(text: str) -> list[ColumnElement[bool]]:
    wanted = text.strip()[:50]
    if not wanted:
        return []
    names = (Organisation.name_zh, Organisation.name_en, Site.name_zh, Site.name_en)
    return [or_(*(name.icontains(wanted, autoescape=True) for name in names))]


def _codes_in_use(session: Session, fits: Callable[[WasteType], bool]) -> list[str]:
    codes = session.scalars(select(Output.waste_code).distinct())
    return sorted(code for code in codes if fits(find(code, date.today())))


def _fits(waste: WasteType, stream: str, hazard: str) -> bool:
    return (not stream or waste.stream == stream) and (
        not hazard or waste.hazardous == (hazard == "hazardous")
    )
