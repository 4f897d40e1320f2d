"""Tables 1 to 3 of the general-waste ledger, filled from a site's books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import zip_longest

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.regions import province_of
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.sent_mass import entrusted_kind, sent_between
from circularity.forms.books import departed_lines, left_on, months_of, waste_columns
from circularity.forms.national import DEPARTURES, DESCRIBED, FLOWS, INVENTORY, WAYS, FormSheet, way_text
from circularity.ledger.month_balances import month_days
from circularity.ledger.months import USES, LedgerMonth
from circularity.ledger.site_stock import stock_on
from circularity.organisations import Site
from circularity.registry.declarations import GenerationDeclaration
from circularity.registry.descriptions import descriptions
from circularity.units import format_tonnes

_CONVEYANCES = {"vehicle": "公路", "barge": "水路", "rail": "铁路", "conveyor": "皮带", "pipeline": "管道"}


def general_tables(session: Session, site: Site, year: int, month: int | None = None) -> list[FormSheet]:
    """Return tables 1 to 3 of a site's general waste in a year; `month` narrows tables 2 and 3.

    Table 1 is of the whole year, as its form says.
    """
    of_year = [row for row in months_of(session, site, year) if not is_hazardous(row.waste_code)]
    months = [row for row in of_year if month is None or row.month == month]
    lines = [row for row in departed_lines(session, site, year, month) if not is_hazardous(row.waste_code)]
    return [
        FormSheet(INVENTORY, list(_inventory(session, site, year, of_year))),
        FormSheet(FLOWS, [row for written in months for row in _flows(session, written)]),
        FormSheet(DEPARTURES, [_departure(line) for line in lines]),
    ]


def _inventory(
    session: Session, site: Site, year: int, months: list[LedgerMonth]
) -> Iterator[dict[str, str]]:
    """One row per waste: as declared for the year, else as its months add up."""
    declared = {
        row.waste_code: row.generated_kg
        for row in session.scalars(select(GenerationDeclaration).filter_by(site_id=site.id, year=year))
        if not is_hazardous(row.waste_code)
    }
    written: dict[str, int] = {}
    for month in months:
        written[month.waste_code] = written.get(month.waste_code, 0) + month.generated_kg
    described = descriptions(session, site, year)
    for code, mass_kg in sorted((written | declared).items()):
        facts = described[code].facts if code in described else {}
        said = {column: facts[name] for column, name in DESCRIBED.items() if facts.get(name)}
        named = waste_columns(code, date(year, 12, 31)) | said
        yield {"年份": str(year), **named, "年产生量(吨)": format_tonnes(mass_kg)}


def _flows(session: Session, month: LedgerMonth) -> Iterator[dict[str, str]]:
    """The rows of one month: the first has its masses, further ones further ways of the same month."""
    first, last = month_days(month)
    ways: dict[str, list[tuple[str, str, int]]] = {kind: [] for kind in USES}
    for use in month.uses:
        ways[use.kind].append((use.operation, use.party, use.mass_kg))
    sent = sent_between(session, month.site, month.waste_code, first, last)
    for (operation, receiver), mass_kg in sent.items():
        ways[entrusted_kind(month.waste_code, operation, last)].append((operation, receiver, mass_kg))
    grown_kg = month.stored_kg - stock_on(session, month.site, month.waste_code, first - timedelta(days=1))
    masses = {
        "产生量(吨)": month.generated_kg,
        "贮存量(吨)": max(grown_kg, 0),
        "累计贮存量(吨)": month.stored_kg,
        "倾倒丢弃量(吨)": month.discarded_kg,
    }
    named = {"年月": f"{first:%Y-%m}", **waste_columns(month.waste_code, last)}
    rows = list(zip_longest(*ways.values())) or [()]
    for number, columns in enumerate(rows):
        row = named | ({name: format_tonnes(kg) for name, kg in masses.items()} if number == 0 else {})
        for kind, way in zip(ways, columns, strict=False):
            if way is not None:
                row |= _way(WAYS[kind], *way)
        yield row


def _way(start: str, operation: str, party: str, mass_kg: int) -> dict[str, str]:
    told = {f"{start}方式": way_text(operation), f"{start}数量(吨)": format_tonnes(mass_kg)}
    return told | ({f"{start}单位": party} if start.startswith("委托") else {})


def _departure(line: TransferLine) -> dict[str, str]:
    transfer = line.transfer
    signed = next((row.person for row in transfer.signatures if row.signer == "sender"), "")
    return {
        "出厂时间": left_on(line).isoformat(),
        **waste_columns(line.waste_code, transfer.day_to),
        "出厂数量(吨)": format_tonnes(line.sent_kg),
        "出厂环节经办人": signed,
        "运输单位": ";".join(row.organisation.name_zh for row in transfer.carriages),
        "运输方式": _CONVEYANCES[transfer.conveyance],
        "车牌号": ";".join(row.vehicle for row in transfer.carriages) or transfer.vehicle,
        "接收单位": transfer.facility.site.organisation.name_zh,
        "流向类型": _flow(transfer),
        "利用处置方式": way_text(line.operation),
        "平台转移编号": transfer.number,
    }


def _flow(transfer: Transfer) -> str:
    sites = (transfer.sender_site, transfer.facility.site)
    return "省内" if len({province_of(site.region_code) for site in sites}) == 1 else "跨省"
