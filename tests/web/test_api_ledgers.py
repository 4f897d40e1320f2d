"""Ledgers through the API: read into drafts row by row, once, and posted or thrown away as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from openpyxl import Workbook
from sqlalchemy import select

from circularity.database import reading
from circularity.registry.outputs import Output

OWN = "/api/v1/organisations/{organisation_id}"
HEADER = "名称,代码,产生量(吨),起始日期"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url, api_write=True) as made:
        yield made


def ledger(*tonnes: object) -> bytes:
    rows = [f"粉煤灰,900-001-S02,{mass},2026-09-01" for mass in tonnes]
    return "\n".join([HEADER, *rows]).encode()


def send(
    served: World,
    content: bytes,
    status: int = 201,
    *,
    kind: str = "text/csv",
    name: str = "九月.csv",
    **headers: str,
) -> Any:
    answer = served.client.post(
        served.address(f"{OWN}/sites/{{site_id}}/ledgers"),
        data=content,
        query_string={"name": name} if name else {},
        headers={"Content-Type": kind} | headers,
    )
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def ask(served: World, path: str, status: int = 200) -> Any:
    answer = served.client.get(served.address(f"{OWN}{path}"))
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def press(served: World, path: str, status: int = 201) -> Any:
    answer = served.client.post(served.address(f"{OWN}{path}"), json={})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def test_a_ledger_waits_row_by_row_and_is_posted_as_a_whole(served: World) -> None:
    read = send(served, ledger("12.5", "7"))
    assert (read["file"], read["waiting"], read["waiting_t"], read["known"]) == ("九月.csv", 2, "19.5", 0)
    drafts = ask(served, f"/drafts?ledger_id={read['id']}")
    assert sorted((draft["line"], draft["mass_t"]) for draft in drafts) == [(2, "12.5"), (3, "7")]
    posted = press(served, f"/ledgers/{read['id']}/posting")
    assert (len(posted["output_ids"]), posted["waiting"]) == (2, 0)
    assert ask(served, f"/drafts?ledger_id={read['id']}") == []
    with reading(served.engine)() as session:
        wanted = select(Output.mass_kg).where(Output.public_id.in_(posted["output_ids"]))
        assert sorted(session.scalars(wanted)) == [7_000, 12_500]
    assert send(served, ledger("12.5", "7", "3"))["known"] == 2


def test_the_same_request_reads_a_ledger_once_and_a_workbook_is_one_too(served: World) -> None:
    once = [send(served, ledger("5"), **{"Idempotency-Key": "one"})["id"] for _ in range(2)]
    assert once[0] == once[1]
    book = Workbook()
    assert book.active is not None
    for row in (HEADER.split(","), ["粉煤灰", "900-001-S02", 4, "2026-09-01"]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    read = send(served, content.getvalue(), kind=BOOK, name="")
    assert (read["file"], read["waiting_t"]) == ("ledger.xlsx", "4")
    assert press(served, f"/ledgers/{read['id']}/discarding")["waiting"] == 0
    assert read["id"] in [row["id"] for row in ask(served, "/ledgers")]


def test_of_a_ledger_with_a_wrong_row_none_is_kept_and_each_such_row_is_told(served: World) -> None:
    before = len(ask(served, "/ledgers"))
    refused = send(served, ledger("5", "much", "-3"), 422)
    assert {(error["row"], bool(error["rule"])) for error in refused["errors"]} == {(3, True), (4, True)}
    assert len(ask(served, "/ledgers")) == before
    send(served, b"%PDF-1.7", 415, kind="application/pdf")
    assert send(served, b"nothing,here\n1,2\n", 422)["errors"]


def test_a_stranger_finds_no_ledger_and_sends_none(served: World) -> None:
    stranger = "/api/v1/organisations/{stranger_id}"
    for path in ("/ledgers/{ledger_id}", "/drafts/{draft_id}"):
        assert served.client.get(served.address(stranger + path)).status_code == 404
    assert served.client.get(served.address(stranger + "/ledgers")).get_json() == []
    for path in ("/ledgers/{ledger_id}/posting", "/ledgers/{ledger_id}/discarding"):
        assert served.client.post(served.address(stranger + path), json={}).status_code == 404
    sent = served.client.post(
        served.address(stranger + "/sites/{site_id}/ledgers"),
        data=ledger("5"),
        headers={"Content-Type": "text/csv"},
    )
    assert sent.status_code == 404
