"""What the region loses with an outlet: against the best choice of all, level by level, from the last run."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import numpy as np
import pytest
from registry import ACTOR, AT, FLY_ASH, Registry
from sqlalchemy import Engine

from circularity.database import reading, writing
from circularity.registry.outputs import Output
from matching.advice.recommending import Recommendation, outlets_for_output
from matching.database.run import run_matching
from matching.database.snapshot_live import LiveReceivers
from matching.flow.loss import Loss, losses
from matching.flow.network import UNREACHED

NEAR, FAR = (31.222, 121.458, "310100"), (31.322, 121.458, "310100")
NUMBERS = count(1)
"""Shared by all registries of a test, so that no credit code comes twice."""


def test_a_loss_is_counted_from_the_best_choice_of_all() -> None:
    changes = np.array([[-1, -1, -1], [0, 0, 0], [-1, -1, 0], [2, 2, 7], [10, 30, 5]])
    entering = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [25, 0, 0]])
    assert losses(changes, entering).T.tolist() == [
        [0, 0, 0, 0, 10 + 25 - 30],
        [0, 0, 0, 0, 0],
        [0, 0, 1, 7 - 2, 5 - 30],
    ]


def test_where_no_kilogram_gains_anything_to_stay_unmatched_is_the_best_choice() -> None:
    changes = np.array([[-1], [0], [0], [3], [10]])
    entering = np.array([[1], [0], [0], [-3], [20]])
    assert losses(changes, entering).T.tolist() == [[0, 0, 0, 0, 10 + 20]]


def test_an_outlet_without_a_price_has_no_loss_and_is_no_choice() -> None:
    changes = np.array([[-1, -1], [0, 0], [0, 0], [3, 3], [10, 50]])
    entering = np.zeros((5, 2), dtype=np.int64)
    entering[:, 0] = UNREACHED
    unknown, known = losses(changes, entering).T.tolist()
    assert unknown == [UNREACHED] * 5
    assert known == [0] * 5


@pytest.fixture
def lots(engine: Engine) -> dict[str, int]:
    """100 t that fill the near plant, a lot of 1 t at the far plant, whose own has room for all; a run."""
    with writing(engine).begin() as session:
        registry = Registry(session, NUMBERS)
        registry.output(100, place=NEAR)
        for place, tonnes, fee in ((NEAR, 100, 0), (FAR, 1000, 50_000)):
            line = registry.line(registry.facility(place))
            registry.window(tonnes, line, gate_fee_ucny_per_kg=fee)
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        lot = Registry(session, NUMBERS).output(1, place=FAR)
        session.flush()
        return {"lot": lot.id}


def advice(engine: Engine, lot: int, **changes: object) -> list[Recommendation]:
    with reading(engine)() as session:
        output = session.get_one(Output, lot)
        return outlets_for_output(LiveReceivers(), session, output, **({"at": AT} | changes))  # type: ignore[arg-type]  # wrong, or unpacked, on purpose


def loss_of(found: Recommendation) -> Loss:
    assert found.loss is not None
    return found.loss


def test_to_push_another_kilogram_out_costs_the_region_what_both_then_travel(
    engine: Engine, lots: dict[str, int]
) -> None:
    near, far = advice(engine, lots["lot"])
    journey = near.costs_ucny_per_kg["transport"]
    assert journey is not None
    assert near.cost_ucny_per_kg < far.cost_ucny_per_kg == 50_000
    # here: 0 + 50,000; there: its journey, and the journey and fee of the kilogram that has to leave
    assert loss_of(near).per_kg == (0, 0, 0, 0, journey + journey + 50_000 - 50_000)
    assert loss_of(near).level == "cost"
    assert loss_of(far).per_kg == (0, 0, 0, 0, 0)
    assert loss_of(far).level == ""


def test_a_lot_s_own_posting_does_not_make_the_prices_old_but_another_does(
    engine: Engine, lots: dict[str, int]
) -> None:
    assert not loss_of(advice(engine, lots["lot"])[0]).run.is_old
    with writing(engine).begin() as session:
        Registry(session, NUMBERS).output(1, FLY_ASH)
    assert loss_of(advice(engine, lots["lot"])[0]).run.is_old


def test_the_prices_of_another_day_are_old(engine: Engine, lots: dict[str, int]) -> None:
    assert loss_of(advice(engine, lots["lot"], at=AT + timedelta(days=1))[0]).run.is_old


def test_what_happened_while_the_run_was_solving_makes_its_prices_old(
    engine: Engine, lots: dict[str, int]
) -> None:
    live = LiveReceivers()
    with writing(engine).begin() as session:
        later = Registry(session, NUMBERS)
        later.act["at"] = AT + timedelta(minutes=5)
        later.output(1)
    run_matching(engine, actor=ACTOR, at=AT + timedelta(minutes=4))
    with reading(engine)() as session:
        found = outlets_for_output(live, session, session.get_one(Output, lots["lot"]), at=AT)
    assert loss_of(found[0]).run.is_old


def test_a_window_offered_after_the_run_has_no_price(engine: Engine, lots: dict[str, int]) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session, NUMBERS)
        registry.window(1, registry.line(registry.facility(FAR)))
    new, *others = sorted(advice(engine, lots["lot"]), key=lambda found: found.loss is not None)
    assert new.loss is None
    assert all(found.loss is not None for found in others)


def test_before_the_first_run_nothing_is_said_of_a_loss(engine: Engine) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session, NUMBERS)
        lot = registry.output(1)
        registry.window(1)
        session.flush()
        key = lot.id
    (found,) = advice(engine, key)
    assert found.loss is None
