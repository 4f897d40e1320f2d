"""Writing through the API: closed by default, once per key, echoed exactly, changed only as it was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from sqlalchemy import func, select

from circularity.audit import AuditEvent, verify_chain
from circularity.database import reading
from circularity.idempotency import KeptAnswer
from circularity.registry.outputs import Output
from web.config import BadSetting, read_config


@pytest.fixture
def open_world(database_url: str) -> Iterator[World]:
    with world(database_url, api_write=True) as made:
        yield made


@pytest.fixture(scope="module")
def closed_world(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def lot(served: World, **changes: Any) -> dict[str, Any]:
    """Return a lot of 12.345 t of fly ash as it is sent, `changes` aside."""
    return {"site_id": served.ids["site_id"], "waste_code": "900-001-S02", "mass_t": "12.345"} | changes


def rows(served: World, model: type[Any]) -> int:
    with reading(served.engine)() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_writing_is_closed_unless_the_operator_opens_it(closed_world: World) -> None:
    before = rows(closed_world, AuditEvent)
    for path, body in (
        ("/api/v1/outputs", lot(closed_world)),
        ("/api/v1/facilities", {"site_id": closed_world.ids["site_id"], "kind": "utiliser"}),
        (closed_world.address("/api/v1/facilities/{facility_id}/windows"), {}),
        (closed_world.address("/api/v1/facilities/{facility_id}/entitlements"), {}),
    ):
        answer = closed_world.client.post(path, json=body)
        assert answer.status_code == 403
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["type"] == "urn:circularity:problem:writing_closed"
        assert "CIRC_API_WRITE" in answer.get_json()["title"]
    assert rows(closed_world, AuditEvent) == before


def test_a_lot_cannot_be_withdrawn_where_writing_is_closed(closed_world: World) -> None:
    address = closed_world.address("/api/v1/outputs/{output_id}")
    tag = closed_world.client.get(address).headers["ETag"]
    answer = closed_world.client.patch(address, json={"withdrawn": True}, headers={"If-Match": tag})
    assert answer.status_code == 403


def test_the_switch_is_off_by_default_and_takes_true_or_false_only() -> None:
    assert read_config({}).api_write is False
    assert read_config({"CIRC_API_WRITE": "true"}).api_write is True
    with pytest.raises(BadSetting):
        read_config({"CIRC_API_WRITE": "yes please"})


def test_a_posted_lot_is_echoed_with_its_units_and_found_at_its_address(open_world: World) -> None:
    body = lot(open_world, price_cny_per_t=-15.5, max_distance_km="80", assays={"cl_mg_per_kg": 120})
    answer = open_world.client.post("/api/v1/outputs", json=body)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made = answer.get_json()
    assert made["mass_t"] == "12.345"
    assert made["price_cny_per_t"] == "-15.5"
    assert made["max_distance_km"] == "80"
    assert made["assays"] == {"cl_mg_per_kg": "120"}
    found = open_world.client.get(answer.headers["Location"]).get_json()
    assert found["id"] == made["id"]
    assert "mass_t" not in found, "the echo is for its sender; everybody else gets the band"


def test_a_number_and_the_same_number_as_text_are_the_same_kilograms(open_world: World) -> None:
    for mass in (12.345, "12.345", "012.345", 12.3450):
        made = open_world.client.post("/api/v1/outputs", json=lot(open_world, mass_t=mass)).get_json()
        assert made["mass_t"] == "12.345"


def test_a_post_is_an_event_in_the_audit_chain(open_world: World) -> None:
    before = rows(open_world, AuditEvent)
    open_world.client.post("/api/v1/outputs", json=lot(open_world))
    with reading(open_world.engine)() as session:
        assert verify_chain(session).faults == ()
        newest = session.scalars(select(AuditEvent).order_by(AuditEvent.position.desc())).first()
        assert newest is not None
        assert (newest.position, newest.action) == (before + 1, "output.posted")
        assert newest.facts["mass_kg"] == 12_345


def test_the_same_request_under_one_key_acts_once_and_answers_alike(open_world: World) -> None:
    before = rows(open_world, Output)
    key = {"Idempotency-Key": "my-erp-2026-0001"}
    first = open_world.client.post("/api/v1/outputs", json=lot(open_world), headers=key)
    again = open_world.client.post("/api/v1/outputs", json=lot(open_world), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_data() == first.get_data()
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert rows(open_world, Output) == before + 1


def test_a_used_key_with_other_content_is_refused(open_world: World) -> None:
    before = rows(open_world, Output)
    key = {"Idempotency-Key": "my-erp-2026-0002"}
    open_world.client.post("/api/v1/outputs", json=lot(open_world), headers=key)
    other = open_world.client.post("/api/v1/outputs", json=lot(open_world, mass_t="99"), headers=key)
    assert other.status_code == 422
    assert other.get_json()["type"] == "urn:circularity:problem:key_reused"
    assert rows(open_world, Output) == before + 1


def test_a_refused_request_does_not_use_up_its_key(open_world: World) -> None:
    key = {"Idempotency-Key": "my-erp-2026-0003"}
    # Hazardous waste may not be called a product: the verb refuses it inside the transaction.
    wrong = lot(open_world, waste_code="398-007-34", status="product")
    refused = open_world.client.post("/api/v1/outputs", json=wrong, headers=key)
    assert refused.status_code == 422
    assert refused.get_json()["type"] == "urn:circularity:problem:relabel"
    assert rows(open_world, KeptAnswer) == 0
    assert open_world.client.post("/api/v1/outputs", json=lot(open_world), headers=key).status_code == 201


def test_one_key_on_two_addresses_is_two_requests(open_world: World) -> None:
    key = {"Idempotency-Key": "same"}
    plant = {"site_id": open_world.ids["site_id"], "kind": "utiliser"}
    assert open_world.client.post("/api/v1/outputs", json=lot(open_world), headers=key).status_code == 201
    assert open_world.client.post("/api/v1/facilities", json=plant, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
def test_a_key_that_cannot_be_kept_is_refused(open_world: World, key: str) -> None:
    answer = open_world.client.post(
        "/api/v1/outputs", json=lot(open_world), headers={"Idempotency-Key": key.encode().decode("latin-1")}
    )
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "urn:circularity:problem:malformed_key"


def test_a_plant_its_licence_and_its_capacity_are_registered_step_by_step(open_world: World) -> None:
    client = open_world.client
    plant = client.post(
        "/api/v1/facilities", json={"site_id": open_world.ids["site_id"], "kind": "utiliser"}
    ).get_json()
    base = f"/api/v1/facilities/{plant['id']}"
    licence = {
        "kind": "eia_approval",
        "number": "沪环评〔2026〕1号",
        "issuer": "示范区生态环境局",
        "source": "演示",
        "lines": [{"waste_pattern": "SW02", "operation": "C2", "annual_limit_t": 5000}],
    }
    held = client.post(f"{base}/entitlements", json=licence)
    assert held.status_code == 201, held.get_data(as_text=True)
    line = held.get_json()["entitlements"][0]["lines"][0]["id"]
    offer = {
        "line_id": line,
        "available_from": "2026-01-01",
        "available_to": "2026-04-10",
        "permitted_t": "1000",
        "received_t": "150",
        "committed_t": "50",
        "stop_days": 25,
    }
    window = client.post(f"{base}/windows", json=offer)
    assert window.status_code == 201, window.get_data(as_text=True)
    # (1000 - 150 - 50) t, less 25 stop days of 100
    assert window.get_json()["offered_t"] == "600"
    above = client.post(f"{base}/windows", json=offer | {"permitted_t": "5000.001"})
    assert above.get_json()["type"] == "urn:circularity:problem:permitted_above_line"


def test_capacity_cannot_be_offered_on_another_plants_line(open_world: World) -> None:
    plant = open_world.client.post(
        "/api/v1/facilities", json={"site_id": open_world.ids["site_id"], "kind": "utiliser"}
    ).get_json()
    body = {"line_id": open_world.ids["line_id"], "permitted_t": 1}
    answer = open_world.client.post(f"/api/v1/facilities/{plant['id']}/windows", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "urn:circularity:problem:line_of_another_facility"


def test_an_entitlement_with_a_wrong_line_leaves_nothing_behind(open_world: World) -> None:
    before = rows(open_world, AuditEvent)
    body = {
        "kind": "eia_approval",
        "number": "1",
        "issuer": "x",
        "source": "x",
        "lines": [
            {"waste_pattern": "SW02", "operation": "C2"},
            {"waste_pattern": "nonsense", "operation": "C2"},
        ],
    }
    answer = open_world.client.post(
        open_world.address("/api/v1/facilities/{facility_id}/entitlements"), json=body
    )
    assert answer.status_code == 422
    assert rows(open_world, AuditEvent) == before


def test_a_site_that_is_not_there_is_a_mistake_in_the_body(open_world: World) -> None:
    answer = open_world.client.post("/api/v1/outputs", json=lot(open_world, site_id="0" * 32))
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["column"] == "site_id"


def test_a_lot_is_withdrawn_only_in_the_state_in_which_it_was_read(open_world: World) -> None:
    address = open_world.address("/api/v1/outputs/{output_id}")
    client, body = open_world.client, {"withdrawn": True}
    tag = client.get(address).headers["ETag"]
    assert client.patch(address, json=body).status_code == 428
    assert client.patch(address, json=body, headers={"If-Match": '"other"'}).status_code == 412
    done = client.patch(address, json=body, headers={"If-Match": tag})
    assert done.status_code == 200
    assert done.get_json()["withdrawn_at"]
    assert client.get(address).headers["ETag"] == done.headers["ETag"]
    assert client.patch(address, json=body, headers={"If-Match": tag}).status_code == 412
    assert open_world.ids["output_id"] not in {row["id"] for row in client.get("/api/v1/outputs").get_json()}


def test_a_withdrawal_is_not_taken_back(open_world: World) -> None:
    address = open_world.address("/api/v1/outputs/{output_id}")
    tag = open_world.client.get(address).headers["ETag"]
    for wrong in (False, 1, "true", None):
        answer = open_world.client.patch(address, json={"withdrawn": wrong}, headers={"If-Match": tag})
        assert answer.status_code == 422, wrong
