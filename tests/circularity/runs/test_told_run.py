"""What the public sees: flows behind which at least three senders stand, and bands."""

from __future__ import annotations

import pytest
from registry import ACTOR, AT, JIANGSU, Registry, T
from sqlalchemy import Engine

from circularity.banding import Band, band_of, shown
from circularity.database import reading, writing
from circularity.disclosure import OTHER
from circularity.runs.stored import latest_run
from circularity.runs.told_run import UNMATCHED, Crossing, Flow, told_run
from matching.database.run import run_matching


def test_a_runs_flows_hold_every_kilogram_of_it(engine: Engine) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session)
        for _ in range(3):
            registry.output(100)
            registry.output(20, "900-099-S06")
        registry.output(50, "900-003-S17", place=JIANGSU)
        registry.window(500)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        told = told_run(session, run)
        assert told.flows() == [
            Flow("31", "fly_ash", "C2", 300 * T),
            Flow(OTHER, OTHER, UNMATCHED, (3 * 20 + 50) * T),
        ]
        assert told.crossings() == [Crossing("31", "31", 300 * T)]
        assert (told.supply_kg, told.placed_kg) == (410 * T, 300 * T)
        assert (told.can_move_today_kg, told.after_procedures_kg, told.unmatched_kg) == (300 * T, 0, 110 * T)


def test_a_total_that_would_tell_of_one_party_is_not_told_nor_what_it_follows_from(engine: Engine) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session)
        for _ in range(3):
            registry.output(100)
        registry.output(50, "900-003-S17", place=JIANGSU)
        registry.window(500)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        told = told_run(session, run)
        assert (told.placed_kg, told.unmatched_kg, told.supply_kg) == (300 * T, None, None)
        assert told.flows() == [Flow("31", "fly_ash", "C2", 300 * T)]
        assert told_run(session, run, of_few=True).supply_kg == 350 * T


def test_what_found_no_outlet_flows_to_unmatched(engine: Engine) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session)
        for _ in range(3):
            registry.output(1)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        assert told_run(session, run).flows() == [Flow("31", "fly_ash", UNMATCHED, 3 * T)]


@pytest.mark.parametrize(
    ("tonnes", "band"),
    [
        (0, Band(0, 100 * T)),
        (99, Band(0, 100 * T)),
        (100, Band(100 * T, 1000 * T)),
        (123_456, Band(100_000 * T, 1_000_000 * T)),
        (1_000_000, Band(1_000_000 * T, None)),
        (999_999_999, Band(1_000_000 * T, None)),
    ],
)
def test_a_mass_that_was_not_published_is_shown_by_its_power_of_ten(tonnes: int, band: Band) -> None:
    assert shown(tonnes * T, "parties") == band_of(tonnes * T) == band


def test_a_published_mass_is_shown_exactly() -> None:
    assert shown(123, "public") == 123
