"""Nothing is sold twice: many acceptances at once, on windows, under nested limits, on one lot.

The clock stands still. CIRC_OVERSELL_SEEDS says how many seeds are played, 2 unless told. Two naive ways of
reserving run through the same race and do oversell, so these tests can fail.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from random import Random
from threading import Barrier, Thread

import pytest
from deal_world import DealWorld, act, at, terms
from registry import Registry, T
from sqlalchemy import Engine, create_engine, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from circularity.database import create_engine_for, writing
from circularity.deals.ceilings import Ceiling, Hold
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, confirm, counter, decline, lapse_reservations
from circularity.deals.reservations import ceilings_of
from circularity.errors import RuleBroken
from circularity.registry.entitlements import CapacityWindow

THREADS = 32
SEEDS = range(int(os.environ.get("CIRC_OVERSELL_SEEDS", "2")))
PAUSE_S = 0.03
NUMBERS = count(1)

Step = Callable[[Session, Agreement], None]
Engines = Callable[[str], Engine]


@dataclass(frozen=True)
class Plant:
    """Windows under lines, an entitlement and a facility, tonnes; two windows share the first line."""

    windows_t: tuple[int, int, int]
    lines_t: tuple[int, int]
    entitlement_t: int
    facility_t: int

    def deals_that_fit(self, asked: Counter[int], each_t: int) -> int:
        """How many deals of one size any order of acceptances sells; more or fewer would be wrong."""
        a, b, c = (min(asked[k], self.windows_t[k] // each_t) for k in range(3))
        lines = min(a + b, self.lines_t[0] // each_t) + min(c, self.lines_t[1] // each_t)
        return min(lines, self.entitlement_t // each_t, self.facility_t // each_t)

    def build(self, registry: Registry) -> list[CapacityWindow]:
        """Register it and offer its windows."""
        facility = registry.facility(annual_limit_kg=self.facility_t * T)
        entitlement = registry.entitlement(facility, annual_limit_kg=self.entitlement_t * T)
        lines = [registry.line(entitlement=entitlement, annual_limit_kg=t * T) for t in self.lines_t]
        line_of = (lines[0], lines[0], lines[1])
        return [registry.window(t, line) for t, line in zip(self.windows_t, line_of, strict=True)]


def random_plant(random: Random) -> Plant:
    """Limits of which any may bind; no window exceeds its line, no line the entitlement."""
    lines = (random.randint(40, 60), random.randint(30, 60))
    windows = tuple(min(random.randint(10, 90), lines[k]) for k in (0, 0, 1))
    entitlement = max(random.randint(60, 120), *lines)
    return Plant((windows[0], windows[1], windows[2]), lines, entitlement, random.randint(50, 120))


@contextmanager
def world_on(engine: Engine) -> Iterator[DealWorld]:
    """A world whose transaction is committed at the end."""
    with writing(engine).begin() as session:
        yield DealWorld(Registry(session, NUMBERS))


def race(url: str, keys: Sequence[int], step: Step, engines: Engines = create_engine_for) -> list[str]:
    """Take one step on every agreement at once, each in a thread and transaction; return how each ended."""
    ended = ["never"] * len(keys)
    start = Barrier(len(keys))

    def run(place: int, key: int) -> None:
        engine = engines(url)
        try:
            start.wait()
            with writing(engine).begin() as session:
                step(session, session.get_one(Agreement, key))
            ended[place] = "done"
        except RuleBroken as error:
            ended[place] = error.code
        except Exception as error:
            ended[place] = repr(error)
        finally:
            engine.dispose()

    threads = [Thread(target=run, args=place_and_key) for place_and_key in enumerate(keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def accepted(session: Session, agreement: Agreement) -> None:
    """The facility accepts."""
    accept(session, **act(), agreement=agreement, side="facility")


def confirmed(session: Session, agreement: Agreement) -> None:
    """The generator confirms."""
    confirm(session, **act(), agreement=agreement, side="generator")


def sold_kg(engine: Engine, window: CapacityWindow) -> int:
    """What deals hold of a window, added up from the deals and not read from its counter."""
    with writing(engine)() as session:
        held = select(func.sum(Hold.mass_kg)).join(Hold.ceiling).where(Hold.status != "released")
        return int(session.scalar(held.where(Ceiling.kind == "window", Ceiling.subject_id == window.id)) or 0)


def differences(engine: Engine) -> list[tuple[str, int]]:
    """The counters that do not equal what the deals hold of them."""
    with writing(engine)() as session:
        held = (
            select(Hold.ceiling_id, Hold.status, func.sum(Hold.mass_kg))
            .where(Hold.status != "released")
            .group_by(Hold.ceiling_id, Hold.status)
        )
        masses = {(ceiling, status): int(kg) for ceiling, status, kg in session.execute(held)}
        return [
            (ceiling.kind, ceiling.id)
            for ceiling in session.scalars(select(Ceiling))
            if ceiling.reserved_kg != masses.get((ceiling.id, "reserved"), 0)
            or ceiling.committed_kg != masses.get((ceiling.id, "committed"), 0)
        ]


def test_under_nested_limits_exactly_what_fits_is_sold(database_url: str, engine: Engine) -> None:
    for seed in SEEDS:
        random = Random(seed)
        plant, each_t = random_plant(random), random.randint(1, 9)
        asked = [random.randrange(3) for _ in range(THREADS)]
        with world_on(engine) as world:
            windows, site = plant.build(world.registry), world.registry.site()
            deals = [world.offered(each_t, window=windows[k], site=site).id for k in asked]
        ended = Counter(race(database_url, deals, accepted))
        fit = plant.deals_that_fit(Counter(asked), each_t)
        assert ended == +Counter(done=fit, full=THREADS - fit), f"seed {seed}"
        assert sum(sold_kg(engine, window) for window in windows) == fit * each_t * T, f"seed {seed}"
    assert differences(engine) == []


def test_of_one_window_nobody_is_refused_who_still_fits(database_url: str, engine: Engine) -> None:
    for seed in SEEDS:
        random = Random(seed)
        masses = [random.randint(1, 20) for _ in range(THREADS)]
        with world_on(engine) as world:
            window, site = world.registry.window(100), world.registry.site()
            deals = [world.offered(tonnes, window=window, site=site).id for tonnes in masses]
        ended = race(database_url, deals, accepted)
        assert set(ended) <= {"done", "full"}, f"seed {seed}"
        left_t = 100 - sold_kg(engine, window) // T
        refused = [tonnes for tonnes, how in zip(masses, ended, strict=True) if how == "full"]
        # What is left only shrinks, so whoever was refused does not fit in what is left at the end either.
        assert left_t >= 0
        assert left_t < min(refused), f"seed {seed}"
    assert differences(engine) == []


def test_one_lot_is_not_sold_to_two_plants(database_url: str, engine: Engine) -> None:
    with world_on(engine) as world:
        output = world.registry.output(100)
        deals = [world.offered(10, output=output, line=world.registry.line()).id for _ in range(THREADS)]
    assert Counter(race(database_url, deals, accepted)) == Counter(done=10, full=THREADS - 10)


def test_two_at_once_confirm_one_deal_once(database_url: str, engine: Engine) -> None:
    with world_on(engine) as world:
        deal = world.offered(10, window=world.registry.window(100))
        accepted(world.session, deal)
    ended = Counter(race(database_url, [deal.id] * 8, confirmed))
    assert ended == Counter(done=1, illegal_step=7)
    assert differences(engine) == []


def test_accepting_confirming_countering_declining_and_lapsing_at_once_keep_the_counters_true(
    database_url: str, engine: Engine
) -> None:
    with world_on(engine) as world:
        windows = random_plant(Random(7)).build(world.registry)
        site = world.registry.site()
        deals = [world.offered(5, window=windows[k % 3], site=site) for k in range(THREADS)]
        for deal in deals[::2]:
            with suppress(RuleBroken):
                accepted(world.session, deal)
    for turn in range(3):

        def anything(session: Session, agreement: Agreement, turn: int = turn) -> None:
            Random(3 * agreement.id + turn).choice(STEPS)(session, agreement)

        ended = race(database_url, [deal.id for deal in deals], anything)
        assert set(ended) <= {"done", "full", "illegal_step"}
        assert differences(engine) == []


def declined(session: Session, agreement: Agreement) -> None:
    """The generator declines."""
    decline(session, **act(), agreement=agreement, side="generator")


def countered(session: Session, agreement: Agreement) -> None:
    """The generator counters what the facility accepted."""
    counter(session, **act(), agreement=agreement, side="generator", terms=terms(4))


def lapsed(session: Session, agreement: Agreement) -> None:  # noqa: ARG001 - it asks all of them
    """Time passes for every reservation."""
    lapse_reservations(session, at=at(hours=72))


STEPS = (accepted, confirmed, declined, countered, lapsed)


def check_then_insert(session: Session, agreement: Agreement) -> None:
    """Reserve as one would without knowing better: add up what is held, and if it fits, hold more."""
    for wanted in ceilings_of(session, agreement, agreement.offer, ()):
        key = {"kind": wanted.kind, "subject_id": wanted.subject_id, "year": wanted.year}
        ceiling = session.scalars(select(Ceiling).filter_by(**key)).one()
        held = session.scalar(select(func.sum(Hold.mass_kg)).where(Hold.ceiling_id == ceiling.id))
        if int(held or 0) + wanted.mass_kg > wanted.limit_kg:
            raise RuleBroken("full", "", "")
        time.sleep(PAUSE_S)
        session.add(Hold(agreement=agreement, ceiling=ceiling, mass_kg=wanted.mass_kg, status="reserved"))


def count_without_a_lock(session: Session, agreement: Agreement) -> None:
    """Reserve on the counter, but read it first and write back what one has reckoned."""
    for wanted in ceilings_of(session, agreement, agreement.offer, ()):
        key = {"kind": wanted.kind, "subject_id": wanted.subject_id, "year": wanted.year}
        ceiling = session.scalars(select(Ceiling).filter_by(**key)).one()
        reckoned = ceiling.reserved_kg + wanted.mass_kg
        if reckoned > wanted.limit_kg:
            raise RuleBroken("full", "", "")
        time.sleep(PAUSE_S)
        session.execute(update(Ceiling).where(Ceiling.id == ceiling.id).values(reserved_kg=reckoned))
        session.add(Hold(agreement=agreement, ceiling=ceiling, mass_kg=wanted.mass_kg, status="reserved"))


def unlocked_engine(url: str) -> Engine:
    """An engine as SQLAlchemy makes it by itself: SQLite then reads before its transaction has begun."""
    return create_engine(url)


@pytest.mark.parametrize("naive", [check_then_insert, count_without_a_lock])
def test_the_same_race_oversells_with_a_naive_reservation(
    database_url: str, engine: Engine, naive: Step
) -> None:
    with world_on(engine) as world:
        window, site = world.registry.window(100), world.registry.site()
        deals = [world.offered(10, window=window, site=site).id for _ in range(THREADS)]
        facts = {"kind": "window", "subject_id": window.id, "year": 0, "limit_kg": window.offered_kg}
        world.session.add(Ceiling(**facts, reserved_kg=0, committed_kg=0))
    race(database_url, deals, naive, unlocked_engine)
    assert sold_kg(engine, window) > 100 * T


def test_behind_the_condition_the_database_refuses_to_oversell(engine: Engine) -> None:
    with world_on(engine) as world:
        deal = world.offered(100, window=world.registry.window(100))
        accepted(world.session, deal)
    with pytest.raises(IntegrityError, match="never_oversold"), writing(engine).begin() as session:
        session.execute(update(Ceiling).values(reserved_kg=Ceiling.reserved_kg + 1))
