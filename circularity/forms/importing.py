"""Importing national forms: what a generator keeps in them becomes its months, each for itself.

Table 1 declares and describes the year's wastes; table 2 and the hazardous stages write months, left open.
What they say was entrusted includes what transfers of the platform carried: that is taken off, never counted
twice. A row of an entrusted stage that names a transfer is that transfer, as it left; rows of table 3 must
name one. Rows of stages that tell containers, facilities or handlers are kept as batches, of which those of
storing change no figure. A file sent again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.custody.manifests import Transfer
from circularity.custody.sent_mass import entrusted_kind, sent_between
from circularity.custody.sheets import Imported
from circularity.errors import BadInput, InputProblem, RuleBroken
from circularity.forms.cells import Unreadable
from circularity.forms.inventory import take_inventory_row
from circularity.forms.loads_read import NUMBER, loads_told, take_load
from circularity.forms.months_read import WrittenMonth, months_told
from circularity.forms.national import DEPARTURES, INVENTORY
from circularity.forms.reading import FormRow
from circularity.ledger.batches import tell_batches
from circularity.ledger.generator_months import Use, write_month
from circularity.ledger.month_balances import days_of, reckoned_stock
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site
from circularity.units import format_tonnes


def take_forms(
    session: Session, *, actor: Actor, at: datetime, site: Site, rows: Sequence[FormRow]
) -> Imported:
    """Import rows that `read_forms` found; what is wrong is told by its row, the rest taken."""
    session.flush()
    sent = set(session.scalars(select(Transfer.number).filter_by(sender_site_id=site.id)))
    loads, others = loads_told(rows, sent)
    months, problems = months_told(others)
    act: dict[str, Any] = {"actor": actor, "at": at, "site": site}
    done: list[_Done] = [
        _told(load.entrusted, NUMBER, partial(take_load, session, **act, load=load)) for load in loads
    ]
    done += [
        _told(row, "年产生量", partial(take_inventory_row, session, **act, row=row))
        for row in rows
        if row.form is INVENTORY
    ]
    done += [_write(session, act, month, apart=bool(loads)) for month in months]
    done += [_known_transfer(sent, row) for row in rows if row.form is DEPARTURES]
    problems += [found for found in done if isinstance(found, InputProblem)]
    return Imported(done.count(True), done.count(False), tuple(problems))


_Done = bool | InputProblem
"""True: written, False: known already, or why not."""


def _told(row: FormRow, column: str, act: Callable[[], bool]) -> _Done:
    """Run one row's act, all of it or nothing, and turn its refusal into a problem of the row."""
    try:
        return act()
    except Unreadable as unread:
        return unread.problem
    except RuleBroken as broken:
        return row.problem(column, broken.code, row.cells.get(column, ""), broken.zh, broken.en)
    except BadInput as bad:
        first = bad.problems[0]
        return row.problem(column, first.rule, first.found, first.zh, first.en)


def _write(session: Session, act: dict[str, Any], told: WrittenMonth, *, apart: bool) -> _Done:
    """`apart`: the file tells the platform's loads by their numbers, so its stages hold none besides."""

    def write() -> bool:
        site = act["site"]
        standing = _standing(session, site, told)
        if not told.tells_figures:
            return _tell_batches(session, act, told, standing)
        uses = told.uses if apart and told.stored_kg is None else _outside(session, site, told)
        _require_apart(told, uses)
        if _is_known(told, uses, standing):
            return _tell_batches(session, act, told, standing)
        with session.begin_nested():
            write_month(
                session,
                **act,
                waste_code=told.waste_code,
                year=told.year,
                month=told.month,
                generated_kg=told.generated_kg,
                uses=uses,
                discarded_kg=told.discarded_kg,
                stored_kg=_stored(session, site, told, uses, standing),
                source="uploaded",
                batches=told.batches,
            )
        return True

    return _told(told.place, "代码", write)


def _tell_batches(
    session: Session, act: dict[str, Any], told: WrittenMonth, standing: LedgerMonth | None
) -> bool:
    """Tell the batches of a month whose figures stand; False where they say nothing new."""
    if not told.batches:
        return False
    if standing is None:
        zh, en = "该月尚无台账，无法记入各环节批次", "no month is written that these batches could be of"
        raise RuleBroken("no_month", zh, en)
    facts: dict[str, Any] = {"actor": act["actor"], "at": act["at"], "month": standing}
    with session.begin_nested():
        new = [tell_batches(session, **facts, stage=s, batches=rows) for s, rows in told.batches.items()]
    return any(new)


def _require_apart(told: WrittenMonth, uses: Sequence[Use]) -> None:
    """Refuse batches among which are loads of the platform that the file does not name as such."""
    if "entrusted" in told.batches and sum(use.mass_kg for use in uses) != sum(u.mass_kg for u in told.uses):
        zh = f"委外批次中有平台转移：请在{NUMBER}一栏写明"
        en = f"some entrusted batches are transfers of the platform: name them in the column {NUMBER}"
        raise RuleBroken("loads_not_named", zh, en)


def _stored(
    session: Session, site: Site, told: WrittenMonth, uses: Sequence[Use], standing: LedgerMonth | None
) -> int:
    """Return the stock at the end as told, or as reckoned; books of a closed month hold it already."""
    if told.stored_kg is not None:
        return told.stored_kg
    if standing is not None and standing.status == "closed":
        return standing.stored_kg
    change_kg = told.generated_kg - sum(use.mass_kg for use in uses) - told.discarded_kg
    return reckoned_stock(session, site, told.waste_code, told.year, told.month, change_kg)


def _outside(session: Session, site: Site, told: WrittenMonth) -> list[Use]:
    """Return the uses without what transfers of the platform carried, which is in the ledger already.

    Raises RuleBroken `platform_sent_more` when the form tells less than the transfers.
    """
    first, last = days_of(told.year, told.month)
    sent = sent_between(session, site, told.waste_code, first, last)
    receivers = {receiver for _, receiver in sent}
    by_way: dict[tuple[str, str], int] = {}
    for (operation, _), mass_kg in sent.items():
        way = (entrusted_kind(told.waste_code, operation, last), operation)
        by_way[way] = by_way.get(way, 0) + mass_kg
    kept = []
    for use in sorted(told.uses, key=lambda use: use.party not in receivers):
        taken = min(use.mass_kg, by_way.get((use.kind, use.operation), 0))
        if taken:
            by_way[use.kind, use.operation] -= taken
        if use.mass_kg > taken:
            kept.append(Use(use.kind, use.operation, use.mass_kg - taken, use.party))
    left_kg = sum(by_way.values())
    if left_kg:
        left_t = format_tonnes(left_kg)
        zh = f"平台转移比表中委托量多 {left_t} 吨"
        en = f"transfers of the platform carried {left_t} t more than the form tells as entrusted"
        raise RuleBroken("platform_sent_more", zh, en, left_kg=left_kg)
    return kept


def _standing(session: Session, site: Site, told: WrittenMonth) -> LedgerMonth | None:
    """Return the month as it is written already."""
    return session.scalar(
        select(LedgerMonth)
        .filter_by(site_id=site.id, waste_code=told.waste_code, year=told.year, month=told.month)
        .where(LedgerMonth.status.in_(("open", "closed")))
    )


def _is_known(told: WrittenMonth, uses: Sequence[Use], standing: LedgerMonth | None) -> bool:
    """Tell whether the books say all that a form tells; the stages tell neither stock nor what was discarded.

    Where no month is written, stages of which transfers carried everything tell nothing new.
    """
    if standing is None:
        return told.stored_kg is None and not uses and not told.generated_kg
    known, new = (
        sorted((use.kind, use.operation, use.mass_kg, use.party) for use in listed)
        for listed in (standing.uses, uses)
    )
    further = (told.discarded_kg, told.stored_kg) in (
        (0, None),
        (standing.discarded_kg, standing.stored_kg),
    )
    return standing.generated_kg == told.generated_kg and known == new and further


def _known_transfer(sent: Set[str], row: FormRow) -> _Done:
    """A departure is a transfer, or belongs into the entrusted mass of table 2."""
    number = row.cells.get(NUMBER, "")
    if number in sent:
        return False
    zh = "不是平台上的转移：请先登记转移，或计入附表2的委托量"
    en = "this is no transfer of the platform: draft it, or count it as entrusted in table 2"
    return row.problem(NUMBER, "no_such_transfer", number, zh, en)
