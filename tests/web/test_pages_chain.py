"""The whole chain by hand, page by page: proposal, agreement, transfer, receipt, treatment, month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from desk_world import BRICKS, CEMENT, OFFICE, POWER, Desk, desk
from sqlalchemy import Engine, select

from circularity.custody.manifests import Transfer
from circularity.database import writing
from circularity.ledger.balances import faults, trial_balance
from web.today import today

ASH = "900-001-S02"


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def test_a_lot_goes_from_its_proposal_to_its_month_through_the_pages(at_work: Desk, engine: Engine) -> None:
    at_work.act_as(POWER, "generator")
    assert "Coal fly ash" in at_work.see("/proposals")
    deal = at_work.press(f"/proposals/{at_work.proposals[BRICKS]}/acceptance", once="one")
    assert "Reserved until" in at_work.see(deal)
    at_work.act_as(BRICKS, "facility")
    at_work.press(f"{deal}/acts/confirm")
    assert "Capacity window: 600 t Committed" in at_work.see(deal)

    at_work.act_as(POWER, "generator")
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    assert "Sign as the sender" in at_work.see(transfer)
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.press(f"{transfer}/acts/carry", person="李四")

    at_work.act_as(BRICKS, "facility")
    at_work.press(f"{transfer}/acts/arrive")
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": "29.9"})
    verdict = {"lines.1.accepted_t": "20", "lines.1.refused_t": "9.9", "lines.1.reason": "too wet"}
    at_work.press(f"{transfer}/acts/decide", person="王五", **verdict)
    told = at_work.see(transfer)
    assert "Partly accepted too wet" in told
    assert "Every digest verified just now" in told
    assert "Signed by the carrier" in told

    at_work.act_as(POWER, "generator")
    at_work.press(f"{transfer}/acts/send-back")
    at_work.press(f"{transfer}/acts/take-back")
    at_work.press(f"{transfer}/acts/close")
    told = at_work.see(transfer)
    assert "Closed" in told
    assert "On its way back" in told
    assert "Returned · 9.900 t" in told
    assert "Nothing is left to do." in told
    assert "20.1 / 600 t" in at_work.see(deal)  # what the scales differ by was shipped too

    _treat_all(at_work, "19", "1")
    _be_told(at_work)

    # 30 t were booked as generated when they left, 9.9 t came back, 0.1 t was the scales' difference.
    month = _written(at_work, today().year, today().month, "30", "10")
    told = at_work.see(month)
    assert "of which booked by transfers and treatments: 30.000 t + 30.000" in told
    assert "the difference of 0.100 t keeps the month open" in told
    with writing(engine)() as session:
        assert faults(session) == []
        assert sum(trial_balance(session).values()) == 0
        assert session.scalars(select(Transfer.status)).all() == ["closed"]


def test_the_desk_counts_as_in_force_what_holds_today(at_work: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = at_work.agreed()
    assert "Agreements in force 1" in at_work.see("/desk")
    number = at_work.see(deal).partition("XY-")[2].partition(" ")[0]
    assert number in at_work.see("/agreements?on=today")
    for page in ("parties", "agreements"):
        monkeypatch.setattr(f"web.pages.desk.{page}.today", lambda: date(today().year + 3, 1, 1))
    assert "Agreements in force 0" in at_work.see("/desk")
    assert "Nothing here." in at_work.see("/agreements?on=today")
    assert number in at_work.see("/agreements?status=agreed")


def test_a_month_is_written_closed_reversed_and_written_again(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    year, last = (today().year - 1, 12) if today().month == 1 else (today().year, today().month - 1)
    asked = f"/months/not-closed?month={year:04d}-{last:02d}"
    month = _written(at_work, year, last, "100", "55")
    assert "the difference of -5.000 t keeps the month open" in at_work.see(month)
    assert "60 t" in at_work.refused(f"{month}/acts/close")
    assert _written(at_work, year, last, "100", "60") == month
    assert "Written, not closed" in at_work.see(asked)
    at_work.act_as(OFFICE, "authority")
    assert "Written, not closed" in at_work.see(asked)
    at_work.refused(f"{month}/acts/close", status=403)
    at_work.act_as(POWER, "generator")
    at_work.press(f"{month}/acts/close")
    assert "Every month that is due is closed" in at_work.see(asked)
    at_work.press(f"{month}/acts/reverse", reason="a truck was forgotten")
    again = _written(at_work, year, last, "110", "70")
    assert again != month
    assert "revision 2" in at_work.see(again)


def test_a_month_is_carried_from_its_transfers_and_closed_without_typing(at_work: Desk) -> None:
    at_work.at_the_gate()
    year, month = today().year, today().month
    asked = f"/months/not-closed?month={year:04d}-{month:02d}"
    at_work.act_as(POWER, "generator")
    told = at_work.client.get(asked).get_data(as_text=True)
    site = re.search(r'name="site" value="(\w+)"', told)[1]  # type: ignore[index]  # no match fails the test
    form = at_work.client.get(f"/months/new?site={site}&waste_code=900-001-S02&year={year}&month={month}")
    assert 'value="900-001-S02"' in form.get_data(as_text=True)
    about = {"site": site, "waste_code": "900-001-S02", "year": str(year), "month": str(month)}
    carried = at_work.press("/months/carried", **about)
    told = at_work.see(carried)
    assert "Carried from transfers" in told
    assert "of which booked by transfers and treatments: 30.000 t + 30.000" in told
    assert "It balances to the kilogram" in told
    assert "this month is written already" in at_work.refused("/months/carried", **about)
    at_work.act_as(BRICKS, "facility")
    at_work.refused("/months/carried", status=403, **about)


def test_terms_are_negotiated_and_every_offer_stays(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    terms = {
        "mass_t": "200",
        "valid_from": today().isoformat(),
        "valid_to": today().replace(month=12, day=31).isoformat(),
        "lot": "trial",
        "cadence": "monthly",
        "period_mass_t": "50",
        "price_kind": "stepped",
        "price.steps": "0: 5; 100: -2.5",
        "settles": "sent",
    }
    deal = at_work.press(f"/proposals/{at_work.proposals[BRICKS]}/counter", **terms)
    at_work.act_as(BRICKS, "facility")
    told = at_work.see(deal)
    assert "the first 100 t: 5 CNY/t, paid by the receiver" in told
    assert "what exceeds 100 t: 2.5 CNY/t, paid by the generator" in told
    assert "Trial lot" in told
    fixed = {"price_kind": "fixed", "price.fixed": "-3", "mass_t": "150", "lot": "sample"}
    at_work.press(f"{deal}/acts/counter", **(terms | fixed))
    at_work.act_as(POWER, "generator")
    told = at_work.see(deal)
    assert "3 CNY/t, paid by the generator" in told
    assert "the first 100 t: 5 CNY/t" in told  # the first offer is still told
    formula = {
        "price_kind": "formula",
        "price.base": "20.5",
        "price.index": "rebar",
        "price.reference": "3000",
    }
    wrong = at_work.refused(f"{deal}/acts/counter", **(terms | formula | {"price.reference": "many"}))
    assert 'id="counter-price.reference-problem"' in wrong
    at_work.press(f"{deal}/acts/counter", **(terms | formula | {"price.share_percent": "60"}))
    told = at_work.see(deal)
    assert "20.5 CNY/t, paid by the receiver while rebar stands at 3,000; 60 % of it follows" in told
    assert "20.5 × (1 + 60 % × (rebar - 3000) ÷ 3000)" in told
    at_work.act_as(BRICKS, "facility")
    source = at_work.client.get(f"{deal}?lang=en").get_data(as_text=True)
    assert 'name="price.base" type="text" value="20.5"' in source  # a counter-offer begins with what stands
    at_work.press(f"{deal}/acts/decline")
    assert "Declined" in at_work.see(deal)


def test_a_counter_offer_of_less_mass_needs_no_second_figure(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    days = {"valid_from": today().isoformat(), "valid_to": today().replace(month=12, day=31).isoformat()}
    terms = {"mass_t": "200", "lot": "regular", "cadence": "once", "settles": "sent", "price_kind": "fixed"}
    deal = at_work.press(f"/proposals/{at_work.proposals[BRICKS]}/counter", **terms, **days)
    at_work.act_as(BRICKS, "facility")
    source = at_work.client.get(f"{deal}?lang=en").get_data(as_text=True)
    shown = dict(re.findall(r'name="(mass_t|period_mass_t)" type="text" value="([^"]*)"', source))
    assert shown == {"mass_t": "200", "period_mass_t": ""}
    at_work.press(f"{deal}/acts/counter", **(terms | days | shown | {"mass_t": "150"}))
    assert "Mass 150 t" in at_work.see(deal)


def test_a_signed_weight_is_corrected_when_the_other_party_agrees(at_work: Desk) -> None:
    transfer = at_work.at_the_gate()
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": "30"})
    at_work.press(
        f"{transfer}/acts/decide", person="王五", **{"lines.1.accepted_t": "30", "lines.1.refused_t": "0"}
    )
    at_work.press(
        f"{transfer}/acts/correct", field="lines.1.received_kg", value="29.5", reason="wrong ticket"
    )
    assert "Withdraw it" in at_work.see(transfer)
    at_work.act_as(POWER, "generator")
    asked = at_work.see(transfer)
    assert "Weight received (t): 30 → 29.5" in asked
    assert "A correction waits for your answer." in asked
    at_work.press(f"{transfer}/acts/agree", note="")
    told = at_work.see(transfer)
    assert "waits for your answer" not in told
    assert "Approved and made" in told
    assert "revision 1" in told
    # half a tonne of 30 is 1.67 %
    assert "30.000 29.500 −0.500 1.7 % 29.500 0.000 29.500" in told


def test_a_correction_tells_the_moisture_of_either_side_apart(at_work: Desk) -> None:
    transfer = at_work.at_the_gate()
    at_work.press(
        f"{transfer}/acts/weigh", **{"lines.1.received_t": "30", "lines.1.moisture_percent": "12.5"}
    )
    told = at_work.see(transfer)
    assert "Moisture sent (%) (–)" in told
    assert "Moisture received (%) (12.5)" in told


def test_a_sheet_is_filled_from_an_export_that_may_be_sent_again(at_work: Desk) -> None:
    deal = at_work.agreed()
    sheet = at_work.press(f"{deal}/transfers/new", **(at_work.trip("60") | {"metering": "sheet"}))
    day = today().isoformat()
    export = "车号,毛重(吨),皮重(吨),时间,磅单号\n" + "".join(
        f"沪A{n:05d},40,10,{day} 08:{n:02d}:00,T{n}\n" for n in range(60)
    )
    export += f"沪B,10,40,{day} 10:00:00,T99\n"
    typed = {"side": "sender", "line": "1"}
    status, told = at_work.upload(f"{sheet}/weighings", export, **typed)
    assert (status, "60 new, 0 known already, 1 left out." in told) == (200, True)
    assert "62 gross_kg no_net" in told  # row, column, rule
    told = at_work.upload(f"{sheet}/weighings", export, **typed)[1]
    assert "0 new, 60 known already, 1 left out." in told
    assert "Known already and ignored: the first 60 row 2 T0 , row 3 T1 ," in told
    assert "60 in all, page 2 of 2" in at_work.see(f"{sheet}/weighings?page=2")
    refused = at_work.upload(f"{sheet}/weighings", "nothing here", **typed)[1]
    assert "Failed" in refused
    assert "Nothing of the file was taken." in refused
    assert at_work.upload(f"{sheet}/weighings", export, **(typed | {"line": "2"}))[0] == 422


def test_a_transfer_prints_with_its_code_and_what_it_does_not_replace(at_work: Desk) -> None:
    transfer = at_work.at_the_gate()
    for lang in ("zh", "en"):
        told = at_work.see(f"{transfer}/print", lang)
        assert "平台转移记录，不替代国家危险废物转移联单" in told
        assert "does not replace the national manifest" in told
        assert "沪A12345" in told
    code = at_work.client.get(f"{transfer}/code.svg")
    assert (code.status_code, code.mimetype) == (200, "image/svg+xml")
    assert b"<path" in code.get_data()


def test_only_a_trips_carrier_is_told_to_sign_on_paper(at_work: Desk) -> None:
    deal = at_work.agreed()
    trip = at_work.press(f"{deal}/transfers/new", **at_work.trip())
    assert at_work.see(f"{trip}/print").count("not signed yet") == 3
    sheet = at_work.press(f"{deal}/transfers/new", **(at_work.trip() | {"metering": "sheet"}))
    told = at_work.see(f"{sheet}/print")
    assert told.count("not signed yet") == 2
    assert "signs no sheet" in told


def test_an_outside_contract_is_brought_in_and_confirmed_by_the_other_side(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    found = at_work.see("/agreements/new?q_entitlement_line=cement+900-001-S02")
    assert "Fictional Power" in found
    assert "Fictional Bricks" not in found
    source = at_work.client.get("/agreements/new?lang=en").get_data(as_text=True)
    line = re.findall(r'entitlement_line=(\w+)">Fictional Cement', source)[0]
    source = at_work.client.get(f"/agreements/new?entitlement_line={line}&lang=en").get_data(as_text=True)
    site, chosen = re.findall(r'type="hidden" name="(?:site|entitlement_line)" value="(\w{32})"', source)
    assert chosen == line
    facts = {
        "site": site,
        "entitlement_line": line,
        "waste_code": ASH,
        "document": "HT-2026-7",
        "mass_t": "40",
        "valid_from": today().isoformat(),
        "valid_to": today().replace(month=12, day=31).isoformat(),
        "lot": "regular",
        "cadence": "once",
        "price_kind": "fixed",
        "price.fixed": "",
        "settles": "received",
    }
    deal = at_work.press("/agreements/new", **facts)
    assert "Outside contract HT-2026-7" in at_work.see(deal)
    at_work.act_as(CEMENT, "facility")
    at_work.press(f"{deal}/acts/accept")
    at_work.act_as(POWER, "generator")
    at_work.press(f"{deal}/acts/confirm")
    told = at_work.see(deal)
    assert "Record of general waste for utilisation in another province To be filed" in told
    filed = {"kind": "general_record", "filed_on": today().isoformat(), "document": "2026-1"}
    at_work.press(f"{deal}/procedures", **filed)
    assert "in another province Filed" in at_work.see(deal)
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("10"))
    told = at_work.refused(f"{transfer}/acts/sign", person="张三")  # nothing leaves before the grant
    assert "waits for Record of general waste for utilisation in another province" in told


def _written(at_work: Desk, year: int, month: int, generated: str, stored: str) -> str:
    """Write a month of ash, 40 t of it used on site where more than that was generated."""
    source = at_work.client.get("/months/new").get_data(as_text=True)
    site = re.search(r'<option value="(\w{32})"', source)[1]  # type: ignore[index]  # no match fails the test
    used = {"uses.1.kind": "own_utilised", "uses.1.operation": "C2", "uses.1.mass_t": "40"}
    facts = {"site": site, "waste_code": ASH, "year": str(year), "month": str(month)}
    masses = {"generated_t": generated, "stored_t": stored, "discarded_t": "0"}
    return at_work.press("/months/new", **facts, **masses, **(used if int(generated) > 40 else {}))


def _treat_all(at_work: Desk, product: str, loss: str) -> None:
    """Treat the one load that waits at the brick works."""
    at_work.act_as(BRICKS, "facility")
    source = at_work.client.get("/treatments").get_data(as_text=True)
    load, facility = (
        re.search(found, source)[1]  # type: ignore[index]  # no match fails the test
        for found in (r"inputs\.(\w+)\.all", r'name="facility" value="(\w+)"')
    )
    days = {"day_from": today().isoformat(), "day_to": today().isoformat()}
    made = {"results.1.kind": "product", "results.1.mass_t": product, "results.2.kind": "loss"}
    facts = {"facility": facility, "operation": "C2", f"inputs.{load}.all": "1", **days, **made}
    at_work.press("/treatments", **facts, **{"results.2.mass_t": loss})
    wrong = re.search(
        r'href="(/treatments/\w{32})"', at_work.client.get("/treatments").get_data(as_text=True)
    )
    assert wrong is not None
    assert "must not be empty" in at_work.refused(f"{wrong[1]}/withdrawal", reason="")
    assert "It counts no more" in at_work.see(at_work.press(f"{wrong[1]}/withdrawal", reason="录错"))
    at_work.press("/treatments", **facts, **{"results.2.mass_t": loss})


def _be_told(at_work: Desk) -> None:
    """The sender sees what became of its load: new until it opens it."""
    at_work.act_as(POWER, "generator")
    listed = at_work.see("/treatments")
    assert "20 19 0 0 1" in listed
    assert "New Fictional Bricks" in listed
    assert "Withdrawn" in listed
    source = at_work.client.get("/treatments").get_data(as_text=True)
    opening, withdrawn = re.findall(r'action="(/treatments/\w+)/opening"', source)
    at_work.press(f"{withdrawn}/opening")
    assert "new to you" in at_work.see(opening)  # looking changes nothing
    assert at_work.press(f"{opening}/opening") == opening
    told = at_work.see(opening)
    assert "Seen by you" in told
    assert "Product 19 t 95.0 %" in told
    assert "New Fictional Bricks" not in at_work.see("/treatments")
