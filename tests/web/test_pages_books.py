"""Papers of the books by hand: national forms down and up again, lists of official numbers, what waits."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from desk_world import BRICKS, OFFICE, POWER, Desk, desk
from openpyxl import load_workbook

from web.today import today

ASH = "900-001-S02"


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def _month(at_work: Desk) -> tuple[str, str]:
    """Write 100 t of ash of this month, 40 t used on site; return the site's id and the month's address."""
    source = at_work.client.get("/months/new").get_data(as_text=True)
    site = re.search(r'<option value="(\w{32})"', source)[1]  # type: ignore[index]  # no match fails the test
    used = {"uses.1.kind": "own_utilised", "uses.1.operation": "C2", "uses.1.mass_t": "40"}
    facts = {"site": site, "waste_code": ASH, "year": str(today().year), "month": str(today().month)}
    masses = {"generated_t": "100", "stored_t": "60", "discarded_t": "0"}
    return site, at_work.press("/months/new", **facts, **masses, **used)


def test_the_national_forms_of_a_site_and_period_come_down_and_go_up_again(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    site, month = _month(at_work)
    assert "does not replace what you submit" in at_work.see("/months")
    asked = f"/months/forms.xlsx?site={site}&form=general&year={today().year}"
    answer = at_work.client.get(f"{asked}&month={today().month}")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    book = load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["附表1 产生清单", "附表2 流向汇总表", "附表3 出厂环节记录表"]
    rows = list(book["附表2 流向汇总表"].values)
    assert rows[2][1] == ASH
    other = at_work.client.get(f"{asked}&month={today().month % 12 + 1}").data
    assert (
        len(list(load_workbook(io.BytesIO(other))["附表2 流向汇总表"].values)) == 2
    )  # title and header only
    hazardous = at_work.client.get(asked.replace("general", "hazardous")).data
    assert "产生环节" in load_workbook(io.BytesIO(hazardous)).sheetnames
    # Table 1 declares the year's generation, which nobody had; the month stands already.
    for said in ("1 new, 1 known already, 0 left out", "0 new, 2 known already, 0 left out"):
        form = {"site": site, "file": (io.BytesIO(answer.data), "台账.xlsx")}
        assert said in at_work.send_file("/months/forms", form)[1]
    source = at_work.client.get(month).get_data(as_text=True)
    assert f"/months/forms.xlsx?site={site}&amp;form=general" in source


def test_a_month_that_is_not_over_says_from_when_it_closes(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    _, address = _month(at_work)
    month = at_work.see(address)
    first_of_next = (today().replace(day=28) + timedelta(days=4)).replace(day=1)
    assert "/close" not in month
    assert f"when the month is over, from {first_of_next.isoformat()} on" in month


def test_forms_of_sites_one_may_not_see_are_not_found(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    site, _ = _month(at_work)
    asked = f"/months/forms.xlsx?site={site}&form=general&year={today().year}"
    at_work.see(f"{asked}&form=other".replace("form=general&", ""), status=404)
    at_work.see(asked.replace(f"year={today().year}", "year=soon"), status=422)
    at_work.act_as(OFFICE, "authority")  # of the region
    assert at_work.client.get(asked).status_code == 200
    at_work.act_as(BRICKS, "facility")
    at_work.see(asked, status=404)


def test_a_list_of_official_numbers_is_entered_row_by_row(at_work: Desk) -> None:
    transfer = at_work.at_the_gate()
    number = re.search(r"ZY-\S+", at_work.see(transfer))[0]  # type: ignore[index]  # no match fails the test
    official = f"{today().year}31010000{1:02d}"
    told = f"平台转移编号,国家联单编号\n{number},{official}\nZY-0000,{official}\n{number},12\n"
    status, words = at_work.upload("/transfers/official-numbers", told)
    assert (status, "1 new, 0 known already, 2 left out." in words) == (200, True)
    assert "3 number not_found ZY-0000 no transfer has this number" in words
    assert official in at_work.see(transfer)
    assert "0 new, 1 known already" in at_work.upload("/transfers/official-numbers", told)[1]
    at_work.act_as(OFFICE, "authority")
    assert at_work.upload("/transfers/official-numbers", told)[0] == 403


def test_the_desk_tells_what_waits_for_each_side(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    assert "proposals to answer" in at_work.see("/desk")
    transfer = at_work.at_the_gate()
    assert "1 loads to weigh and decide" in at_work.see("/desk")
    assert "1 in all" in at_work.see("/transfers?status=arrived")
    assert "1 in all" in at_work.see("/transfers?q=A12345")
    assert "Nothing here" in at_work.see("/transfers?q=B999")
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": "30"})
    verdict = {"lines.1.accepted_t": "20", "lines.1.refused_t": "10", "lines.1.reason": "too wet"}
    at_work.press(f"{transfer}/acts/decide", person="王五", **verdict)
    assert "refused loads" not in at_work.see("/desk")  # it is the sender's turn
    at_work.act_as(POWER, "generator")
    assert "1 refused loads to return or send on" in at_work.see("/desk")
    assert "1 in all" in at_work.see("/transfers?status=refused,partly_accepted")


def test_stock_stands_by_year_with_the_survey_that_opened_it(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    site, _ = _month(at_work)
    last_year = today().year - 1
    facts = {"site": site, "waste_code": ASH, "vintage": str(last_year), "surveyed_on": f"{last_year}-12-31"}
    found = {"mass_t": "42.5", "method": "无人机测绘", "document": "盘点-7"}
    assert at_work.press("/months/surveys", **facts, **found) == "/months/stock"
    told = at_work.see("/months/stock")
    assert f"{last_year} 42.5 –" in told
    assert "42.5 无人机测绘 盘点-7" in told
    at_work.act_as(OFFICE, "authority")  # of the region
    assert "盘点-7" in at_work.see("/months/stock", "zh")
    at_work.act_as(BRICKS, "facility")
    assert "盘点-7" not in at_work.see("/months/stock")
