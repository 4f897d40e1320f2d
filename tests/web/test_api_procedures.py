"""A procedure through the API alone: drafted, filled, filed, consented to, granted, exported."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from databases import Databases
from listing_api import Lists, served_lists
from listing_world import ListingWorld
from openpyxl import load_workbook
from registry import Registry
from sqlalchemy import select

import web.api.procedures as view
from circularity.database import create_engine_for, writing
from circularity.registry.entitlements import EntitlementLine


@pytest.fixture
def lists(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lists]:
    """The served lists, with a deal about acid of a works in Shanghai for the plant in Jiangsu."""
    with databases.new() as url, served_lists(url, monkeypatch, (view,)) as made:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            world = ListingWorld(Registry(session))
            world.registry.numbers = iter(range(700_000, 800_000))  # type: ignore[assignment]  # put in its place for the test
            world.line = session.scalars(select(EntitlementLine).order_by(EntitlementLine.id)).first()
            made.ids["deal"] = world.agreed(10).public_id
            made.ids["works"] = world.works.organisation.public_id
        engine.dispose()
        yield made


def drafted(lists: Lists) -> str:
    path = f"agreements/{lists.ids['deal']}/procedure-drafts"
    return f"procedures/{lists.post('works', path, {'kind': 'hazardous_approval'})['id']}"


def test_a_draft_is_filled_and_filed_and_waits_for_both_provinces(lists: Lists) -> None:
    one = drafted(lists)
    assert drafted(lists) == one, "the draft that waits is answered again"
    lists.get("shanghai", one, 404)
    filled = lists.do("works", one, "fill", filled={"hazard": "腐蚀性"})
    texts = {row["field"]: row.get("text") for row in filled["fields_of_form"]}
    assert (texts["hazard"], texts["waste_code"], texts["emergency"]) == ("腐蚀性", "398-007-34", None)
    filed = lists.do("works", one, "file", document="沪申 1 号")
    assert (filed["status"], filed["expected_on"], filed["consent_missing"]) == ("filed", "2026-09-29", True)
    for office in ("shanghai", "jiangsu"):
        assert [row["status"] for row in lists.get(office, "procedures?waiting=true")] == ["filed"]
    assert lists.get("zhejiang", "procedures?waiting=true") == []
    assert lists.do("shanghai", one, "grant", 422, document="沪环 1 号")["type"].endswith(":consent_missing")
    assert lists.do("jiangsu", one, "consent", document="苏环函 3 号")["consent"] == "苏环函 3 号"
    lists.do("works", one, "grant", 403, document="自批")
    granted = lists.do("shanghai", one, "grant", document="沪环 1 号", limit_t="4.5")
    assert (granted["status"], granted["limit_t"], granted["legal_acts"]) == ("granted", "4.5", [])
    deal = lists.client.get(f"/api/v1/agreements/{lists.ids['deal']}").get_json()
    assert [row["grant_id"] for row in deal["procedures"]] == [granted["grant_id"]]


def test_a_refused_filing_is_opened_under_the_state_that_was_read(lists: Lists) -> None:
    one = drafted(lists)
    stale = lists.client.get(lists.at("works", one)).headers["ETag"]
    lists.do("works", one, "file")
    lists.send("works", one, {"act": "recall"}, stale, 412)
    assert lists.do("shanghai", one, "refuse", 422)["errors"][0]["column"] == "reasons"
    assert lists.do("shanghai", one, "refuse", reasons="预案不完整")["reasons"] == "预案不完整"
    assert lists.do("works", one, "reopen")["status"] == "to_file"
    problem = lists.do("works", one, "fill", 422, filled={"sender_name": "冒名"})
    assert problem["errors"][0]["rule"] == "unknown_field"


def test_the_form_is_a_workbook_for_those_whom_it_concerns(lists: Lists) -> None:
    one = drafted(lists)
    answer = lists.client.get(lists.at("works", f"{one}/form.xlsx"))
    cells = [str(row[0].value) for row in load_workbook(io.BytesIO(answer.get_data())).active.iter_rows()]
    assert any("不替代" in cell for cell in cells)
    assert lists.client.get(lists.at("zhejiang", f"{one}/form.xlsx")).status_code == 404
