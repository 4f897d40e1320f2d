"""One signature, however often and however simultaneously it is asked for."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from deal_rows import Deal, deal
from registry import AT, Registry, T
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from circularity.custody.manifests import Signature, Transfer
from circularity.custody.signatures import sign
from circularity.database import reading, writing
from circularity.errors import RuleBroken
from circularity.idempotency import Request, act_once
from circularity.ledger.balances import faults, trial_balance


@pytest.fixture
def drafted(engine: Engine) -> str:
    """A draft of thirty tonnes that everybody sees."""
    with writing(engine).begin() as session:
        made: Deal = deal(Registry(session))
        return made.draft(30).public_id


def _sign(session: Session, transfer_id: str) -> dict[str, Any]:
    transfer = session.scalars(select(Transfer).filter_by(public_id=transfer_id)).one()
    act = Registry(session).act
    sender = transfer.sender_site.organisation
    made = sign(session, **act, transfer=transfer, signer="sender", organisation=sender, person="张三")
    return {"digest": made.digest}


def _outcome(engine: Engine, request: Request, transfer_id: str) -> str:
    try:
        answer, replayed = act_once(engine, request, AT, lambda session: _sign(session, transfer_id))
    except RuleBroken as refused:
        return refused.code
    return f"{answer['digest']} {'again' if replayed else 'first'}"


def _require_one_effect(engine: Engine) -> None:
    with reading(engine)() as session:
        assert session.scalar(select(func.count()).select_from(Signature)) == 1
        assert trial_balance(session) == {"generated": -30 * T, "on_site": 0, "reserved": 30 * T}
        assert faults(session) == []


def test_fifty_requests_at_once_under_one_key_sign_once_and_all_have_the_same_answer(
    engine: Engine, drafted: str
) -> None:
    request = Request("POST /signatures", "key", "digest")
    with ThreadPoolExecutor(50) as threads:
        outcomes = list(threads.map(lambda _: _outcome(engine, request, drafted), range(50)))
    assert len({outcome.split()[0] for outcome in outcomes}) == 1
    assert Counter(outcome.split()[-1] for outcome in outcomes) == {"first": 1, "again": 49}
    _require_one_effect(engine)


def test_of_sixteen_different_requests_one_signs_and_the_others_are_told_that_it_is_signed(
    engine: Engine, drafted: str
) -> None:
    requests = [Request("POST /signatures", f"key {k}", "digest") for k in range(16)]
    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(lambda request: _outcome(engine, request, drafted), requests))
    assert Counter(outcome.split()[-1] for outcome in outcomes) == {"first": 1, "illegal_step": 15}
    _require_one_effect(engine)
