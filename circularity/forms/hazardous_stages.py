"""The stages of the hazardous-waste ledger, filled from a site's books."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from circularity.catalogue.stage_columns import columns_of
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.line_handling import handlings_of, with_packaging
from circularity.custody.manifests import TransferLine
from circularity.forms.books import departed_lines, left_on, months_of, waste_columns
from circularity.forms.national import STAGE_FORMS, FormSheet, way_text
from circularity.ledger.batch_numbers import BatchNumbers, prefix_of
from circularity.ledger.batches import Batch, told_at
from circularity.ledger.handling import HANDLING, UNTOLD, Handling
from circularity.ledger.month_balances import month_days
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site
from circularity.units import format_tonnes

_Sheets = dict[str, FormSheet]
"""Stage → its form, filled in."""

_RELATED = {"stored": "上游批次编码", "taken_out": "去向批次编码"}


def hazardous_stages(session: Session, site: Site, year: int, month: int | None = None) -> list[FormSheet]:
    """Return the stages of a site's hazardous waste in a year or one of its months.

    Where batches of a stage are told, they are its rows; else the books make one batch of each figure of a
    month, numbered by the platform in the standard's pattern, with nothing said of containers and handlers.
    """
    written = [row for row in months_of(session, site, year, month) if is_hazardous(row.waste_code)]
    lines = [line for line in departed_lines(session, site, year, month) if is_hazardous(line.waste_code)]
    numbers = BatchNumbers(row.batch for each in written for row in each.batches)
    sheets = {stage: FormSheet(form) for stage, form in STAGE_FORMS.items()}
    for each in written:
        _month_stages(sheets, numbers, each)
    handlings = handlings_of(session, lines)
    for line in lines:
        _line_stages(sheets, numbers, line, with_packaging(line, handlings.get(line.id, UNTOLD)))
    return list(sheets.values())


def _month_stages(sheets: _Sheets, numbers: BatchNumbers, month: LedgerMonth) -> None:
    made = told_at(month, "generated") or _made(numbers, month)
    own, entrusted = (told_at(month, stage) or _used(numbers, month, stage) for stage in ("own", "entrusted"))
    stages = {
        "generated": made,
        "stored": told_at(month, "stored") or _moved(numbers, "stored", made),
        "taken_out": told_at(month, "taken_out") or _moved(numbers, "taken_out", (*own, *entrusted)),
        "own": own,
        "entrusted": entrusted,
    }
    for stage, batches in stages.items():
        for batch in batches:
            row = _row(stage, month.waste_code, batch)
            sheets[stage].rows.append(row | ({"接收单位": batch.party} if stage == "entrusted" else {}))


def _made(numbers: BatchNumbers, month: LedgerMonth) -> list[Batch]:
    day = month_days(month)[1]
    if not month.generated_kg:
        return []
    return [Batch(day, month.generated_kg, batch=numbers.next(prefix_of("generated"), day))]


def _used(numbers: BatchNumbers, month: LedgerMonth, stage: str) -> list[Batch]:
    day = month_days(month)[1]
    return [
        Batch(
            day,
            use.mass_kg,
            use.operation,
            use.party,
            batch=numbers.next(prefix_of(stage, use.operation), day),
        )
        for use in month.uses
        if use.kind.startswith(stage)
    ]


def _moved(numbers: BatchNumbers, stage: str, batches: Iterable[Batch]) -> list[Batch]:
    """Return the batches that went into the store from these, or out of it into these."""
    return [
        Batch(each.day, each.mass_kg, batch=numbers.next(prefix_of(stage), each.day), related=each.batch)
        for each in batches
    ]


def _line_stages(sheets: _Sheets, numbers: BatchNumbers, line: TransferLine, handling: Handling) -> None:
    """Add what a load took out of the store, and to whom it went."""
    day, transfer = left_on(line), line.transfer
    number = numbers.next(prefix_of("entrusted", line.operation), day)
    sent = Batch(day, line.sent_kg, line.operation, batch=number, handling=handling)
    out_number = numbers.next(prefix_of("taken_out"), day)
    out = Batch(day, line.sent_kg, batch=out_number, related=number, handling=handling)
    receiver = {
        "接收单位类型": "持证单位",
        "接收单位": transfer.facility.site.organisation.name_zh,
        "许可证编号": line.agreement.line.entitlement.number,
        "国家联单编号": transfer.official_number or "",
        "平台转移编号": transfer.number,
    }
    sheets["entrusted"].rows.append(_row("entrusted", line.waste_code, sent) | receiver)
    sheets["taken_out"].rows.append(_row("taken_out", line.waste_code, out))


def _row(stage: str, code: str, batch: Batch) -> dict[str, str]:
    """Return the columns of one batch; what nobody said is left out."""
    row = {
        "批次编码": batch.batch,
        "时间": batch.day.isoformat(),
        **waste_columns(code, batch.day),
        "类别": f"HW{code[-2:]}",
        "数量(吨)": format_tonnes(batch.mass_kg),
    }
    if batch.operation:
        row["利用处置方式"] = way_text(batch.operation)
    if stage in _RELATED and batch.related:
        row[_RELATED[stage]] = batch.related
    return row | _handling(stage, batch.handling)


def _handling(stage: str, handling: Handling) -> dict[str, str]:
    columns = columns_of(stage)
    told = {fact: getattr(handling, fact) for fact in HANDLING if fact in columns}
    return {columns[fact].name_zh: str(value) for fact, value in told.items() if value not in ("", None)}
