"""A quota is never overdrawn by agreements at once, and a suspension is seen by whoever accepts after it."""

from __future__ import annotations

from collections import Counter
from random import Random
from threading import Barrier, Thread

from deal_world import act
from listing_world import ListingWorld
from registry import Registry, T
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from test_oversell import NUMBERS, SEEDS, THREADS, accepted, differences, race

from circularity.custody.quota import quota_book, quota_state, taken_kg
from circularity.database import create_engine_for, writing
from circularity.deals.contract import Agreement
from circularity.errors import RuleBroken
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.standing import suspend


def test_of_32_agreements_at_once_exactly_those_draw_on_a_quota_that_fit(
    database_url: str, engine: Engine
) -> None:
    for seed in SEEDS:
        random = Random(seed)
        each_t, quota_t = random.randint(1, 9), random.randint(20, 120)
        with writing(engine).begin() as session:
            world = ListingWorld(Registry(session, NUMBERS))
            entry = world.listed(quota_kg=quota_t * T)
            deals = [world.offered(each_t).id for _ in range(THREADS)]
        fit = min(quota_t // each_t, THREADS)
        ended = Counter(race(database_url, deals, accepted))
        assert ended == +Counter(done=fit, full=THREADS - fit), f"seed {seed}"
        with writing(engine)() as session:
            again = session.get_one(WhitelistEntry, entry.id)
            state = quota_state(session, again)
            assert state.reserved_kg == fit * each_t * T
            assert taken_kg(quota_book(session, again)) == state.reserved_kg
    assert differences(engine) == []


def test_whoever_accepts_after_a_suspension_is_refused_whatever_the_order_of_threads(
    database_url: str, engine: Engine
) -> None:
    with writing(engine).begin() as session:
        world = ListingWorld(Registry(session, NUMBERS))
        entry, authority = world.listed(), world.jiangsu
        deals = [world.offered(1).id for _ in range(THREADS // 2)]
    told: list[str] = []
    start = Barrier(len(deals) + 1)

    def stop() -> None:
        own = create_engine_for(database_url)
        start.wait()
        with writing(own).begin() as session:
            about = {"entry": session.get_one(WhitelistEntry, entry.id), "by": session.merge(authority)}
            suspend(session, **act(minutes=1), **about, ground="capability", reason="x")
        own.dispose()

    def take(key: int) -> None:
        own = create_engine_for(database_url)
        start.wait()
        try:
            with writing(own).begin() as session:
                agreement = session.get_one(Agreement, key)
                accepted(session, agreement)
                told.append(_seen(session, entry.id))
        except RuleBroken as error:
            told.append(error.facts["rules"][0]["rule"])
        own.dispose()

    threads = [Thread(target=stop), *(Thread(target=take, args=(key,)) for key in deals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == len(deals)
    assert set(told) <= {"listed", "listing"}
    with writing(engine)() as session:
        assert session.get_one(WhitelistEntry, entry.id).status == "suspended"


def _seen(session: Session, key: int) -> str:
    """Return how the entry stands for a transaction that has accepted: it cannot have been suspended yet."""
    entry = session.get_one(WhitelistEntry, key)
    session.refresh(entry)
    return entry.status
