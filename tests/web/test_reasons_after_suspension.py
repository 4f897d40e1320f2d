"""A plant applies, is listed, matched and suspended: the next run says so wherever reasons are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

import pytest
from databases import Databases
from flask import Flask
from listing_world import ListingWorld
from page_world import Pages
from registry import ACID, ACTOR, AT, Registry, T
from sqlalchemy import Engine, select, update

from circularity.database import create_engine_for, reading, writing
from circularity.organisations import Organisation
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Unmatched, in_plan_of
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.standing import resume, suspend
from matching.database.run import run_matching
from matching.database.snapshot import parameters_at, read_snapshot
from matching.plans.files import unmatched_rows
from matching.plans.plan import make_plan
from matching.reasons.words import reason_words
from web.app import create_app
from web.config import Config

LATER = AT + timedelta(hours=5)
Told = Callable[[ListingWorld], None]


@dataclass
class Region:
    """A served region of fictional parties, and the entry of its plant."""

    engine: Engine
    pages: Pages
    entry: int

    def matched(self, at: datetime) -> MatchingRun:
        """Match everything and return the run."""
        key = run_matching(self.engine, actor=ACTOR, at=at)
        with reading(self.engine)() as session:
            return session.get_one(MatchingRun, key)

    def left(self, run: MatchingRun) -> list[Unmatched]:
        """What the run could not place."""
        with reading(self.engine)() as session:
            return list(session.scalars(select(Unmatched).where(in_plan_of(run, Unmatched))))

    def answers(self, act: Callable[..., object], **facts: str) -> None:
        """The authority of the plant's province acts on the entry."""
        with writing(self.engine).begin() as session:
            entry = session.get_one(WhitelistEntry, self.entry)
            by = session.scalars(select(Organisation).filter_by(region_code="320000")).one()
            act(session, actor=ACTOR, at=AT + timedelta(hours=1), entry=entry, by=by, **facts)

    def output_page(self, lang: str) -> str:
        """The page of the lot."""
        with reading(self.engine)() as session:
            lot = session.scalars(select(Output.public_id)).one()
        return self.pages.text(f"/outputs/{lot}", lang)


@pytest.fixture
def region_with(databases: Databases) -> Iterator[Callable[[Told], Region]]:
    """Make a region with 20 t of acid, the listed plant with room for 50 t, and what a test adds."""
    with databases.new() as url:
        engine = create_engine_for(url)

        def made(more: Told) -> Region:
            with writing(engine).begin() as session:
                world = ListingWorld(Registry(session))
                entry = world.listed()
                world.registry.output(20, ACID, site=world.works, plan_mass_kg=20 * T)
                world.registry.window(50, world.line)
                more(world)
                session.flush()
                session.execute(update(Organisation).values(fictional=True))
                key = entry.id
            app = create_app(Config(database_url=url, secret_key="s" * 32))
            served.append(app)
            return Region(engine, Pages(app.test_client(use_cookies=False), {}), key)

        served: list[Flask] = []
        yield made
        for app in served:
            app.extensions["circularity.engine"].dispose()
        engine.dispose()


def alone(_: ListingWorld) -> None:
    """Nobody else takes acid."""


def beside_a_small_plant(world: ListingWorld) -> None:
    """A plant in Shanghai takes acid too, 5 t."""
    licence = world.registry.licence(world.registry.facility())
    world.registry.window(5, world.registry.line(entitlement=licence, waste_pattern="HW34", operation="R6"))


def test_a_lot_whose_only_outlet_was_suspended_is_told_so_with_the_law_behind_it(
    region_with: Callable[[Told], Region],
) -> None:
    region = region_with(alone)
    assert region.left(region.matched(AT)) == []
    region.answers(suspend, ground="accident", reason="泄漏")
    run = region.matched(LATER)
    (left,) = region.left(run)
    assert (left.reason, left.mass_kg, left.excluded) == ("standing", 20 * T, {"standing": 1})
    assert left.nearest_window_id is not None
    words = reason_words("standing", AT.date())
    for lang, word, basis, change in (
        ("en", "facility standing", words.basis_en, "once it is no longer"),
        ("zh", "设施状态", words.basis_zh, "方可接收"),
    ):
        for page in (region.pages.text(f"/runs/{run.public_id}", lang), region.output_page(lang)):
            assert word in page
            assert change in page
            assert basis
            assert basis in unescape(page)
    region.answers(resume, reason="整改完成")
    assert region.left(region.matched(LATER + timedelta(hours=1))) == []


def test_the_files_of_a_plan_tell_the_same_reason(region_with: Callable[[Told], Region]) -> None:
    region = region_with(alone)
    region.answers(suspend, ground="accident", reason="泄漏")
    with reading(region.engine)() as session:
        plan = make_plan(read_snapshot(session, parameters_at(LATER)).case)
    ((_, tonnes, reason, _, _, _, zh, en),) = unmatched_rows(plan)
    assert (tonnes, reason) == ("20", "standing")
    assert "方可接收" in zh
    assert "once it is no longer" in en


def test_where_others_are_full_the_suspended_plant_is_told_beside_them(
    region_with: Callable[[Told], Region],
) -> None:
    region = region_with(beside_a_small_plant)
    assert region.left(region.matched(AT)) == []
    region.answers(suspend, ground="accident", reason="泄漏")
    run = region.matched(LATER)
    (left,) = region.left(run)
    assert (left.reason, left.mass_kg) == ("capacity", 15 * T)
    for lang, told in (("en", "1 more would take it but for their standing"), ("zh", "另有 1 家设施")):
        assert told in region.pages.text(f"/runs/{run.public_id}", lang)
        assert told in region.output_page(lang)
