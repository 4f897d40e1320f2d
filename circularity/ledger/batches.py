"""The batches of a hazardous month, stage by stage: what it tells in sums, told container by container.

Batches of generation, own use and entrusting add up to the month's own figures; those of storing are no part
of its balance. So telling them moves no mass, and a closed month can be told more closely too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.catalogue.stage_columns import STAGES
from circularity.catalogue.waste_types import is_hazardous
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.batch_numbers import BatchNumbers, prefix_of
from circularity.ledger.handling import HANDLING, UNTOLD, Handling, checked_handling
from circularity.ledger.month_balances import month_days
from circularity.ledger.months import LedgerMonth, StageBatch
from circularity.units import format_tonnes

USING = ("own", "entrusted")
ADDED_UP = ("generated", *USING)
"""The stages whose batches are the month's own figures."""

MOST_BATCHES = 5_000
"""Of one stage in one month: 160 a day."""

Told = Mapping[str, Sequence["Batch"]]
"""Stage → its batches; a stage left out is left as it stands."""

NOTHING: Told = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of a stage; `batch` "" gets a number of the platform. See `StageBatch`."""

    day: date
    mass_kg: int
    operation: str = ""
    party: str = ""
    batch: str = ""
    related: str = ""
    handling: Handling = UNTOLD


def tell_batches(
    session: Session, *, actor: Actor, at: datetime, month: LedgerMonth, stage: str, batches: Sequence[Batch]
) -> bool:
    """Tell the batches of one stage of a month, all of them; none takes back what was told.

    False when that is what stands. Raises BadInput for malformed values; RuleBroken `not_hazardous`,
    `month_gone`, `batches_differ` (they do not add up to the month).
    """
    session.flush()
    session.refresh(month, with_for_update={"of": LedgerMonth})
    if month.status not in ("open", "closed"):
        zh, en = "该月台账已不再有效", "this month stands no longer"
        raise RuleBroken("month_gone", zh, en)
    if not put_batches(session, month, {stage: batches}):
        return False
    require_fit(month)
    facts = [[row.batch, row.day.isoformat(), row.mass_kg] for row in batches_at(month, stage)]
    record(session, actor, at, "month.batches_told", month, {"stage": stage, "batches": facts})
    return True


def put_batches(session: Session, month: LedgerMonth, told: Told) -> bool:
    """Put what is told of each stage in the place of what stood; the caller asks whether it fits."""
    checks = Checks("batches")
    rows = [
        _row(checks, month, checks.word("stage", stage, STAGES), number, batch)
        for stage, batches in told.items()
        for number, batch in enumerate(batches, 1)
    ]
    for stage, batches in told.items():
        checks.whole("batches", len(batches), 0, MOST_BATCHES)
        checks.word("stage", stage, STAGES)
    checks.finish()
    if rows and not is_hazardous(month.waste_code):
        zh, en = "分环节批次只用于危险废物", "only hazardous waste is recorded in batches by stage"
        raise RuleBroken("not_hazardous", zh, en)
    kept = [row for row in month.batches if row.stage not in told]
    if sorted(map(_facts, rows)) == sorted(_facts(row) for row in month.batches if row.stage in told):
        return False
    month.batches.clear()
    session.flush()
    numbers = BatchNumbers([*_numbers_at(session, month), *(row.batch for row in (*kept, *rows))])
    for row in rows:
        row.batch = row.batch or numbers.next(prefix_of(row.stage, row.operation), row.day)
    month.batches = [*(_again(row) for row in kept), *rows]
    session.flush()
    return True


def inherit_batches(session: Session, month: LedgerMonth, before: LedgerMonth | None) -> None:
    """Tell of a new revision what was told of the one before, stage by stage, where it still adds up."""
    if before is None or not before.batches:
        return
    month.batches = [
        _again(row)
        for stage in STAGES
        for row in batches_at(before, stage)
        if stage not in ADDED_UP or _told_masses(before, stage) == _month_masses(month, stage)
    ]
    session.flush()


def require_fit(month: LedgerMonth) -> None:
    """Raise RuleBroken `batches_differ` where batches of a stage do not add up to what the month says."""
    for stage in ADDED_UP:
        told, wanted = _told_masses(month, stage), _month_masses(month, stage)
        if not told or told == wanted:
            continue
        way = min(key for key in told | wanted if told[key] != wanted[key])
        (stage_zh, stage_en), named = STAGES[stage], " ".join(filter(None, way))
        told_t, month_t = format_tonnes(told[way]), format_tonnes(wanted[way])
        zh = (
            f"{stage_zh}{named}各批次合计 {told_t} 吨，月台账为 {month_t} 吨："
            "请一并修改，或先清空该环节的批次"
        )
        en = (
            f"the batches of {stage_en} {named} come to {told_t} t, the month says {month_t} t: "
            "change them together, or clear the batches of the stage first"
        ).replace("  ", " ")
        raise RuleBroken("batches_differ", zh, en, stage=stage, told_t=told_t, month_t=month_t)


def batches_at(month: LedgerMonth, stage: str) -> list[StageBatch]:
    """Return the batches of one stage, in their order."""
    return sorted((row for row in month.batches if row.stage == stage), key=lambda row: row.number)


def told_at(month: LedgerMonth, stage: str) -> list[Batch]:
    """Return what is told of one stage, as it would be told again."""
    names = ("day", "mass_kg", "operation", "party", "batch", "related", "handling")
    return [Batch(**{name: getattr(row, name) for name in names}) for row in batches_at(month, stage)]


def _row(checks: Checks, month: LedgerMonth, stage: str, number: int, batch: Batch) -> StageBatch:
    start = f"batches.{number}."
    first, last = month_days(month)
    if not first <= batch.day <= last:
        zh, en = f"应在 {first} 与 {last} 之间", f"must lie between {first} and {last}"
        checks.refuse(f"{start}day", "not_in_month", batch.day, f"{start}day {zh}", f"{start}day {en}")
    using = stage in USING
    handling = checked_handling(checks, batch.handling, [stage] if stage in STAGES else STAGES, start)
    return StageBatch(
        stage=stage,
        number=number,
        day=batch.day,
        mass_kg=checks.kilograms(f"{start}mass_kg", batch.mass_kg, 1),
        operation=checks.operation(f"{start}operation", batch.operation) if using else "",
        party=checks.text(f"{start}party", batch.party, required=False) if stage == "entrusted" else "",
        batch=checks.text(f"{start}batch", batch.batch, required=False, maximum=60),
        related=checks.text(f"{start}related", batch.related, required=False, maximum=60),
        **{name: getattr(handling, name) for name in HANDLING},
    )


def _again(row: StageBatch) -> StageBatch:
    names = ("stage", "number", "batch", "day", "mass_kg", "operation", "party", "related", *HANDLING)
    return StageBatch(**{name: getattr(row, name) for name in names})


def _facts(row: StageBatch) -> tuple[str, ...]:
    told = (row.stage, row.batch, row.day, row.mass_kg, row.operation, row.party, row.related)
    return tuple(map(str, (*told, *astuple(row.handling))))


def _told_masses(month: LedgerMonth, stage: str) -> Counter[tuple[str, str]]:
    masses: Counter[tuple[str, str]] = Counter()
    for row in batches_at(month, stage):
        masses[row.operation, row.party] += row.mass_kg
    return masses


def _month_masses(month: LedgerMonth, stage: str) -> Counter[tuple[str, str]]:
    if stage == "generated":
        return +Counter({("", ""): month.generated_kg})
    masses: Counter[tuple[str, str]] = Counter()
    for use in month.uses:
        if use.kind.startswith(stage):
            masses[use.operation, use.party if stage == "entrusted" else ""] += use.mass_kg
    return masses


def _numbers_at(session: Session, month: LedgerMonth) -> Sequence[str]:
    """Return the numbers that batches of a site have in the same month, of whichever waste."""
    wanted = (
        select(StageBatch.batch)
        .join(StageBatch.ledger_month)
        .where(
            LedgerMonth.site_id == month.site_id,
            LedgerMonth.year == month.year,
            LedgerMonth.month == month.month,
            LedgerMonth.status.in_(("open", "closed")),
        )
    )
    return session.scalars(wanted).all()
