"""What the public sees: flows behind which at least three senders stand, and bands."""

from __future__ import annotations

import pytest
from registry import ACTOR, AT, JIANGSU, Registry, T
from sqlalchemy import Engine

from circularity.banding import Band, band_of, shown
from circularity.database import reading, writing
from circularity.disclosure import OTHER, Cell, suppressed
from circularity.runs.flows import UNMATCHED, Flow, flows
from circularity.runs.stored import latest_run
from matching.run import run_matching


def cell(mass_kg: int, *organisations: int) -> Cell:
    """A mass of several senders with equal parts in it."""
    return Cell(mass_kg, dict.fromkeys(organisations, mass_kg))


def told(cells: dict[tuple[str, str, str], Cell]) -> dict[tuple[str, str, str], int]:
    return {key: found.mass_kg for key, found in suppressed(cells).items()}


def test_a_flow_of_three_senders_is_published() -> None:
    assert told({("31", "slag", "C2"): cell(9, 1, 2, 3)}) == {("31", "slag", "C2"): 9}


def test_small_flows_are_added_up_within_their_province() -> None:
    cells = {("31", "slag", "C2"): cell(5, 1, 2), ("31", "acid", "R6"): cell(7, 3)}
    assert told(cells) == {("31", OTHER, OTHER): 5 + 7}


def test_what_is_still_small_is_added_up_over_all_provinces() -> None:
    cells = {("31", "slag", "C2"): cell(5, 1, 2), ("32", "acid", "R6"): cell(7, 3)}
    assert told(cells) == {(OTHER, OTHER, OTHER): 5 + 7}


def test_one_senders_two_flows_are_not_two_senders() -> None:
    cells = {("31", "slag", "C2"): cell(5, 1), ("31", "acid", "R6"): cell(7, 1)}
    assert told(cells) == {}


def test_the_smallest_published_flow_hides_a_rest_that_is_too_small() -> None:
    cells = {
        ("31", "slag", "C2"): cell(50, 1, 2, 3),
        ("32", "ash", "C2"): cell(40, 4, 5, 6),
        ("33", "acid", "R6"): cell(7, 9),
    }
    assert told(cells) == {("31", "slag", "C2"): 50, (OTHER, OTHER, OTHER): 40 + 7}


def test_too_few_to_hide_among_are_not_published_at_all() -> None:
    assert told({("31", "slag", "C2"): cell(5, 1, 2)}) == {}


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
        assert flows(session, run) == [
            Flow("31", "fly_ash", "C2", 300 * T),
            Flow(OTHER, OTHER, OTHER, (3 * 20 + 50) * T),
        ]


def test_what_found_no_outlet_flows_to_unmatched(engine: Engine) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session)
        for _ in range(3):
            registry.output(1)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        assert flows(session, run) == [Flow("31", "fly_ash", UNMATCHED, 3 * T)]


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
