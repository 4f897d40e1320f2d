"""What the demonstration says of the quarter that was told: what happened, and the reported rates."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.catalogue.regions import PROVINCES
from circularity.custody.amendments import Correction
from circularity.custody.manifests import Transfer
from circularity.custody.reception import Receipt, Treatment
from circularity.deals.contract import Agreement
from circularity.ledger.months import LedgerMonth
from circularity.rates.reported import reported
from web.cli.rates_text import report_lines


def quarter_lines(session: Session) -> list[str]:
    """Return what happened since the first closed month, and the reported rates of its quarter."""
    number = LedgerMonth.year * 12 + LedgerMonth.month - 1
    first = session.scalar(select(func.min(number)).where(LedgerMonth.status == "closed"))
    if first is None:
        return []
    year, quarter = first // 12, first % 12 // 3 + 1
    told = [reported(session, year, quarter=quarter, region=region) for region in ("", *PROVINCES)]
    return [_happened(session, f"{year} Q{quarter}"), "", *report_lines(told)]


def _happened(session: Session, name: str) -> str:
    counts = {
        "协议 agreements": select(Agreement.id),
        "转移与日报单 transfers and sheets": select(Transfer.id),
        "拒收 refusals": select(Receipt.id).where(Receipt.refused_kg > 0),
        "更正 corrections": select(Correction.id),
        "处理 treatments": select(Treatment.id),
        "已结账月 closed months": select(LedgerMonth.id).where(LedgerMonth.status == "closed"),
    }
    told = ", ".join(
        f"{name} {session.scalar(select(func.count()).select_from(rows.subquery())):,}"
        for name, rows in counts.items()
    )
    return f"自 {name} 起的台账 · the ledger since {name}: {told}"
