"""Stock found by survey: what was there before the platform, and what books and ground differ by later."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger import groups
from circularity.ledger.frozen_months import require_open
from circularity.ledger.months import StockSurvey
from circularity.ledger.postings import Cell, Movement
from circularity.ledger.site_stock import generated_between, stock_on
from circularity.organisations import Site

_BEGINNING = date(1900, 1, 1)


def record_survey(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    waste_code: str,
    vintage: int,
    surveyed_on: date,
    mass_kg: int,
    method: str,
    document: str = "",
) -> StockSurvey:
    """Record what a survey found of one waste and year of generation at the end of a day, kg.

    The first of its kind opens the stock; a later one, or one of mass that the books know already, posts the
    difference to variance. Raises BadInput; RuleBroken `survey_out_of_order` for a day not after the last
    survey's, `month_closed` for a day within a closed month, `not_enough_mass` when what is missing has left.
    """
    checks = Checks("stock_survey")
    checks.period("surveyed_on", surveyed_on, "today", delta_day(at))
    values: dict[str, Any] = {
        "site": site,
        "waste_code": checks.waste_code("waste_code", waste_code),
        "vintage": checks.whole("vintage", vintage, 1900, surveyed_on.year),
        "surveyed_on": surveyed_on,
        "mass_kg": checks.kilograms("mass_kg", mass_kg),
        "method": checks.text("method", method),
        "document": checks.text("document", document, required=False, maximum=500),
    }
    checks.finish()
    session.flush()
    first = _require_after_all(session, site, values["waste_code"], vintage, surveyed_on)
    require_open(session, site.id, values["waste_code"], surveyed_on, field="surveyed_on")
    survey = StockSurvey(public_id=new_public_id(), recorded_at=at, **values)
    session.add(survey)
    found_kg = mass_kg - stock_on(session, site, survey.waste_code, surveyed_on, vintage)
    _post(session, survey, found_kg, at, first=first)
    record(session, actor, at, "stock.surveyed", survey, {**values, "found_kg": found_kg})
    return survey


def _post(session: Session, survey: StockSurvey, found_kg: int, at: datetime, *, first: bool) -> None:
    site, code, vintage, day = survey.site, survey.waste_code, survey.vintage, survey.surveyed_on
    opens = first and found_kg > 0 and not generated_between(session, site, code, _BEGINNING, day, vintage)
    if opens:
        event, leg = "stock.opened", "opening"
    else:
        event, leg = "stock.surveyed", "found" if found_kg > 0 else "missing"
    movement = Movement(leg, Cell(site.id, code, vintage), abs(found_kg), site.id)
    groups.post(session, event=event, on_day=day, at=at, subject=survey, movements=[movement])


def _require_after_all(session: Session, site: Site, code: str, vintage: int, day: date) -> bool:
    """Return whether this is the first survey of its waste and year; raises RuleBroken for an earlier day."""
    last = session.scalar(
        select(func.max(StockSurvey.surveyed_on)).filter_by(site_id=site.id, waste_code=code, vintage=vintage)
    )
    if last is not None and day <= last:
        zh, en = f"已有 {last} 的盘点", f"a survey of {last} is recorded already"
        raise RuleBroken("survey_out_of_order", zh, en, field="surveyed_on", last=last.isoformat())
    return last is None
