"""The quota of an entry: drawn by deals, given back, trued up by receipts, raised by letter."""

from __future__ import annotations

from typing import Any

import pytest
from deal_world import act
from listing_world import ListingWorld
from registry import Registry, T
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from circularity.custody.quota import quota_book, quota_state, raise_quota, taken_kg, true_up_quotas
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.refusals import send_back, take_back
from circularity.deals.agreements import ask_to_end, end_agreement
from circularity.deals.ceilings import Ceiling
from circularity.deals.offers import accept, decline, lapse_reservations
from circularity.deals.procedures import attach_grant
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.standing import delist


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


@pytest.fixture
def entry(world: ListingWorld) -> WhitelistEntry:
    return world.listed(quota_kg=100 * T)


def _book(world: ListingWorld, entry: WhitelistEntry) -> list[tuple[str, int, int]]:
    """What happened, tonnes, and tonnes taken after it; the book and the counter agree."""
    world.registry.session.flush()
    lines, state = quota_book(world.registry.session, entry), quota_state(world.registry.session, entry)
    assert taken_kg(lines) == state.reserved_kg + state.committed_kg
    return [(line.move.kind, line.move.mass_kg // T, line.taken_kg // T) for line in lines]


def _received(world: ListingWorld, deal: Any, sent: int, weighed: int, accepted: int | None = None) -> Any:
    load = world.at_the_gate(deal, sent)
    receive(**world.act(), transfer=load, weighed={1: Weighed(weighed * T)})
    accepted = weighed if accepted is None else accepted
    verdict = Verdict(accepted * T, (weighed - accepted) * T, "" if accepted == weighed else "不符")
    facts = {"organisation": world.owner, "person": "李四"}
    decide(**world.act(), transfer=load, verdicts={1: verdict}, **facts)
    return load


def _moving(world: ListingWorld, tonnes: int) -> Any:
    deal = world.agreed(tonnes)
    attach_grant(**world.act(), agreement=deal, grant=world.approval())
    return deal


def _true_up(world: ListingWorld) -> int:
    return true_up_quotas(world.registry.session, at=world.act()["at"])


def test_a_deal_draws_on_the_quota_at_its_first_acceptance_and_commits_at_its_second(
    world: ListingWorld, entry: WhitelistEntry
) -> None:
    world.agreed(60)
    assert _book(world, entry) == [("reserved", 60, 60), ("committed", 60, 60)]
    assert quota_state(world.registry.session, entry).left_kg == 40 * T


def test_what_is_declined_or_lapses_is_given_back(world: ListingWorld, entry: WhitelistEntry) -> None:
    session = world.registry.session
    declined, lapsing = world.offered(60), world.offered(30)
    for deal in (declined, lapsing):
        accept(session, **act(), agreement=deal, side="facility")
    decline(session, **act(), agreement=declined, side="facility")
    lapse_reservations(session, at=act(hours=73)["at"])
    assert _book(world, entry) == [
        ("reserved", 60, 60),
        ("reserved", 30, 90),
        ("released", 60, 30),
        ("released", 30, 0),
    ]


def test_at_zero_the_quota_blocks_and_a_letter_opens_it_again(
    world: ListingWorld, entry: WhitelistEntry
) -> None:
    world.agreed(100)
    with pytest.raises(RuleBroken) as refused:
        world.agreed(1)
    assert (refused.value.code, refused.value.facts["kind"]) == ("full", "quota")
    facts: dict[str, Any] = {"entry": entry, "mass_kg": 20 * T, "document": "超额函 1 号", "reason": "检修"}
    raise_quota(**world.act(), by=world.jiangsu, **facts)
    world.agreed(20)
    assert _book(world, entry)[2:] == [("raised", 20, 100), ("reserved", 20, 120), ("committed", 20, 120)]
    assert quota_state(world.registry.session, entry).left_kg == 0


def test_consent_above_the_quota_is_an_act_of_the_receiving_authority_with_a_letter(
    world: ListingWorld, entry: WhitelistEntry
) -> None:
    facts: dict[str, Any] = {"entry": entry, "mass_kg": T, "document": "函", "reason": "x"}
    for by in (world.shanghai, world.owner):
        with pytest.raises(NotAllowed):
            raise_quota(**world.act(), by=by, **facts)
    for wrong in ({"document": " "}, {"reason": ""}, {"mass_kg": 0}):
        with pytest.raises(BadInput):
            raise_quota(**world.act(), by=world.jiangsu, **(facts | wrong))
    unlimited = world.listed(accepted_origins=("33",))
    with pytest.raises(RuleBroken, match="no quota"):
        raise_quota(**world.act(), by=world.jiangsu, **(facts | {"entry": unlimited}))
    delist(**world.act(), entry=entry, by=world.jiangsu, reason="x")
    with pytest.raises(RuleBroken, match="not in force"):
        raise_quota(**world.act(), by=world.jiangsu, **facts)
    assert entry.quota_kg == 100 * T


def test_a_quota_raised_above_the_licence_does_not_raise_the_licence(world: ListingWorld) -> None:
    world.line.annual_limit_kg = 100 * T
    entry = world.listed(quota_kg=100 * T)
    facts: dict[str, Any] = {"entry": entry, "mass_kg": 50 * T, "document": "函", "reason": "x"}
    raise_quota(**world.act(), by=world.jiangsu, **facts)
    with pytest.raises(RuleBroken) as refused:
        world.agreed(101)
    assert refused.value.facts["kind"] == "line"


def test_a_lighter_receipt_gives_back_and_a_heavier_one_takes(
    world: ListingWorld, entry: WhitelistEntry
) -> None:
    deal = _moving(world, 60)
    _received(world, deal, 30, 28)
    assert (_true_up(world), _true_up(world)) == (1, 0)
    assert _book(world, entry)[2:] == [("trued_down", 2, 58)]
    _received(world, deal, 30, 31)
    _true_up(world)
    assert _book(world, entry)[3:] == [("trued_up", 1, 59)]


def test_more_than_the_quota_has_room_for_is_not_taken(world: ListingWorld, entry: WhitelistEntry) -> None:
    deal = _moving(world, 100)
    _received(world, deal, 30, 32)
    assert _true_up(world) == 0
    assert quota_state(world.registry.session, entry).committed_kg == 100 * T


def test_what_is_refused_returns_and_counts_for_nothing_in_the_end(
    world: ListingWorld, entry: WhitelistEntry
) -> None:
    deal = _moving(world, 60)
    load = _received(world, deal, 30, 29, accepted=0)
    send_back(**world.act(), transfer=load, who="receiver")
    take_back(**world.act(), transfer=load)
    _received(world, deal, 30, 28)
    facts: dict[str, Any] = {"agreement": deal}
    ask_to_end(**world.act(), **facts, side="generator")
    end_agreement(**world.act(), **facts, side="facility")
    _true_up(world)
    assert quota_state(world.registry.session, entry).committed_kg == 28 * T
    assert [line[:2] for line in _book(world, entry)][-2:] == [("released", 29), ("trued_down", 3)]


def test_an_entry_without_a_quota_has_no_counter_and_no_book(world: ListingWorld) -> None:
    entry = world.listed()
    world.agreed(60)
    state = quota_state(world.registry.session, entry)
    assert (state.limit_kg, state.left_kg, state.committed_kg) == (None, None, 0)
    assert _book(world, entry) == []


def test_the_database_lets_no_quota_fall_below_zero_or_be_overdrawn(
    world: ListingWorld, entry: WhitelistEntry
) -> None:
    world.agreed(60)
    session = world.registry.session
    session.commit()
    counter = select(Ceiling.id).filter_by(kind="quota", subject_id=entry.id).scalar_subquery()
    for wrong in (-1, 100 * T + 1):
        with pytest.raises(IntegrityError):
            session.execute(update(Ceiling).where(Ceiling.id == counter).values(committed_kg=wrong))
        session.rollback()


@pytest.mark.parametrize("act_of", ["UPDATE quota_moves SET mass_kg = 1", "DELETE FROM quota_moves"])
def test_what_has_happened_to_a_quota_cannot_be_rewritten(
    world: ListingWorld, entry: WhitelistEntry, act_of: str
) -> None:
    world.agreed(60)
    session = world.registry.session
    session.commit()
    with pytest.raises(DBAPIError, match="stays written"):
        session.execute(text(act_of))
    session.rollback()
    assert entry.quota_kg == 100 * T
