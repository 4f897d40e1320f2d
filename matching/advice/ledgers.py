"""Advice on wastes that nobody has posted: the outlets of each row of a ledger, by the rules of a run.

Nothing is posted and nothing stored. Each row is asked about by itself, without what the others would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from matching.advice.recommending import Advice, Recommendation
from matching.case import Case
from matching.case_tables import Outputs
from matching.database.snapshot_live import LiveReceivers, Receivers
from matching.pairs.lawful_pairs import LawfulPairs
from matching.reasons.explain import explain_unmatched


@dataclass(frozen=True)
class NearestMiss:
    """Why a row has no outlet: the first rule that its nearest miss breaks, and what would mend it.

    `window` is the nearest miss, None where nobody at all takes waste. The change speaks of that window's
    limits, so it is for readers who may know them.
    """

    rule: str
    window: CapacityWindow | None
    change_zh: str
    change_en: str


@dataclass(frozen=True)
class AdvisedRow:
    """One row of a ledger as a lot of no session, its best outlets, or why it has none."""

    lot: Output
    outlets: list[Recommendation]
    miss: NearestMiss | None


def outlets_for_ledger(
    live: LiveReceivers, session: Session, outputs: Outputs, *, at: datetime, limit: int = 3
) -> Iterator[AdvisedRow]:
    """Yield the best lawful and conditional outlets of every output, in the order of their ids."""
    receivers = live.at(session, at)
    for row in range(len(outputs.output_id)):
        yield _advised(receivers, session, _one(outputs, row), limit)


def _advised(receivers: Receivers, session: Session, output: Outputs, limit: int) -> AdvisedRow:
    lot = _lot(output)
    case, tables, coefficients = receivers.asked_by(output)
    advice = Advice(receivers.snapshot, case, tables, coefficients, receivers.fits(tables), limit)
    windows = receivers.windows(session, advice.window_keys)
    outlets = advice.told([lot] * len(windows), windows, for_sender=True)
    return AdvisedRow(lot, outlets, None if outlets else _nearest_miss(receivers, session, case))


def _nearest_miss(receivers: Receivers, session: Session, case: Case) -> NearestMiss:
    left = explain_unmatched(case, LawfulPairs.none(), case.outputs.mass_kg)
    row = int(left.nearest_capacity[0])
    window = None
    if row >= 0:
        key = receivers.snapshot.window_keys[str(case.capacities.capacity_id[row])]
        window = receivers.windows(session, [key])[0]
    return NearestMiss(str(left.reason[0]), window, str(left.change_zh[0]), str(left.change_en[0]))


def _one(outputs: Outputs, row: int) -> Outputs:
    """Return the table of one output."""
    columns: dict[str, Any] = {f.name: getattr(outputs, f.name) for f in fields(Outputs)}
    assays = {name: values[row : row + 1] for name, values in columns.pop("assays").items()}
    return Outputs(assays=assays, **{name: values[row : row + 1] for name, values in columns.items()})


def _lot(output: Outputs) -> Output:
    """Return the row as a lot of no session; its reader is its owner, who may see all of it."""
    return Output(
        public_id=str(output.output_id[0]),
        waste_code=str(output.waste_code[0]),
        mass_kg=int(np.int64(output.mass_kg[0])),
        visibility="public",
    )
