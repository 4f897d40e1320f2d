"""What a facility may take, through the API: asked for, confirmed, and what was taken outside stated anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import Databases
from listing_api import Lists, served_lists

import web.api.entitlements as view

TEXTS = {"document": "苏环审 2 号", "reason": "两类合计"}


@pytest.fixture
def lists(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lists]:
    with databases.new() as url, served_lists(url, monkeypatch, (view,)) as made:
        yield made


def test_lines_share_a_limit_once_the_authority_has_confirmed_it(lists: Lists) -> None:
    one = f"entitlements/{lists.ids['entitlement']}"
    wanted = {"kind": "new_group", "line_ids": lists.ids["lines"], "annual_limit_t": "100"}
    asked = lists.post("plant", f"{one}/changes", wanted | TEXTS)
    assert (asked["status"], asked["wanted"]["annual_limit_t"]) == ("requested", "100")
    lists.post("plant", f"{one}/changes", wanted | TEXTS, 422)
    change = f"entitlement-changes/{asked['id']}"
    assert lists.get("plant", one)["groups"] == []
    lists.do("plant", change, "confirm", 403, answer="自认")
    assert lists.do("jiangsu", change, "confirm", answer="核实")["status"] == "confirmed"
    (group,) = lists.get("jiangsu", one)["groups"]
    assert (group["line_ids"], group["annual_limit_t"]) == (lists.ids["lines"], "100")
    lower = {"kind": "group_limit", "group_id": group["id"], "annual_limit_t": 60}
    asked = lists.post("plant", f"{one}/changes", lower | TEXTS)
    assert asked["before"] == {"annual_limit_t": "100"}
    assert lists.do("plant", f"entitlement-changes/{asked['id']}", "withdraw")["status"] == "withdrawn"
    assert [row["status"] for row in lists.get("jiangsu", "entitlement-changes?status=confirmed")] == [
        "confirmed"
    ]


def test_a_kind_of_change_takes_its_own_facts_and_no_others(lists: Lists) -> None:
    one = f"entitlements/{lists.ids['entitlement']}/changes"
    problem = lists.post("plant", one, {"kind": "line_limit", "valid_to": "2030-12-31"} | TEXTS, 422)
    assert {(error["column"], error["rule"]) for error in problem["errors"]} == {
        ("line_id", "empty"),
        ("valid_to", "not_meant"),
    }
    unknown = {"kind": "line_limit", "line_id": "0" * 32}
    assert lists.post("plant", one, unknown | TEXTS, 422)["errors"][0]["rule"] == "unknown_id"
    lists.post("jiangsu", one, {"kind": "annual_limit", "annual_limit_t": 1} | TEXTS, 403)
    lists.post("stranger", one, {"kind": "annual_limit", "annual_limit_t": 1} | TEXTS, 404)


def test_what_was_taken_outside_is_stated_anew_under_the_state_that_was_read(lists: Lists) -> None:
    path = f"windows/{lists.ids['window']}"
    stale = lists.client.get(lists.at("plant", path)).headers["ETag"]
    body = {"received_t": "30.5", "committed_t": "9.5", "reason": "上半年线下接收"}
    assert lists.send("plant", path, body, stale, 200)["offered_t"] == "60"
    lists.send("plant", path, body, stale, 412)
    now = lists.client.get(lists.at("jiangsu", path)).headers["ETag"]
    lists.send("jiangsu", path, body, now, 403)
    above = lists.send("plant", path, body | {"received_t": "99"}, now, 422)
    assert above["type"].endswith(":above_permitted")
    lists.get("stranger", path, 404)
    (row,) = lists.get("jiangsu", "entitlements")
    assert row["windows"][0]["received_t"] == "30.5"
