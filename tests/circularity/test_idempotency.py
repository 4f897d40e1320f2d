"""A request repeated under one key acts once, however often and however simultaneously it comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from registry import AT, Registry
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from circularity.database import reading, writing
from circularity.errors import RuleBroken
from circularity.idempotency import KeptAnswer, Request, act_once
from circularity.organisations import Organisation


def register(session: Session) -> dict[str, Any]:
    organisation = Registry(session).organisation()
    session.flush()
    return {"id": organisation.public_id}


def count(engine: Engine, model: type[Any]) -> int:
    with reading(engine)() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_twenty_requests_at_once_under_one_key_register_one_organisation(engine: Engine) -> None:
    request = Request("POST /organisations", "k", "digest")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: act_once(engine, request, AT, register), range(20)))
    assert len({answer["id"] for answer, _ in answers}) == 1
    assert [replayed for _, replayed in answers].count(False) == 1
    assert count(engine, Organisation) == 1


def test_what_was_refused_keeps_no_answer(engine: Engine) -> None:
    def refuse(session: Session) -> dict[str, Any]:
        register(session)
        raise RuleBroken("no", "不", "no")

    with pytest.raises(RuleBroken):
        act_once(engine, Request("s", "k", "d"), AT, refuse)
    assert (count(engine, Organisation), count(engine, KeptAnswer)) == (0, 0)


def test_a_key_that_another_request_committed_meanwhile_answers_with_its_answer(engine: Engine) -> None:
    request = Request("s", "k", "d")
    raced: list[str] = []

    def lose_the_race(session: Session) -> dict[str, Any]:
        if not raced:
            raced.append("lost")
            # SQLite lets one writer in at a time; ending its transaction early makes room for the other, as
            # PostgreSQL would have.
            session.connection().exec_driver_sql("COMMIT")
            with writing(engine).begin() as other:
                other.add(KeptAnswer(scope="s", key="k", digest="d", answer={"id": "theirs"}, kept_at=AT))
        return {"id": "ours"}

    # What the lost attempt did is rolled back by the unique key; the second attempt finds their answer.
    assert act_once(engine, request, AT, lose_the_race) == ({"id": "theirs"}, True)
    assert count(engine, KeptAnswer) == 1


def test_without_a_key_nothing_is_kept(engine: Engine) -> None:
    act_once(engine, None, AT, register)
    assert (count(engine, Organisation), count(engine, KeptAnswer)) == (1, 0)
