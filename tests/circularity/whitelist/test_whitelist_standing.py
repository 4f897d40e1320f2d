"""Suspended at once: new deals stop with the reason, open loads finish, the next run says why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from deal_world import act, terms
from listing_world import ListingWorld
from registry import ACID, ACTOR, AT, Registry, T
from sqlalchemy import Engine, select

from circularity.calendar_days import delta_day
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.database import writing
from circularity.deals.agreements import ship
from circularity.deals.offers import accept, confirm, counter
from circularity.deals.procedures import attach_grant
from circularity.deals.proposals import answer_proposal
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.registry.facilities import set_standing
from circularity.runs.stored import Proposal, Unmatched
from circularity.whitelist.appeals import appeal, uphold
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.history import history_of
from circularity.whitelist.standing import blacklist, delist, expire_entries, resume, suspend
from matching.database.run import run_matching


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def _stop(world: ListingWorld, entry: WhitelistEntry, ground: str = "reporting", **later: Any) -> None:
    facts = {"entry": entry, "by": world.jiangsu, "ground": ground, "reason": "未报告接收量"}
    suspend(**world.act(**(later or {"minutes": 1})), **facts)


def _refused(error: RuleBroken) -> list[str]:
    assert error.code == "unlawful"
    return [found["rule"] for found in error.facts["rules"]]


def test_an_entry_suspended_between_match_and_acceptance_is_refused_with_the_reason(
    world: ListingWorld,
) -> None:
    entry = world.listed()
    output = world.registry.output(20, ACID, site=world.works)
    proposal = world.deals.proposal(output, world.registry.window(50, world.line))
    _stop(world, entry)
    with pytest.raises(RuleBroken) as refused:
        answer_proposal(
            world.registry.session, **act(hours=1), proposal=proposal, side="generator", terms=None
        )
    assert _refused(refused.value) == ["listing"]
    assert "未报告接收量" in refused.value.zh
    assert "未按要求报告实际接收量" in refused.value.zh
    assert "suspended on 2026-09-01" in refused.value.en


def test_before_the_suspension_the_same_proposal_is_accepted(world: ListingWorld) -> None:
    world.listed()
    output = world.registry.output(20, ACID, site=world.works, plan_mass_kg=20 * T)
    proposal = world.deals.proposal(output, world.registry.window(50, world.line))
    deal = answer_proposal(
        world.registry.session, **act(hours=1), proposal=proposal, side="generator", terms=None
    )
    assert deal.status == "accepted_by_generator"


@pytest.mark.parametrize("step", ["accept", "confirm"])
def test_an_entry_suspended_between_offer_and_answer_is_refused_at_either_step(
    world: ListingWorld, step: str
) -> None:
    entry = world.listed()
    deal = world.offered()
    facts: dict[str, Any] = {"agreement": deal}
    if step == "confirm":
        accept(world.registry.session, **act(), **facts, side="facility")
    _stop(world, entry)
    answer, side = (accept, "facility") if step == "accept" else (confirm, "generator")
    with pytest.raises(RuleBroken) as refused:
        answer(world.registry.session, **act(hours=1), **facts, side=side)
    assert _refused(refused.value) == ["listing"]


def test_who_knows_of_the_suspension_may_agree_on_the_ordinary_procedure(world: ListingWorld) -> None:
    entry = world.listed()
    deal = world.offered()
    _stop(world, entry)
    counter(world.registry.session, **act(hours=1), agreement=deal, side="facility", terms=terms(9))
    accept(world.registry.session, **act(hours=2), agreement=deal, side="generator")
    assert deal.status == "accepted_by_generator"


def test_another_entry_that_covers_the_pair_keeps_the_deal_going(world: ListingWorld) -> None:
    entry = world.listed()
    world.listed(list_kind="nominated", ship_within_days=60)
    deal = world.offered()
    _stop(world, entry)
    accept(world.registry.session, **act(hours=1), agreement=deal, side="facility")


def test_on_an_accident_all_entries_stop_and_nothing_new_is_lawful(world: ListingWorld) -> None:
    first, second = world.listed(), world.listed(accepted_origins=("33",))
    offered = world.offered()
    _stop(world, first, "accident")
    assert (first.status, second.status, world.plant.standing) == ("suspended", "suspended", "accident")
    with pytest.raises(RuleBroken) as refused:
        accept(world.registry.session, **act(hours=1), agreement=offered, side="facility")
    assert "standing" in _refused(refused.value)


def test_open_loads_finish_and_no_other_leaves(world: ListingWorld) -> None:
    entry = world.listed()
    deal = world.agreed(60)
    attach_grant(**world.act(), agreement=deal, grant=world.approval())
    load = world.at_the_gate(deal, 20)
    _stop(world, entry, "accident")
    receive(**world.act(hours=1), transfer=load, weighed={1: Weighed(20 * T)})
    facts = {"organisation": world.owner, "person": "李四"}
    decide(**world.act(hours=2), transfer=load, verdicts={1: Verdict(20 * T)}, **facts)
    assert load.status == "accepted"
    with pytest.raises(RuleBroken) as refused:
        world.at_the_gate(deal, 20)
    assert _refused(refused.value) == ["standing"]


def test_a_deal_that_holds_its_approval_goes_on_when_only_the_entry_stops(world: ListingWorld) -> None:
    entry = world.listed()
    deal = world.agreed(60)
    attach_grant(**world.act(), agreement=deal, grant=world.approval())
    _stop(world, entry, "capability")
    assert world.at_the_gate(deal, 20).status == "arrived"
    ship(world.registry.session, deal, 1)


def test_resuming_lifts_what_the_suspension_set_and_blacklisted_ones_stay(world: ListingWorld) -> None:
    entry = world.listed()
    _stop(world, entry, "violation")
    assert world.plant.standing == "suspended"
    facts: dict[str, Any] = {"entry": entry, "by": world.jiangsu, "reason": "整改完成"}
    resume(**world.act(days=3), **facts)
    assert (entry.status, world.plant.standing) == ("listed", "")
    _stop(world, entry, "violation", days=4)
    set_standing(**world.act(days=5), facility=world.plant, standing="blacklisted", reason="x")
    with pytest.raises(RuleBroken) as refused:
        resume(**world.act(days=6), **facts)
    assert refused.value.code == "blacklisted"


def test_the_blacklist_takes_every_entry_and_an_upheld_appeal_brings_one_back(world: ListingWorld) -> None:
    first, second = world.listed(), world.listed(accepted_origins=("33",))
    gone = blacklist(**world.act(), entry=first, by=world.jiangsu, reason="非法转移")
    assert gone == [first, second]
    assert (first.status, second.status, world.plant.standing) == ("delisted", "delisted", "blacklisted")
    raised = appeal(**world.act(), about=first, by=world.owner, reason="事实不清")
    uphold(**world.act(), appeal=raised, by=world.jiangsu, answer="撤销")
    assert (first.status, second.status, world.plant.standing) == ("listed", "delisted", "")


def test_only_the_receiving_authority_suspends_resumes_and_delists_and_with_a_reason(
    world: ListingWorld,
) -> None:
    entry = world.listed()
    for by in (world.shanghai, world.owner, world.registry.organisation()):
        with pytest.raises(NotAllowed):
            suspend(**world.act(), entry=entry, by=by, ground="accident", reason="x")
        with pytest.raises(NotAllowed):
            delist(**world.act(), entry=entry, by=by, reason="x")
    with pytest.raises(BadInput):
        suspend(**world.act(), entry=entry, by=world.jiangsu, ground="rain", reason="x")
    with pytest.raises(BadInput):
        delist(**world.act(), entry=entry, by=world.jiangsu, reason=" ")
    with pytest.raises(RuleBroken):
        resume(**world.act(), entry=entry, by=world.jiangsu, reason="x")
    assert entry.status == "listed"


def test_an_entry_expires_after_its_last_day(world: ListingWorld) -> None:
    entry = world.listed()
    session = world.registry.session
    last = world.act(days=(date(2026, 12, 31) - delta_day(AT)).days)["at"]
    assert expire_entries(session, at=last) == 0
    after = world.act(days=(date(2027, 1, 1) - delta_day(AT)).days)["at"]
    assert (expire_entries(session, at=after), entry.status) == (1, "expired")
    assert expire_entries(session, at=after) == 0


def test_the_history_of_an_entry_tells_who_did_what_on_which_ground(world: ListingWorld) -> None:
    entry = world.listed()
    _stop(world, entry, "accident")
    resume(**world.act(days=1), entry=entry, by=world.jiangsu, reason="整改完成")
    told = history_of(world.registry.session, entry)
    assert [(each.act, each.reason) for each in told] == [
        ("listed", ""),
        ("suspended", "未报告接收量"),
        ("resumed", "整改完成"),
    ]
    assert told[1].ground is not None
    assert told[1].ground.ground == "accident"


def test_the_next_run_tells_of_a_suspension_as_the_reason(engine: Engine) -> None:
    with writing(engine).begin() as session:
        world = ListingWorld(Registry(session))
        entry = world.listed()
        world.registry.output(20, ACID, site=world.works, plan_mass_kg=20 * T)
        world.registry.window(50, world.line)
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine)() as session:
        assert session.scalars(select(Proposal.mass_kg)).all() == [20 * T]
    with writing(engine).begin() as session:
        again = session.get_one(WhitelistEntry, entry.id)
        facts = {"entry": again, "by": world.jiangsu, "ground": "accident", "reason": "泄漏"}
        suspend(session, **act(hours=1), **facts)
    key = run_matching(engine, actor=ACTOR, at=AT.replace(hour=5))
    with writing(engine)() as session:
        left = session.scalars(select(Unmatched).filter_by(run_id=key)).one()
        assert (left.reason, left.mass_kg) == ("standing", 20 * T)
        assert session.scalars(select(Proposal.status)).all() == ["superseded"]
