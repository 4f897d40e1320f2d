"""The generators' books: stock surveyed, months closed, one corrected, a few not closed in time."""

from __future__ import annotations

from datetime import date, datetime

from circularity.catalogue.waste_types import is_hazardous
from circularity.ledger.generator_months import Use, close_month, reverse_month, write_month
from circularity.ledger.month_balances import reckoned_stock
from circularity.ledger.months import LedgerMonth
from circularity.ledger.site_stock import generated_between, stock_on
from circularity.ledger.surveys import record_survey
from circularity.organisations import Site
from seed.agenda import Thread
from seed.parties import Delta, Flow
from seed.quarter_days import DAY, moment
from seed.stage import Stage, doing
from seed.tables import read_stocks

_YEAR_DAYS = 365
_BY_KIND = {"S07": "R1", "S17": "R3", "S59": "R5"}
_BUILDING_MATERIALS, _HAZARDOUS_USE = "C2", "R5"
_OUTSIDE = "平台外合同 · contract outside the platform"
_CORRECTED = 3
"""The flow whose second month is corrected, by its place in the table."""


def books_are_kept(stage: Stage, delta: Delta) -> None:
    """Put every book of the time told on the agenda."""
    stage.agenda.add(_stock_is_surveyed(stage))
    for number, flow in enumerate(delta.flows):
        stage.agenda.add(_a_flow_is_booked(stage, flow, number))


def _stock_is_surveyed(stage: Stage) -> Thread:
    """Survey the stock of earlier years: last year-end's when the story opens, and what the quarter left."""
    cast, quarter, session = stage.cast, stage.quarter, stage.session
    year_end = date(quarter.first.year - 1, 12, 31)
    yield (at := moment(quarter.first, 8))
    for row in read_stocks():
        record_survey(
            session, **doing(cast.organisations[row.party], at), site=cast.sites[row.party],
            waste_code=row.waste_code, vintage=quarter.first.year - row.years_ago, surveyed_on=year_end,
            mass_kg=row.stock_kg, method="年末盘点 · year-end stocktaking", document="DEMO-盘点 · demo",
        )  # fmt: skip
    yield (at := moment(quarter.last + DAY, 16))
    for row in read_stocks():
        site, vintage = cast.sites[row.party], quarter.first.year - row.years_ago
        left_kg = stock_on(session, site, row.waste_code, quarter.last, vintage)
        if left_kg:
            record_survey(
                session, **doing(cast.organisations[row.party], at), site=site, waste_code=row.waste_code,
                vintage=vintage, surveyed_on=quarter.last, mass_kg=stage.about(left_kg, 4),
                method="季末测绘 · survey of the heap",
            )  # fmt: skip


def _a_flow_is_booked(stage: Stage, flow: Flow, number: int) -> Thread:
    """Write and close the months of one waste, some days after each is over."""
    months = stage.quarter.over_months()
    for first, last in months:
        yield (at := moment(last + (4 + number % 5) * DAY, 9, number % 60))
        is_last = (first, last) == months[-1]
        if is_last and number % 37 == 5:
            return
        month = _written(stage, flow, first, last, at, permille=1000 + stage.random.randint(-45, 45))
        if is_last and number % 53 == 7:
            return
        close_month(stage.session, **doing(stage.cast.organisations[flow.party], at), month=month)
        if number == _CORRECTED and first == months[1][0]:
            yield (at := at + DAY)
            _corrected(stage, flow, month, at)


def _written(
    stage: Stage, flow: Flow, first: date, last: date, at: datetime, *, permille: int
) -> LedgerMonth:
    """Write a month: the year's share, more or less, and never less than what has left and was used."""
    days = (last - first).days + 1
    used = {
        (kind, operation, party): kg * days * permille // (_YEAR_DAYS * 1000)
        for kind, operation, party, kg in (
            ("own_utilised", _use_of(flow.waste_code), "", flow.own_utilised_kg),
            ("own_disposed", _disposal_of(flow.waste_code), "", flow.own_disposed_kg),
            ("entrusted_utilised", _use_of(flow.waste_code), _OUTSIDE, flow.elsewhere_utilised_kg),
        )
    }
    uses = [Use(kind, operation, kg, party) for (kind, operation, party), kg in used.items() if kg]
    site, code = stage.cast.sites[flow.party], flow.waste_code
    booked_kg = generated_between(stage.session, site, code, first, last, first.year)
    planned_kg = flow.generated_kg * days * permille // (_YEAR_DAYS * 1000)
    least_kg = booked_kg + sum(use.mass_kg for use in uses)
    source = "uploaded" if len(flow.party) % 2 else "typed"
    return write_books(
        stage, site, code, first, at, generated_kg=max(planned_kg, least_kg), uses=uses, source=source
    )


def write_books(
    stage: Stage, site: Site, code: str, first: date, at: datetime, *, generated_kg: int, uses: list[Use],
    source: str,
) -> LedgerMonth:  # fmt: skip
    """Write the month that begins on `first`, its stock as the books come to."""
    used_kg = sum(use.mass_kg for use in uses)
    return write_month(
        stage.session,
        **doing(site.organisation, at),
        site=site,
        waste_code=code,
        year=first.year,
        month=first.month,
        generated_kg=generated_kg,
        uses=uses,
        discarded_kg=0,
        stored_kg=reckoned_stock(stage.session, site, code, first.year, first.month, generated_kg - used_kg),
        source=source,
    )


def _corrected(stage: Stage, flow: Flow, month: LedgerMonth, at: datetime) -> None:
    """Take a closed month back and close its next revision: a day's production had been forgotten."""
    acts = doing(stage.cast.organisations[flow.party], at)
    reverse_month(
        stage.session, **acts, month=month, reason="漏记一日产生量 · one day's production was forgotten"
    )
    again = write_month(
        stage.session,
        **acts,
        site=month.site,
        waste_code=month.waste_code,
        year=month.year,
        month=month.month,
        generated_kg=month.generated_kg + flow.generated_kg // _YEAR_DAYS,
        uses=[Use(use.kind, use.operation, use.mass_kg, use.party) for use in month.uses],
        discarded_kg=0,
        stored_kg=month.stored_kg + flow.generated_kg // _YEAR_DAYS,
        source=month.source,
    )
    close_month(stage.session, **acts, month=again)


def _use_of(code: str) -> str:
    if is_hazardous(code):
        return _HAZARDOUS_USE
    return _BY_KIND.get(code[-3:], _BUILDING_MATERIALS)


def _disposal_of(code: str) -> str:
    return "D10" if code.endswith("S07") or is_hazardous(code) else "D1"
