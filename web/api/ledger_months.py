"""The generators' books: months of the ledger, written, closed and reversed; stock found by survey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, object_session, selectinload

from circularity.catalogue.stage_columns import STAGES
from circularity.ledger.batches import Batch, tell_batches, told_at
from circularity.ledger.carried_months import carry_month
from circularity.ledger.generator_months import Use, close_month, drop_month, reverse_month, write_month
from circularity.ledger.handling import Handling
from circularity.ledger.month_balances import month_balance
from circularity.ledger.months import LedgerMonth, StockSurvey
from circularity.ledger.surveys import record_survey
from circularity.organisations import Site
from circularity.party_listings import months_seen
from web.api.batch_schemas import BatchesCreate, told
from web.api.blueprint import ApiBlueprint
from web.api.codes import verb_arguments
from web.api.disclosure import mass_shown
from web.api.ledger_month_schemas import (
    MonthAnswer,
    MonthCarry,
    MonthChange,
    MonthCreate,
    MonthQuery,
    SurveyAnswer,
    SurveyCreate,
)
from web.api.lookups import by_public_id, named_in_body
from web.api.paging import Paging
from web.api.writing import ACTOR, is_writable, now
from web.permission_check import may_tell, only_concerned
from web.session import read_session

blp = ApiBlueprint("ledger_months", "The generators' monthly ledger and their stock.")

_LOADED = (
    joinedload(LedgerMonth.site),
    selectinload(LedgerMonth.uses),
    selectinload(LedgerMonth.batches),
)
_ONE = "/ledger-months/<public_id:month_id>"
_BATCH = ("day", "mass_kg", "operation", "party", "batch", "related")
_BALANCE = ("opening_kg", "surveyed_kg", "booked_kg", "used_kg", "sent_kg", "closing_kg", "difference_kg")


@blp.read("/ledger-months", MonthAnswer, many=True, query=MonthQuery)
def list_ledger_months(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List months, newest first."""
    rows, headers = Paging.of(query).of_statement(read_session(), _wanted(query))
    return [_shown(month) for month in rows], headers


@blp.read(_ONE, MonthAnswer)
def get_ledger_month(month_id: str) -> dict[str, Any]:
    """Read one month with its balance."""
    return _with_balance(by_public_id(read_session(), LedgerMonth, month_id, *_LOADED))


@blp.create(
    "/ledger-months", MonthCreate, MonthAnswer, located="ledger_months.get_ledger_month", by="month_id"
)
def create_ledger_month(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Write one month of one waste, or write an open one again."""
    site = named_in_body(session, Site, "site_id", body["site_id"])
    uses = [Use(**use) for use in body.pop("uses")]
    month = write_month(session, actor=ACTOR, at=now(), site=site, uses=uses, **verb_arguments(body))
    session.flush()
    return _with_balance(month)


@blp.create(
    "/ledger-months/carried", MonthCarry, MonthAnswer, located="ledger_months.get_ledger_month", by="month_id"
)
def carry_ledger_month(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Write a month from its transfers and treatments, with nothing typed; it stays open."""
    site = named_in_body(session, Site, "site_id", body["site_id"])
    month = carry_month(session, actor=ACTOR, at=now(), site=site, **verb_arguments(body))
    session.flush()
    return _with_balance(month)


@blp.create(
    f"{_ONE}/batches", BatchesCreate, MonthAnswer, located="ledger_months.get_ledger_month", by="month_id"
)
def create_batches(session: Session, body: dict[str, Any], month_id: str) -> dict[str, Any]:
    """Tell all batches of one stage of a hazardous month; they add up to the month's own figures."""
    month = by_public_id(session, LedgerMonth, month_id, *_LOADED)
    batches = [Batch(handling=Handling(**told(row)), **row) for row in body["batches"]]
    facts: dict[str, Any] = {"actor": ACTOR, "at": now(), "month": month}
    tell_batches(session, **facts, stage=body["stage"], batches=batches)
    session.flush()
    return _with_balance(month)


@blp.change(_ONE, MonthChange, MonthAnswer)
def change_ledger_month(session: Session, body: dict[str, Any], month_id: str) -> dict[str, Any]:
    """Close a month, reverse a closed one, or discard one that was written by mistake."""
    month = by_public_id(session, LedgerMonth, month_id, *_LOADED)
    blp.check_etag(_with_balance(month), MonthAnswer)
    facts: dict[str, Any] = {"actor": ACTOR, "at": now(), "month": month}
    if body["act"] == "close":
        close_month(session, **facts)
    elif body["act"] == "reverse":
        reverse_month(session, **facts, reason=body["reason"])
    else:
        drop_month(session, **facts)
    session.flush()
    return _with_balance(month)


@blp.read("/stock-surveys/<public_id:survey_id>", SurveyAnswer)
def get_stock_survey(survey_id: str) -> dict[str, Any]:
    """Read one survey of stock."""
    return _survey(by_public_id(read_session(), StockSurvey, survey_id))


@blp.create(
    "/stock-surveys", SurveyCreate, SurveyAnswer, located="ledger_months.get_stock_survey", by="survey_id"
)
def create_stock_survey(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Record what a survey found: the first opens the stock, a later one posts the difference."""
    site = named_in_body(session, Site, "site_id", body["site_id"])
    survey = record_survey(session, actor=ACTOR, at=now(), site=site, **verb_arguments(body))
    session.flush()
    return _survey(survey)


def _shown(month: LedgerMonth) -> dict[str, Any]:
    """Tell figures and the site only to its generator and authority, or in a trial."""
    exact = _is_told(month)
    names = ("waste_code", "year", "month", "revision", "status", "source", "written_at", "closed_at")
    shown = {
        "id": month.public_id,
        "region_code": month.site.region_code,
        **{name: getattr(month, name) for name in names},
        **mass_shown("generated", month.generated_kg, exact=exact),
    }
    if exact:
        uses = [
            {name: getattr(use, name) for name in ("kind", "operation", "mass_kg", "party")}
            for use in month.uses
        ]
        masses = {"discarded_kg": month.discarded_kg, "stored_kg": month.stored_kg}
        shown |= {"site_id": month.site.public_id, "uses": uses, "batches": _batches(month), **masses}
    return shown


def _batches(month: LedgerMonth) -> list[dict[str, Any]]:
    return [
        {"stage": stage, **asdict(batch.handling), **{name: getattr(batch, name) for name in _BATCH}}
        for stage in STAGES
        for batch in told_at(month, stage)
    ]


def _with_balance(month: LedgerMonth) -> dict[str, Any]:
    session = object_session(month)
    if not _is_told(month) or session is None:
        return _shown(month)
    reckoned = month_balance(session, month)
    return _shown(month) | {"balance": {name: getattr(reckoned, name) for name in _BALANCE}}


def _survey(survey: StockSurvey) -> dict[str, Any]:
    exact = _is_told(survey)
    names = ("waste_code", "vintage", "surveyed_on", "method")
    shown = {name: getattr(survey, name) for name in names}
    shown |= {"id": survey.public_id, "region_code": survey.site.region_code}
    shown |= mass_shown("mass", survey.mass_kg, exact=exact)
    return shown | ({"document": survey.document} if exact else {})


def _is_told(book: LedgerMonth | StockSurvey) -> bool:
    return may_tell(book, otherwise=is_writable())


def _wanted(query: dict[str, Any]) -> Select[LedgerMonth]:
    wanted = select(LedgerMonth).options(*_LOADED).order_by(LedgerMonth.id.desc())
    wanted = wanted.where(*only_concerned(months_seen))
    for name in ("year", "month", "status"):
        if name in query:
            wanted = wanted.where(getattr(LedgerMonth, name) == query[name])
    return wanted
