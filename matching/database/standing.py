"""The rows in force: what the newest run says, compared with a new plan; only differences are written.

A row that a plan says again stays untouched, with its public id, its status and any deal about it. A proposal
that was declined, has expired or became an agreement is no longer open: where a plan proposes the pair again,
the old row ends as it is and a new one is open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from circularity.columns import new_public_id
from circularity.runs.stored import ENDED_OPEN, IN_FORCE_OVER, MatchingRun, Proposal, latest_run
from matching.database.rows_in_force import begin, end, read_in_force
from matching.database.run_rows import CONDITIONS_AT, COST_AT, KEPT_AT, LAYOUTS, MASS_AT, Key, Rows
from matching.database.said import Said
from matching.plans.changes import Placed, View

_MASSES = ("proposals", "unmatched")
_NEWEST = select(func.max(MatchingRun.id))
_OVER = select(Proposal.__table__.c.public_id).where(IN_FORCE_OVER)
_SUPERSEDED = (
    update(Proposal).where(ENDED_OPEN).values(status="superseded", superseded_by_run_id=bindparam("run"))
)
_PUBLISHING = 0x43495244
"""Key of the PostgreSQL advisory lock under which runs are published; SQLite has one writer anyway."""


@dataclass(frozen=True)
class Standing:
    """The rows in force by table, the public ids of the proposals, and the run that said so last.

    `run` is its key, 0 before the first; `parameters` are its terms. `of_output` holds the keys of the
    proposals by output, `pairs` counts their different pairs, `today_kg` is what waits for no procedure.
    `placed_kg` and `unmatched_kg` are the sums of the rows.
    """

    run: int
    parameters: Mapping[str, Any]
    rows: Mapping[str, Rows]
    ids: Mapping[Key, str]
    of_output: Mapping[int, tuple[Key, ...]]
    pairs: int
    today_kg: int
    placed_kg: int
    unmatched_kg: int

    def asked(self, said: Said, table: str) -> Rows:
        """Return the rows of a table that a plan tells anew."""
        rows = self.rows[table]
        if said.only is None or table not in said.only:
            return rows
        keys = said.only[table]
        if table == "proposals":
            keys = [key for output in keys for key in self.of_output.get(output, ())]
        return {key: rows[key] for key in keys if key in rows}


@dataclass(frozen=True)
class Difference:
    """What of one table ends and what begins with a run."""

    ended: list[Key]
    begun: Rows


def publishing(session: Session) -> None:
    """Let no other run be published until the session's transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PUBLISHING})


def read_standing(session: Session) -> Standing:
    """Return the rows in force."""
    run = latest_run(session)
    if run is None:
        return Standing(0, {}, {name: {} for name in LAYOUTS}, {}, {}, 0, 0, 0, 0)
    rows: dict[str, Rows] = {name: read_in_force(session, name) for name in LAYOUTS}
    columns = (getattr(Proposal, name) for name in (*LAYOUTS["proposals"].key, "public_id"))
    wanted = select(*columns).where(Proposal.until_run_id.is_(None))
    ids = {tuple(row[:-1]): row[-1] for row in session.execute(wanted)}
    of_output: dict[int, tuple[Key, ...]] = {}
    for key in ids:
        of_output[key[0]] = (*of_output.get(key[0], ()), key)
    pairs, masses = len({key[:2] for key in ids}), _masses_kg(rows["proposals"], rows["unmatched"])
    return Standing(run.id, run.parameters, rows, ids, of_output, pairs, *masses)


def is_newest(session: Session, standing: Standing) -> bool:
    """Say whether no run was published since."""
    return (session.scalar(_NEWEST) or 0) == standing.run


def differences(session: Session, standing: Standing, said: Said) -> dict[str, Difference]:
    """Return what ends and begins, table by table, when a new run says this."""
    found = {name: _difference(standing.asked(said, name), said.rows[name]) for name in LAYOUTS}
    over = set(session.scalars(_OVER))
    if over:
        proposals, again = said.rows["proposals"], found["proposals"]
        for key, public_id in standing.ids.items():
            kept = said.only is not None and key[0] not in said.only["proposals"]
            if public_id in over and (kept or key in proposals) and key not in again.begun:
                again.ended.append(key)
                again.begun[key] = standing.rows["proposals"][key]
    return found


def view_of(standing: Standing, said: Said) -> View:
    """Return what changes are told from, of what a plan tells anew."""
    proposals, unmatched = (standing.asked(said, name) for name in ("proposals", "unmatched"))
    placed: list[Placed] = [
        (key[0], key[1], values[MASS_AT], values[0], values[COST_AT]) for key, values in proposals.items()
    ]
    supply_kg: dict[Hashable, int] = defaultdict(int)
    for output, _, mass_kg, _, _ in placed:
        supply_kg[output] += mass_kg
    for (output,), values in unmatched.items():
        supply_kg[output] += values[KEPT_AT]
    windows: dict[Hashable, str] = {key[0]: values[0] for key, values in standing.rows["windows"].items()}
    return View(placed, supply_kg, windows, standing.parameters)


def following(standing: Standing, found: Mapping[str, Difference], terms: Mapping[str, Any]) -> Standing:
    """Return what will be in force under these terms, new proposals with public ids; no run says so yet."""
    moved = found["proposals"]
    ids = dict(standing.ids)
    for key in moved.ended:
        del ids[key]
    ids |= {key: new_public_id() for key in moved.begun}
    rows = {name: _replaced(standing.rows[name], difference) for name, difference in found.items()}
    of_output, pairs = _pairs_after(standing, moved)
    come = _masses_kg(*(found[name].begun for name in _MASSES))
    gone = _masses_kg(*({key: standing.rows[name][key] for key in found[name].ended} for name in _MASSES))
    before = (standing.today_kg, standing.placed_kg, standing.unmatched_kg)
    masses = (sum(each) for each in zip(before, come, (-kg for kg in gone), strict=True))
    return Standing(0, terms, rows, ids, of_output, pairs, *masses)


def store(
    session: Session, run: MatchingRun, found: Mapping[str, Difference], before: Standing, after: Standing
) -> None:
    """End and begin the rows of a run."""
    for name, difference in found.items():
        ended: Sequence[Key] = difference.ended
        more: list[dict[str, Any]] = [{} for _ in difference.begun]
        if name == "proposals":
            ended = [(before.ids[key],) for key in ended]
            fresh = {"status": "open", "superseded_by_run_id": None}
            more = [{"public_id": after.ids[key], **fresh} for key in difference.begun]
        end(session, name, run.id, ended)
        begin(session, name, run.id, difference.begun, more)


def supersede(session: Session, run: MatchingRun) -> int:
    """Supersede what is open though no run in force proposes it; return how many there were."""
    return session.connection().execute(_SUPERSEDED, {"run": run.id}).rowcount


def _pairs_after(standing: Standing, moved: Difference) -> tuple[dict[int, tuple[Key, ...]], int]:
    """Return the keys of the proposals by output, and how many pairs they are, when these end and begin."""
    of_output = dict(standing.of_output)
    for key in moved.ended:
        of_output[key[0]] = tuple(other for other in of_output[key[0]] if other != key)
    for key in moved.begun:
        of_output[key[0]] = (*of_output.get(key[0], ()), key)
    outputs = {key[0] for key in (*moved.ended, *moved.begun)}
    gone, come = (
        len({key[:2] for output in outputs for key in keys.get(output, ())})
        for keys in (standing.of_output, of_output)
    )
    return of_output, standing.pairs + come - gone


def _replaced(rows: Rows, difference: Difference) -> Rows:
    if not difference.ended and not difference.begun:
        return rows
    after = dict(rows)
    for key in difference.ended:
        del after[key]
    return after | difference.begun


def _masses_kg(proposals: Rows, unmatched: Rows) -> tuple[int, int, int]:
    """Return what proposals place without a procedure and in all, and what stays unmatched."""
    today_kg = sum(values[MASS_AT] for values in proposals.values() if not values[CONDITIONS_AT])
    placed_kg = sum(values[MASS_AT] for values in proposals.values())
    return today_kg, placed_kg, sum(values[KEPT_AT] for values in unmatched.values())


def _difference(before: Rows, after: Rows) -> Difference:
    missing = object()
    ended = [key for key, values in before.items() if after.get(key, missing) != values]
    return Difference(ended, {key: v for key, v in after.items() if before.get(key, missing) != v})
