"""A generator's own lots on the desk: posted by form, seen with their outlets, changed, withdrawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from desk_world import BRICKS, OFFICE, POWER, Desk, desk

ASH, ACID = "900-001-S02", "398-007-34"


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def lot(at_work: Desk, **typed: str) -> dict[str, str]:
    """What is typed to post 12.5 t of ash, `typed` aside."""
    source = at_work.client.get("/desk/outputs/new").get_data(as_text=True)
    site = re.search(r'<option value="(\w{32})"', source)
    assert site
    facts = {"site": site[1], "waste_code": ASH, "mass_t": "12.5", "status": "waste"}
    return facts | {"visibility": "parties"} | typed


def refused(at_work: Desk, address: str, typed: dict[str, str], code: int = 422) -> str:
    """Send a form that is refused, and return the page's source."""
    answer = at_work.client.post(f"{address}?lang=en", data=typed)
    assert answer.status_code == code, answer.headers
    return unescape(answer.get_data(as_text=True))


def version(at_work: Desk, address: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', at_work.client.get(f"{address}/terms").text)
    assert found
    return found[1]


def test_the_list_says_what_became_of_each_lot(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    shown = at_work.see("/desk/outputs")
    assert "Without an outlet 100 t" in shown  # of 1,000 t of ash 600 t and 300 t found one
    assert "With proposals 900 t" in shown
    assert "With proposals 50.0 t" in shown or "With proposals 50 t" in shown
    assert "Nothing here." in at_work.see("/desk/outputs?fate=dealt")
    at_work.agreed()
    at_work.act_as(POWER, "generator")
    assert "In agreements 600 t" in at_work.see("/desk/outputs?fate=dealt")
    assert "Nothing here." in at_work.see("/desk/outputs?fate=withdrawn")


def test_a_posted_lot_is_shown_at_once_with_its_outlets_and_waits_for_a_run(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press(
        "/desk/outputs/new",
        **lot(at_work, **{"assays.1.analyte": "cl_mg_per_kg", "assays.1.measured": "120"}),
    )
    shown = at_work.see(address)
    assert "12.5 t" in shown
    assert "chlorine 120 mg/kg" in shown
    assert "Waiting for the next run" in shown
    assert "Fictional Bricks" in shown
    assert "posted after the newest run" in shown


def test_ones_own_mass_is_shown_to_the_kilogram_in_the_list_and_on_its_page(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/new", **lot(at_work, mass_t="1250.5"))
    assert "1,250.5 t" in at_work.see(address)
    assert re.search(r"\b1,250\.5\b", at_work.see("/desk/outputs"))


def test_a_lot_whose_last_day_has_passed_waits_for_no_run(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    days = {"available_from": "2020-01-01", "available_to": "2020-02-01"}
    address = at_work.press("/desk/outputs/new", **lot(at_work, **days))
    shown = at_work.see(address)
    fate = shown.split("Who sees the figures")[1].split("Change it")[0]
    assert "Period over" in fate
    assert "Waiting for the next run" not in fate


def test_an_outlet_of_ones_own_lot_leads_to_the_form_of_a_deal_with_it(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/new", **lot(at_work))
    source = unescape(at_work.client.get(f"{address}?lang=en").get_data(as_text=True))
    offered = re.search(r'href="(/agreements/new\?[^"]*)">Offer a deal', source)
    assert offered
    form = at_work.client.get(offered[1]).get_data(as_text=True)
    assert 'value="12.5"' in form
    assert f'value="{ASH}"' in form


@pytest.mark.parametrize(
    ("typed", "kept"), [("1,250.5", True), ("１２.5", True), ("24,12", False), ("1,2", False)]
)
def test_a_comma_in_a_mass_stands_between_thousands_or_is_refused(
    at_work: Desk, typed: str, kept: bool
) -> None:
    at_work.act_as(POWER, "generator")
    answer = at_work.client.post("/desk/outputs/new?lang=en", data=lot(at_work, mass_t=typed))
    assert answer.status_code == (303 if kept else 422)
    if not kept:
        assert "must be a number" in answer.get_data(as_text=True)


def test_a_name_in_place_of_a_code_is_answered_with_codes_to_choose_from(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    typed = lot(at_work, waste_code="粉煤灰")
    page = refused(at_work, "/desk/outputs/new", typed)
    assert "choose one of the codes below" in page
    chosen = re.findall(r'type="radio" name="code" value="([\w-]+)"', page)
    assert chosen
    address = at_work.press("/desk/outputs/new", **typed, code=chosen[0])
    assert chosen[0] in at_work.see(address)
    assert chosen[0] in at_work.see("/desk/outputs/codes?waste_code=粉煤灰")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"mass_t": "0"}, "mass_t"),
        ({"mass_t": "1.2345"}, "mass_t"),
        ({"mass_t": ""}, "mass_t"),
        ({"waste_code": "qqqq"}, "waste_code"),
        ({"available_from": "2026-12-01", "available_to": "2026-11-01"}, "available_to"),
        ({"max_distance_km": "-1"}, "max_distance_km"),
        ({"price_cny_per_t": "much"}, "price_cny_per_t"),
        ({"assays.1.measured": "3"}, "assays.1.analyte"),
        ({"assays.1.analyte": "cl_pct", "assays.1.measured": ""}, "assays.1.measured"),
        ({"waste_code": ACID, "status": "product"}, "status"),
    ],
)
def test_what_cannot_be_posted_is_refused_at_its_field(
    at_work: Desk, typed: dict[str, str], field: str
) -> None:
    at_work.act_as(POWER, "generator")
    before = at_work.see("/desk/outputs")
    page = refused(at_work, "/desk/outputs/new", lot(at_work, **typed))
    assert f'id="lot-{field}-problem"' in page
    assert at_work.see("/desk/outputs") == before


def test_a_lot_is_changed_unless_somebody_else_did_meanwhile(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/new", **lot(at_work))
    seen = version(at_work, address)
    at_work.press(f"{address}/terms", **lot(at_work, mass_t="20", price_cny_per_t="-5"), version=seen)
    assert "20 t" in at_work.see(address)
    page = refused(at_work, f"{address}/terms", lot(at_work, mass_t="30", version=seen), 409)
    assert "somebody else has just changed it" in page
    assert "20 t" in at_work.see(address)


def test_a_lot_never_falls_below_what_deals_hold_of_it(at_work: Desk) -> None:
    at_work.agreed()
    at_work.act_as(POWER, "generator")
    address = f"/desk/outputs/{at_work.pages.ids['ash']}"
    typed = lot(at_work, mass_t="599", version=version(at_work, address))
    page = refused(at_work, f"{address}/terms", typed)
    assert 'id="lot-mass_t-problem"' in page
    at_work.press(f"{address}/terms", **(typed | {"mass_t": "600"}))


def test_a_withdrawn_lot_is_out_of_the_list_and_cannot_be_changed(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/new", **lot(at_work, mass_t="77.7"))
    at_work.press(f"{address}/withdrawal")
    seen = version(at_work, address)
    assert "77.7" not in at_work.see("/desk/outputs")
    assert "77.7" in at_work.see("/desk/outputs?fate=withdrawn")
    refused(at_work, f"{address}/terms", lot(at_work, version=seen))


def test_what_comes_closest_is_told_with_its_rule(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    shown = at_work.see(
        at_work.press("/desk/outputs/new", **lot(at_work, waste_code=ACID, max_distance_km="1"))
    )
    assert "No outlet of the registry may take this lot" in shown
    assert "What comes closest" in shown
    assert "Fictional Acids" in shown


def test_others_find_no_lot_of_ours_and_an_authority_reads_it_and_changes_nothing(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/new", **lot(at_work))
    typed = lot(at_work)
    at_work.act_as(BRICKS, "facility")
    at_work.see(address, status=404)
    assert at_work.client.post(f"{address}/withdrawal", data={}).status_code == 404
    at_work.act_as(OFFICE, "authority")
    assert "12.5" in at_work.see(address)
    assert at_work.client.post(f"{address}/withdrawal", data={}).status_code == 403
    assert at_work.client.post("/desk/outputs/new", data=typed).status_code == 403
