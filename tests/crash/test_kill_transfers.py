"""Killed at any moment, nothing that was told as done is lost, and nothing is done by half.

`CRASH_KILLS` sets how many times (default 4; 200 and 500 are the long forms), `CRASH_SEED` the chance.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from registry import Registry, T
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from transfer_worker import Parties, work

from circularity.audit import AuditEvent, verify_chain
from circularity.custody.manifests import Transfer
from circularity.custody.reception import Receipt
from circularity.custody.seals import verify_signatures
from circularity.database import create_engine_for, reading, upgrade, writing
from circularity.deals.ceilings import Ceiling
from circularity.deals.contract import Agreement
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.mass import MassGroup
from circularity.lifecycle import MACHINES

KILLS = int(os.environ.get("CRASH_KILLS", "4"))
SEED = int(os.environ.get("CRASH_SEED", "20260901"))

STEPS = 9
"""A deal takes seven; some are killed in their second."""

GROUPS = {
    "submitted": ["generation.carried", "transfer.submitted"],
    "picked_up": ["generation.carried", "transfer.submitted", "transfer.picked_up"],
    "arrived": ["generation.carried", "transfer.submitted", "transfer.picked_up"],
    "accepted": ["generation.carried", "transfer.submitted", "transfer.picked_up", "receipt.accepted"],
}
SIGNERS = {"submitted": 1, "picked_up": 2, "arrived": 2, "accepted": 3}
ORDER = [
    "offered_by_generator",
    "accepted_by_facility",
    "agreed",
    "submitted",
    "picked_up",
    "arrived",
    "accepted",
]

Told = dict[str, str]
"""The last step that was told of each row, by public id."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A SQLite file as the embedded platform uses it."""
    made = create_engine_for(f"sqlite:///{tmp_path / 'crash.db'}")
    upgrade(made)
    return made


def _parties(engine: Engine) -> Parties:
    with writing(engine).begin() as session:
        registry = Registry(session)
        works, line = registry.site(), registry.line()
        carrier = registry.organisation(roles=frozenset({"carrier"}))
        session.flush()
        return Parties(works.id, line.id, carrier.id)


def _hear(hear: Connection, told: Told) -> None:
    """Take what was told before the end; a message cut by the kill was never told."""
    while True:
        try:
            step, public_id = hear.recv()
        except (EOFError, OSError):
            return
        told[public_id] = step


def test_killed_at_random_moments_the_platform_loses_nothing_and_halves_nothing(engine: Engine) -> None:
    chance = random.Random(SEED)
    spawning = multiprocessing.get_context("forkserver")
    spawning.set_forkserver_preload(["transfer_worker"])
    parties, told, seen = _parties(engine), Told(), 0
    for kill in range(KILLS):
        hear, tell = spawning.Pipe(duplex=False)
        worker = spawning.Process(target=work, args=(str(engine.url), parties, tell), daemon=True)
        worker.start()
        tell.close()
        # So many steps and a moment more: how fast the machine is does not decide where it dies.
        for _ in range(chance.randint(1, STEPS)):
            assert hear.poll(120), "the worker tells nothing"
            step, public_id = hear.recv()
            told[public_id] = step
        worker.join(chance.uniform(0, 0.1))
        worker.kill()
        worker.join()
        _hear(hear, told)
        with reading(engine)() as session:
            assert _broken(session, told, seen) == [], f"kill {kill}, seed {SEED}"
            seen = session.scalar(select(func.max(Agreement.id))) or 0
    with reading(engine)() as session:
        assert _broken(session, told, 0) == []


def _broken(session: Session, told: Told, seen: int) -> list[str]:
    """Return what is lost or half done: ledger, chain, and every row against all that belongs to it.

    Deals up to the key `seen` were compared before, and nobody has touched them since.
    """
    found = [*faults(session), *verify_chain(session).faults]
    if sum(trial_balance(session).values()):
        found.append("the trial balance is not zero")
    stands: Told = {}
    for agreement in session.scalars(select(Agreement).where(Agreement.id > seen)):
        stands[agreement.public_id] = agreement.status
        shipped_kg = sum(_sent_kg(session, agreement))
        if agreement.shipped_kg != shipped_kg:
            found.append(f"{agreement.number} counts {agreement.shipped_kg} kg of {shipped_kg} kg")
    for transfer in session.scalars(select(Transfer).where(Transfer.agreement_id > seen)):
        stands[transfer.public_id] = transfer.status
        found += _half_done(session, transfer)
    agreed = session.scalars(select(Agreement).where(Agreement.status == "agreed")).all()
    committed_kg = {row.committed_kg for row in session.scalars(select(Ceiling))} or {0}
    if max(committed_kg) > len(agreed) * 30 * T:
        found.append("more is committed than was agreed")
    before = set(session.scalars(select(Agreement.public_id).where(Agreement.id <= seen)))
    before |= set(session.scalars(select(Transfer.public_id).where(Transfer.agreement_id <= seen)))
    for public_id, step in told.items():
        if public_id in before:
            continue
        if public_id not in stands or ORDER.index(stands[public_id]) < ORDER.index(step):
            found.append(f"{step} of {public_id} was told and is lost")
    return found


def _sent_kg(session: Session, agreement: Agreement) -> list[int]:
    transfers = session.scalars(select(Transfer).filter_by(agreement_id=agreement.id))
    return [line.sent_kg for transfer in transfers for line in transfer.lines]


def _half_done(session: Session, transfer: Transfer) -> list[str]:
    """Compare groups, signatures, receipt and audit events of a transfer with its state."""
    events = select(MassGroup.event).filter_by(subject_id=transfer.public_id).order_by(MassGroup.id)
    signed = select(func.count()).select_from(AuditEvent).filter_by(subject_id=transfer.public_id)
    receipt = session.scalar(select(Receipt).where(Receipt.line_id == transfer.lines[0].id))
    verdict = {"arrived": "pending", "accepted": "accepted"}.get(transfer.status)
    checks = {
        "groups": list(session.scalars(events)) == GROUPS[transfer.status],
        "signatures": len(transfer.signatures) == SIGNERS[transfer.status],
        "seals": verify_signatures(transfer) == [],
        "audit": session.scalar(signed.filter_by(action="transfer.signed")) == SIGNERS[transfer.status],
        "receipt": (receipt.verdict if receipt else None) == verdict,
    }
    return [
        f"{transfer.number} is {transfer.status}, not its {name}" for name, fits in checks.items() if not fits
    ]


def test_the_states_that_are_compared_are_those_of_the_lifecycle() -> None:
    assert set(GROUPS) <= set(MACHINES["transfer"].states)
    assert set(ORDER) <= {*MACHINES["transfer"].states, *MACHINES["agreement"].states}
