"""Whoever waited for a deal that somebody else was changing goes on with what it has become."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest
from deal_world import DealWorld, act, terms
from registry import Registry, T
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from circularity.database import writing
from circularity.deals.ceilings import Hold
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, decline, make_offer
from circularity.errors import RuleBroken

PATIENCE_S = 0.3
"""So long the one who waits has to come to the point where it waits; too short, it does not wait at all."""


@pytest.fixture
def deal(engine: Engine) -> int:
    """The key of a deal of 60 t that a generator has offered."""
    with writing(engine).begin() as session:
        world = DealWorld(Registry(session))
        made = world.offered(60, window=world.registry.window(100))
        session.flush()
        key = made.id
    return key


def accepted_while(engine: Engine, deal: int, changing: Session) -> str:
    """Accept a deal while another transaction has changed it and not yet committed; return how it ended."""
    begun, ended = Event(), []

    def wait_and_accept() -> None:
        begun.set()
        try:
            with writing(engine).begin() as session:
                accept(session, **act(), agreement=session.get_one(Agreement, deal), side="facility")
            ended.append("done")
        except RuleBroken as broken:
            ended.append(broken.code)
        except Exception as error:
            ended.append(repr(error))

    waiting = Thread(target=wait_and_accept)
    waiting.start()
    begun.wait()
    time.sleep(PATIENCE_S)
    changing.commit()
    waiting.join()
    return ended[0]


def test_an_acceptance_that_waited_reserves_what_the_offer_has_become(engine: Engine, deal: int) -> None:
    with writing(engine)() as revising:
        agreement = revising.get_one(Agreement, deal)
        make_offer(revising, **act(), agreement=agreement, side="generator", terms=terms(40))
        revising.flush()
        assert accepted_while(engine, deal, revising) == "done"
    with writing(engine)() as session:
        assert session.get_one(Agreement, deal).offer.mass_kg == 40 * T
        assert list(session.scalars(select(Hold.mass_kg))) == [40 * T]


def test_an_acceptance_that_waited_is_refused_what_is_declined_by_then(engine: Engine, deal: int) -> None:
    with writing(engine)() as declining:
        agreement = declining.get_one(Agreement, deal)
        decline(declining, **act(), agreement=agreement, side="generator")
        declining.flush()
        assert accepted_while(engine, deal, declining) == "illegal_step"
    with writing(engine)() as session:
        assert list(session.scalars(select(Hold.mass_kg))) == []
