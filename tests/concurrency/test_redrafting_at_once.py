"""Two people change one draft, or one changes what another signs: one of them comes second and sees it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from deal_rows import deal
from registry import FLY_ASH, Registry, T
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from circularity.custody.drafting import Load
from circularity.custody.manifests import Transfer
from circularity.custody.redrafting import change_draft, draft_of
from circularity.custody.seals import verify_signatures
from circularity.custody.signatures import sign
from circularity.database import reading, writing
from circularity.errors import RuleBroken, Stale
from circularity.ledger.balances import faults, trial_balance


@pytest.fixture
def drafted(engine: Engine) -> str:
    """A draft of thirty tonnes that everybody sees."""
    with writing(engine).begin() as session:
        return deal(Registry(session)).draft(30).public_id


def _open(session: Session, transfer_id: str) -> Transfer:
    """Read a draft with its lines, as a page does before its form is sent."""
    transfer = session.scalars(select(Transfer).filter_by(public_id=transfer_id)).one()
    assert transfer.lines
    return transfer


def _change(engine: Engine, transfer_id: str, tonnes: int, version: int | None) -> str:
    try:
        with writing(engine).begin() as session:
            transfer = _open(session, transfer_id)
            draft = replace(draft_of(transfer), lines=[Load(FLY_ASH, "C2", tonnes * T)])
            made_from = transfer.version if version is None else version
            about = {"transfer": transfer, "version": made_from, "draft": draft}
            change_draft(session, **Registry(session).act, **about)
    except (RuleBroken, Stale) as refused:
        return refused.code
    except StaleDataError:
        return "stale"
    return "changed"


def _sign(engine: Engine, transfer_id: str) -> str:
    with writing(engine).begin() as session:
        transfer = _open(session, transfer_id)
        sender = transfer.sender_site.organisation
        about = {"transfer": transfer, "organisation": sender, "person": "张三"}
        sign(session, **Registry(session).act, signer="sender", **about)
    return "signed"


def test_of_twelve_changes_made_from_one_draft_one_is_kept_and_the_others_are_told(
    engine: Engine, drafted: str
) -> None:
    with reading(engine)() as session:
        opened = _open(session, drafted).version
    with ThreadPoolExecutor(12) as threads:
        outcomes = list(threads.map(lambda tonnes: _change(engine, drafted, tonnes, opened), range(1, 13)))
    assert Counter(outcomes) == {"changed": 1, "stale": 11}
    with reading(engine)() as session:
        transfer = _open(session, drafted)
        assert transfer.lines[0].sent_kg == (outcomes.index("changed") + 1) * T
        assert transfer.version == opened + 1


def test_what_is_signed_while_others_change_it_is_counted_as_it_was_signed(
    engine: Engine, drafted: str
) -> None:
    def act(tonnes: int) -> str:
        return _change(engine, drafted, tonnes, None) if tonnes != 6 else _sign(engine, drafted)

    with ThreadPoolExecutor(12) as threads:
        outcomes = Counter(threads.map(act, range(1, 13)))
    assert outcomes["signed"] == 1
    assert outcomes.keys() <= {"signed", "changed", "stale", "illegal_step"}
    with reading(engine)() as session:
        transfer = _open(session, drafted)
        sent_kg = transfer.lines[0].sent_kg
        assert (transfer.status, transfer.agreement.shipped_kg) == ("submitted", sent_kg)
        assert trial_balance(session) == {"generated": -sent_kg, "on_site": 0, "reserved": sent_kg}
        assert transfer.signatures[0].document["lines"][0]["sent_kg"] == sent_kg
        assert (faults(session), verify_signatures(transfer)) == ([], [])


def test_who_waits_for_a_change_signs_what_it_left(engine: Engine, drafted: str) -> None:
    """SQLite lets nobody begin while another writes; elsewhere the lines were read before the change."""
    if engine.dialect.name == "sqlite":
        assert _change(engine, drafted, 17, None) == "changed"
        _sign(engine, drafted)
    else:
        with writing(engine).begin() as session:
            transfer = _open(session, drafted)
            assert _change(engine, drafted, 17, None) == "changed"
            assert transfer.lines[0].sent_kg == 30 * T
            sender = transfer.sender_site.organisation
            about = {"transfer": transfer, "organisation": sender, "person": "张三"}
            sign(session, **Registry(session).act, signer="sender", **about)
    with reading(engine)() as session:
        assert _open(session, drafted).agreement.shipped_kg == 17 * T
        assert trial_balance(session)["reserved"] == 17 * T
