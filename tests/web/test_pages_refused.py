"""What the desk refuses: acts and sight of others, closed servers, malformed fields, second presses."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from desk_world import ACIDS, BRICKS, CEMENT, OFFICE, POWER, Desk, desk
from page_world import served_pages

PLACES = ("/desk", "/proposals", "/agreements", "/transfers", "/transfers/overdue", "/months", "/treatments")


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def test_where_writing_is_closed_nobody_acts(database_url: str) -> None:
    with served_pages(database_url) as pages:
        visitor = pages.client.application.test_client()
        party = {"organisation": pages.ids["plant"], "side": "facility"}
        assert visitor.post("/acting", data=party).status_code == 403
        for place in PLACES:
            told = visitor.get(f"{place}?lang=en").get_data(as_text=True)
            assert "Acting is closed on this server" in told, place
        assert visitor.get("/months/not-closed").status_code == 403
        assert visitor.post("/months/new", data={}).status_code == 403


def test_a_visitor_must_choose_a_party_and_one_of_its_own_sides(at_work: Desk) -> None:
    assert "You act for nobody yet" in at_work.see("/agreements")
    at_work.refused("/acting", organisation=at_work.parties[BRICKS], side="authority")
    at_work.refused("/acting", organisation="nobody", side="generator")
    at_work.see(f"/proposals/{at_work.proposals[BRICKS]}", status=403)
    at_work.act_as(BRICKS, "facility")
    assert at_work.press("/acting", nobody="1") == "/acting"
    assert "You act for nobody yet" in at_work.see("/desk")


def test_what_a_party_may_not_see_is_not_found(at_work: Desk) -> None:
    deal = at_work.agreed()
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip())
    at_work.act_as(BRICKS, "facility")
    at_work.see(transfer, status=404)  # a draft is its sender's alone
    at_work.act_as(POWER, "generator")
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.act_as(BRICKS, "facility")
    at_work.see(transfer)
    at_work.act_as(ACIDS, "facility")
    for address in (deal, transfer, f"{transfer}/print", f"{transfer}/code.svg", f"{transfer}/weighings"):
        at_work.see(address, status=404)
    assert "ZY-" not in at_work.see("/transfers")
    assert "XY-" not in at_work.see("/agreements")
    at_work.act_as(OFFICE, "authority")  # of the region of both
    assert "no party to it" in at_work.see(transfer)
    at_work.refused(f"{transfer}/acts/arrive", status=403)


def test_only_the_party_whose_turn_it_is_acts(at_work: Desk) -> None:
    transfer = at_work.at_the_gate()
    at_work.act_as(POWER, "generator")
    assert "only this party's organisation does this" in at_work.refused(
        f"{transfer}/acts/weigh", status=403, **{"lines.1.received_t": "30"}
    )
    at_work.refused(f"{transfer}/acts/sign", person="张三")
    at_work.act_as(BRICKS, "facility")
    at_work.refused(f"{transfer}/acts/cancel", status=403, reason="changed our mind")
    whole = {"lines.1.accepted_t": "30", "lines.1.refused_t": "0"}
    assert "第 1 行尚未过磅" in at_work.refused(f"{transfer}/acts/decide", "zh", person="王五", **whole)


@pytest.mark.parametrize(
    ("lang", "sentence"), [("zh", "总量（吨）应为数字"), ("en", "Mass in all (t) must be a number")]
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    at_work: Desk, lang: str, sentence: str
) -> None:
    at_work.act_as(POWER, "generator")
    told = at_work.refused(
        f"/proposals/{at_work.proposals[BRICKS]}/counter", lang, mass_t="many", note="by rail please"
    )
    problem = told.index('id="counter-mass_t-problem"')
    assert sentence in told[problem : problem + 120].replace(" 应", "应")
    assert 'value="many"' in told
    assert 'value="by rail please"' in told
    assert 'href="#counter-mass_t"' in told


def test_the_next_trip_is_drafted_like_the_last(at_work: Desk) -> None:
    deal = at_work.agreed()
    at_work.act_as(POWER, "generator")
    typed = at_work.trip("28.5") | {"carriers.1.permit": "危货 1", "carriers.1.permitted": "HW34; HW17"}
    transfer = at_work.press(f"{deal}/transfers/new", **typed)
    public_id = transfer.rpartition("/")[2]
    assert "Draft another like it" in at_work.see(transfer)
    form = at_work.client.get(f"{deal}/transfers/new?like={public_id}").get_data(as_text=True)
    for name, value in (
        ("lines.1.sent_t", "28.5"),
        ("carriers.1.vehicle", typed["carriers.1.vehicle"]),
        ("carriers.1.permit", "危货 1"),
        ("carriers.1.permitted", "HW17;HW34"),
    ):
        assert re.search(rf'name="{name}"[^>]* value="{value}"', form), name
    carrier = re.search(r'name="carriers.1.carrier"[^>]* value="([^"]+)"', form)
    assert carrier is not None
    again = typed | {"carriers.1.carrier": html.unescape(carrier[1])}
    assert at_work.press(f"{deal}/transfers/new", **again) != transfer
    at_work.act_as(BRICKS, "facility")
    at_work.see(f"{deal}/transfers/new?like={public_id}", status=404)  # a draft is its sender's alone


def test_why_a_trip_was_cancelled_is_told_to_both_sides(at_work: Desk) -> None:
    deal = at_work.agreed()
    at_work.act_as(POWER, "generator")
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip())
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.press(f"{transfer}/acts/cancel", reason="the carrier's permit is missing")
    for party, side in ((POWER, "generator"), (BRICKS, "facility")):
        at_work.act_as(party, side)
        assert "Cancelled the carrier's permit is missing" in at_work.see(transfer)


def test_a_reason_is_asked_for_at_the_line_that_is_refused(at_work: Desk) -> None:
    transfer = at_work.at_the_gate()
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": "30"})
    told = at_work.refused(
        f"{transfer}/acts/decide", person="王五", **{"lines.1.accepted_t": "10", "lines.1.refused_t": "20"}
    )
    assert 'id="decide-lines.1.reason-problem">a refusal needs its reason' in told
    told = at_work.refused(
        f"{transfer}/acts/decide",
        person="王五",
        **{"lines.1.accepted_t": "10.0001", "lines.1.refused_t": "20"},
    )
    assert "has more decimals than can be kept" in told


def test_a_button_pressed_twice_acts_once(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = f"/proposals/{at_work.proposals[BRICKS]}/acceptance"
    assert at_work.press(address, once="a") == at_work.press(address, once="a")
    assert "not possible now" in at_work.refused(address, once="b")


def test_a_proposal_is_declined_without_a_reason_and_is_gone(at_work: Desk) -> None:
    at_work.act_as(CEMENT, "facility")
    at_work.press(f"/proposals/{at_work.proposals[CEMENT]}/refusal")
    assert "Nothing here" in at_work.see("/proposals")
    assert "Coal fly ash" in at_work.see("/proposals?status=declined")


def test_another_site_presses_no_button_of_ours(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = f"/proposals/{at_work.proposals[BRICKS]}/acceptance"
    answer = at_work.client.post(address, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


def test_unknown_acts_and_addresses_are_not_found(at_work: Desk) -> None:
    deal = at_work.agreed()
    at_work.refused(f"{deal}/acts/steal", status=404)
    at_work.see("/agreements/nothing", status=404)
    at_work.see("/transfers/nothing", status=404)
    at_work.see("/months/nothing", status=404)
    at_work.see("/proposals/nothing", status=404)
