"""Treatments through the API: each party reads its own part, and a sender tells that it has seen it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from databases import Databases
from deal_rows import DAY, agreement, deal, decided
from flask.testing import FlaskClient
from registry import FLY_ASH, JIANGSU, Registry, T

from circularity.custody.treatments import Result, record_treatment
from circularity.database import create_engine_for, writing
from web.app import create_app
from web.config import Config

Served = tuple[FlaskClient, dict[str, str]]


@pytest.fixture
def served(databases: Databases) -> Iterator[Served]:
    """30 t of one works and 10 t of another become 36 t of product and 4 t of loss."""
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            ids = _treated(Registry(session))
        engine.dispose()
        app = create_app(Config(database_url=url, secret_key="s" * 32, api_write=True))
        yield app.test_client(), ids
        app.extensions["circularity.engine"].dispose()


def _treated(registry: Registry) -> dict[str, str]:
    first = deal(registry)
    second = replace(first, works=registry.site(JIANGSU))
    second.agreement = agreement(registry, second.works, first.agreement.line, FLY_ASH)
    registry.grant(first.plant, origin_region="32")
    receipts = [decided(deal, deal.at_the_gate(t), t, 0) for deal, t in ((first, 30), (second, 10))]
    treatment = record_treatment(
        **first.act, facility=first.plant, operation="C2", day_from=DAY, day_to=DAY,
        inputs=[(receipt, None) for receipt in receipts],
        results=[Result("product", 36 * T, "秘方砖"), Result("loss", 4 * T)],
    )  # fmt: skip
    owners = {"first": first.works, "second": second.works, "plant": first.plant.site}
    ids = {name: site.organisation.public_id for name, site in owners.items()}
    return ids | {"treatment": treatment.public_id, "stranger": registry.organisation().public_id}


def read(served: Served, party: str, tail: str = "", status: int = 200) -> Any:
    client, ids = served
    answer = client.get(f"/api/v1/organisations/{ids[party]}/treatments{tail}")
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def test_a_sender_reads_the_share_of_its_own_loads_and_nothing_of_the_others(served: Served) -> None:
    (told,) = read(served, "first")
    assert (told["whole"], told["input_t"], [load["mass_t"] for load in told["inputs"]]) == (
        False,
        "30",
        ["30"],
    )
    assert told["results"] == {"product_t": "27", "recovered_t": "0", "residue_t": "0", "loss_t": "3"}
    assert "秘方砖" not in str(told)


def test_the_facility_reads_all_of_it_and_a_stranger_nothing(served: Served) -> None:
    (told,) = read(served, "plant")
    assert (told["whole"], told["input_t"], len(told["inputs"])) == (True, "40", 2)
    assert read(served, "stranger") == []
    read(served, "stranger", f"/{served[1]['treatment']}", 404)


def test_a_treatment_is_new_until_its_sender_opens_it(served: Served) -> None:
    client, ids = served
    (new,) = read(served, "first", "?new=true")
    assert "told_at" not in new
    address = f"/api/v1/organisations/{ids['first']}/treatments/{ids['treatment']}"
    tag = client.get(address).headers["ETag"]
    opened = client.patch(address, json={"act": "open"}, headers={"If-Match": tag})
    assert (opened.status_code, "told_at" in opened.get_json()) == (200, True)
    assert read(served, "first", "?new=true") == []
    assert len(read(served, "first", "?new=false")) == 1
    assert len(read(served, "second", "?new=true")) == 1
    assert client.patch(address, json={"act": "open"}, headers={"If-Match": tag}).status_code == 412
    plant = f"/api/v1/organisations/{ids['plant']}/treatments/{ids['treatment']}"
    tag = client.get(plant).headers["ETag"]
    assert client.patch(plant, json={"act": "open"}, headers={"If-Match": tag}).status_code == 403


def test_the_facility_withdraws_what_it_recorded_wrongly_and_nobody_else_does(served: Served) -> None:
    client, ids = served
    body = {"act": "withdraw", "reason": "投入写错"}
    for party, status in (("first", 403), ("plant", 200), ("plant", 422)):
        address = f"/api/v1/organisations/{ids[party]}/treatments/{ids['treatment']}"
        headers = {"If-Match": client.get(address).headers["ETag"]}
        answer = client.patch(address, json=body, headers=headers)
        assert answer.status_code == status, answer.get_data(as_text=True)
    (told,) = read(served, "second", "?new=true")
    assert told["withdrawn_because"] == "投入写错"
    assert client.patch(address, json={"act": "withdraw"}, headers=headers).status_code in (412, 422)
