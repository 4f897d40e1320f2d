"""A procedure on the desk: drafted with what is known, filed, decided by the authority, exported."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from databases import Databases
from desk_world import ACIDS, BRICKS, POWER, Desk, desk
from openpyxl import load_workbook
from registry import ACTOR, credit_code

from circularity.catalogue.procedures import add_working_days, find
from circularity.database import create_engine_for, writing
from circularity.organisations import register_organisation
from web.today import today

ORIGIN, RECEIVING = "虚构沪生态环境局", "虚构苏生态环境厅"


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Desk]:
    with databases.new() as url, desk(url) as made:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            for number, name, region in ((910, ORIGIN, "310000"), (911, RECEIVING, "320000")):
                office = register_organisation(
                    session,
                    actor=ACTOR,
                    at=datetime.now(UTC),
                    name_zh=name,
                    name_en="",
                    credit_code=credit_code(number),
                    roles=frozenset({"authority"}),
                    region_code=region,
                )
                made.parties[name] = office.public_id
        engine.dispose()
        yield made


@pytest.fixture(scope="module")
def procedure(world: Desk) -> str:
    """The address of the approval that the acid of one deal waits for; one acts as its sender."""
    deal = world.agreed(ACIDS)
    found = re.search(r"/procedures/[0-9a-f]{32}", world.client.get(deal).get_data(as_text=True))
    assert found, "the deal's page leads to the approval it waits for"
    return found[0]


def test_a_proposal_has_the_forms_of_its_procedures_before_anything_is_agreed(world: Desk) -> None:
    world.act_as(POWER, "generator")
    address = f"/proposals/{world.proposals[ACIDS]}"
    page = world.client.get(address).get_data(as_text=True)
    assert f"{address}/forms/hazardous_approval.xlsx" in page
    sheet = world.see(f"{address}/forms/hazardous_approval")
    assert "虚构再生酸有限公司" in sheet
    assert "it replaces no official filing" in sheet
    assert "待填" in sheet, "what is not known is visibly empty"
    world.see(f"{address}/forms/assay", status=404)


def test_the_form_is_filled_with_all_that_is_known_and_what_was_typed(world: Desk, procedure: str) -> None:
    world.act_as(POWER, "generator")
    world.press(f"{procedure}/acts/fill", **{"typed.hazard": "腐蚀性", "typed.packaging": "=HYPERLINK(1)"})
    assert "腐蚀性" in world.see(procedure)
    book = load_workbook(io.BytesIO(world.client.get(f"{procedure}/form.xlsx").get_data()))
    rows = {
        str(row[0].value).split("\n")[0]: row[1] for row in book.active.iter_rows(min_row=2) if row[0].value
    }
    assert rows["危险特性"].value == "腐蚀性"
    assert rows["代码"].value == "398-007-34"
    assert rows["转移总量（吨）"].value == "50"
    assert (rows["包装方式"].value, rows["包装方式"].data_type) == ("=HYPERLINK(1)", "s"), (
        "a text, no formula"
    )
    assert rows["应急预案"].value == "（待填）"
    assert any("不替代" in str(row[0].value) for row in book.active.iter_rows(min_row=1, max_row=3))
    refused = world.refused(f"{procedure}/acts/fill", **{"typed.nonsense": "x"})
    assert "no such thing" in refused


def test_strangers_and_authorities_do_not_see_a_draft(world: Desk, procedure: str) -> None:
    for party, side in ((BRICKS, "facility"), (ORIGIN, "authority")):
        world.act_as(party, side)
        for address in (procedure, f"{procedure}/form.xlsx", f"{procedure}/print"):
            world.see(address, status=404)
    assert "Waiting for you" not in world.see("/procedures")


def test_filed_it_waits_for_the_province_of_origin_which_grants_it(world: Desk, procedure: str) -> None:
    world.act_as(POWER, "generator")
    assert "procedures to file" in world.see("/desk")
    world.press(f"{procedure}/acts/file", document="沪申 1 号")
    world.act_as(ORIGIN, "authority")
    assert "procedures filed in your region" in world.see("/desk")
    assert "Waiting for you" in world.see("/procedures")
    assert "still missing" not in world.see(procedure), "the receiver is on a white list"
    world.act_as(RECEIVING, "authority")
    assert "Waiting for you" not in world.see("/procedures")
    world.refused(f"{procedure}/acts/consent", document="苏环函 3 号")
    world.refused(f"{procedure}/acts/grant", status=403, document="越权")
    world.act_as(ORIGIN, "authority")
    world.refused(f"{procedure}/acts/grant", document="沪环危转 7 号", valid_to="2099-01-01")
    world.press(f"{procedure}/acts/grant", document="沪环危转 7 号")
    assert "Granted" in world.see(procedure)
    world.act_as(POWER, "generator")
    assert "沪环危转 7 号" in world.see(procedure)
    assert ACIDS in world.see("/procedures?status=granted", "zh")


def test_a_refused_filing_says_why_and_is_filed_again(world: Desk) -> None:
    deal = world.agreed()
    world.act_as(POWER, "generator")
    assert "if it is filed today" not in world.see(deal), "nothing waits to be filed"
    assert 'value="plan_change"' not in world.client.get(deal).get_data(as_text=True)
    for kind in ("plan_change", "hazardous_approval"):
        assert "must be one of" in world.refused(f"{deal}/drafts", kind=kind), "the law has none for ash"
    one = world.press(f"{deal}/drafts", kind="general_approval")
    lead = find("general_approval", "310000", today()).lead_working_days
    assert f"{add_working_days(today(), lead)} if it is filed today" in world.see(deal)
    world.press(f"{one}/acts/file")
    world.act_as(ORIGIN, "authority")
    world.refused(f"{one}/acts/refuse")
    world.press(f"{one}/acts/refuse", reasons="数量与计划不符")
    world.act_as(POWER, "generator")
    assert "数量与计划不符" in world.see(one)
    world.press(f"{one}/acts/reopen")
    world.press(f"{one}/acts/file")
    world.press(f"{one}/acts/recall")
    assert "To be filed" in world.see(one)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_procedures_answers_in_both_languages(world: Desk, procedure: str, lang: str) -> None:
    for party, side in ((POWER, "generator"), (ACIDS, "facility"), (ORIGIN, "authority")):
        world.act_as(party, side)
        for address in ("/procedures", "/procedures?status=granted", procedure, f"{procedure}/print"):
            world.see(address, lang)
