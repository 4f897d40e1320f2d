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

from sqlalchemy import insert, select, text, tuple_, update
from sqlalchemy.orm import Session

from circularity.columns import new_public_id
from circularity.runs.stored import MatchingRun, Proposal, latest_run
from matching.plan_changes import Placed, View
from matching.run_rows import CONDITIONS_AT, COST_AT, LAYOUTS, MASS_AT, Key, Layout, Rows, Said

UNDER_WAY = ("open", "countered")
"""Proposals that a run may keep; every other status is an end."""

_CHUNK = 5000
_PUBLISHING = 0x43495244
"""Key of the PostgreSQL advisory lock under which runs are published; SQLite has one writer anyway."""


@dataclass(frozen=True)
class Standing:
    """The rows in force by table, the public ids of the proposals, and the run that said so last.

    `run` is its key, 0 before the first; `parameters` are its terms.
    """

    run: int
    parameters: Mapping[str, Any]
    rows: Mapping[str, Rows]
    ids: Mapping[Key, str]


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
        return Standing(0, {}, {name: {} for name in LAYOUTS}, {})
    rows: dict[str, Rows] = {name: _read(session, layout) for name, layout in LAYOUTS.items()}
    keys = LAYOUTS["proposals"].key
    wanted = select(*_columns(Proposal, keys), Proposal.public_id).where(Proposal.until_run_id.is_(None))
    ids = {tuple(row[:-1]): row[-1] for row in session.execute(wanted)}
    return Standing(run.id, run.parameters, rows, ids)


def is_newest(session: Session, standing: Standing) -> bool:
    """Say whether no run was published since."""
    run = latest_run(session)
    return (run.id if run else 0) == standing.run


def differences(session: Session, standing: Standing, said: Said) -> dict[str, Difference]:
    """Return what ends and begins, table by table, when a new run says this."""
    found = {}
    for name, layout in LAYOUTS.items():
        before = standing.rows[name]
        if said.carried and layout.key[0] == "output_id":
            before = not_carried(before, said)
        found[name] = _difference(before, said.rows[name])
    over = set(
        session.scalars(
            select(Proposal.public_id).where(
                Proposal.until_run_id.is_(None), Proposal.status.not_in(UNDER_WAY)
            )
        )
    )
    if over:
        proposals, again = said.rows["proposals"], found["proposals"]
        for key, public_id in standing.ids.items():
            if public_id in over and (key[0] in said.carried or key in proposals) and key not in again.begun:
                again.ended.append(key)
                again.begun[key] = standing.rows["proposals"][key]
    return found


def not_carried(rows: Rows, said: Said) -> Rows:
    """Return the rows of outputs that a plan does not carry over."""
    return {key: values for key, values in rows.items() if key[0] not in said.carried}


def can_move_today_kg(standing: Standing, found: Difference) -> int:
    """Return the mass of the proposals that will be in force and wait for no procedure."""
    gone, before = set(found.ended), standing.rows["proposals"]
    stays = [values for key, values in before.items() if not values[CONDITIONS_AT] and key not in gone]
    fresh = [values for values in found.begun.values() if not values[CONDITIONS_AT]]
    return sum(values[MASS_AT] for values in (*stays, *fresh))


def view_of(rows: Mapping[str, Rows], said: Said, parameters: Mapping[str, Any]) -> View:
    """Return what changes are told from, of the outputs that are not carried over."""
    proposals, unmatched = (not_carried(rows[name], said) for name in ("proposals", "unmatched"))
    placed: list[Placed] = [
        (key[0], key[1], values[MASS_AT], values[0], values[COST_AT]) for key, values in proposals.items()
    ]
    supply_kg: dict[Hashable, int] = defaultdict(int)
    for output, _, mass_kg, _, _ in placed:
        supply_kg[output] += mass_kg
    for (output,), values in unmatched.items():
        supply_kg[output] += values[0]
    windows: dict[Hashable, str] = {key[0]: values[0] for key, values in rows["windows"].items()}
    return View(placed, supply_kg, windows, parameters)


def store(
    session: Session, run: MatchingRun, standing: Standing, found: Mapping[str, Difference]
) -> Standing:
    """End and begin the rows of a run; return what is in force then."""
    ids = dict(standing.ids)
    rows: dict[str, Rows] = {}
    for name, layout in LAYOUTS.items():
        ended, begun = found[name].ended, found[name].begun
        more: list[dict[str, Any]] = [{} for _ in begun]
        if layout.model is Proposal:
            _end(session, run, Proposal, ("public_id",), [(ids.pop(key),) for key in ended])
            fresh = [new_public_id() for _ in begun]
            ids |= zip(begun, fresh, strict=True)
            more = [{"public_id": each, "status": "open", "superseded_by_run_id": None} for each in fresh]
        else:
            _end(session, run, layout.model, layout.key, ended)
        _begin(session, run, layout, begun, more)
        rows[name] = {**standing.rows[name]}
        for key in ended:
            del rows[name][key]
        rows[name] |= begun
    return Standing(run.id, run.parameters, rows, ids)


def supersede(session: Session, run: MatchingRun) -> int:
    """Supersede what is open though no run in force proposes it; return how many there were."""
    open_still = update(Proposal).where(Proposal.status == "open", Proposal.until_run_id.is_not(None))
    done = session.connection().execute(open_still.values(status="superseded", superseded_by_run_id=run.id))
    return done.rowcount


def _difference(before: Rows, after: Rows) -> Difference:
    missing = object()
    ended = [key for key, values in before.items() if after.get(key, missing) != values]
    return Difference(ended, {key: v for key, v in after.items() if before.get(key, missing) != v})


def _read(session: Session, layout: Layout) -> Rows:
    model, width = layout.model, len(layout.key)
    columns = _columns(model, (*layout.key, *layout.values))
    found = session.execute(select(*columns).where(model.until_run_id.is_(None)))
    return {tuple(row[:width]): tuple(row[width:]) for row in found}


def _columns(model: Any, names: Sequence[str]) -> list[Any]:
    return [model.__table__.c[name] for name in names]


def _end(session: Session, run: MatchingRun, model: Any, names: Sequence[str], keys: Sequence[Key]) -> None:
    """Say that rows in force hold no longer."""
    columns = _columns(model, names)
    size = _CHUNK // len(names)
    for start in range(0, len(keys), size):
        chunk = keys[start : start + size]
        plain = len(names) == 1
        named = columns[0].in_([key for (key,) in chunk]) if plain else tuple_(*columns).in_(chunk)
        ended = update(model).where(named, model.until_run_id.is_(None)).values(until_run_id=run.id)
        session.execute(ended, execution_options={"synchronize_session": False})


def _begin(
    session: Session, run: MatchingRun, layout: Layout, begun: Rows, more: list[dict[str, Any]]
) -> None:
    names = (*layout.key, *layout.values)
    facts = {"run_id": run.id, "until_run_id": None}
    rows = [
        {**dict(zip(names, (*key, *values), strict=True)), **facts, **extra}
        for (key, values), extra in zip(begun.items(), more, strict=True)
    ]
    for start in range(0, len(rows), _CHUNK):
        # the table, not the model: these rows are no objects, and there may be very many
        session.execute(insert(layout.model.__table__), rows[start : start + _CHUNK])
