"""Reading through the API: filters, pages, tags, words in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def ids_of(served: World, address: str) -> set[str]:
    answer = served.client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {row["id"] for row in answer.get_json()}


def rules_of(problem: dict[str, Any]) -> dict[str, str]:
    return {error["column"]: error["rule"] for error in problem["errors"]}


def test_outputs_are_found_by_code_by_kind_and_by_province(served: World) -> None:
    both = {served.ids["output_id"], served.ids["public_output_id"]}
    assert ids_of(served, "/api/v1/outputs?waste_code=900-001-S02") == both
    assert ids_of(served, "/api/v1/outputs?waste_code=sw02&province=31") == both
    assert ids_of(served, "/api/v1/outputs?waste_code=SW06") == set()
    assert ids_of(served, "/api/v1/outputs?province=34") == set()


def test_facilities_are_found_by_operation(served: World) -> None:
    assert served.ids["facility_id"] in ids_of(served, "/api/v1/facilities?operation=c2&kind=utiliser")
    assert ids_of(served, "/api/v1/facilities?operation=D10") == set()


def test_the_white_lists_are_searched_by_waste_province_origin_and_operation(served: World) -> None:
    entry = {served.ids["entry_id"]}
    assert ids_of(served, "/api/v1/whitelist?waste_code=900-001-S02&operation=C2") == entry
    assert ids_of(served, "/api/v1/whitelist?waste_code=SW02&province=31&origin=31") == entry
    assert ids_of(served, "/api/v1/whitelist?waste_code=HW34") == set()
    assert ids_of(served, "/api/v1/whitelist?origin=34") == set()


def test_wastes_are_found_by_the_name_people_use(served: World) -> None:
    found = served.client.get("/api/v1/catalogue/wastes?name=粉煤灰").get_json()
    assert found[0]["kind"] == "SW02"
    assert {"verified", "source", "confidence"} <= found[0].keys()


def test_a_code_that_the_lists_lack_is_answered_by_its_kind(served: World) -> None:
    found = served.client.get("/api/v1/catalogue/wastes/999-099-S02").get_json()
    assert (found["code"], found["level"], found["verified"]) == ("999-099-S02", "kind", False)


def test_pages_are_counted_and_linked(served: World) -> None:
    first = served.client.get("/api/v1/outputs?page_size=1&waste_code=SW02")
    described = json.loads(first.headers["X-Pagination"])
    assert described == {"total": 2, "total_pages": 2, "page": 1, "page_size": 1, "next_page": 2}
    assert '/api/v1/outputs?page_size=1&waste_code=SW02&page=2>; rel="next"' in first.headers["Link"]
    second = served.client.get("/api/v1/outputs?page_size=1&waste_code=SW02&page=2")
    assert 'rel="prev"' in second.headers["Link"]
    assert first.get_json()[0]["id"] != second.get_json()[0]["id"]


def test_a_page_beyond_the_last_is_empty_and_says_how_many_there_are(served: World) -> None:
    answer = served.client.get("/api/v1/outputs?page=9")
    assert answer.get_json() == []
    assert json.loads(answer.headers["X-Pagination"])["total"] == 2


@pytest.mark.parametrize(
    "address", ["/api/v1/outputs?page_size=1", "/api/v1/outputs/{output_id}", "/api/v1/runs/{run_id}"]
)
def test_what_has_not_changed_is_not_sent_again(served: World, address: str) -> None:
    address = served.address(address)
    tag = served.client.get(address).headers["ETag"]
    again = served.client.get(address, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.get_data() == b""


def test_two_pages_of_one_list_have_different_tags(served: World) -> None:
    tags = {served.client.get(f"/api/v1/outputs?page={page}").headers["ETag"] for page in (2, 3)}
    assert len(tags) == 2, "both pages are empty, and not the same page"


def test_every_mistake_of_a_query_is_named(served: World) -> None:
    answer = served.client.get("/api/v1/outputs?page=0&page_size=９&status=gone&colour=red&province=Shanghai")
    assert answer.status_code == 422
    assert rules_of(answer.get_json()) == {
        "page": "out_of_range",
        "page_size": "not_a_number",
        "status": "unknown_word",
        "colour": "unknown_field",
        "province": "malformed_code",
    }


def test_a_malformed_code_in_a_query_is_refused_and_not_searched_for(served: World) -> None:
    answer = served.client.get("/api/v1/outputs?waste_code=%25%25")
    assert answer.status_code == 422
    assert rules_of(answer.get_json()) == {"waste_code": "malformed_pattern"}


def test_what_does_not_exist_is_a_problem_with_both_languages(served: World) -> None:
    answer = served.client.get("/api/v1/facilities/" + "f" * 32)
    assert answer.status_code == 404
    problem = answer.get_json()
    assert problem["type"] == "urn:circularity:problem:not_found"
    assert problem["title"]
    assert problem["title_zh"] == "未找到"


def test_a_run_carries_its_levels_its_proof_and_its_notice(served: World) -> None:
    run = served.client.get(served.address("/api/v1/runs/{run_id}")).get_json()
    names = [level["name"] for level in run["levels"]]
    assert names == ["placed_kg", "urgent_kg", "utilised_kg", "hierarchy", "cost", "kept_kg", "tie"]
    assert all(level["proven"] for level in run["levels"])
    assert len(run["case_digest"]) == len(run["certificate_digest"]) == 64
    assert run["notice_zh"].startswith("撮合建议")
    # 4321.987 t and 1000 t are posted; the windows hold 2320.768 t and 500 t. Two senders tell each other.
    assert {name: run[f"{name}_band"]["from_t"] for name in ("supply", "placed", "unmatched")} == {
        "supply": "1000", "placed": "1000", "unmatched": "1000",
    }  # fmt: skip
    assert not {"supply_t", "placed_t", "can_move_today_t", "unmatched_t"} & set(run)
    assert run["after_procedures_t"] == "0"
    assert not any("value" in level for level in run["levels"])


def test_an_outlet_is_recommended_with_what_the_law_asks_first(served: World) -> None:
    advice = served.client.get(
        served.address("/api/v1/outputs/{public_output_id}/recommendations")
    ).get_json()
    assert {row["window_id"] for row in advice} <= {
        served.ids["window_id"],
        served.ids["public_window_id"],
    }
    for row in advice:
        assert row["verdict"] == ("lawful" if row["can_move_today"] else "conditional")
        assert bool(row["steps"]) != row["can_move_today"]
        assert row["advice_zh"] == "合规预检，以主管部门审批为准"


def test_an_entry_has_its_history(served: World) -> None:
    (entry,) = ids_of(served, "/api/v1/whitelist?waste_code=900-001-S02&operation=C2")
    answer = served.client.get(f"/api/v1/whitelist/{entry}/history")
    assert [happened["act"] for happened in answer.get_json()] == ["listed"]
    assert served.client.get(f"/api/v1/whitelist/{'0' * 32}/history").status_code == 404
