"""Every page in both languages: what a reader must find on it, and what must never be on it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest
from databases import Databases
from page_world import PAYLOAD, Pages, served_pages
from registry import AT


@pytest.fixture(scope="module")
def pages(databases: Databases) -> Iterator[Pages]:
    with databases.new() as url, served_pages(url) as made:
        yield made


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_answers_and_says_that_its_parties_are_fictional(pages: Pages, lang: str) -> None:
    said = {"zh": "演示数据，均为虚构", "en": "Demonstration data, all fictional"}[lang]
    for address in pages.addresses():
        text = pages.text(address, lang)
        assert said in text, address
        assert f'<html lang="{"zh-Hans" if lang == "zh" else "en"}">' in text


def test_the_overview_shows_what_is_posted_placed_and_why_the_rest_is_not(pages: Pages) -> None:
    text = pages.text("/")
    assert "1.1 <small>kt</small>" in text  # posted: 1000 t ash + 80 t acid
    assert "950" in text  # placed: 600 t + 300 t ash, 50 t acid
    assert "mostly: lawful outlets are full" in text


def test_a_plan_says_that_it_is_advice_and_that_the_authority_decides(pages: Pages) -> None:
    text = pages.text(f"/runs/{pages.ids['run']}", "zh")
    assert "撮合建议，不构成义务" in text
    assert "合规预检，以主管部门审批为准" in text
    assert "撮合建议，不构成义务" in pages.text(f"/outputs/{pages.ids['ash']}", "zh")


def test_a_run_shows_plan_conditions_reasons_prices_and_proof(pages: Pages) -> None:
    text = pages.text(f"/runs/{pages.ids['run']}")
    assert "Proven optimal" in text
    assert "Can move today" in text  # ash within Shanghai
    assert "record for utilisation across provinces" in text  # ash to Anhui
    assert "hazardous waste across provinces" in text  # acid to Jiangsu
    assert "lawful outlets are full" in text
    assert "What one more tonne of a limit is worth" in text
    assert "Case digest" in text


def test_a_run_is_downloaded_whole_pair_by_pair(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.run_tables._AT_ONCE", 2)
    run = f"/runs/{pages.ids['run']}"
    assert f'href="{run}/plan.csv"' in pages.text(run)
    plan = list(csv.DictReader(io.StringIO(pages.text(f"{run}/plan.csv").removeprefix("\ufeff"))))
    ash, acid = pages.ids["ash"], pages.ids["acid"]
    assert [(row["output_id"], row["Mass (t)"]) for row in plan] == [(ash, "600"), (ash, "300"), (acid, "50")]
    assert "record for utilisation across provinces" in plan[1]["Conditions"]
    left = list(csv.DictReader(io.StringIO(pages.text(f"{run}/unmatched.csv").removeprefix("\ufeff"))))
    assert {row["output_id"]: row["Unmatched (t)"] for row in left} == {ash: "100", acid: "30"}
    assert all(row["Reason"] for row in left)
    pages.text(f"/runs/{'0' * 32}/plan.csv", status=404)


def test_a_run_pages_its_three_lists_and_says_how_many_there_are(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.runs.ROWS", 1)
    run = f"/runs/{pages.ids['run']}"
    first = pages.text(run)
    assert "2 outputs have mass without an outlet. The heaviest come first, 1 to a page." in first
    heaviest, lightest = _rows(first, "unmatched"), _rows(pages.text(f"{run}?unmatched=2"), "unmatched")
    assert pages.ids["ash"] in heaviest  # 1000 - 600 - 300 = 100 t
    assert pages.ids["acid"] not in heaviest
    assert pages.ids["acid"] in lightest  # 80 - 50 = 30 t
    assert pages.ids["ash"] not in lightest
    assert _rows(pages.text(f"{run}?unmatched=99"), "unmatched") == lightest
    assert "3 limits hold this plan back. The scarcest come first, 1 to a page." in first
    assert "共有 2 批废物尚有数量未找到去处。" in pages.text(run, "zh")


def test_turning_one_list_of_a_run_keeps_the_others_where_they_are(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.runs.ROWS", 1)
    text = pages.text(f"/runs/{pages.ids['run']}?page=2&unmatched=2")
    assert f"/runs/{pages.ids['run']}?page=3&amp;unmatched=2&amp;limits=1&amp;changes=1#plan" in text
    assert f"/runs/{pages.ids['run']}?page=2&amp;unmatched=1&amp;limits=1&amp;changes=1#unmatched" in text


def test_a_pair_without_conditions_moves_today_only_inside_its_shipping_window(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, address = import_module("web.pages.frame"), f"/runs/{pages.ids['run']}"
    monkeypatch.setattr(frame, "today", AT.date)
    assert "Can move today" in _rows(pages.text(address), "plan")
    assert "No procedure needed" not in _rows(pages.text(address), "plan")
    monkeypatch.setattr(frame, "today", (AT - timedelta(days=1)).date)
    assert "Can move today" not in _rows(pages.text(address), "plan")
    assert "No procedure needed" in _rows(pages.text(address), "plan")
    assert "无需先办手续" in _rows(pages.text(address, "zh"), "plan")


def test_every_page_leads_to_the_description_of_the_api(pages: Pages) -> None:
    assert '<a href="/docs">API documentation</a>' in pages.text("/")
    assert '<a href="/docs">接口文档（API）</a>' in pages.text("/method", "zh")


def test_the_catalogue_is_turned_page_by_page_and_searched_whole(pages: Pages) -> None:
    first, second = pages.text("/catalogue"), pages.text("/catalogue?page=2")
    assert _rows(first, "results").count("<tr>") == 1 + 25  # head and one page
    assert _rows(first, "results") != _rows(second, "results")
    assert 'href="/catalogue?q=&amp;hazard=&amp;page=2#results"' in first
    assert "SW92" not in _rows(first, "results")
    assert "SW92" in _rows(pages.text("/catalogue?q=SW92"), "results")
    assert "hazard=hazardous&amp;page=2" in pages.text("/catalogue?hazard=hazardous")


def test_a_conditional_outlet_names_authority_lead_time_and_law(pages: Pages) -> None:
    text = pages.text(f"/outputs/{pages.ids['ash']}")
    assert "Recommended outlets" in text
    assert "Fictional Cement" in text
    assert "working days" in text
    assert "confidence" in text


def test_a_facility_shows_entitlement_window_and_white_list(pages: Pages) -> None:
    text = pages.text(f"/facilities/{pages.ids['acid_plant']}")
    assert "Hazardous-waste licence" in text
    assert "2028-12-31" in text
    assert "Agreed by two provinces" in text
    assert "12.3" in pages.text(f"/facilities/{pages.ids['plant']}")  # gate fee, CNY/t


def test_the_catalogue_badges_what_nobody_has_checked(pages: Pages) -> None:
    assert "未核实" in pages.text("/catalogue?q=SW06", "zh")
    assert "99 %" in pages.text("/catalogue")


def test_a_name_with_markup_is_shown_as_text(pages: Pages) -> None:
    shown = "&lt;script&gt;alert(1)&lt;/script&gt;"
    for address in ("/outputs", f"/outputs/{pages.ids['ash']}", f"/runs/{pages.ids['run']}"):
        text = pages.text(address)
        assert shown in text
        assert PAYLOAD not in text


@pytest.mark.parametrize("kind", ["outputs", "facilities", "runs"])
def test_an_unknown_id_is_not_found(pages: Pages, kind: str) -> None:
    assert "This page does not exist" in pages.text(f"/{kind}/{'0' * 32}", status=404)
    assert "页面不存在" in pages.text(f"/{kind}/../../etc", "zh", status=404)


def test_filters_keep_what_fits(pages: Pages) -> None:
    ash, acid = f"/outputs/{pages.ids['ash']}", f"/outputs/{pages.ids['acid']}"
    for query, found, missing in (
        ("stream=fly_ash", ash, acid),
        ("hazard=hazardous", acid, ash),
        ("hazard=general", ash, acid),
    ):
        text = pages.text(f"/outputs?{query}")
        assert found in text
        assert missing not in text
    assert ash in pages.text("/outputs?province=31&status=waste&q=fictional")
    assert "No output fits these filters" in pages.text("/outputs?province=34")
    assert "No output fits these filters" in pages.text("/outputs?status=product")
    assert "No output fits these filters" in pages.text("/outputs?q=%25")


def test_facilities_are_filtered_by_province_kind_and_operation(pages: Pages) -> None:
    text = pages.text("/facilities?province=34&kind=utiliser&operation=C2")
    assert "Fictional Cement" in text
    assert "Fictional Bricks" not in text
    assert "No facility fits" in pages.text("/facilities?kind=collector")


def test_the_white_lists_are_searched_by_code_kind_name_province_and_operation(pages: Pages) -> None:
    entry = f"/facilities/{pages.ids['acid_plant']}"
    for query in ("q=398-007-34", "q=hw34", "q=废酸", "q=acid", "province=32", "origin=31", "operation=R6"):
        assert entry in pages.text(f"/whitelist?{query}"), query
    for query in ("q=312-001-S01", "province=31", "origin=33", "operation=D1", "q=nothing+like+this"):
        assert entry not in pages.text(f"/whitelist?{query}"), query


def test_nonsense_in_the_address_is_no_error(pages: Pages) -> None:
    for query in (
        "page=-1",
        "page=99999999999999999999",
        "page=١",
        "q=%ED%A0%80",
        "stream=%3Cb%3E",
        "lang=xx",
    ):
        assert "<b>" not in pages.text(f"/outputs?{query}")


def test_before_the_first_run_the_pages_say_so(database_url: str) -> None:
    with served_pages(database_url, matched=False) as fresh:
        assert "No run has been made yet" in fresh.text("/")
        assert "No run has been made yet" in fresh.text("/runs")
        assert "No run has been made yet" in fresh.text(f"/outputs/{fresh.ids['ash']}")


def _rows(text: str, section: str) -> str:
    """Return the last table of a section."""
    inside = text.partition(f'id="{section}"')[2].partition("</section>")[0]
    return inside.rpartition("<table")[2].partition("</table>")[0]
