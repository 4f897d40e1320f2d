"""Advice on one posting: outlets for an output, feed for a capacity window; the rules as in a run.

Pairs are judged one by one against what stands in the registry, without what others would take: the order is
that of a run's levels, not a promise of room. What the plan of the last run would lose stands beside it. What
the other side did not publish is shown in bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.acceptance import Finding, Pairs, all_findings, rule
from circularity.acceptance.tables import Tables
from circularity.banding import Band, shown
from circularity.catalogue import waste_types
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.units import MISSING
from matching.advice.unposted_lots import unposted_table
from matching.case import Case
from matching.case_tables import Outputs
from matching.database.run_rows import money
from matching.database.snapshot import Snapshot, parameters_at, read_outputs, read_snapshot
from matching.database.snapshot_live import LiveReceivers
from matching.database.snapshot_prices import RegionPrices
from matching.flow.loss import Loss, losses
from matching.flow.network import UNREACHED
from matching.pairs.arcs import arcs_of
from matching.pairs.candidates import Fits, fits_by_code
from matching.pairs.coefficients import LevelCoefficients, coefficients_of, is_utilisation, rank_of
from matching.pairs.eligibility import eligibility, tables_of
from matching.pairs.grant_use import Part, split_by_grants
from matching.pairs.ranking import best_first, changes_of
from matching.plans.files import condition_codes

PLAN = "plan"
"""The condition whose sentence tells masses of the generator's management plan."""


@dataclass(frozen=True)
class Recommendation:
    """One lawful or conditional pair, as one of its sides may see it.

    `mass` is what the other side offers or has: kg where published, else its band. Unit costs are µCNY/kg,
    None where nobody stated one. `conditions` is empty when it can move today; `granted_kg` is how much a
    grant frees of the asker's own mass (None: no grant is needed). `findings` say each condition in words
    with its law and procedure. `loss` is what the region's optimum loses, None where the last run priced no
    such outlet; its figures are for the operator of the region alone.
    """

    output: Output
    window: CapacityWindow
    operation: str
    rank: int
    utilises: bool
    mass: int | Band
    distance_m: int | None
    costs_ucny_per_kg: dict[str, int | None]
    cost_ucny_per_kg: int
    conditions: tuple[str, ...]
    granted_kg: int | None
    earliest: date
    latest: date | None
    findings: tuple[Finding, ...]
    loss: Loss | None = None

    @property
    def can_move_today(self) -> bool:
        """Whether nothing has to be granted, filed or measured first."""
        return not self.conditions


def outlets_for_output(
    live: LiveReceivers, session: Session, output: Output, *, at: datetime, limit: int = 20
) -> list[Recommendation]:
    """Return the best lawful and conditional outlets for an output; none when it was withdrawn or is over.

    A lot of no session is asked as it would be posted.
    """
    receivers = live.at(session, at)
    outputs = asked_of(session, receivers.on, output)
    if outputs is None:
        return []
    case, tables, coefficients = receivers.asked_by(outputs)
    advice = Advice(receivers.snapshot, case, tables, coefficients, receivers.fits(tables), limit)
    if receivers.prices is not None:
        advice.price(receivers.prices, output.public_id)
    windows = receivers.windows(session, advice.window_keys)
    return advice.told([output] * len(windows), windows, for_sender=True)


def asked_of(session: Session, on: date, output: Output) -> Outputs | None:
    """Return an output as a case's table, None when it was withdrawn, is over or all given away."""
    if output.id is None:
        return unposted_table(output)
    posted, outputs = read_outputs(session, on, [output.id])
    return outputs if posted else None


def feed_for_window(
    session: Session, window: CapacityWindow, *, at: datetime, limit: int = 20
) -> list[Recommendation]:
    """Return the outputs that suit a capacity window best; none when it was withdrawn or is over."""
    snapshot = read_snapshot(session, parameters_at(at), windows=[window.id])
    case = snapshot.case
    tables = tables_of(case)
    advice = Advice(snapshot, case, tables, coefficients_of(case), fits_by_code(tables), limit)
    outputs = _in_order(session, advice.output_keys)
    return advice.told(outputs, [window] * len(outputs), for_sender=False)


class Advice:
    """The best lawful and conditional pairs of one side's posting, told as that side may see them."""

    def __init__(
        self,
        snapshot: Snapshot,
        case: Case,
        tables: Tables,
        coefficients: LevelCoefficients,
        fits: Fits,
        limit: int,
    ) -> None:
        self._snapshot, self._case, self._tables = snapshot, case, tables
        self._operations: dict[tuple[bool, str], tuple[int, bool]] = {}
        self._lawful = eligibility(case, tables, fits, np.arange(case.shape[0]))
        self._changes = changes_of(coefficients, self._lawful.pairs)
        self._best = best_first(case, self._lawful.pairs, self._changes, limit)
        self._arcs = arcs_of(case, tables, self._lawful.pairs.take(self._best), self._lawful.excluded)
        self._costs_ucny_per_kg: list[int] = self._arcs.cost_ucny_per_kg.tolist()
        self._losses: list[Loss | None] = [None] * len(self._best)

    @property
    def output_keys(self) -> list[int]:
        """Keys of the outputs of the best pairs, best first."""
        ids = self._case.outputs.output_id[self._arcs.output]
        return [self._snapshot.output_keys[public_id] for public_id in ids.tolist()]

    @property
    def window_keys(self) -> list[int]:
        """Keys of the windows of the best pairs, best first."""
        ids = self._case.capacities.capacity_id[self._arcs.capacity]
        return [self._snapshot.window_keys[public_id] for public_id in ids.tolist()]

    def price(self, prices: RegionPrices, subject: str) -> None:
        """Tell of each pair what the region loses; `subject` is the posting whose own event is no change."""
        lost = losses(self._changes, prices.of(self._case, self._lawful.pairs))[:, self._best].T
        run = prices.run_for(subject)
        self._losses = [
            None if per_kg[0] >= UNREACHED else Loss(tuple(per_kg), run) for per_kg in lost.tolist()
        ]

    def told(
        self, outputs: Sequence[Output], windows: Sequence[CapacityWindow], *, for_sender: bool
    ) -> list[Recommendation]:
        """Return the pairs, whose rows are given in their order."""
        own_kg = [output.mass_kg for output in outputs] if for_sender else [w.offered_kg for w in windows]
        parts = [self._granted(k, mass_kg) for k, mass_kg in enumerate(own_kg)]
        findings = self._findings(parts)
        return [
            self._told(outputs[k], windows[k], part, findings.get(k, []), for_sender)
            for k, part in enumerate(parts)
        ]

    def _told(
        self, output: Output, window: CapacityWindow, part: Part, findings: list[Finding], for_sender: bool
    ) -> Recommendation:
        arcs = self._arcs
        operation = str(self._case.capacities.operation[arcs.capacity[part.arc]])
        distance = int(arcs.distance_m[part.arc])
        other, mass_kg = (window, window.offered_kg) if for_sender else (output, output.mass_kg)
        standing = set(condition_codes(part.conditions))
        silent = {PLAN} if not for_sender and output.visibility != "public" else set()
        rank, utilises = self._ranked(waste_types.is_hazardous(output.waste_code), operation)
        return Recommendation(
            output=output,
            window=window,
            operation=operation,
            rank=rank,
            utilises=utilises,
            mass=shown(mass_kg, other.visibility),
            distance_m=None if distance == MISSING else distance,
            costs_ucny_per_kg=money(arcs, part.arc),
            cost_ucny_per_kg=self._costs_ucny_per_kg[part.arc],
            conditions=tuple(condition_codes(part.conditions)),
            granted_kg=None if part.grant is None else part.mass_kg,
            earliest=date.fromordinal(part.earliest_day),
            latest=None if part.latest_day == MISSING else date.fromordinal(part.latest_day),
            findings=tuple(finding for finding in findings if finding.rule in standing - silent),
            loss=self._losses[part.arc],
        )

    def _ranked(self, hazardous: bool, operation: str) -> tuple[int, bool]:
        """Return an operation's rank and whether it counts as utilisation; the catalogue is asked once."""
        asked, on = (hazardous, operation), self._snapshot.on
        if asked not in self._operations:
            self._operations[asked] = rank_of(operation, on), is_utilisation(hazardous, operation, on)
        return self._operations[asked]

    def _granted(self, k: int, own_mass_kg: int) -> Part:
        """Return what a grant frees of the asker's own mass, or all of it as it stands.

        The other side's mass stays out of it: a grant cut to it would give it away.
        """
        arcs, mass_kg = self._arcs, max(own_mass_kg, 1)
        facility = self._case.capacities.facility[arcs.capacity[k]]
        grants = self._snapshot.grants_by_facility.get(str(self._case.facilities.facility_id[facility]), ())
        if grants:
            mass = np.zeros(len(arcs.output), dtype=np.int64)
            mass[k] = mass_kg
            return split_by_grants(self._case, arcs, mass, grants, self._tables)[0]
        days = int(arcs.earliest_day[k]), int(arcs.latest_day[k])
        return Part(k, mass_kg, int(arcs.conditions[k]), *days, grant=None)

    def _findings(self, parts: Sequence[Part]) -> dict[int, list[Finding]]:
        """Return by pair in words what stands in its way; pairs in whose way nothing stands are left out."""
        arcs = self._arcs
        rows = np.array([part.arc for part in parts if part.conditions], dtype=np.int64)
        waiting = arcs.conditions[rows]
        pair = arcs.output[rows], arcs.capacity[rows], arcs.distance_m[rows]
        pairs = Pairs(self._tables, *pair, conditions=waiting)
        met = condition_codes(int(np.bitwise_or.reduce(waiting, initial=0)))
        return dict(zip(rows.tolist(), all_findings(pairs, [rule(code) for code in met]), strict=True))


def _in_order(session: Session, keys: Sequence[int]) -> list[Output]:
    """Return the outputs with these keys, in the order of the keys."""
    rows = select(Output).where(Output.id.in_(keys)).options(joinedload(Output.site, innerjoin=True))
    found = {output.id: output for output in session.scalars(rows)}
    return [found[key] for key in keys]
