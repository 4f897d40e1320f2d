"""The 14-digit number of the national hazardous-waste manifest: entered or imported and checked, never made.

It is yyyy, two digits of the province, two of the city and six of the city's serial (administrative measures
on hazardous-waste transfers, order 23 of 2021, article 15).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue import regions
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Transfer
from circularity.custody.sheets import Imported
from circularity.errors import BadInput, InputProblem, RuleBroken
from circularity.fields import Checks

_FIRST_YEAR = 2012
"""No electronic manifest is older."""

_TOLD_EVERY = 100

_AFTER = ("cancelled", "closed")


def set_official_number(
    session: Session, *, actor: Actor, at: datetime, transfer: Transfer, number: str
) -> None:
    """Enter the number of the national manifest; entering the same one again changes nothing.

    Raises BadInput for a malformed number, RuleBroken `official_number_taken`, `official_number_set` when
    another stands (a correction changes it), `transfer_over`.
    """
    checks = Checks("transfer")
    number = checked_number(checks, transfer, number, at)
    checks.finish()
    locked(session, transfer)
    if transfer.official_number == number:
        return
    _require_free(session, transfer, number)
    transfer.official_number = number
    record(session, actor, at, "transfer.official_number_set", transfer, {"official_number": number})


def import_official_numbers(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    rows: Sequence[tuple[str, str]],
    places: Sequence[int] = (),
    seen: ColumnElement[bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Imported:
    """Enter many numbers, each as (our number, official number); what fails is told, the others stand.

    `places` are the rows of a file in which they stand, else they are counted from 1. `seen` narrows the
    transfers to those the actor may know of; any other is not found. `progress` hears the share done.
    """
    added, ignored, problems = 0, 0, []
    known = true() if seen is None else seen
    for done, (ours, official) in enumerate(rows):
        place = places[done] if places else done + 1
        if progress and done % _TOLD_EVERY == 0:
            progress(done / len(rows))
        transfer = session.scalar(select(Transfer).filter_by(number=ours.strip()).where(known))
        if transfer is None:
            zh, en = "没有这一转移编号", "no transfer has this number"
            problems.append(InputProblem("official_numbers", place, "number", "not_found", ours[:80], zh, en))
            continue
        before = transfer.official_number
        try:
            set_official_number(session, actor=actor, at=at, transfer=transfer, number=official)
        except BadInput as error:
            found = error.problems[0]
            problems.append(_problem(place, found.rule, official, found.zh, found.en))
        except RuleBroken as error:
            problems.append(_problem(place, error.code, official, error.zh, error.en))
        else:
            added, ignored = (added, ignored + 1) if before else (added + 1, ignored)
    return Imported(added, ignored, tuple(problems))


def _problem(place: int, rule: str, found: str, zh: str, en: str) -> InputProblem:
    return InputProblem("official_numbers", place, "official_number", rule, found[:80], zh, en)


def checked_number(checks: Checks, transfer: Transfer, text: str, at: datetime) -> str:
    """Return the number; it must be of a year that has begun and of the province that the waste leaves."""
    number = text.strip()
    field = "official_number"
    if not (len(number) == 14 and number.isascii() and number.isdigit()):
        zh, en = "国家联单编号为 14 位数字", "the number of the national manifest has 14 digits"
        checks.refuse(field, "not_14_digits", text, zh, en)
        return number
    if not _FIRST_YEAR <= int(number[:4]) <= delta_day(at).year:
        zh, en = "联单编号的年份不对", "the year in the number is not possible"
        checks.refuse(field, "impossible_year", text, zh, en)
    if number[4:6] != regions.province_of(transfer.sender_site.region_code):
        zh, en = "联单编号的省份与移出地不符", "the province in the number is not the sender's"
        checks.refuse(field, "other_province", text, zh, en)
    return number


def _require_free(session: Session, transfer: Transfer, number: str) -> None:
    if transfer.status in _AFTER:
        zh, en = "该转移已办结或取消", "the transfer is over"
        raise RuleBroken("transfer_over", zh, en, status=transfer.status)
    if transfer.official_number is not None:
        zh, en = "已录入另一联单编号；请申请更正", "another number stands; ask for a correction"
        raise RuleBroken("official_number_set", zh, en, field="official_number")
    require_untaken(session, number)


def require_untaken(session: Session, number: str) -> None:
    """Raise RuleBroken `official_number_taken` when a transfer has this number."""
    if session.scalar(select(Transfer.id).filter_by(official_number=number)) is not None:
        zh, en = "该联单编号已用于另一转移", "another transfer has this number"
        raise RuleBroken("official_number_taken", zh, en, field="official_number")
