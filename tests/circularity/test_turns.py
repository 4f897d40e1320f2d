"""Turns are given in the order in which they are asked for, and end with the transaction that holds them."""

from __future__ import annotations

from threading import Thread

import pytest
from sqlalchemy import Engine, text

from circularity.turns import Turns, hold


def test_as_many_as_there_are_places_hold_a_turn_at_once() -> None:
    turns = Turns(2)
    assert turns.take(0)
    assert turns.take(0)
    assert not turns.take(0)
    turns.give()
    assert turns.take(0)


def test_who_gives_up_leaves_the_line() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


def test_a_turn_goes_to_whoever_has_waited_longest() -> None:
    turns, told = Turns(), list[int]()
    assert turns.take(0)

    def wait(who: int) -> None:
        assert turns.take(30)
        told.append(who)
        turns.give()

    threads = [Thread(target=wait, args=(who,)) for who in range(8)]
    for waiting, thread in enumerate(threads, 1):
        thread.start()
        while len(turns._waiting) < waiting:
            thread.join(0.001)
    turns.give()
    for thread in threads:
        thread.join()
    assert told == list(range(8))


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "invalidate"])
def test_what_is_held_goes_with_its_transaction_however_that_ends(engine: Engine, end: str) -> None:
    turns = Turns()
    connection = engine.connect()
    connection.execute(text("SELECT 1"))
    hold(connection, turns, 0)
    assert not turns.take(0)
    getattr(connection, end)()
    assert turns.take(0)
    connection.close()
    assert not turns.take(0)


def test_a_transaction_holds_a_turn_once_however_often_it_asks(engine: Engine) -> None:
    turns = Turns(2)
    with engine.begin() as connection:
        hold(connection, turns, 0)
        hold(connection, turns, 0)
        assert turns.take(0)
    assert turns.take(0)
    assert not turns.take(0)


def test_who_waits_in_vain_goes_on_and_gives_nothing_back(engine: Engine) -> None:
    turns = Turns()
    assert turns.take(0)
    with engine.begin() as connection:
        hold(connection, turns, 0.01)
    assert not turns.take(0)
