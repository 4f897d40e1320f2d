"""The mass ledger balances because it cannot do otherwise: the database refuses what does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from registry import AT, FLY_ASH, Registry
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from circularity.errors import RuleBroken
from circularity.ledger.balances import balance, faults, held, oldest_first, trial_balance
from circularity.ledger.groups import post, reverse
from circularity.ledger.mass import EITHER_WAY, KINDS, SINKS, SOURCES, STOCKS, MassGroup
from circularity.ledger.postings import POSTINGS, Cell, Movement
from circularity.organisations import Site

DAY = date(2026, 9, 1)


@pytest.fixture
def works(registry: Registry) -> Site:
    site = registry.site()
    registry.session.flush()
    return site


def _post(registry: Registry, works: Site, event: str, *legs: tuple[str, int], **facts: Any) -> Any:
    cell = Cell(works.id, FLY_ASH, facts.pop("vintage", 2026))
    movements = [Movement(leg, cell, kg, works.id, **facts) for leg, kg in legs]
    return post(registry.session, event=event, on_day=DAY, at=AT, subject=works, movements=movements)


def test_every_posting_moves_between_known_kinds() -> None:
    assert len(set(KINDS)) == len((*SOURCES, *STOCKS, *SINKS, *EITHER_WAY))
    legs = [kinds for table in POSTINGS.values() for kinds in table.values()]
    assert {kind for pair in legs for kind in pair} == set(KINDS)
    assert all(source != target and source not in SINKS for source, target in legs)


def test_a_month_of_a_works_gives_the_balances_one_would_reckon(registry: Registry, works: Site) -> None:
    _post(registry, works, "stock.opened", ("opening", 40), vintage=2025)
    _post(registry, works, "month.closed", ("generated", 100), ("own_utilised", 27), ("own_disposed", 3))
    cell = Cell(works.id, FLY_ASH, 2026)
    assert balance(registry.session, "on_site", cell, works.id) == 100 - 27 - 3
    assert trial_balance(registry.session) == {
        "opening": -40,
        "generated": -100,
        "on_site": 40 + 70,
        "own_utilised": 27,
        "own_disposed": 3,
    }
    assert faults(registry.session) == []


def test_a_load_goes_from_the_works_to_the_plant_and_stays_the_works_own(
    registry: Registry, works: Site
) -> None:
    plant = registry.site()
    registry.session.flush()
    _post(registry, works, "generation.carried", ("generated", 30_000))
    _post(registry, works, "transfer.submitted", ("reserved", 30_000))
    _post(registry, works, "transfer.picked_up", ("sent", 30_000))
    receipt = [("received", 29_400), ("moisture", 500), ("short", 100)]
    _post(registry, works, "receipt.accepted", *receipt, to_holder_site_id=plant.id, operation="C2")
    cell = Cell(works.id, FLY_ASH, 2026)
    assert held(registry.session, "received", plant.id, FLY_ASH) == [(cell, 29_400)]
    assert balance(registry.session, "in_transit", cell, works.id) == 0
    assert trial_balance(registry.session)["moisture_loss"] == 500
    assert faults(registry.session) == []


def test_old_stock_goes_first(registry: Registry, works: Site) -> None:
    _post(registry, works, "generation.carried", ("generated", 70))
    _post(registry, works, "stock.opened", ("opening", 40), vintage=2024)
    new, old = Cell(works.id, FLY_ASH, 2026), Cell(works.id, FLY_ASH, 2024)
    assert oldest_first(registry.session, "on_site", works.id, FLY_ASH, 50) == [(old, 40), (new, 10)]
    assert oldest_first(registry.session, "on_site", works.id, FLY_ASH, 500) == [(old, 40), (new, 70)]


def test_more_than_there_is_cannot_leave(registry: Registry, works: Site) -> None:
    _post(registry, works, "generation.carried", ("generated", 10))
    with pytest.raises(RuleBroken) as refused:
        _post(registry, works, "transfer.submitted", ("reserved", 6), ("reserved", 5))
    assert refused.value.code == "not_enough_mass"
    assert (refused.value.facts["balance_kg"], refused.value.facts["wanted_kg"]) == (4, 5)


def test_no_more_goes_back_to_generation_than_came_of_it(registry: Registry, works: Site) -> None:
    _post(registry, works, "stock.opened", ("opening", 50))
    carried = _post(registry, works, "generation.carried", ("generated", 10))
    with pytest.raises(RuleBroken) as refused:
        _post(registry, works, "month.closed", ("taken_back", 7), ("taken_back", 4))
    assert refused.value.code == "more_than_given"
    assert (refused.value.facts["given_kg"], refused.value.facts["wanted_kg"]) == (3, 4)
    _post(registry, works, "month.closed", ("taken_back", 7))
    with pytest.raises(RuleBroken, match=r"has given 0\.003 t, 0\.01 t cannot go back"):
        reverse(registry.session, group=carried, on_day=DAY, at=AT)
    assert trial_balance(registry.session) == {"opening": -50, "generated": -3, "on_site": 53}


def test_nothing_moved_is_no_group(registry: Registry, works: Site) -> None:
    assert _post(registry, works, "receipt.accepted", ("short", 0)) is None


def test_a_reversal_restores_every_balance_and_happens_once(registry: Registry, works: Site) -> None:
    group = _post(registry, works, "month.closed", ("generated", 100), ("own_utilised", 27))
    reversal = reverse(registry.session, group=group, on_day=DAY, at=AT)
    assert set(trial_balance(registry.session).values()) == {0}
    with pytest.raises(RuleBroken, match="reversed already"):
        reverse(registry.session, group=group, on_day=DAY, at=AT)
    with pytest.raises(RuleBroken, match="not reversed"):
        reverse(registry.session, group=reversal, on_day=DAY, at=AT)
    assert faults(registry.session) == []


def test_what_has_moved_on_cannot_be_reversed(registry: Registry, works: Site) -> None:
    group = _post(registry, works, "generation.carried", ("generated", 100))
    _post(registry, works, "transfer.submitted", ("reserved", 1))
    with pytest.raises(RuleBroken) as refused:
        reverse(registry.session, group=group, on_day=DAY, at=AT)
    assert refused.value.code == "not_enough_mass"


def _stock(registry: Registry, works: Site) -> MassGroup:
    """A hundred kilograms on site, committed, for the database's own refusals."""
    group: MassGroup = _post(registry, works, "month.closed", ("generated", 100), ("own_utilised", 10))
    registry.session.commit()
    return group


MOVE = "INSERT INTO mass_moves (group_id, line, leg, source_id, target_id, mass_kg, operation) VALUES "
NEW_GROUP = """INSERT INTO mass_groups
(id, public_id, event, on_day, posted_at, subject_kind, subject_id, moves, reverses_id)
SELECT 99, 'x', event, on_day, posted_at, subject_kind, subject_id, 1, NULL FROM mass_groups"""


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(MOVE + "(99, 1, 'x', 1, NULL, 5, '')", id="a move without its other side"),
        pytest.param(MOVE + "(99, 1, 'x', 1, 1, 5, '')", id="a move to the same account"),
        pytest.param(MOVE + "(99, 1, 'x', 1, 2, -5, '')", id="a move of less than nothing"),
        pytest.param(MOVE + "(99, 2, 'x', 2, 3, 5, '')", id="a move its group has not announced"),
        pytest.param(MOVE + "(99, 1, 'x', {on_site}, {used}, 91, '')", id="a negative balance"),
        pytest.param(MOVE + "(99, 1, 'x', {on_site}, {made}, 101, '')", id="a source that takes"),
        pytest.param(MOVE + "(99, 1, 'x', {on_site}, {other}, 5, '')", id="mass that becomes other mass"),
        pytest.param("UPDATE mass_moves SET mass_kg = 5", id="an edited move"),
        pytest.param("UPDATE mass_groups SET event = 'x'", id="an edited group"),
        pytest.param("DELETE FROM mass_moves", id="a deleted move"),
        pytest.param("DELETE FROM mass_groups", id="a deleted group"),
        pytest.param("DELETE FROM mass_accounts", id="a deleted account"),
        pytest.param("UPDATE mass_accounts SET vintage = 2020", id="an account that changes its year"),
        pytest.param("UPDATE mass_accounts SET balance_kg = -1 WHERE kind = 'on_site'", id="a typed balance"),
        pytest.param("INSERT INTO mass_accounts SELECT 999, origin_site_id, holder_site_id, waste_code,"
                     " 1999, kind, 5 FROM mass_accounts WHERE kind = 'on_site'", id="mass from nowhere"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses(registry: Registry, works: Site, statement: str) -> None:
    _stock(registry, works)
    session = registry.session
    _post(registry, works, "stock.opened", ("opening", 1), vintage=2020)
    session.commit()
    rows = session.execute(text("SELECT kind, id FROM mass_accounts WHERE vintage = 2026"))
    ids = {row.kind: row.id for row in rows}
    other = session.scalar(text("SELECT id FROM mass_accounts WHERE vintage = 2020 AND kind = 'on_site'"))
    before = trial_balance(session)
    session.execute(text(NEW_GROUP + " WHERE event = 'month.closed'"))
    names = {"on_site": ids["on_site"], "used": ids["own_utilised"], "made": ids["generated"], "other": other}
    with pytest.raises((IntegrityError, DBAPIError)):
        session.execute(text(statement.format(**names)))
    session.rollback()
    assert trial_balance(session) == before
    assert faults(session) == []


def test_a_balance_written_past_the_moves_is_found(registry: Registry, works: Site) -> None:
    _stock(registry, works)
    registry.session.execute(text("UPDATE mass_accounts SET balance_kg = 91 WHERE kind = 'on_site'"))
    (fault,) = faults(registry.session)
    assert "holds 0.091 t, its moves give 0.09 t" in fault


def test_a_group_with_fewer_moves_than_announced_is_found(registry: Registry, works: Site) -> None:
    _stock(registry, works)
    registry.session.execute(text(NEW_GROUP + " WHERE event = 'month.closed'"))
    assert faults(registry.session) == ["group 99 announced 1 moves and has 0"]
