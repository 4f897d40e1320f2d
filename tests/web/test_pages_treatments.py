"""A plant records what it made of more loads than a form lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from databases import Databases
from deal_rows import Deal, deal, decided
from desk_world import words
from flask.testing import FlaskClient
from registry import AT, Registry

from circularity.database import create_engine_for, writing
from web.app import create_app
from web.config import Config
from web.pages.desk.treatments import MOST_LOADS
from web.today import today

LOADS = MOST_LOADS + 2


@pytest.fixture
def plant(databases: Databases) -> Iterator[FlaskClient]:
    """A plant that received one tonne on each of 42 days, the first on 1 September, and nobody signs in."""
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            registry = Registry(session)
            ash = deal(registry)
            _receive(ash)
            name = ash.plant.site.organisation.public_id
        engine.dispose()
        client = create_app(Config(database_url=url, secret_key="s" * 32, api_write=True)).test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        client.post("/acting", data={"organisation": name, "side": "facility", "person": "王五"})
        yield client
        client.application.extensions["circularity.engine"].dispose()


def _receive(ash: Deal) -> None:
    for day in range(LOADS):
        ash.registry.act["at"] = AT + timedelta(days=day)
        decided(ash, ash.at_the_gate(1, day=(AT + timedelta(days=day)).date()), 1, 0)


def record(plant: FlaskClient, until: str, product: int, **typed: str) -> str:
    source = plant.get("/treatments").get_data(as_text=True)
    facility = re.search(r'name="facility" value="(\w+)"', source)
    assert facility is not None
    made = {"results.1.kind": "product", "results.1.mass_t": str(product), "operation": "C2"}
    days = {"day_from": "2026-09-01", "day_to": today().isoformat(), "until": until}
    data = {"facility": facility[1], **made, **days, **typed}
    answer = plant.post("/treatments", data=data, follow_redirects=True)
    return words(answer.get_data(as_text=True))


def test_everything_received_up_to_a_day_goes_in_at_once(plant: FlaskClient) -> None:
    waiting = words(plant.get("/treatments").get_data(as_text=True))
    assert f"{LOADS} loads wait; the oldest {MOST_LOADS} are listed" in waiting
    assert "41 t went in, results and loss come to 42 t" in record(plant, "2026-10-11", LOADS)
    told = record(plant, "2026-10-11", LOADS - 1)
    assert "was not done" not in told
    assert "41 41 0 0 0" in told
    assert told.count("1 t left") == 1


def test_loads_of_one_waste_are_told_apart_by_sender_and_number(plant: FlaskClient) -> None:
    told = words(plant.get("/treatments").get_data(as_text=True))
    named = re.findall(r"1 t left (.+?) · (ZY-\d{8}-\w{9})", told)
    assert len({number for _, number in named}) == MOST_LOADS
    assert {sender for sender, _ in named} == {"Firm 1"}  # the plant is the second


def test_of_a_load_with_a_typed_mass_only_that_goes_in(plant: FlaskClient) -> None:
    source = plant.get("/treatments").get_data(as_text=True)
    oldest = re.findall(r'name="inputs\.(\w{32})\.mass_t"', source)[0]
    told = record(plant, "2026-09-02", 1, **{f"inputs.{oldest}.mass_t": "0.4"})
    assert "1.4 t went in, results and loss come to 1 t" in told
