"""What one more kilogram of a limit would do: prices of runs as stored facts, and their query."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from circularity.columns import amount, between, mass, one_of
from circularity.database import STRICT, Base
from circularity.runs.stored import MatchingRun, in_plan_of, until_run

PRICED = ("window", "line", "group", "entitlement", "facility", "quota")


class CapacityPrice(Base):
    """What one more kilogram of a limit would do in a run: kg placed more (0 or 1), µCNY saved per kg.

    `kind` is one of PRICED and `subject_id` the public id of that row; a limit that changes with the years
    has `years` such as `2026` or `2026-2027`, "" for one without.
    """

    __tablename__ = "capacity_prices"
    __table_args__ = (
        one_of("kind", PRICED),
        mass("used_kg"),
        mass("limit_kg"),
        amount("saving_ucny_per_kg"),
        between("placed_per_kg", 0, 1),
        STRICT,
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("matching_runs.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(primary_key=True)
    years: Mapped[str] = mapped_column(primary_key=True)
    used_kg: Mapped[int]
    limit_kg: Mapped[int]
    placed_per_kg: Mapped[int]
    saving_ucny_per_kg: Mapped[int]
    until_run_id: Mapped[int | None] = until_run()


def prices_of_run(
    session: Session, run: MatchingRun, *, scarce_only: bool = False
) -> Sequence[CapacityPrice]:
    """Return a run's prices, the limits that would place or save most first."""
    wanted = select(CapacityPrice).where(in_plan_of(run, CapacityPrice))
    if scarce_only:
        wanted = wanted.where((CapacityPrice.placed_per_kg > 0) | (CapacityPrice.saving_ucny_per_kg > 0))
    order = (
        CapacityPrice.placed_per_kg.desc(),
        CapacityPrice.saving_ucny_per_kg.desc(),
        CapacityPrice.subject_id,
    )
    return session.scalars(wanted.order_by(*order)).all()
