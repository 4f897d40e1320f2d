"""What wastes are like, given and read through the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world

from circularity.audit import AuditEvent
from circularity.database import reading

ASH = {"waste_code": "900-001-S02", "year": 2025}


@pytest.fixture
def served(database_url: str) -> Iterator[World]:
    with world(database_url, api_write=True) as made:
        yield made


def own(served: World, rest: str) -> str:
    return served.address("/api/v1/organisations/{organisation_id}" + rest)


def described(served: World, status: int = 201, key: str = "", **said: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    address = own(served, "/sites/{site_id}/descriptions")
    answer = served.client.post(address, json=ASH | said, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def events(served: World) -> int:
    with reading(served.client.application.extensions["circularity.engine"])() as session:
        return session.query(AuditEvent).filter_by(action="waste.described").count()


def test_a_waste_is_described_and_what_is_left_out_stays(served: World) -> None:
    made = described(served, grade="I 类", components="SiO2")
    assert (made["grade"], made["components"], made["physical_state"]) == ("I 类", "SiO2", "")
    changed = described(served, components="", physical_state="固态")
    assert (changed["id"], changed["grade"]) == (made["id"], "I 类")
    assert (changed["components"], changed["physical_state"]) == ("", "固态")
    assert described(served, year=2026, grade="II 类")["id"] != made["id"]
    listed = served.client.get(own(served, "/descriptions?year=2025")).get_json()
    assert listed == [changed]
    assert len(served.client.get(own(served, "/descriptions")).get_json()) == 2


def test_the_same_request_under_one_key_is_one_event(served: World) -> None:
    before = events(served)
    first, again = (described(served, key="k-1", grade="I 类") for _ in range(2))
    assert (first, events(served)) == (again, before + 1)
    described(served, 422, key="k-1", grade="II 类")


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({}, "nothing_said"),
        ({"grade": ""}, "nothing_said"),
        ({"waste_code": "900-349-34", "grade": "I 类"}, "not_general"),
    ],
)
def test_what_table_1_could_not_tell_is_refused(served: World, said: dict[str, Any], rule: str) -> None:
    before = events(served)
    assert described(served, 422, **said)["type"].endswith(f":{rule}")
    assert events(served) == before


@pytest.mark.parametrize(
    ("said", "field"),
    [({"grade": "x" * 201}, "grade"), ({"year": 1999}, "year"), ({"colour": "grey"}, "colour")],
)
def test_what_is_malformed_is_told_by_its_field(served: World, said: dict[str, Any], field: str) -> None:
    problem = described(served, 422, **({"grade": "I 类"} | said))
    assert [error["column"] for error in problem["errors"]] == [field]
