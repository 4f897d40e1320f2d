"""An authority takes a facility from application to a published entry and to suspension in the browser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from databases import Databases
from desk_world import ACIDS, BRICKS, OFFICE, POWER, Desk
from listing_world import pdf
from page_world import served_pages
from registry import ACTOR, credit_code
from sqlalchemy import select

from circularity.database import create_engine_for, writing
from circularity.organisations import Organisation, register_organisation
from web.today import today

JIANGSU = "虚构省生态环境厅"


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Desk]:
    with databases.new() as url, served_pages(url, matched=False, open_to_write=True) as pages:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            for number, name, region in ((900, OFFICE, "310100"), (901, JIANGSU, "320000")):
                register_organisation(
                    session,
                    actor=ACTOR,
                    at=datetime.now(UTC),
                    name_zh=name,
                    name_en="",
                    credit_code=credit_code(number),
                    roles=frozenset({"authority"}),
                    region_code=region,
                    fictional=True,
                )
            session.flush()
            parties = {row.name_zh: row.public_id for row in session.scalars(select(Organisation))}
        engine.dispose()
        yield Desk(pages.client.application.test_client(), pages, parties, {})


def _wishes(world: Desk, **typed: str) -> dict[str, str]:
    year = today().year
    return {
        "facility": world.pages.ids["acid_plant"],
        "list_kind": "nominated",
        "waste_pattern": "HW34",
        "operation": "R6",
        "accepted_origins": "31",
        "quota_t": "500",
        "valid_from": f"{year}-01-01",
        "valid_to": f"{year}-12-31",
        **typed,
    }


def _paper(world: Desk, application: str, kind: str, content: bytes | None = None) -> int:
    content = pdf(kind) if content is None else content
    form: dict[str, Any] = {"kind": kind, "title": kind, "file": (io.BytesIO(content), f"{kind}.pdf")}
    answer = world.client.post(f"{application}/papers", data=form, content_type="multipart/form-data")
    return answer.status_code


def _submitted(world: Desk) -> str:
    world.act_as(ACIDS, "facility")
    application = world.press("/register/applications/new", **_wishes(world))
    for kind in ("entitlement", "capability", "compliance"):
        assert _paper(world, application, kind) == 303
    world.press(f"{application}/acts/submit")
    return application


def _published(world: Desk) -> str:
    application = _submitted(world)
    world.act_as(JIANGSU, "authority")
    world.press(f"{application}/acts/take_up")
    world.press(f"{application}/acts/visit", visited_on=today().isoformat(), findings="与申报一致")
    world.press(f"{application}/acts/approve", reasons="符合条件")
    world.press(f"{application}/acts/publish", document="苏环名单 1 号")
    found = re.search(r"/whitelist/([0-9a-f]{32})", world.client.get(application).get_data(as_text=True))
    assert found
    return found[1]


def test_a_facility_applies_and_the_authority_publishes_and_suspends(world: Desk) -> None:
    entry = _published(world)
    public = world.see(f"/whitelist/{entry}")
    assert "苏环名单 1 号" in public
    assert "Listed" in public
    register = f"/register/entries/{entry}"
    world.press(f"{register}/acts/suspend", ground="accident", reason="储罐泄漏")
    public = world.see(f"/whitelist/{entry}")
    assert "Suspended" in public
    assert "储罐泄漏" in public
    assert "Environmental emergency or accident" in public
    assert "takes no new waste" in world.see(register)
    world.press(f"{register}/acts/resume", reason="整改完成")
    assert "整改完成" in world.see(f"/whitelist/{entry}")


def test_what_is_missing_is_told_on_the_page_and_at_the_button(world: Desk) -> None:
    world.act_as(ACIDS, "facility")
    application = world.press("/register/applications/new", **_wishes(world))
    page = world.see(application)
    assert "paper missing: Statement of compliance over three years" in page
    refused = world.refused(f"{application}/acts/submit")
    assert "not complete: paper missing" in refused
    assert _paper(world, application, "other", b"MZ") == 422


def test_a_paper_is_given_back_to_its_parties_and_to_nobody_else(world: Desk) -> None:
    application = _submitted(world)
    paper = re.search(
        rf"{application}/papers/[0-9a-f]{{32}}", world.client.get(application).get_data(as_text=True)
    )
    assert paper
    answer = world.client.get(paper[0])
    assert answer.get_data().startswith(b"%PDF-")
    assert "attachment" in answer.headers["Content-Disposition"]
    world.act_as(JIANGSU, "authority")
    assert world.client.get(paper[0]).status_code == 200
    for party, side in ((BRICKS, "facility"), (POWER, "generator"), (OFFICE, "authority")):
        world.act_as(party, side)
        assert world.client.get(paper[0]).status_code == 404
        assert world.client.get(application).status_code == 404


def test_a_draft_is_seen_by_its_applicant_alone(world: Desk) -> None:
    world.act_as(ACIDS, "facility")
    application = world.press("/register/applications/new", **_wishes(world))
    world.act_as(JIANGSU, "authority")
    world.see(application, status=404)


def test_other_authorities_and_the_facility_itself_do_not_decide(world: Desk) -> None:
    application = _submitted(world)
    world.refused(f"{application}/acts/take_up", status=403)
    entry = _published(world)
    for party, side in ((OFFICE, "authority"), (BRICKS, "facility")):
        world.act_as(party, side)
        answer = world.client.post(f"/register/entries/{entry}/acts/suspend", data={"ground": "accident"})
        assert answer.status_code == 404
        world.see(f"/register/entries/{entry}", status=404)
    world.act_as(ACIDS, "facility")
    world.refused(f"/register/entries/{entry}/acts/suspend", status=403, ground="accident", reason="x")


def test_a_refusal_is_appealed_and_the_appeal_upheld(world: Desk) -> None:
    application = _submitted(world)
    world.act_as(JIANGSU, "authority")
    world.press(f"{application}/acts/take_up")
    world.press(f"{application}/acts/refuse", reasons="工艺不符")
    world.act_as(ACIDS, "facility")
    assert "工艺不符" in world.see(application)
    world.press(f"{application}/acts/appeal", reason="已改造")
    world.act_as(JIANGSU, "authority")
    assert "Appeals to be answered" in world.see("/register")
    page = world.client.get(application).get_data(as_text=True)
    uphold = re.search(r"/register/appeals/[0-9a-f]{32}/acts/uphold", page)
    assert uphold
    world.press(uphold[0], answer="同意重新审查")
    assert "Under review" in world.see(application)


def test_above_the_quota_only_by_a_letter_and_the_book_shows_it(world: Desk) -> None:
    entry = f"/register/entries/{_published(world)}"
    world.refused(f"{entry}/acts/raise", mass_t="20", document="", reason="检修")
    world.press(f"{entry}/acts/raise", mass_t="20", document="超额函 1 号", reason="检修")
    page = world.see(entry)
    assert "Consent above the quota" in page
    assert "超额函 1 号" in page
    assert "520" in page


def test_the_register_is_searched_and_downloaded(world: Desk) -> None:
    entry = _published(world)
    assert entry in world.client.get("/whitelist?list_kind=nominated&q=HW34").get_data(as_text=True)
    assert entry not in world.client.get("/whitelist?list_kind=agreed").get_data(as_text=True)
    assert entry not in world.client.get("/whitelist?status=suspended").get_data(as_text=True)
    answer = world.client.get("/whitelist.csv?list_kind=nominated&lang=en")
    text = answer.get_data(as_text=True)
    assert answer.mimetype == "text/csv"
    assert text.startswith("\ufeffFacility,")
    assert entry in text
    world.see("/whitelist/0123456789abcdef0123456789abcdef", status=404)


def test_what_was_received_and_the_round_are_for_whom_they_concern(world: Desk) -> None:
    _published(world)
    year = today().year
    text = world.client.get(f"/register/receipts.csv?year={year}").get_data(as_text=True)
    assert "HW34" in text
    world.act_as(BRICKS, "facility")
    assert "HW34" not in world.client.get(f"/register/receipts.csv?year={year}").get_data(as_text=True)
    world.refused("/register/rounds/propose", status=403, year=str(year + 1))


def test_a_change_of_an_entitlement_waits_for_the_authority(world: Desk) -> None:
    world.act_as(ACIDS, "facility")
    page = world.client.get("/register/entitlements").get_data(as_text=True)
    address = re.search(r"/register/entitlements/[0-9a-f]{32}", page)
    assert address
    typed = {"kind": "annual_limit", "annual_limit_t": "900", "document": "苏环审 1 号", "reason": "技改"}
    world.press(address[0], **typed)
    assert "Waiting for confirmation" in world.see(address[0])
    world.act_as(JIANGSU, "authority")
    page = world.client.get(address[0]).get_data(as_text=True)
    confirm = re.search(r"/register/changes/[0-9a-f]{32}/acts/confirm", page)
    assert confirm
    world.press(confirm[0], answer="核实无误")
    assert "Yearly limit (t) : 900" in world.see(address[0]).replace("(t):", "(t) :")


def test_lines_share_a_limit_and_what_was_taken_outside_is_stated_anew(world: Desk) -> None:
    world.act_as(ACIDS, "facility")
    found = world.client.get("/register/entitlements").get_data(as_text=True)
    addresses = re.findall(r"/register/entitlements/[0-9a-f]{32}", found)
    pages = {each: world.client.get(each).get_data(as_text=True) for each in addresses}
    address, page = next((each, page) for each, page in pages.items() if "restate-window" in page)
    window = re.search(r'<option value="([0-9a-f]{32})"', page[page.index("restate-window") :])
    assert window
    typed = {"window": window[1], "received_t": "7", "committed_t": "3"}
    refused = world.refused(f"{address}/outside", **typed)
    assert "Reason" in refused
    assert world.press(f"{address}/outside", **typed, reason="线下接收") == address
    assert "received outside 7 t, before" in world.see(address)
    assert "平台外已接收 7 吨" in world.see(address, "zh")
    if "Waiting for confirmation" not in world.see(address):
        asked = {"kind": "new_group", "annual_limit_t": "50", "document": "苏环审 2 号", "reason": "合计"}
        assert "two" in world.refused(address, **asked)
    world.act_as(JIANGSU, "authority")
    assert "received outside 7 t, before" in world.see(address)
    world.refused(f"{address}/outside", status=403, **typed, reason="越权")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_the_register_answers_in_both_languages(world: Desk, lang: str) -> None:
    entry = _published(world)
    for party, side in ((JIANGSU, "authority"), (ACIDS, "facility")):
        world.act_as(party, side)
        for address in (
            "/register",
            "/register/applications/new",
            f"/register/applications/new?renews={entry}",
            f"/register/entries/{entry}",
            "/register/entitlements",
        ):
            world.see(address, lang)
