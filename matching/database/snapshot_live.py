"""Everything that may receive waste, held in process and never behind the database.

Every act is an event of the audit chain, so its last event tells whether anything has happened: one look at
the chain per question. Events that cannot change what receivers may take are passed over; after any other the
snapshot is read anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import Lock
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.acceptance.columns import OutputColumns, columns_of
from circularity.acceptance.tables import Tables
from circularity.audit import Anchor, events_since, newest
from circularity.catalogue.waste_codes import is_hazardous
from circularity.posted import planned_codes
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from matching.case import Case
from matching.case_tables import Outputs
from matching.database.snapshot import Snapshot, parameters_at, read_snapshot
from matching.database.snapshot_prices import WITHOUT_EFFECT, RegionPrices, read_prices
from matching.pairs.candidates import Fits, fits_by_code
from matching.pairs.coefficients import LevelCoefficients, coefficients_of
from matching.pairs.eligibility import tables_of

POSTED, CHANGED, WITHDRAWN = "output.posted", "output.changed", "output.withdrawn"
PASSED_OVER = WITHOUT_EFFECT | {POSTED, CHANGED, WITHDRAWN}
"""Acts after which receivers may take what they could before; one not named here makes the snapshot stale."""

FOLLOWED = 1000
"""After more events than this the snapshot is read anew instead of looking at each."""


@dataclass(frozen=True)
class Receivers:
    """A snapshot without outputs, prepared for asking about one output at a time.

    `seen` is the event up to which it holds; `prices` are those of the newest run, None where there are none.
    `kept` are the rows told so far, by key; `fitting` is which capacities pass the rules by code, by waste
    code and whether plans are known.
    """

    snapshot: Snapshot
    tables: Tables
    coefficients: LevelCoefficients
    prices: RegionPrices | None
    seen: Anchor
    kept: dict[int, CapacityWindow] = field(default_factory=dict, repr=False)
    fitting: dict[tuple[str, bool], Fits] = field(default_factory=dict, repr=False)

    @property
    def on(self) -> date:
        """The day on which the rules are asked."""
        return self.snapshot.on

    def asked_by(self, outputs: Outputs) -> tuple[Case, Tables, LevelCoefficients]:
        """Return case, tables and coefficients of these outputs and all receivers."""
        tables = self.tables.with_outputs(columns_of(OutputColumns, outputs))
        case = replace(self.snapshot.case, outputs=outputs)
        return case, tables, self.coefficients.with_outputs(case)

    def fits(self, tables: Tables) -> Fits:
        """Return which capacities pass the rules by code for the one output of these tables."""
        asked = str(tables.outputs.waste_code[0]), tables.plans_known
        if asked not in self.fitting:
            self.fitting[asked] = fits_by_code(tables)
        return self.fitting[asked]

    def windows(self, session: Session, keys: Sequence[int]) -> list[CapacityWindow]:
        """Return windows with all that stands above them, in the order of their keys; of no session."""
        missing = [key for key in keys if key not in self.kept]
        if missing:
            wanted = select(CapacityWindow).where(CapacityWindow.id.in_(missing)).options(*_RECEIVER)
            # The same transaction, so the same state; closed, it leaves rows that all threads may read.
            with Session(session.connection()) as own:
                self.kept.update({window.id: window for window in own.scalars(wanted)})
        return [self.kept[key] for key in keys]

    def followed(self, session: Session) -> Receivers | None:
        """Return the receivers as the session sees them, None where they have to be read anew."""
        events = events_since(session, self.seen, FOLLOWED)
        if not events:
            return None if events is None else self
        actions = {event.action for event in events}
        if not actions <= PASSED_OVER:
            return None
        seen = Anchor(events[-1].position, events[-1].digest)
        return replace(
            self, seen=seen, tables=self._tables_after(actions, session), prices=self._prices_after(events)
        )

    def _tables_after(self, actions: set[str], session: Session) -> Tables:
        """Return the tables, which say whether any lot states its mass in a management plan."""
        may_change = {CHANGED, WITHDRAWN if self.tables.plans_known else POSTED}
        if not may_change & actions:
            return self.tables
        known = _plans_known(session, self.on)
        return self.tables if known == self.tables.plans_known else replace(self.tables, plans_known=known)

    def _prices_after(self, events: Sequence[Any]) -> RegionPrices | None:
        if self.prices is None:
            return None
        subjects = {event.subject_id for event in events if event.action not in WITHOUT_EFFECT}
        return self.prices.after(subjects)


class LiveReceivers:
    """The receivers of one database, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: Receivers | None = None

    def at(self, session: Session, at: datetime) -> Receivers:
        """Return the receivers as the session sees them, the rules asked on the Delta's day of a moment."""
        found = self._current(session, at)
        if found is None:
            with self._lock:
                # Another thread may have read them while this one waited.
                found = self._current(session, at) or read_receivers(session, at)
        self._held = found
        return found

    def _current(self, session: Session, at: datetime) -> Receivers | None:
        held = self._held
        if held is None or held.snapshot.case.parameters != parameters_at(at):
            return None
        return held.followed(session)


def read_receivers(session: Session, at: datetime) -> Receivers:
    """Return what stands in the database; the last event is read first, so that no later one is missed."""
    seen = newest(session)
    snapshot = read_snapshot(session, parameters_at(at), outputs=())
    tables = replace(
        tables_of(snapshot.case),
        # Not known of no output at all; of one without coordinates or money the rules break nothing.
        distances_known=True,
        costs_known=True,
        plans_known=_plans_known(session, snapshot.on),
    )
    coefficients = coefficients_of(snapshot.case)
    return Receivers(snapshot, tables, coefficients, read_prices(session, snapshot), seen)


def _plans_known(session: Session, on: date) -> bool:
    return any(is_hazardous(code) for code in session.scalars(planned_codes(on)))


# Inner joins, because SQLite reads all sites to join them with organisations inside an outer one.
_RECEIVER = (
    joinedload(CapacityWindow.line, innerjoin=True)
    .joinedload(EntitlementLine.entitlement, innerjoin=True)
    .joinedload(Entitlement.facility, innerjoin=True)
    .joinedload(Facility.site, innerjoin=True),
)
