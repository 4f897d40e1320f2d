"""What is owed month by month: settled mass times a fixed, a stepped or a quoted price."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from deal_rows import Deal, deal, decided
from registry import Registry, T

from circularity.calendar_days import DELTA_TIME
from circularity.custody.manifests import Transfer
from circularity.custody.sheets import Weighing, add_tickets
from circularity.custody.statements import MonthOwed, statement

AUGUST, SEPTEMBER = (2026, 8), (2026, 9)
PER_T = 1_000
"""One CNY/t in µCNY/kg."""


def weighed(world: Deal, made: Transfer, tonnes: int) -> None:
    """The sender's one ticket of a sheet, with a number of its own."""
    moment = datetime(made.day_from.year, made.day_from.month, made.day_from.day, 8, tzinfo=DELTA_TIME)
    row = Weighing(made.number, "沪A1", moment, (tonnes + 10) * T, 10 * T)
    add_tickets(**world.act, transfer=made, rows=[row])


def sheet(world: Deal, day: date, accepted: int, refused: int = 0) -> Transfer:
    """A daily sheet of some tonnes, weighed and decided by the receiver."""
    made = world.draft(accepted + refused, metering="sheet", day=day)
    weighed(world, made, accepted + refused)
    world.sign(made, "sender")
    decided(world, made, accepted, refused)
    return made


def two_months(registry: Registry, **price: Any) -> Deal:
    """60 t in August; in September 30 t, of which 10 t are refused, and 20 t."""
    world = deal(registry, tonnes=200, **price)
    sheet(world, date(2026, 8, 20), 60)
    sheet(world, date(2026, 9, 1), 20, 10)
    sheet(world, date(2026, 9, 1), 20)
    return world


def owed(world: Deal, **facts: Any) -> list[tuple[int, int, int | None]]:
    """Loads, settled tonnes and CNY of each month."""
    return [
        (row.loads, row.settled_kg // 1000, None if row.owed_fen is None else row.owed_fen // 100)
        for row in statement(world.registry.session, world.agreement, **facts)
    ]


def test_a_fixed_price_is_owed_for_what_was_accepted(registry: Registry) -> None:
    world = two_months(registry, price={"fixed": -50 * PER_T})
    assert owed(world) == [(1, 60, -50 * 60), (2, 40, -50 * 40)]
    (august, _) = statement(registry.session, world.agreement)
    assert august == MonthOwed(*AUGUST, 1, 60_000, 60_000, 60_000, None, -300_000)


def test_a_step_counts_from_the_first_load_of_the_deal(registry: Registry) -> None:
    steps = {"steps": [[0, 30 * PER_T], [80_000, 25 * PER_T]]}
    world = two_months(registry, price_kind="stepped", price=steps)
    assert owed(world) == [(1, 60, 60 * 30), (2, 40, 20 * 30 + 20 * 25)]


def test_a_formula_is_owed_where_its_quotation_is_known(registry: Registry) -> None:
    formula = {
        "formula": "…", "base": 100 * PER_T, "index": "指数", "reference": 1_000, "share_permille": 500,
    }  # fmt: skip
    world = two_months(registry, price_kind="formula", price=formula)
    assert owed(world) == [(1, 60, None), (2, 40, None)]
    # a tenth above its reference, of which half is followed: 105 CNY/t
    assert owed(world, quotations={SEPTEMBER: 1_100}) == [(1, 60, None), (2, 40, 40 * 105)]


@pytest.mark.parametrize("price", [{"fixed": None}, {"fixed": 0}])
def test_no_price_is_not_the_same_as_free_of_charge(registry: Registry, price: dict[str, Any]) -> None:
    assert [owed_cny for _, _, owed_cny in owed(two_months(registry, price=price))] == [price["fixed"]] * 2


def test_loads_of_other_agreements_refused_and_waiting_ones_owe_nothing(registry: Registry) -> None:
    world = deal(registry, tonnes=200, price={"fixed": PER_T})
    sheet(world, date(2026, 9, 1), 0, 30)
    waiting = world.draft(30, metering="sheet")
    weighed(world, waiting, 30)
    world.sign(waiting, "sender")
    assert statement(registry.session, world.agreement) == []
    sheet(deal(registry, tonnes=200, price={"fixed": PER_T}), date(2026, 9, 1), 30)
    assert statement(registry.session, world.agreement) == []
