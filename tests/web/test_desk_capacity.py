"""A facility's own capacity on the desk: offered by form, what is left of it, which lots would suit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from desk_world import BRICKS, CEMENT, OFFICE, POWER, Desk, desk

from web.today import today


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def line_of(at_work: Desk) -> str:
    found = re.search(r"/desk/capacity/new\?line=(\w{32})", at_work.client.get("/desk/capacity").text)
    assert found
    return found[1]


def window(at_work: Desk, **typed: str) -> dict[str, str]:
    days = {
        "available_from": today().isoformat(),
        "available_to": today().replace(month=12, day=31).isoformat(),
    }
    return {"line": line_of(at_work), "permitted_t": "500", "visibility": "parties"} | days | typed


def refused(at_work: Desk, typed: dict[str, str], code: int = 422) -> str:
    answer = at_work.client.post("/desk/capacity/new?lang=en", data=typed)
    assert answer.status_code == code
    return unescape(answer.get_data(as_text=True))


def test_what_deals_hold_and_what_is_left_stands_beside_each_window(at_work: Desk) -> None:
    at_work.act_as(BRICKS, "facility")
    assert "600 − 0 = 600 t" in at_work.see("/desk/capacity")
    at_work.agreed()
    at_work.act_as(BRICKS, "facility")
    assert "600 − 600 = 0 t" in at_work.see("/desk/capacity")


def test_an_offered_window_shows_at_once_the_lots_that_would_suit_it(at_work: Desk) -> None:
    at_work.act_as(BRICKS, "facility")
    typed = window(at_work, received_t="100", committed_t="50", gate_fee_cny_per_t="20")
    shown = at_work.see(at_work.press("/desk/capacity/new", **typed))
    assert "Offered (t) 350" in shown
    assert "Lots that would suit it" in shown
    assert "Fictional Power" in shown
    assert "20.0" in shown


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"permitted_t": ""}, "permitted_t"),
        ({"permitted_t": "100", "received_t": "101"}, "received_t"),
        ({"available_to": "2020-01-01"}, "available_to"),
        ({"available_to": "", "stop_days": "3"}, "stop_days"),
        ({"gate_fee_cny_per_t": "x"}, "gate_fee_cny_per_t"),
    ],
)
def test_what_cannot_be_offered_is_refused_at_its_field(
    at_work: Desk, typed: dict[str, str], field: str
) -> None:
    at_work.act_as(BRICKS, "facility")
    before = at_work.see("/desk/capacity")
    assert f'id="window-{field}-problem"' in refused(at_work, window(at_work, **typed))
    assert at_work.see("/desk/capacity") == before


def test_a_withdrawn_window_takes_no_more_lots(at_work: Desk) -> None:
    at_work.act_as(BRICKS, "facility")
    address = at_work.press("/desk/capacity/new", **window(at_work, permitted_t="77"))
    at_work.press(f"{address}/withdrawal")
    assert "Lots that would suit it" not in at_work.see(address)
    assert "77 − 0" not in at_work.see("/desk/capacity")


def test_nobody_offers_on_a_line_of_others(at_work: Desk) -> None:
    at_work.act_as(BRICKS, "facility")
    typed = window(at_work)
    address = at_work.press("/desk/capacity/new", **typed)
    for party, side in ((CEMENT, "facility"), (POWER, "generator")):
        at_work.act_as(party, side)
        assert at_work.client.post("/desk/capacity/new", data=typed).status_code == 404
        at_work.see(address, status=404)
        assert at_work.client.post(f"{address}/withdrawal", data={}).status_code == 404
    at_work.act_as(OFFICE, "authority")
    assert "Offered (t) 500" in at_work.see(address)
    assert at_work.client.post(f"{address}/withdrawal", data={}).status_code == 403
