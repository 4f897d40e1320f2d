"""Batches of hazardous months, and the handling of hazardous loads, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

import pytest
from api_world import World, world
from deal_rows import deal
from registry import ACID, Registry, T
from sqlalchemy import select

from circularity.database import writing
from circularity.organisations import Site

MONTH = {
    "waste_code": "398-007-34",
    "year": 2026,
    "month": 7,
    "generated_t": "12",
    "uses": [{"kind": "own_utilised", "operation": "R6", "mass_t": "4"}],
    "stored_t": "8",
}
BATCH = {"day": "2026-07-03", "mass_t": "12", "container_type": "桶", "container_count": 2, "handler": "李阳"}


@pytest.fixture
def served(database_url: str) -> Iterator[World]:
    with world(database_url, api_write=True) as made:
        yield made


def post(served: World, path: str, body: Any, status: int = 201, **headers: str) -> dict[str, Any]:
    answer = served.client.post(served.address(f"/api/v1{path}"), json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def month(served: World) -> str:
    made = post(served, "/ledger-months", MONTH | {"site_id": served.ids["site_id"]})
    assert made["batches"] == []
    return f"/ledger-months/{made['id']}/batches"


def test_batches_are_told_once_read_and_taken_back(served: World) -> None:
    path = month(served)
    body = {"stage": "generated", "batches": [BATCH]}
    first, again = (post(served, path, body, **{"Idempotency-Key": "b-1"}) for _ in range(2))
    assert first == again
    assert first["batches"] == [
        {
            **{"stage": "generated", "day": "2026-07-03", "mass_t": "12", "batch": "HWCS20260703001"},
            **{"container_type": "桶", "container_code": "", "container_count": 2, "facility_code": ""},
            **{"handler": "李阳", "mover": "", "operation": "", "party": "", "related": ""},
        }
    ]
    own = {"day": "2026-07-09", "mass_t": "4", "operation": "R6"}
    told = post(served, path, {"stage": "own", "batches": [own]})
    assert [row["stage"] for row in told["batches"]] == ["generated", "own"]
    told = post(served, path, {"stage": "generated", "batches": []})
    assert [row["stage"] for row in told["batches"]] == ["own"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"container_count": 0}, "container_count"),
        ({"mass_t": "0"}, "mass_t"),
        ({"day": "2026-08-01"}, "day"),
        ({"mover": "赵龙"}, "mover"),
        ({"drum": "T1"}, "drum"),
    ],
)
def test_what_is_malformed_is_told_by_its_field(served: World, changes: dict[str, Any], column: str) -> None:
    body = {"stage": "generated", "batches": [BATCH | changes]}
    problem = post(served, month(served), body, 422)
    assert [error["column"].rpartition(".")[2] for error in problem["errors"]] == [column]


def test_batches_that_do_not_add_up_and_months_past_their_batches_are_refused(served: World) -> None:
    path = month(served)
    less = {"stage": "generated", "batches": [BATCH | {"mass_t": "11"}]}
    assert post(served, path, less, 422)["type"].endswith(":batches_differ")
    post(served, path, {"stage": "generated", "batches": [BATCH]})
    more = MONTH | {"site_id": served.ids["site_id"], "generated_t": "13"}
    assert post(served, "/ledger-months", more, 422)["type"].endswith(":batches_differ")
    kept = served.client.get(f"/api/v1{path.removesuffix('/batches')}").get_json()
    assert (kept["generated_t"], len(kept["batches"])) == ("12", 1)


def test_general_waste_has_neither_batches_nor_handling(served: World) -> None:
    body = {"stage": "generated", "batches": [BATCH | {"day": "2026-09-03"}]}
    assert post(served, "/ledger-months/{month_id}/batches", body, 422)["type"].endswith(":not_hazardous")
    told = {"lines": [{"line": 1, "handler": "李阳"}]}
    assert post(served, "/transfers/{transfer_id}/handlings", told, 422)["type"].endswith(":not_hazardous")
    post(served, "/transfers/{transfer_id}/handlings", {"lines": [{"line": 9}]}, 404)


def load(served: World) -> tuple[str, str]:
    """A signed load of waste acid; return its id and its receiver's."""
    with writing(served.app.extensions["circularity.engine"]).begin() as session:
        registry = Registry(session, numbers=count(700))
        works = session.scalars(select(Site).filter_by(public_id=served.ids["site_id"])).one()
        told = deal(registry, works=works, waste_code=ACID)
        facts = {"plan_mass_kg": 100 * T, "available_from": None, "available_to": date(2026, 12, 31)}
        told.agreement.output = registry.output(100, ACID, site=works, **facts)
        session.flush()
        transfer = told.draft(5)
        told.sign(transfer, "sender")
        return transfer.public_id, told.plant.site.organisation.public_id


def test_the_handling_of_a_load_is_told_once_and_read_by_its_sender_alone(served: World) -> None:
    transfer, receiver = load(served)
    body = {"lines": [{"line": 1, "container_code": "T1", "container_count": 3, "mover": "赵龙"}]}
    path = f"/transfers/{transfer}/handlings"
    first, again = (post(served, path, body, **{"Idempotency-Key": "h-1"}) for _ in range(2))
    (told,) = first["lines"]
    assert first == again
    names = ("container_code", "container_count", "mover", "handler")
    assert [told[name] for name in names] == ["T1", 3, "赵龙", ""]
    sender = served.ids["organisation_id"]
    seen = [
        served.client.get(f"/api/v1/organisations/{party}{path}").get_json() for party in (sender, receiver)
    ]
    assert seen == [[told], []]
    wrong = {"lines": [{"line": 1, "container_count": 0}]}
    assert [error["column"] for error in post(served, path, wrong, 422)["errors"]]
