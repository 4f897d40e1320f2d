"""Agreements in force: direct and imported ones, what is shipped and owed, pauses, ends and gaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from deal_world import DECEMBER, SEPTEMBER, DealWorld, act, at, terms
from registry import ACID, Registry, T
from sqlalchemy import select

from circularity.deals.agreements import (
    ask_to_end,
    close_what_ran_out,
    end_agreement,
    end_asked_by,
    gaps,
    import_contract,
    in_force,
    in_force_on,
    price_owed_fen,
    resume,
    ship,
    suspend,
    unship,
    withdraw_end,
)
from circularity.deals.contract import Agreement, Offer
from circularity.deals.offers import accept, confirm
from circularity.deals.reservations import left_kg
from circularity.errors import BadInput, RuleBroken
from circularity.registry.facilities import set_standing


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


def refused(code: str, step: Any, *given: Any, **facts: Any) -> RuleBroken:
    with pytest.raises(RuleBroken) as error:
        step(*given, **facts)
    assert error.value.code == code
    return error.value


def test_a_direct_deal_passes_the_same_rules(world: DealWorld) -> None:
    error = refused("unlawful", world.offered, waste_code=ACID)
    assert [found["rule"] for found in error.facts["rules"]] == ["waste_code", "hazardous_licence"]
    assert all(found["document_zh"] for found in error.facts["rules"])


def test_a_contract_made_outside_is_confirmed_by_both_sides(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    site = world.registry.site()
    world.session.flush()
    facts = {"waste_code": "900-001-S02", "operation": "C2", "terms": terms(60), "site": site, "line": line}
    agreement = import_contract(world.session, **act(), **facts, side="facility", document="HT-2026-17")
    assert (agreement.source, agreement.document) == ("imported", "HT-2026-17")
    accept(world.session, **act(), agreement=agreement, side="generator")
    confirm(world.session, **act(), agreement=agreement, side="facility")
    assert left_kg(world.session, "line", line, 2026) == 40 * T
    with pytest.raises(BadInput):
        import_contract(world.session, **act(), **facts, side="facility", document=" ")


@pytest.mark.parametrize("what", ["output", "window", "operation"])
def test_a_deal_names_postings_and_operation_of_its_own_parties(world: DealWorld, what: str) -> None:
    facts = {
        "output": {"output": world.registry.output(), "site": world.registry.site()},
        "window": {"window": world.registry.window(), "line": world.registry.line()},
        "operation": {"operation": "C1"},
    }[what]
    with pytest.raises(BadInput) as error:
        world.offered(**facts)
    assert [problem.column for problem in error.value.problems] == [what]


def test_an_agreement_is_in_force_on_its_days_once_agreed(world: DealWorld) -> None:
    agreement = world.offered()
    assert not in_force(world.session, agreement, SEPTEMBER)
    accept(world.session, **act(), agreement=agreement, side="facility")
    confirm(world.session, **act(), agreement=agreement, side="generator")
    days = (date(2026, 8, 31), SEPTEMBER, DECEMBER, date(2027, 1, 1))
    assert [in_force(world.session, agreement, day) for day in days] == [False, True, True, False]
    assert [_found_in_force(world, day) for day in days] == [[], [agreement], [agreement], []]
    suspend(world.session, **act(), agreement=agreement, who="authority", reason="核查")
    assert _found_in_force(world, SEPTEMBER) == []


def _found_in_force(world: DealWorld, day: date) -> list[Agreement]:
    return list(world.session.scalars(select(Agreement).where(in_force_on(day))))


def test_no_more_is_shipped_than_agreed(world: DealWorld) -> None:
    agreement = world.agreed(60)
    ship(world.session, agreement, 50 * T)
    error = refused("more_than_agreed", ship, world.session, agreement, 10 * T + 1)
    assert (error.facts["left_kg"], agreement.shipped_kg) == (10 * T, 50 * T)
    unship(world.session, agreement, 1)
    ship(world.session, agreement, 10 * T + 1)
    assert agreement.shipped_kg == 60 * T


def test_nothing_is_shipped_before_both_agree_or_while_suspended(world: DealWorld) -> None:
    offered, agreed = world.offered(), world.agreed()
    refused("not_in_force", ship, world.session, offered, 1)
    suspend(world.session, **act(), agreement=agreed, who="authority", reason="核查")
    refused("not_in_force", ship, world.session, agreed, 1)
    assert not in_force(world.session, agreed, SEPTEMBER)
    resume(world.session, **act(), agreement=agreed, who="authority")
    ship(world.session, agreed, 1)


def test_a_suspended_agreement_resumes_only_when_lawful_again(world: DealWorld) -> None:
    agreement = world.agreed()
    suspend(world.session, **act(), agreement=agreement, who="system", reason="资质暂停")
    facts: dict[str, Any] = {"facility": agreement.facility, "reason": "整改"}
    set_standing(world.session, **act(), standing="suspended", **facts)
    refused("unlawful", resume, world.session, **act(), agreement=agreement, who="system")
    assert agreement.status == "suspended"
    set_standing(world.session, **act(), standing="", **facts)
    resume(world.session, **act(), agreement=agreement, who="system")
    assert agreement.status == "agreed"


def test_a_party_cannot_suspend(world: DealWorld) -> None:
    facts = {"agreement": world.agreed(), "who": "generator", "reason": "x"}
    refused("illegal_step", suspend, world.session, **act(), **facts)


def test_one_side_alone_cannot_end_it_before_its_time(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.agreed(60, window=window)
    ship(world.session, agreement, 20 * T)
    refused("no_consent", end_agreement, world.session, **act(), agreement=agreement, side="generator")
    for _ in range(2):
        ask_to_end(world.session, **act(), agreement=agreement, side="generator")
    assert end_asked_by(world.session, agreement) == {"generator"}
    refused("no_consent", end_agreement, world.session, **act(), agreement=agreement, side="generator")
    end_agreement(world.session, **act(days=1), agreement=agreement, side="facility")
    assert (agreement.status, agreement.ended_at) == ("ended", at(days=1))
    assert left_kg(world.session, "window", window) == (100 - 20) * T


def test_a_request_to_end_is_taken_back_until_the_other_side_agrees(world: DealWorld) -> None:
    agreement = world.agreed(60)
    facts = {"session": world.session, "agreement": agreement}
    refused("not_asked", withdraw_end, **facts, **act(), side="generator")
    ask_to_end(**facts, **act(), side="generator")
    refused("not_asked", withdraw_end, **facts, **act(), side="facility")
    withdraw_end(**facts, **act(hours=1), side="generator")
    assert end_asked_by(world.session, agreement) == frozenset()
    refused("no_consent", end_agreement, **facts, **act(hours=2), side="facility")
    ask_to_end(**facts, **act(hours=3), side="generator")
    assert end_asked_by(world.session, agreement) == {"generator"}
    end_agreement(**facts, **act(hours=4), side="facility")
    refused("illegal_step", withdraw_end, **facts, **act(hours=5), side="generator")


def test_an_agreement_runs_out_a_month_after_its_last_day(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    agreement = world.agreed(60, line=line, with_terms={"valid_to": date(2026, 9, 30)})
    ship(world.session, agreement, 60 * T)
    assert close_what_ran_out(world.session, at=at(days=29 + 31)) == 0
    assert close_what_ran_out(world.session, at=at(days=30 + 31)) == 1
    assert (agreement.status, left_kg(world.session, "line", line, 2026)) == ("ended", 40 * T)


def offer(price_kind: str, **price: Any) -> Offer:
    return Offer(price_kind=price_kind, price=price)


def test_a_fixed_price_is_owed_for_every_kilogram() -> None:
    # 12.345 CNY/t for 20 t: 246.90 CNY.
    assert price_owed_fen(offer("fixed", fixed=12_345), 20 * T, 0) == 24_690
    assert price_owed_fen(offer("fixed", fixed=-12_345), 20 * T, 0) == -24_690
    assert price_owed_fen(offer("fixed", fixed=None), 20 * T, 0) is None


def test_a_stepped_price_depends_on_what_was_delivered_before() -> None:
    # 10 CNY/t for the first 100 t, 8 CNY/t up to 150 t, 5 CNY/t after that.
    steps = [[0, 10_000], [100 * T, 8_000], [150 * T, 5_000]]
    stepped = offer("stepped", steps=steps)
    assert price_owed_fen(stepped, 100 * T, 0) == 100 * 1000
    assert price_owed_fen(stepped, 100 * T, 90 * T) == 10 * 1000 + 50 * 800 + 40 * 500
    assert price_owed_fen(stepped, 10 * T, 200 * T) == 10 * 500
    whole = price_owed_fen(stepped, 190 * T, 0)
    assert whole == 100 * 1000 + 50 * 800 + 40 * 500


def test_a_formula_follows_its_index_by_its_share() -> None:
    # Base 20 CNY/t at an index of 3000, 60 % of it follows: at 3300 it is 20 × (1 + 0.6 × 10 %) = 21.2 CNY/t.
    price = {"formula": "20 × (0.4 + 0.6 × 螺纹钢/3000)", "index": "螺纹钢", "base": 20_000}
    formula = offer("formula", **price, reference=3000, share_permille=600)
    assert price_owed_fen(formula, 10 * T, 0, 3300) == 10 * 2120
    assert price_owed_fen(formula, 10 * T, 0, 3000) == 10 * 2000
    assert price_owed_fen(formula, 10 * T, 0) is None


def test_fen_are_rounded_once_half_away_from_zero() -> None:
    assert price_owed_fen(offer("fixed", fixed=5_000), 1, 0) == 1
    assert price_owed_fen(offer("fixed", fixed=-5_000), 1, 0) == -1
    assert price_owed_fen(offer("fixed", fixed=4_999), 1, 0) == 0


@pytest.mark.parametrize(
    ("kind", "price"),
    [
        ("stepped", {"steps": [[0, 10_000], [100_000, 8_000]]}),
        ("formula", {"formula": "f", "index": "i", "base": 1, "reference": 2, "share_permille": 3}),
    ],
)
def test_a_price_comes_back_as_it_was_agreed(world: DealWorld, kind: str, price: dict[str, Any]) -> None:
    agreement = world.agreed(60, with_terms={"price_kind": kind, "price": price})
    world.session.commit()
    world.session.refresh(agreement.offer)
    assert agreement.offer.price == price


def told(world: DealWorld, on: date, **facts: Any) -> list[tuple[str, date]]:
    return [(gap.kind, gap.first) for gap in gaps(world.session, on, **facts)]


def test_an_agreement_warns_45_days_before_its_entitlement_ends(world: DealWorld) -> None:
    line = world.registry.line(entitlement=world.registry.entitlement(valid_to=date(2026, 11, 20)))
    world.agreed(60, line=line)
    first = ("entitlement", date(2026, 11, 21))
    assert told(world, date(2026, 10, 6)) == []
    assert told(world, date(2026, 10, 7)) == [first]
    assert told(world, date(2026, 12, 1)) == [first]
    assert told(world, date(2026, 10, 1), within_days=60) == [first]


def test_a_regular_flow_warns_before_its_end_unless_another_follows(world: DealWorld) -> None:
    first = world.agreed(60, with_terms={"cadence": "weekly"})
    assert told(world, date(2026, 12, 1)) == [("agreement", date(2027, 1, 1))]
    later = {"valid_from": date(2027, 1, 1), "valid_to": date(2027, 12, 31), "cadence": "weekly"}
    world.agreed(60, site=first.site, with_terms=later)
    assert told(world, date(2026, 12, 1)) == []


def test_a_single_lot_ends_without_a_warning(world: DealWorld) -> None:
    world.agreed(60)
    world.agreed(1, with_terms={"lot": "sample", "cadence": "weekly"})
    assert told(world, date(2026, 12, 1)) == []
