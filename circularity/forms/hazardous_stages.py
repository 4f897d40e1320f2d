"""The stages of the hazardous-waste ledger, filled from a site's books."""

from __future__ import annotations

from datetime import date
from itertools import count

from sqlalchemy.orm import Session

from circularity.catalogue import operations
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.manifests import TransferLine
from circularity.forms.books import departed_lines, left_on, months_of, waste_columns
from circularity.forms.national import ENTRUSTED, GENERATED, OWN, STORED, TAKEN_OUT, Form, FormSheet, way_text
from circularity.ledger.month_balances import month_days
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site
from circularity.units import format_tonnes

_Sheets = dict[Form, FormSheet]


def hazardous_stages(session: Session, site: Site, year: int, month: int | None = None) -> list[FormSheet]:
    """Return the stages of a site's hazardous waste in a year or one of its months.

    The books make one batch a month of each.

    Batch numbers follow the standard's pattern, prefix, day and serial of the day; they are the platform's.
    """
    batches = _Batches()
    sheets = {form: FormSheet(form) for form in (GENERATED, STORED, TAKEN_OUT, OWN, ENTRUSTED)}
    for written in months_of(session, site, year, month):
        if is_hazardous(written.waste_code):
            _month_stages(sheets, batches, written)
    for line in departed_lines(session, site, year, month):
        if is_hazardous(line.waste_code):
            _taken_out(sheets, batches, left_on(line), line.waste_code, line.sent_kg, _entrusted_line(line))
    return list(sheets.values())


class _Batches:
    """Batch numbers: prefix, day, serial within prefix and day."""

    def __init__(self) -> None:
        self._serials: dict[str, count[int]] = {}

    def next(self, prefix: str, day: date) -> str:
        """Return the next number of a prefix on a day."""
        start = f"{prefix}{day:%Y%m%d}"
        return f"{start}{next(self._serials.setdefault(start, count(1))):03d}"


def _stage(batch: str, day: date, code: str, mass_kg: int) -> dict[str, str]:
    kind = f"HW{code[-2:]}"
    named = waste_columns(code, day)
    return {
        "批次编码": batch,
        "时间": day.isoformat(),
        **named,
        "类别": kind,
        "数量(吨)": format_tonnes(mass_kg),
    }


def _month_stages(sheets: _Sheets, batches: _Batches, month: LedgerMonth) -> None:
    day, code = month_days(month)[1], month.waste_code
    if month.generated_kg:
        made = batches.next("HWCS", day)
        sheets[GENERATED].rows.append(_stage(made, day, code, month.generated_kg))
        into = _stage(batches.next("HWRK", day), day, code, month.generated_kg)
        sheets[STORED].rows.append(into | {"上游批次编码": made})
    for use in month.uses:
        told = {"利用处置方式": way_text(use.operation), "接收单位": use.party}
        if use.kind.startswith("own_"):
            told.pop("接收单位")
        _taken_out(sheets, batches, day, code, use.mass_kg, told)


def _entrusted_line(line: TransferLine) -> dict[str, str]:
    transfer = line.transfer
    return {
        "利用处置方式": way_text(line.operation),
        "接收单位类型": "持证单位",
        "接收单位": transfer.facility.site.organisation.name_zh,
        "许可证编号": line.agreement.line.entitlement.number,
        "国家联单编号": transfer.official_number or "",
        "平台转移编号": transfer.number,
    }


def _taken_out(
    sheets: _Sheets,
    batches: _Batches,
    day: date,
    code: str,
    mass_kg: int,
    told: dict[str, str],
) -> None:
    """Add what left the store, and where it went."""
    form, place = (ENTRUSTED, "WW") if "接收单位" in told else (OWN, "ZX")
    operation = told["利用处置方式"].split()[0]
    ends = "LY" if operations.get(operation).group == "utilisation" else "CZ"
    batch = batches.next(f"HW{place}{ends}", day)
    sheets[form].rows.append(_stage(batch, day, code, mass_kg) | told)
    out = _stage(batches.next("HWCK", day), day, code, mass_kg)
    sheets[TAKEN_OUT].rows.append(out | {"去向批次编码": batch})
