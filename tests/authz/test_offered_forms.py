"""What a page offers is never refused: every form and every button on every page, for every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from databases import Databases
from flask import Response
from matrix_world import Matrix, matrix
from people import verified
from registry import ACTOR
from routes import address_of, cells
from sign_ins import organisation_of, sign_in
from sqlalchemy import select

from circularity.accounts.dormancy import put_to_sleep, wake
from circularity.accounts.standings import settle
from circularity.database import writing
from circularity.organisations import Site

REACHED = 299
ROLES = {
    **{f"sender's {role}": ("works", role) for role in ("owner", "operator", "reader", "driver")},
    **{f"plant's {role}": ("plant", role) for role in ("operator", "reader", "driver")},
    **{f"carrier's {role}": ("carrier", role) for role in ("operator", "reader", "driver")},
    **{f"authority's {role}": ("office", role) for role in ("owner", "operator", "reader")},
}


class Offers(HTMLParser):
    """Collects (method, address) of the forms and of the links that look like buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.withheld = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form" and told.get("method", "get").lower() == "post":
            self.found.add(("POST", told["action"]))
        if tag == "a" and "button" in told.get("class", "").split() and told["href"].startswith("/"):
            self.found.add(("GET", told["href"]))
        self.withheld += tag == "button" and "disabled" in told


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=True) as made:
        for endpoint, view in list(made.app.view_functions.items()):
            made.app.view_functions[endpoint] = _real_or_not(made, view)
        with writing(made.app.extensions["circularity.engine"]).begin() as session:
            for party in ("works", "plant", "carrier", "office"):
                kind = "ecology" if party == "office" else ""
                verified(session, organisation_of(session, made, party), kind)
        yield made


def _real_or_not(world: Matrix, view: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **pieces: view(**pieces) if world.real_views else Response("reached", REACHED)


def offers(world: Matrix) -> tuple[int, int, list[str]]:
    """Open every page; return how much was offered, how much withheld, and what was refused all the same."""
    offered, withheld, wrong = 0, 0, []
    for cell in cells(world):
        if cell[0] != "GET" or cell[1].rule.startswith(("/api/", "/static/", "/docs")):
            continue
        address = address_of(world, cell, world.own)
        world.real_views = True
        with world.client.get(f"{address}?lang=en") as page:
            shown = page.mimetype == "text/html" and page.status_code == 200
            found = Offers(page.get_data(as_text=True)) if shown else Offers("")
        world.real_views = False
        offered, withheld = offered + len(found.found), withheld + found.withheld
        for method, action in sorted(found.found):
            with world.client.open(action, method=method) as answer:
                if answer.status_code != REACHED:
                    wrong.append(f"{address} offers {method} {action}: {answer.status_code}")
    return offered, withheld, wrong


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_offered_that_would_be_refused(world: Matrix, role: str) -> None:
    sign_in(world, *ROLES[role])
    offered, _, wrong = offers(world)
    assert not wrong, "\n".join(wrong)
    assert offered > 10


def test_a_visitor_is_offered_what_needs_no_account(world: Matrix) -> None:
    world.client.delete_cookie("circ_key")
    assert not offers(world)[2]


def test_an_organisation_that_is_not_verified_is_offered_no_more_than_it_may(world: Matrix) -> None:
    sign_in(world, "works", "operator")
    engine = world.app.extensions["circularity.engine"]
    before = offers(world)[0]
    with writing(engine).begin() as session:
        act: dict[str, Any] = {"actor": ACTOR, "at": datetime.now(UTC)}
        works = organisation_of(session, world, "works")
        settle(session, **act, organisation=works, verified=False, reason="x", by="y")
    offered, withheld, wrong = offers(world)
    with writing(engine).begin() as session:
        works = organisation_of(session, world, "works")
        settle(session, **act, organisation=works, verified=True, reason="", by="y")
    assert not wrong, "\n".join(wrong)
    assert offered < before
    assert withheld


def test_a_dormant_organisation_is_offered_no_new_business(world: Matrix) -> None:
    sign_in(world, "works", "operator")
    engine = world.app.extensions["circularity.engine"]
    before = offers(world)[0]
    act: dict[str, Any] = {"actor": ACTOR, "at": datetime.now(UTC)}
    with writing(engine).begin() as session:
        works = organisation_of(session, world, "works")
        sites = list(session.scalars(select(Site).filter_by(organisation_id=works.id)))
        for site in sites:
            put_to_sleep(session, **act, site=site, reason="x")
    offered, withheld, wrong = offers(world)
    with writing(engine).begin() as session:
        for site in sites:
            wake(session, **act, site=site)
    assert not wrong, "\n".join(wrong)
    assert offered < before
    assert withheld


def test_a_reader_sees_what_others_may_do_and_why_it_may_not(world: Matrix) -> None:
    sign_in(world, "works", "reader")
    world.real_views = True
    page = world.client.get(f"/agreements/{world.own['Agreement']}?lang=en").get_data(as_text=True)
    world.real_views = False
    assert "Draft a transfer</button>" in page
    assert "your role in the organisation does not allow this" in page


def test_a_page_that_offers_everything_would_be_found(world: Matrix) -> None:
    generous = {"refusal_of": lambda *_: None, "may_open": lambda _: True}
    world.app.template_context_processors[None].append(lambda: generous)
    sign_in(world, "works", "reader")
    wrong = offers(world)[2]
    world.app.template_context_processors[None].pop()
    assert any(": 403" in line for line in wrong)
