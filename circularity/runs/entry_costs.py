"""What a run's region loses for a kilogram that enters at a limit: prices of room, level by level."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from circularity.columns import between, one_of
from circularity.database import STRICT, Base
from circularity.runs.stored import until_run

ENTERED = ("window", "quota")
"""Mass enters at a capacity window, or at a white-list quota that binds a window and the mass's origin."""

ENTRY_LEVELS = ("placed_kg", "urgent_kg", "utilised_kg", "hierarchy", "cost_ucny")
"""The levels of a run up to the cost, per kilogram: what is placed less, …, what is spent more."""

MAX_PER_KG = 2**62


class EntryCost(Base):
    """What one more kilogram at a window or quota costs a run's plan, per level and kg; above 0 is a loss.

    It is 0 on every level where there is room. Where there is none, the kilogram pushes another one to its
    next best outlet, or to none. A limit that nothing can enter has no row. Concerns others than its owner:
    figures are for the operator of the region.
    """

    __tablename__ = "entry_costs"
    __table_args__ = (
        one_of("kind", ENTERED),
        *(between(level, -MAX_PER_KG, MAX_PER_KG) for level in ENTRY_LEVELS),
        STRICT,
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("matching_runs.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(primary_key=True)
    placed_kg: Mapped[int]
    urgent_kg: Mapped[int]
    utilised_kg: Mapped[int]
    hierarchy: Mapped[int]
    cost_ucny: Mapped[int]
    until_run_id: Mapped[int | None] = until_run()
