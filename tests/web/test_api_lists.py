"""The white lists through the API alone: from an application to the entry, its suspension, its next year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from databases import Databases
from listing_api import WANTED, Lists, served_lists
from listing_world import pdf

import web.api.list_appeals as appeals_view
import web.api.list_applications as applications_view
import web.api.list_entries as entries_view
import web.api.list_rounds as rounds_view

VIEWS = (applications_view, entries_view, appeals_view, rounds_view)


@pytest.fixture
def lists(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lists]:
    with databases.new() as url, served_lists(url, monkeypatch, VIEWS) as made:
        yield made


def test_a_plant_comes_onto_an_agreed_list_when_both_provinces_of_origin_have_consented(lists: Lists) -> None:
    path = lists.submitted()
    assert lists.get("jiangsu", path)["legal_acts"] == ["ask_more", "take_up"]
    lists.do("jiangsu", path, "take_up")
    lists.do("jiangsu", path, "visit", visited_on="2026-08-31", findings="与申报一致")
    assert lists.do("jiangsu", path, "approve", 422, reasons="符合条件")["facts"]["provinces"] == ["31", "33"]
    lists.do("shanghai", path, "consent", document="沪环函 7 号")
    twice = lists.do("shanghai", path, "consent", 422, document="沪环函 8 号")
    assert twice["type"].endswith(":no_consent_needed")
    assert lists.get("zhejiang", path)["wanting_consent"] == ["33"]
    agreed = lists.do("zhejiang", path, "consent", document="浙环函 9 号")
    assert [(given["province"], given["document"]) for given in agreed["consents"]] == [
        ("31", "沪环函 7 号"),
        ("33", "浙环函 9 号"),
    ]
    lists.do("jiangsu", path, "approve", reasons="符合条件")
    published = lists.do("jiangsu", path, "publish", document="苏环名单 1 号")
    assert (published["status"], published["lacks"]) == ("published", [])
    public = lists.client.get(f"/api/v1/whitelist/{published['entry_id']}").get_json()
    assert (public["document"], public["accepted_origins"], public["has_quota"]) == (
        "苏环名单 1 号", ["31", "33"], True,
    )  # fmt: skip
    entry = lists.get("zhejiang", f"list-entries/{published['entry_id']}")
    assert (entry["quota_t"], entry["left_t"], entry["legal_acts"]) == ("500", "500", [])


def test_what_is_asked_for_comes_back_is_completed_and_keeps_its_answers(lists: Lists) -> None:
    path = lists.submitted()
    asked = lists.do("jiangsu", path, "ask_more", missing="请补环评批复")
    assert (asked["status"], asked["missing"]) == ("incomplete", "请补环评批复")
    lists.paper(path, "other", b"\x89PNG\r\n\x1a\n eia", "image/png")
    again = lists.do("plant", path, "submit", answer="已补")
    assert [(note["kind"], note["text"]) for note in again["notes"]] == [
        ("question", "请补环评批复"),
        ("answer", "已补"),
    ]
    assert lists.do("plant", path, "withdraw")["status"] == "withdrawn"


def test_a_paper_is_kept_as_it_is_and_given_back_to_those_whom_it_concerns(lists: Lists) -> None:
    path = lists.submitted()
    paper = lists.get("plant", path)["papers"][0]
    answer = lists.client.get(lists.at("jiangsu", f"{path}/papers/{paper['id']}"))
    assert (answer.get_data(), answer.mimetype) == (pdf("entitlement"), "application/pdf")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert lists.client.get(lists.at("stranger", f"{path}/papers/{paper['id']}")).status_code == 404
    draft = {"facility_id": lists.ids["facility"], "wanted": WANTED}
    other = f"list-applications/{lists.post('plant', 'list-applications', draft)['id']}"
    assert lists.paper(other, "other", b"MZ", "application/pdf", 422)["errors"][0]["rule"] == "unknown_format"
    assert lists.paper(other, "other", b"x", "text/html", 415)["type"].endswith(":unsupported_media_type")
    first = lists.paper(other, "other", pdf("a"), "application/pdf")
    assert lists.paper(other, "other", pdf("a"), "application/pdf") == first


def test_a_draft_is_changed_under_the_state_that_was_read_and_refused_field_by_field(lists: Lists) -> None:
    body = {"facility_id": lists.ids["facility"], "wanted": WANTED}
    path = f"list-applications/{lists.post('plant', 'list-applications', body)['id']}"
    stale = lists.client.get(lists.at("plant", path)).headers["ETag"]
    assert lists.do("plant", path, "edit", wanted=WANTED | {"quota_t": 400})["quota_t"] == "400"
    lists.send("plant", path, {"act": "edit", "wanted": WANTED}, stale, 412)
    lists.get("jiangsu", path, 404)
    problem = lists.do("plant", path, "edit", 422, reasons="x")
    assert [(error["column"], error["rule"]) for error in problem["errors"]] == [
        ("wanted", "empty"),
        ("reasons", "not_meant"),
    ]
    wrong = WANTED | {"waste_pattern": "HW99", "valid_to": "2025-01-01"}
    problem = lists.post("plant", "list-applications", body | {"wanted": wrong}, 422)
    assert {error["column"] for error in problem["errors"]} == {"waste_pattern", "valid_to"}
    lists.post("stranger", "list-applications", body, 403)


def test_the_same_key_begins_one_application(lists: Lists) -> None:
    body = {"facility_id": lists.ids["facility"], "wanted": WANTED}
    key = {"Idempotency-Key": "k-1"}
    first = lists.client.post(lists.at("plant", "list-applications"), json=body, headers=key)
    again = lists.client.post(lists.at("plant", "list-applications"), json=body, headers=key)
    assert (first.get_json(), again.headers["Idempotency-Replayed"]) == (again.get_json(), "true")
    assert len(lists.get("plant", "list-applications")) == 1


def test_an_entry_is_suspended_appealed_about_and_resumed(lists: Lists) -> None:
    path = lists.published()
    lists.do("plant", path, "suspend", 403, ground="reporting", reason="试")
    stopped = lists.do("jiangsu", path, "suspend", ground="reporting", reason="未报告接收量")
    assert (stopped["status"], stopped["legal_acts"]) == ("suspended", ["blacklist", "delist", "resume"])
    raised = lists.post("plant", f"{path}/appeals", {"reason": "已补报"})
    assert lists.get("plant", path)["appeal_id"] == raised["id"]
    one = f"list-appeals/{raised['id']}"
    assert lists.get("jiangsu", one)["legal_acts"] == ["dismiss", "uphold"]
    lists.do("plant", one, "uphold", 403, answer="自答")
    assert lists.do("jiangsu", one, "uphold", answer="属实")["status"] == "upheld"
    assert lists.get("plant", path)["status"] == "listed"
    assert lists.do("jiangsu", path, "delist", reason="停产")["status"] == "delisted"


def test_a_refused_application_is_appealed_about(lists: Lists) -> None:
    path = lists.submitted()
    lists.do("jiangsu", path, "take_up")
    assert lists.do("jiangsu", path, "refuse", reasons="能力不足")["reasons"] == "能力不足"
    raised = lists.post("plant", f"{path}/appeals", {"reason": "能力已核"})
    lists.post("plant", f"{path}/appeals", {"reason": "再次"}, 422)
    assert lists.do("plant", f"list-appeals/{raised['id']}", "withdraw")["status"] == "withdrawn"
    assert [row["status"] for row in lists.get("jiangsu", "list-appeals")] == ["withdrawn"]


def test_consent_above_the_quota_stands_in_its_book(lists: Lists) -> None:
    path = lists.published()
    raised = lists.do("jiangsu", path, "raise", mass_t="100.5", document="同意函 3 号", reason="需求增加")
    assert (raised["quota_t"], raised["left_t"]) == ("600.5", "600.5")
    (line,) = lists.get("plant", f"{path}/quota-moves")
    assert (line["kind"], line["mass_t"], line["document"]) == ("raised", "100.5", "同意函 3 号")
    problem = lists.do("jiangsu", path, "raise", 422, reason="x")
    assert [error["column"] for error in problem["errors"]] == ["mass_t", "document"]
    lists.get("stranger", path, 404)


def test_the_list_of_next_year_is_proposed_in_december_and_published_at_once(lists: Lists) -> None:
    lists.published()
    problem = lists.post("jiangsu", "list-rounds", {"year": 2027}, 422)
    assert problem["type"].endswith(":not_the_season")
    lists.clock[0] = datetime(2026, 12, 3, 2, tzinfo=UTC)
    (entry,) = lists.get("jiangsu", "list-entries")
    assert entry["renewal_due"] is True
    assert lists.post("shanghai", "list-rounds", {"year": 2027})["applications"] == []
    (row,) = lists.post("jiangsu", "list-rounds", {"year": 2027})["applications"]
    assert len(lists.post("jiangsu", "list-rounds", {"year": 2027})["applications"]) == 1
    path = f"list-applications/{row['application_id']}"
    for kind in ("capability", "compliance"):
        lists.paper(path, kind, pdf(kind), "application/pdf")
    lists.do("plant", path, "submit")
    lists.do("jiangsu", path, "take_up")
    lists.do("jiangsu", path, "approve", reasons="继续符合")
    assert lists.get("jiangsu", "list-rounds/2027")["to_publish"] == 1
    done = lists.do("jiangsu", "list-rounds/2027", "publish", document="苏环名单 2027")
    assert (done["to_publish"], done["applications"][0]["status"]) == (0, "published")
    assert {row["document"] for row in lists.get("plant", "list-entries")} == {
        "苏环名单 1 号",
        "苏环名单 2027",
    }
    (receipts,) = lists.get("plant", "list-receipts?year=2026")
    assert (receipts["received_t"], receipts["number_of_loads"], receipts["quota_t"]) == ("0", 0, "500")
