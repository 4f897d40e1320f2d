"""Matching runs as stored facts: proposals, unmatched mass and its reasons; and their queries.

A run is advice: it creates no duty and reserves nothing. It is written in one transaction, and only after
the plan was verified. What it says as the run before did keeps its row; what it no longer says ends, and a
proposal that is still open is superseded; nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, TextClause, func, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from circularity.columns import MAX_DISTANCE_M, amount, between, mass, one_of
from circularity.database import STRICT, Base
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.whitelist import ProcedureGrant

PROPOSAL_STATUSES = ("open", "countered", "agreed", "declined", "expired", "superseded")


# Rare rows that every run looks for: told apart in few steps, however many proposals there were and are. A
# database uses an index on some rows only where a query says their condition word by word.
ENDED_OPEN = text("status = 'open' AND until_run_id IS NOT NULL")
"""Open, though no run in force proposes it."""

IN_FORCE_OVER = text("until_run_id IS NULL AND status IN ('agreed', 'declined', 'expired', 'superseded')")
"""Proposed by the newest run, and answered, expired or agreed since."""


def _index_where(name: str, condition: TextClause) -> Index:
    return Index(name, "until_run_id", sqlite_where=condition, postgresql_where=condition)


class MatchingRun(Base):
    """One run over everything posted at a moment. `supply_kg` = `placed_kg` + `unmatched_kg`.

    `can_move_today_kg` is the placed mass that waits for no procedure. `levels`, `parameters` and `figures`
    are kept to be shown; digests identify case and certificate. `fictional`: any party in it is.
    """

    __tablename__ = "matching_runs"
    __table_args__ = (
        between("supply_kg", 0, 2**62),
        between("placed_kg", 0, 2**62),
        between("can_move_today_kg", 0, 2**62),
        between("unmatched_kg", 0, 2**62),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    started_by: Mapped[str]
    as_of: Mapped[date]
    status: Mapped[str]
    engine: Mapped[str]
    case_digest: Mapped[str]
    certificate_digest: Mapped[str]
    outputs: Mapped[int]
    windows: Mapped[int]
    supply_kg: Mapped[int]
    placed_kg: Mapped[int]
    can_move_today_kg: Mapped[int]
    unmatched_kg: Mapped[int]
    levels: Mapped[dict[str, Any]]
    parameters: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    fictional: Mapped[bool]

    @property
    def after_procedures_kg(self) -> int:
        """The placed mass that waits for a procedure."""
        return self.placed_kg - self.can_move_today_kg


def in_plan_of(run: MatchingRun, rows: Any) -> ColumnElement[bool]:
    """Return the condition that rows are of a run's plan: begun with it or before it, and not ended yet.

    `rows` is a model, an alias of one or the columns of its table, with `run_id` and `until_run_id`.
    """
    return in_plan(run.id, rows)


def in_plan(run: Any, rows: Any) -> ColumnElement[bool]:
    """Return the condition of `in_plan_of` for the key of a run, or for a parameter that will be one."""
    until: ColumnElement[int | None] = rows.until_run_id
    begun: ColumnElement[bool] = rows.run_id <= run
    in_force: ColumnElement[bool] = until.is_(None) | (until > run)
    return begun & in_force


def until_run() -> Any:
    """Return the column of the first run whose plan no longer holds a row; None as long as it holds."""
    return mapped_column(ForeignKey("matching_runs.id"), index=True)


class Proposal(Base):
    """Mass that a run proposes for one output and one capacity window, kg; unit costs in µCNY/kg.

    None as a cost part means nobody stated it; `cost_ucny_per_kg` sums the known parts. `conditions` are the
    codes of what must be met first, none = can move today, for which `grant` may be the reason. A pair whose
    grant does not hold its whole mass has two rows. `earliest` and `latest`: first and last day of shipping.
    `run` is the first that proposed it so.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        mass("mass_kg", 1),
        between("distance_m", 0, MAX_DISTANCE_M),
        amount("transport_ucny_per_kg"),
        amount("gate_fee_ucny_per_kg"),
        amount("price_ucny_per_kg"),
        amount("carbon_ucny_per_kg"),
        amount("cost_ucny_per_kg"),
        one_of("status", PROPOSAL_STATUSES),
        _index_where("ix_proposals_ended_open", ENDED_OPEN),
        _index_where("ix_proposals_in_force_over", IN_FORCE_OVER),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("matching_runs.id"), index=True)
    output_id: Mapped[int] = mapped_column(ForeignKey("outputs.id"), index=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("capacity_windows.id"), index=True)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("procedure_grants.id"))
    operation: Mapped[str]
    mass_kg: Mapped[int]
    distance_m: Mapped[int | None]
    transport_ucny_per_kg: Mapped[int | None]
    gate_fee_ucny_per_kg: Mapped[int | None]
    price_ucny_per_kg: Mapped[int | None]
    carbon_ucny_per_kg: Mapped[int]
    cost_ucny_per_kg: Mapped[int]
    conditions: Mapped[tuple[str, ...]]
    earliest: Mapped[date]
    latest: Mapped[date | None]
    status: Mapped[str]
    superseded_by_run_id: Mapped[int | None] = mapped_column(ForeignKey("matching_runs.id"))
    until_run_id: Mapped[int | None] = until_run()

    run: Mapped[MatchingRun] = relationship(foreign_keys=run_id)
    output: Mapped[Output] = relationship()
    window: Mapped[CapacityWindow] = relationship()
    grant: Mapped[ProcedureGrant | None] = relationship()

    @property
    def cost_ucny(self) -> int:
        """Cost of the whole proposed mass in µCNY, known parts only."""
        return self.mass_kg * self.cost_ucny_per_kg


class Unmatched(Base):
    """Mass of one output that a run could not place, kg, with its reason: a rule's code or `capacity`.

    `nearest_window`, `slack` and `change_*` are the nearest miss and the smallest change that would help;
    `excluded` counts the windows each rule excluded first.
    """

    __tablename__ = "unmatched"
    __table_args__ = (mass("mass_kg", 1), STRICT)

    run_id: Mapped[int] = mapped_column(ForeignKey("matching_runs.id"), primary_key=True)
    output_id: Mapped[int] = mapped_column(ForeignKey("outputs.id"), primary_key=True, index=True)
    mass_kg: Mapped[int]
    reason: Mapped[str]
    nearest_window_id: Mapped[int | None] = mapped_column(ForeignKey("capacity_windows.id"))
    slack: Mapped[int | None]
    slack_unit: Mapped[str]
    change_zh: Mapped[str]
    change_en: Mapped[str]
    excluded: Mapped[dict[str, Any]]
    until_run_id: Mapped[int | None] = until_run()

    run: Mapped[MatchingRun] = relationship(foreign_keys=run_id)
    output: Mapped[Output] = relationship()
    nearest_window: Mapped[CapacityWindow | None] = relationship()


def latest_run(session: Session) -> MatchingRun | None:
    """Return the newest run, None before the first."""
    return session.scalar(select(MatchingRun).order_by(MatchingRun.id.desc()).limit(1))


def all_runs(session: Session, *, limit: int = 50, offset: int = 0) -> Sequence[MatchingRun]:
    """Return runs, newest first."""
    return session.scalars(
        select(MatchingRun).order_by(MatchingRun.id.desc()).limit(limit).offset(offset)
    ).all()


def proposals_of_run(
    session: Session, run: MatchingRun, *, limit: int = 100, offset: int = 0, heaviest_first: bool = True
) -> Sequence[Proposal]:
    """Return a run's proposals with outputs, windows and facilities loaded.

    An order by mass tells of masses; a list for strangers asks for `heaviest_first=False`.
    """
    order = (Proposal.mass_kg.desc(), Proposal.id) if heaviest_first else (Proposal.id,)
    wanted = _proposals().where(in_plan_of(run, Proposal)).order_by(*order)
    return session.scalars(wanted.limit(limit).offset(offset)).all()


def proposals_of_output(session: Session, run: MatchingRun, output: Output) -> Sequence[Proposal]:
    """Return what a run proposes for one output, heaviest first."""
    wanted = _proposals().where(in_plan_of(run, Proposal), Proposal.output_id == output.id)
    return session.scalars(wanted.order_by(Proposal.mass_kg.desc(), Proposal.id)).all()


def proposals_of_facility(session: Session, run: MatchingRun, facility: Facility) -> Sequence[Proposal]:
    """Return what a run proposes to one facility over all its windows, heaviest first."""
    windows = (
        select(CapacityWindow.id)
        .join(EntitlementLine, CapacityWindow.line_id == EntitlementLine.id)
        .join(Entitlement, EntitlementLine.entitlement_id == Entitlement.id)
        .where(Entitlement.facility_id == facility.id)
    )
    wanted = _proposals().where(in_plan_of(run, Proposal), Proposal.window_id.in_(windows))
    return session.scalars(wanted.order_by(Proposal.mass_kg.desc(), Proposal.id)).all()


def count_proposals(session: Session, run: MatchingRun) -> int:
    """Return how many proposals a run has."""
    return session.scalar(select(func.count()).where(in_plan_of(run, Proposal))) or 0


def unmatched_of_run(
    session: Session, run: MatchingRun, *, limit: int = 100, offset: int = 0, heaviest_first: bool = True
) -> Sequence[Unmatched]:
    """Return what a run left over with reasons; `heaviest_first` as for proposals."""
    wanted = select(Unmatched).where(in_plan_of(run, Unmatched)).options(joinedload(Unmatched.output))
    order = (Unmatched.mass_kg.desc(), Unmatched.output_id) if heaviest_first else (Unmatched.output_id,)
    return session.scalars(wanted.order_by(*order).limit(limit).offset(offset)).all()


def unmatched_of_output(session: Session, run: MatchingRun, output: Output) -> Unmatched | None:
    """Return what a run left of one output and why, None when all of it found an outlet."""
    return session.scalar(
        select(Unmatched).where(in_plan_of(run, Unmatched), Unmatched.output_id == output.id)
    )


def reasons_of_run(session: Session, run: MatchingRun) -> list[tuple[str, int, int]]:
    """Return (reason, outputs, kg) of a run's unmatched mass, heaviest first."""
    total = func.sum(Unmatched.mass_kg)
    rows = session.execute(
        select(Unmatched.reason, func.count(), total)
        .where(in_plan_of(run, Unmatched))
        .group_by(Unmatched.reason)
        .order_by(total.desc(), Unmatched.reason)
    )
    return [(reason, count, int(kg)) for reason, count, kg in rows]


def _proposals() -> Any:
    return select(Proposal).options(
        joinedload(Proposal.output).joinedload(Output.site),
        joinedload(Proposal.window)
        .joinedload(CapacityWindow.line)
        .joinedload(EntitlementLine.entitlement)
        .joinedload(Entitlement.facility)
        .joinedload(Facility.site),
    )
