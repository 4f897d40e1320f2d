"""What a run changed against the run before, pair by pair with its cause; and the windows it looked at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Select, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from circularity.columns import between, one_of
from circularity.database import STRICT, Base
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, until_run

CAUSES = (
    "output_posted", "output_withdrawn", "output_changed", "capacity_opened", "capacity_closed",
    "capacity_changed", "terms_changed", "displaced", "improved", "balanced",
)  # fmt: skip
TOLD_LEVELS = ("", "placed_kg", "urgent_kg", "utilised_kg", "hierarchy", "cost")
"""The levels on which an output that was moved for others may be worse or better; "" for none."""

MAX_AMOUNT = 2**62


class MatchedWindow(Base):
    """A window as runs saw it: `digest` covers its columns, its facility and the limits on it."""

    __tablename__ = "matched_windows"

    run_id: Mapped[int] = mapped_column(ForeignKey("matching_runs.id"), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("capacity_windows.id"), primary_key=True)
    digest: Mapped[str]
    until_run_id: Mapped[int | None] = until_run()


class RunChange(Base):
    """A pair whose mass differs from the run before, kg, with its cause; 0 where it was or is not proposed.

    Of an output that was moved for others, `level` is the first on which its own mass is worth another sum,
    `amount` by how much: kg, kg × rank or µCNY, above 0 is worse.
    """

    __tablename__ = "run_changes"
    __table_args__ = (
        between("before_kg", 0, MAX_AMOUNT),
        between("after_kg", 0, MAX_AMOUNT),
        between("amount", -MAX_AMOUNT, MAX_AMOUNT),
        one_of("cause", CAUSES),
        one_of("level", TOLD_LEVELS),
        STRICT,
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("matching_runs.id"), primary_key=True)
    output_id: Mapped[int] = mapped_column(ForeignKey("outputs.id"), primary_key=True, index=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("capacity_windows.id"), primary_key=True, index=True)
    before_kg: Mapped[int]
    after_kg: Mapped[int]
    cause: Mapped[str]
    level: Mapped[str]
    amount: Mapped[int]

    run: Mapped[MatchingRun] = relationship()
    output: Mapped[Output] = relationship()
    window: Mapped[CapacityWindow] = relationship()


def changes_of(run: MatchingRun) -> Select[Any]:
    """Return a run's changes with outputs and facilities loaded, in an order that tells of no mass."""
    return (
        select(RunChange)
        .join(RunChange.output)
        .where(RunChange.run_id == run.id)
        .options(
            joinedload(RunChange.output).joinedload(Output.site),
            joinedload(RunChange.window)
            .joinedload(CapacityWindow.line)
            .joinedload(EntitlementLine.entitlement)
            .joinedload(Entitlement.facility)
            .joinedload(Facility.site),
        )
        .order_by(Output.public_id, RunChange.window_id)
    )


def count_changes(session: Session, run: MatchingRun) -> int:
    """Return how many pairs a run gave another mass than the run before."""
    return session.scalar(select(func.count()).where(RunChange.run_id == run.id)) or 0
