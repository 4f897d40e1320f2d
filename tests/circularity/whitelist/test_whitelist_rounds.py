"""The yearly lists: proposed in December, published for the year; last year's receipts, what runs out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from listing_world import ListingWorld, pdf
from registry import ACID, Registry, T

from circularity.catalogue.procedures import add_working_days
from circularity.custody.listed_receipts import actual_receipts
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.deals.procedures import attach_grant
from circularity.errors import RuleBroken
from circularity.whitelist.applications import Application
from circularity.whitelist.deciding import approve, take_up
from circularity.whitelist.papers import hand_in
from circularity.whitelist.proposing import submit, withdraw
from circularity.whitelist.rounds import propose_round, publish_round, renewals_due

NOVEMBER, DECEMBER, JANUARY = (
    datetime(2026, 11, 30, 2, tzinfo=UTC),
    datetime(2026, 12, 1, 2, tzinfo=UTC),
    datetime(2027, 1, 4, 2, tzinfo=UTC),
)


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def _at(world: ListingWorld, moment: datetime) -> dict[str, Any]:
    return world.act() | {"at": moment}


def _renewed(world: ListingWorld, application: Application) -> None:
    """Hand the papers of a renewal in, review and approve it; no second visit is needed."""
    for kind in ("capability", "compliance"):
        facts = {"by": world.owner, "kind": kind, "title": kind, "content": pdf(kind)}
        hand_in(**_at(world, DECEMBER), application=application, **facts)
    submit(**_at(world, DECEMBER), application=application, by=world.owner)
    take_up(**_at(world, DECEMBER), application=application, by=world.jiangsu)
    approve(**_at(world, DECEMBER), application=application, by=world.jiangsu, reasons="续列")


def test_a_list_is_proposed_in_december_and_published_for_the_next_year(world: ListingWorld) -> None:
    entry = world.listed(quota_kg=500 * T)
    (application,) = propose_round(**_at(world, DECEMBER), by=world.jiangsu, year=2027)
    assert (application.renews, application.status, application.quota_kg) == (entry, "draft", 500 * T)
    _renewed(world, application)
    facts = {"by": world.jiangsu, "year": 2027, "document": "2027 年名单"}
    (published,) = publish_round(**_at(world, JANUARY), **facts)
    assert (published.valid_from, published.valid_to) == (date(2027, 1, 1), date(2027, 12, 31))
    assert (published.document, published.status, entry.status) == ("2027 年名单", "listed", "listed")
    assert publish_round(**_at(world, JANUARY), **facts) == []


def test_no_list_is_proposed_before_its_month(world: ListingWorld) -> None:
    world.listed()
    with pytest.raises(RuleBroken) as refused:
        propose_round(**_at(world, NOVEMBER), by=world.jiangsu, year=2027)
    assert refused.value.code == "not_the_season"


def test_a_second_round_proposes_only_what_the_first_did_not(world: ListingWorld) -> None:
    world.listed()
    (first,) = propose_round(**_at(world, DECEMBER), by=world.jiangsu, year=2027)
    assert propose_round(**_at(world, DECEMBER), by=world.jiangsu, year=2027) == []
    withdraw(**_at(world, DECEMBER), application=first, by=world.owner)
    assert len(propose_round(**_at(world, DECEMBER), by=world.jiangsu, year=2027)) == 1


def test_an_authority_proposes_and_publishes_in_its_own_region_only(world: ListingWorld) -> None:
    world.listed()
    assert propose_round(**_at(world, DECEMBER), by=world.shanghai, year=2027) == []
    (application,) = propose_round(**_at(world, DECEMBER), by=world.jiangsu, year=2027)
    _renewed(world, application)
    facts = {"year": 2027, "document": "名单"}
    assert publish_round(**_at(world, JANUARY), by=world.shanghai, **facts) == []


def test_thirty_working_days_before_its_end_an_entry_is_due_until_somebody_renews_it(
    world: ListingWorld,
) -> None:
    entry, session = world.listed(), world.registry.session
    session.flush()
    due = date(2026, 11, 19)
    assert add_working_days(due, 30) == entry.valid_to == date(2026, 12, 31)
    assert renewals_due(session, date(2026, 11, 18)) == []
    assert renewals_due(session, due) == [entry]
    propose_round(**_at(world, DECEMBER), by=world.jiangsu, year=2027)
    assert renewals_due(session, DECEMBER.date()) == []


def test_what_was_received_counts_for_the_entry_that_covers_it(world: ListingWorld) -> None:
    entry = world.listed(quota_kg=500 * T)
    idle = world.listed(accepted_origins=("33",))
    deal = world.agreed(100)
    attach_grant(**world.act(), agreement=deal, grant=world.approval())
    for sent, weighed in ((30, 30), (20, 19)):
        load = world.at_the_gate(deal, sent)
        receive(**world.act(), transfer=load, weighed={1: Weighed(weighed * T)})
        facts = {"organisation": world.owner, "person": "李四"}
        decide(**world.act(), transfer=load, verdicts={1: Verdict(weighed * T)}, **facts)
    told = actual_receipts(world.registry.session, 2026)
    assert [(row.entry, row.province, row.waste_code, row.mass_kg, row.loads) for row in told] == [
        (entry, "31", ACID, 49 * T, 2),
        (idle, "", "", 0, 0),
    ]
    assert actual_receipts(world.registry.session, 2025) == []
