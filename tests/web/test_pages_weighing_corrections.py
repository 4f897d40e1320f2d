"""A sheet's ticket put right on the desk: picked from its list, agreed by the other side, the sum follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from desk_world import BRICKS, POWER, Desk, desk

from web.today import today


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def export(*tickets: tuple[str, str, str]) -> str:
    day = today().isoformat()
    rows = [f"{number},沪A12345,{gross},{tare},{day} 00:10:05" for number, gross, tare in tickets]
    return "\n".join(["磅单号,车号,毛重（吨）,皮重（吨）,过磅时间", *rows]) + "\n"


@pytest.fixture
def sheet(at_work: Desk) -> str:
    """A sheet of 20 t and 10 t of the power plant, weighed alike and accepted by the brick works."""
    trip = {"metering": "sheet", "conveyance": "vehicle", "day": today().isoformat(), "lines.1.sent_t": "30"}
    made = at_work.press(f"{at_work.agreed()}/transfers/new", **trip)
    tickets = {"sender": (("S1", "36", "16"), ("S2", "26", "16")), "receiver": (("R1", "46", "16"),)}
    weighed(at_work, made, "sender", *tickets["sender"])
    at_work.press(f"{made}/acts/sign", person="张三")
    at_work.act_as(BRICKS, "facility", "王五")
    weighed(at_work, made, "receiver", *tickets["receiver"])
    at_work.press(f"{made}/acts/weigh")
    verdict = {"lines.1.accepted_t": "30", "lines.1.refused_t": "0", "person": "王五"}
    at_work.press(f"{made}/acts/decide", **verdict)
    return made


def weighed(at_work: Desk, sheet: str, side: str, *tickets: tuple[str, str, str]) -> None:
    status, told = at_work.upload(f"{sheet}/weighings", export(*tickets), line="1", side=side)
    assert status == 200, told


def picked(at_work: Desk, sheet: str, number: str, side: str) -> tuple[str, dict[str, str]]:
    """Follow the link beside a ticket; return the address and what its form holds."""
    html = at_work.client.get(f"{sheet}/weighings?side={side}").get_data(as_text=True)
    (address,) = re.findall(rf'href="([^"]*name={number}[^"]*)#put-right"', html)
    form = at_work.client.get(unescape(address)).get_data(as_text=True).partition('id="put-right"')[2]
    held = dict(re.findall(r'name="(\w+)" (?:type="text" )?value="([^"]*)"', form.partition("</form>")[0]))
    return unescape(address), {name: unescape(value) for name, value in held.items()}


def test_a_ticket_is_picked_and_put_right_and_both_sides_see_the_sum(at_work: Desk, sheet: str) -> None:
    address, held = picked(at_work, sheet, "S1", "sender")
    assert (held["plate"], held["gross_t"], held["tare_t"], held["thing"]) == (
        "沪A12345",
        "36",
        "16",
        "ticket",
    )
    right = held | {"act": "change", "tare_t": "16.5", "reason": "皮重录错"}
    assert at_work.press(f"{sheet}/weighings/correction", **right) == sheet
    at_work.act_as(POWER, "generator")
    told = at_work.see(sheet)
    assert "Sender · S1" in told
    assert "36 − 16 = 20 t (沪A12345) → 36 − 16.5 = 19.5 t (沪A12345)" in told
    assert "Mass (t): 30 → 29.5" in told
    at_work.press(f"{sheet}/acts/agree")
    told = at_work.see(sheet)
    assert "Approved and made" in told
    assert "The seal is broken" not in told
    assert "36.000 16.500 19.500" in at_work.see(address)


def test_a_ticket_is_voided_and_one_that_was_forgotten_is_added(at_work: Desk, sheet: str) -> None:
    _, held = picked(at_work, sheet, "S2", "sender")
    at_work.press(f"{sheet}/weighings/correction", **(held | {"act": "void", "reason": "属另一日"}))
    at_work.act_as(POWER, "generator")
    at_work.press(f"{sheet}/acts/agree")
    forgotten = {
        "thing": "ticket", "act": "add", "side": "receiver", "line": "1", "name": "R9", "plate": "沪A7",
        "at": f"{today().isoformat()}T00:20", "gross_t": "17", "tare_t": "16", "reason": "漏传",
    }  # fmt: skip
    at_work.press(f"{sheet}/weighings/correction", **forgotten)
    at_work.act_as(BRICKS, "facility")
    at_work.press(f"{sheet}/acts/agree")
    assert "S2" not in at_work.see(f"{sheet}/weighings")
    assert "20.000 31.000" in at_work.see(sheet)


def test_what_cannot_be_is_shown_at_its_field_and_totals_are_not_offered(at_work: Desk, sheet: str) -> None:
    _, held = picked(at_work, sheet, "S1", "sender")
    wrong = held | {"act": "change", "tare_t": "40", "reason": "误"}
    assert "the gross weight must exceed the tare" in at_work.refused(
        f"{sheet}/weighings/correction", **wrong
    )
    html = at_work.client.get(sheet).get_data(as_text=True)
    assert "lines.1.refused_kg" in html
    assert not re.search(r"lines\.1\.(sent|received)_kg", html)
    total = {"field": "lines.1.sent_kg", "value": "29", "reason": "误"}
    assert "correct those" in at_work.refused(f"{sheet}/acts/correct", **total)
