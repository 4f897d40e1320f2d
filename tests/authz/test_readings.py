"""An authority that reads what is not published leaves a trace, and the owner sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from databases import Databases
from matrix_world import Matrix, roles
from office_world import OFFICE, authority, office_world, owner_of, readings
from sign_ins import sign_in

from circularity.policy.acting import Acting
from web.app import create_app
from web.config import Config


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with office_world(databases) as made:
        yield made


def on_the_desk(world: Matrix, party: str, side: str, address: str) -> tuple[int, str]:
    """Open a page of the desk for a party, on a server of the same database without accounts."""
    url = world.app.extensions["circularity.config"].database_url
    app = create_app(Config(database_url=url, secret_key="s" * 32, api_write=True))
    trial = replace(world, app=app, client=app.test_client())
    trial.choose(party, side)
    answer = trial.client.get(address)
    app.extensions["circularity.engine"].dispose()
    return answer.status_code, answer.get_data(as_text=True)


def test_an_authority_that_opens_a_record_is_noted_once_for_each_owner(world: Matrix) -> None:
    before = len(readings(world))
    world.ask_as(authority(world))
    own = world.own
    assert world.client.get(f"/api/v1/transfers/{own['Transfer']}").status_code == 200
    noted = readings(world)[before:]
    assert {owner_of(world, event) for event in noted} == {own["works"], own["plant"], own["carrier"]}
    for event in noted:
        assert (event.actor_organisation, event.actor_kind) == (own["office"], "person")
        assert event.facts == {"records": [f"Transfer {own['Transfer']}"]}


def test_of_a_treatment_as_a_whole_a_sender_is_told_no_figure(world: Matrix) -> None:
    """Loads of others may be in it; its own share it reads among its own treatments."""
    address = f"/api/v1/treatments/{world.own['Treatment']}"
    for role, told in (("operator", False), ("receiver", True)):
        world.ask_as(roles(world.own)[role])
        answer = world.client.get(address)
        assert (answer.status_code, "input_t" in answer.get_json()) == (200, told), role


def test_a_party_that_reads_its_own_leaves_no_trace(world: Matrix) -> None:
    before = len(readings(world))
    for role in ("operator", "receiver", "carrier's driver", "token to read"):
        world.ask_as(roles(world.own)[role])
        assert world.client.get(f"/api/v1/transfers/{world.own['Transfer']}").status_code == 200
    assert len(readings(world)) == before


def test_what_an_authority_may_not_see_is_not_read_and_not_noted(world: Matrix) -> None:
    before = len(readings(world))
    world.ask_as(replace(authority(world), region_code="330000"))
    assert world.client.get(f"/api/v1/transfers/{world.own['Transfer']}").status_code == 404
    assert world.client.get("/").status_code == 200
    assert len(readings(world)) == before


def test_its_owner_sees_who_has_read_and_nobody_else_does(world: Matrix) -> None:
    world.ask_as(authority(world))
    world.client.get(f"/api/v1/agreements/{world.own['Agreement']}")
    _, page = on_the_desk(world, "works", "generator", "/readings?lang=zh")
    assert OFFICE in page
    assert world.own["Agreement"] in page
    assert world.own["Agreement"] not in on_the_desk(world, "carrier", "carrier", "/readings")[1]


def test_an_authority_reads_the_acts_of_its_region_and_no_party_does(world: Matrix) -> None:
    assert on_the_desk(world, "office", "authority", "/acts")[0] == 200
    assert on_the_desk(world, "works", "generator", "/acts")[0] == 403


def prices(world: Matrix, acting: Acting) -> set[str]:
    world.ask_as(acting)
    answer = world.client.get(f"/api/v1/runs/{world.own['Run']}/prices")
    return {price["window_id"] for price in answer.get_json()}


def test_a_price_of_a_window_is_told_to_its_owner_and_its_authority_and_noted(world: Matrix) -> None:
    own, foreign = world.own["CapacityWindow"], world.foreign["CapacityWindow"]
    everybody = roles(world.own)
    assert prices(world, everybody["receiver"]) == {own}
    for stranger in ("anonymous", "operator", "other organisation", "authority of another region"):
        assert prices(world, everybody[stranger]) == set(), stranger
    before = len(readings(world))
    assert prices(world, authority(world)) == {own, foreign}
    noted = {owner_of(world, event): event.facts["records"] for event in readings(world)[before:]}
    assert noted == {ids["plant"]: [f"CapacityWindow {ids['CapacityWindow']}"]
                     for ids in (world.own, world.foreign)}  # fmt: skip


def test_an_authority_that_opens_a_run_is_noted_for_the_limits_it_sees(world: Matrix) -> None:
    before = len(readings(world))
    world.ask_as(authority(world))
    assert world.client.get(f"/runs/{world.own['Run']}").status_code == 200
    noted = {owner_of(world, event) for event in readings(world)[before:]}
    assert noted <= {world.own["plant"], world.foreign["plant"]}
    world.ask_as(roles(world.own)["other organisation"])
    page = world.client.get(f"/runs/{world.own['Run']}?lang=en").get_data(as_text=True)
    assert "shown to its owner and its authority only" in page


@pytest.mark.parametrize(
    "address",
    [
        "/register/applications/{Application}",
        "/register/applications/{Application}/papers/{ApplicationPaper}",
        "/register/entitlements/{Entitlement}",
        "/transfers/{Transfer}/print",
        "/treatments/{Treatment}",
        "/months/{LedgerMonth}",
        "/api/v1/treatments/{Treatment}",
        "/api/v1/stock-surveys/{StockSurvey}",
    ],
)
def test_every_way_in_which_an_authority_sees_a_record_is_noted(world: Matrix, address: str) -> None:
    """Pages, prints and papers of a signed-in officer, and what a program reads for the office."""
    if address.startswith("/api/"):
        world.ask_as(authority(world))
    else:
        sign_in(world, "office", "operator")
    before = len(readings(world))
    assert world.client.get(address.format(**world.own)).status_code == 200
    noted = readings(world)[before:]
    assert noted
    assert {event.actor_organisation for event in noted} == {world.own["office"]}
    assert {owner_of(world, event) for event in noted} <= {
        world.own[party] for party in ("works", "plant", "carrier")
    }
