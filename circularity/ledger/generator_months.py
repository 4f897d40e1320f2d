"""The generator's monthly ledger: write a month of one waste, close it into the mass ledger, reverse it.

Closing posts what was generated beyond what transfers of the month have carried, then what was used, disposed
of and discarded, old stock first; the stock that is written must be the stock that then stands. What left on
transfers is not written again. A closed month is never opened: reversing it makes room for the next revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue import utilisation
from circularity.catalogue.waste_types import is_hazardous
from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger import groups
from circularity.ledger.batches import NOTHING, Told, inherit_batches, put_batches, require_fit
from circularity.ledger.mass import MassGroup
from circularity.ledger.month_balances import month_balance, month_days
from circularity.ledger.month_postings import carry_what_left, month_movements
from circularity.ledger.months import SOURCES, USES, LedgerMonth, MonthUse
from circularity.ledger.postings import Movement
from circularity.lifecycle import advance
from circularity.organisations import Site
from circularity.units import format_tonnes

CLOSED = "month.closed"


@dataclass(frozen=True, slots=True)
class Use:
    """Mass used or disposed of in one way (`kind` among `months.USES`); `party`: the outside contract's."""

    kind: str
    operation: str
    mass_kg: int
    party: str = ""


def write_month(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    waste_code: str,
    year: int,
    month: int,
    generated_kg: int,
    uses: Sequence[Use],
    discarded_kg: int,
    stored_kg: int,
    source: str = "typed",
    batches: Told = NOTHING,
) -> LedgerMonth:
    """Write one month of one waste, or write an open one anew; `stored_kg` is the stock at its end.

    `batches` tells stages of hazardous waste more closely; what was told of others stays, or of the revision
    before. Raises BadInput for malformed values; RuleBroken `not_utilisation` for mass said to be utilised by
    an operation that does not count as utilisation, `illegal_step` when the month is closed, `batches_differ`
    where batches do not add up to it.
    """
    checks = Checks("ledger_month")
    key: dict[str, Any] = {
        "waste_code": checks.waste_code("waste_code", waste_code),
        "year": checks.whole("year", year, 2000, 2200),
        "month": checks.whole("month", month, 1, 12),
    }
    values = {
        "generated_kg": checks.kilograms("generated_kg", generated_kg),
        "discarded_kg": checks.kilograms("discarded_kg", discarded_kg),
        "stored_kg": checks.kilograms("stored_kg", stored_kg),
        "source": checks.word("source", source, SOURCES),
    }
    rows = [_use(checks, number, use) for number, use in enumerate(uses, 1)]
    checks.finish()
    _require_utilisation(key["waste_code"], rows, date(year, month, 1))
    written, before = _standing_or_next(session, site, key)
    advance(written, "month", "write", "generator")
    for name, value in {**values, "written_at": at}.items():
        setattr(written, name, value)
    if written.uses:
        written.uses.clear()
        session.flush()
    written.uses = rows
    session.flush()
    inherit_batches(session, written, before)
    put_batches(session, written, batches)
    require_fit(written)
    facts = [[use.kind, use.operation, use.mass_kg, use.party] for use in uses]
    record(session, actor, at, "month.written", written, {"site": site, **key, **values, "uses": facts})
    return written


def close_month(session: Session, *, actor: Actor, at: datetime, month: LedgerMonth) -> None:
    """Close a month: post it to the mass ledger on its last day.

    Raises RuleBroken `month_not_over`, `earlier_month_open`, `carried_more` (transfers took more of the
    month's generation than it declares, and no stock stands in for it), `not_in_stock` for uses beyond the
    stock, `unbalanced_month` (facts: reckoned_kg, stored_kg, difference_kg).
    """
    session.flush()
    session.refresh(month, with_for_update={"of": LedgerMonth})
    last = _require_over(month, delta_day(at))
    _require_earlier_closed(session, month)
    balance = month_balance(session, month)
    movements: list[Movement] = []

    def balanced() -> None:
        movements.extend(month_movements(session, month, balance))
        if balance.difference_kg:
            reckoned_t, stored_t = format_tonnes(balance.closing_kg), format_tonnes(month.stored_kg)
            zh = f"账面期末应为 {reckoned_t} 吨，填写的贮存量为 {stored_t} 吨"
            en = f"the books come to {reckoned_t} t at the end, {stored_t} t are written"
            raise RuleBroken(
                "unbalanced_month",
                zh,
                en,
                reckoned_kg=balance.closing_kg,
                stored_kg=month.stored_kg,
                difference_kg=balance.difference_kg,
            )

    advance(month, "month", "close", "generator", {"balanced": balanced})
    month.closed_at = at
    groups.post(session, event=CLOSED, on_day=last, at=at, subject=month, movements=movements)
    record(session, actor, at, "month.closed", month, {"generated_kg": month.generated_kg})


def reverse_month(
    session: Session, *, actor: Actor, at: datetime, month: LedgerMonth, reason: str, who: str = "generator"
) -> None:
    """Take a closed month back, so that its next revision can be written; `who`: generator or authority.

    What has left since stays generated: it counts as carried until the next revision closes. Raises
    RuleBroken `illegal_step` when the month is not closed.
    """
    checks = Checks("ledger_month")
    reason = checks.text("reason", reason, maximum=500)
    checks.finish()
    session.flush()
    session.refresh(month, with_for_update={"of": LedgerMonth})
    advance(month, "month", "reverse", who)
    group = session.scalar(select(MassGroup).filter_by(event=CLOSED, subject_id=month.public_id))
    if group is not None:
        carry_what_left(session, month, group, at)
        groups.reverse(session, group=group, on_day=month_days(month)[1], at=at)
    record(session, actor, at, "month.reversed", month, {"reason": reason})


def drop_month(session: Session, *, actor: Actor, at: datetime, month: LedgerMonth) -> None:
    """Drop an open month that was written by mistake. Raises RuleBroken `illegal_step` for any other."""
    session.flush()
    session.refresh(month, with_for_update={"of": LedgerMonth})
    advance(month, "month", "discard", "generator")
    record(session, actor, at, "month.dropped", month, {})


def _use(checks: Checks, number: int, use: Use) -> MonthUse:
    return MonthUse(
        number=number,
        kind=checks.word(f"uses.{number}.kind", use.kind, USES),
        operation=checks.operation(f"uses.{number}.operation", use.operation),
        party=checks.text(f"uses.{number}.party", use.party, required=False),
        mass_kg=checks.kilograms(f"uses.{number}.mass_kg", use.mass_kg, 1),
    )


def _require_utilisation(waste_code: str, uses: list[MonthUse], on: date) -> None:
    hazardous = is_hazardous(waste_code)
    for use in uses:
        rule = utilisation.rule_for(hazardous, use.operation, on)
        if use.kind.endswith("_utilised") and not rule.counts:
            zh, en = f"{use.operation} 不计为利用：{rule.reason_zh}", f"{use.operation}: {rule.reason_en}"
            raise RuleBroken("not_utilisation", zh, en, field=f"uses.{use.number}", operation=use.operation)


def _standing_or_next(
    session: Session, site: Site, key: dict[str, Any]
) -> tuple[LedgerMonth, LedgerMonth | None]:
    """Return the revision that stands, always the newest; or open the next, and tell what it follows."""
    if site.id is None:
        session.flush()
    newest = session.scalar(
        select(LedgerMonth)
        .filter_by(site_id=site.id, **key)
        .order_by(LedgerMonth.revision.desc())
        .limit(1)
        .with_for_update()
    )
    if newest is not None and newest.status in ("open", "closed"):
        return newest, None
    revision = newest.revision + 1 if newest is not None else 1
    row = LedgerMonth(public_id=new_public_id(), site=site, revision=revision, status="open", uses=[], **key)
    session.add(row)
    return row, newest


def _require_over(month: LedgerMonth, today: date) -> date:
    """Return the last day of a month that is over."""
    last = month_days(month)[1]
    if today <= last:
        zh, en = f"该月至 {last} 结束后方可结账", f"the month can be closed after {last}"
        raise RuleBroken("month_not_over", zh, en, last_day=last.isoformat())
    return last


def _require_earlier_closed(session: Session, month: LedgerMonth) -> None:
    earlier = session.scalar(
        select(LedgerMonth)
        .filter_by(site_id=month.site_id, waste_code=month.waste_code, status="open")
        .where(LedgerMonth.year * 12 + LedgerMonth.month < month.year * 12 + month.month)
        .order_by(LedgerMonth.year, LedgerMonth.month)
        .limit(1)
    )
    if earlier is not None:
        zh = f"{earlier.year} 年 {earlier.month} 月尚未结账"
        en = f"{earlier.year}-{earlier.month:02d} is still open"
        raise RuleBroken("earlier_month_open", zh, en, year=earlier.year, month=earlier.month)
