"""From a draft to a published entry: papers, review, visit, consents, decision, appeal; and by whom."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from listing_world import PAPERS, ListingWorld, pdf, wanted
from registry import AT, Registry, T
from sqlalchemy import select

from circularity.audit import AuditEvent
from circularity.catalogue.listing_rules import all_grounds, all_papers, ground_words
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.organisations import Organisation
from circularity.registry.entitlements import STANDINGS
from circularity.registry.facilities import set_standing
from circularity.whitelist import LIST_KINDS
from circularity.whitelist.applications import Application
from circularity.whitelist.deciding import (
    approve,
    ask_more,
    consent,
    note_visit,
    publish,
    take_up,
    wanting_consent,
)
from circularity.whitelist.papers import hand_in, lacks
from circularity.whitelist.proposing import change_draft, submit, withdraw


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def _about(application: Application, by: Organisation) -> dict[str, Any]:
    return {"application": application, "by": by}


def _codes(application: Application) -> list[str]:
    return [lack.code for lack in lacks(application, AT.date())]


def test_an_application_goes_from_its_draft_to_a_published_entry(world: ListingWorld) -> None:
    entry = world.listed(quota_kg=500 * T)
    assert (entry.status, entry.issuer_region, entry.quota_kg) == ("listed", "32", 500 * T)
    assert (entry.accepted_origins, entry.ship_within_days) == (("31",), 30)
    application = world.registry.session.scalars(select(Application)).one()
    assert (application.status, application.entry) == ("published", entry)
    actions = world.registry.session.scalars(
        select(AuditEvent.action)
        .filter_by(subject_id=application.public_id)
        .where(AuditEvent.action != "application.paper_handed_in")
        .order_by(AuditEvent.position)
    )
    steps = ("begun", "submitted", "taken_up", "visited", "approved", "published")
    assert list(actions) == [f"application.{step}" for step in steps]


def test_what_an_application_lacks_is_named_and_keeps_it_from_being_submitted(world: ListingWorld) -> None:
    application = world.draft()
    assert _codes(application) == [f"paper.{kind}" for kind in PAPERS]
    world.with_papers(application, "entitlement", "capability")
    with pytest.raises(RuleBroken) as refused:
        submit(**world.act(), **_about(application, world.owner))
    assert (refused.value.code, refused.value.facts["missing"]) == ("incomplete", ["paper.compliance"])
    assert application.status == "draft"


def test_an_agreed_list_wants_a_paper_more_and_one_for_information_less(world: ListingWorld) -> None:
    assert set(_codes(world.draft(list_kind="agreed"))) == {
        *(f"paper.{kind}" for kind in PAPERS),
        "paper.cooperation",
    }
    assert _codes(world.draft(list_kind="information")) == ["paper.entitlement"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"accepted_origins": ("32",)}, "origins"),
        ({"waste_pattern": "HW17"}, "entitlement"),
        ({"operation": "R4"}, "entitlement"),
        ({"valid_from": date(2028, 7, 1), "valid_to": date(2029, 6, 30)}, "entitlement"),
        ({"quota_kg": 100_001 * T}, "quota_above_licence"),
        ({"quota_kg": T, "valid_to": date(2027, 1, 1)}, "quota_year"),
        ({"valid_to": date(2026, 8, 31)}, "over"),
    ],
)
def test_a_list_asks_for_no_more_than_the_licence_allows(
    world: ListingWorld, facts: dict[str, Any], code: str
) -> None:
    application = world.with_papers(world.draft(**facts))
    assert _codes(application) == [code]


def test_a_facility_that_is_flagged_cannot_be_listed(world: ListingWorld) -> None:
    application = world.approved()
    set_standing(**world.act(), facility=world.plant, standing="accident", reason="泄漏")
    with pytest.raises(RuleBroken) as refused:
        publish(**world.act(), **_about(application, world.jiangsu), document="名单")
    assert refused.value.facts["missing"] == ["standing"]


def test_a_paper_keeps_its_bytes_and_their_digest_and_comes_once(world: ListingWorld) -> None:
    application = world.draft()
    facts = {**_about(application, world.owner), "kind": "other", "title": "附图", "content": pdf("x")}
    paper = hand_in(**world.act(), **facts)
    assert hand_in(**world.act(), **facts) is paper
    with pytest.raises(RuleBroken) as refused:
        hand_in(**world.act(), **facts | {"kind": "capability"})
    assert refused.value.code == "known_paper"
    world.registry.session.flush()
    world.registry.session.expire(paper)
    assert paper.content == pdf("x")
    assert (paper.sha256, paper.size_bytes) == (hashlib.sha256(pdf("x")).hexdigest(), len(pdf("x")))
    assert paper.media_type == "application/pdf"


@pytest.mark.parametrize("content", [b"", b"MZ program", b"<html>", b"%PDF-" + b"0" * 5_000_000])
def test_a_file_that_is_empty_too_large_or_of_another_format_is_refused(
    world: ListingWorld, content: bytes
) -> None:
    application = world.draft()
    with pytest.raises(BadInput) as refused:
        hand_in(**world.act(), **_about(application, world.owner), kind="other", title="x", content=content)
    assert refused.value.problems[0].column == "file"
    assert application.papers == []


def test_no_paper_is_added_to_what_has_been_submitted(world: ListingWorld) -> None:
    application = world.submitted()
    with pytest.raises(RuleBroken, match="no longer with its applicant"):
        world.with_papers(application, "other")


def test_strangers_neither_apply_nor_add_papers_nor_submit(world: ListingWorld) -> None:
    stranger = world.registry.organisation()
    application = world.draft()
    for act in (
        lambda: world.draft(by=stranger),
        lambda: submit(**world.act(), **_about(application, stranger)),
        lambda: hand_in(
            **world.act(), **_about(application, stranger), kind="other", title="x", content=pdf()
        ),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_other_authorities_propose_and_only_the_receiving_one_decides(world: ListingWorld) -> None:
    application = world.submitted(by=world.shanghai)
    for by in (world.shanghai, world.owner, world.registry.organisation()):
        with pytest.raises(NotAllowed):
            take_up(**world.act(), **_about(application, by))
    take_up(**world.act(), **_about(application, world.jiangsu))
    assert application.status == "under_review"


def test_an_authority_does_not_act_on_the_proposal_of_another(world: ListingWorld) -> None:
    application = world.draft(by=world.shanghai)
    with pytest.raises(RuleBroken) as refused:
        withdraw(**world.act(), **_about(application, world.jiangsu))
    assert refused.value.code == "illegal_step"
    withdraw(**world.act(), **_about(application, world.shanghai))
    assert application.status == "withdrawn"


def test_a_draft_is_changed_and_what_was_there_before_is_kept(world: ListingWorld) -> None:
    application = world.draft()
    change_draft(**world.act(), **_about(application, world.owner), wanted=wanted(quota_kg=9 * T))
    assert application.quota_kg == 9 * T
    event = world.registry.session.scalars(select(AuditEvent).filter_by(action="application.changed")).one()
    assert event.facts == {"before": {"quota_kg": None}, "quota_kg": 9 * T}


def test_what_more_is_wanted_is_told_and_answered(world: ListingWorld) -> None:
    application = world.submitted()
    ask_more(**world.act(), **_about(application, world.jiangsu), missing="请补充监测报告")
    assert (application.status, application.missing) == ("incomplete", "请补充监测报告")
    world.with_papers(application, "other")
    submit(**world.act(), **_about(application, world.owner), answer="已补充")
    assert (application.status, application.missing) == ("submitted", "")
    assert [(note.kind, note.text) for note in application.notes] == [
        ("question", "请补充监测报告"),
        ("answer", "已补充"),
    ]


def test_a_first_entry_needs_a_visit_and_one_for_information_does_not(world: ListingWorld) -> None:
    for list_kind, papers in (("nominated", PAPERS), ("information", ("entitlement",))):
        application = world.submitted(*papers, list_kind=list_kind)
        take_up(**world.act(), **_about(application, world.jiangsu))
        facts = {**_about(application, world.jiangsu), "reasons": "ok"}
        if list_kind == "nominated":
            with pytest.raises(RuleBroken, match="site visit"):
                approve(**world.act(), **facts)
        else:
            approve(**world.act(), **facts)
            assert application.status == "approved"


def test_a_visit_lies_not_ahead_of_today(world: ListingWorld) -> None:
    application = world.submitted()
    take_up(**world.act(), **_about(application, world.jiangsu))
    facts = {**_about(application, world.jiangsu), "findings": "x"}
    with pytest.raises(BadInput):
        note_visit(**world.act(), **facts, visited_on=AT.date() + timedelta(days=1))


def test_an_agreed_entry_needs_the_consent_of_every_province_of_origin(world: ListingWorld) -> None:
    facts = {"list_kind": "agreed", "accepted_origins": ("31", "3301", "32")}
    application = world.under_review(*PAPERS, "cooperation", **facts)
    assert wanting_consent(application) == ["31", "33"]
    decision = {**_about(application, world.jiangsu), "reasons": "ok"}
    consent(**world.act(), **_about(application, world.shanghai), document="沪环函 1 号")
    with pytest.raises(RuleBroken) as refused:
        approve(**world.act(), **decision)
    assert refused.value.facts["provinces"] == ["33"]
    zhejiang = world.registry.organisation(roles=frozenset({"authority"}), region_code="330000")
    consent(**world.act(), **_about(application, zhejiang), document="浙环函 1 号")
    approve(**world.act(), **decision)
    assert application.status == "approved"


def test_consent_is_given_once_by_an_origin_and_for_agreed_lists_only(world: ListingWorld) -> None:
    application = world.under_review(*PAPERS, "cooperation", list_kind="agreed")
    facts = {"document": "函"}
    for by in (world.jiangsu, world.owner):
        with pytest.raises(NotAllowed):
            consent(**world.act(), **_about(application, by), **facts)
    consent(**world.act(), **_about(application, world.shanghai), **facts)
    with pytest.raises(RuleBroken, match="not needed"):
        consent(**world.act(), **_about(application, world.shanghai), **facts)
    with pytest.raises(RuleBroken, match="not needed"):
        consent(**world.act(), **_about(world.under_review(), world.shanghai), **facts)


def test_the_tables_of_the_lists_know_the_words_of_the_platform() -> None:
    assert {row.list_kind for row in all_papers()} == set(LIST_KINDS)
    assert len(ground_words()) == len(set(ground_words())) >= 3
    assert {row.standing for row in all_grounds()} <= set(STANDINGS)
