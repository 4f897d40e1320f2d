"""A drafted transfer is opened in the form that it was made with, and says something else afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count
from typing import Any

import pytest
from deal_rows import agreement
from desk_world import BRICKS, POWER, Desk, desk
from registry import ACTOR, Registry
from sqlalchemy import Engine, select

from circularity.custody.carriers import Carrier
from circularity.custody.manifests import Transfer
from circularity.custody.redrafting import change_draft, draft_of
from circularity.database import reading, writing
from circularity.deals.contract import Agreement
from web.today import today

SLAG = "900-001-S03"


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


@pytest.fixture
def deal(at_work: Desk) -> str:
    return at_work.agreed()


def beside(engine: Engine, deal: str, waste: str, tonnes: int = 100) -> str:
    """Another agreement of the same two parties; return its public id."""
    with writing(engine).begin() as session:
        main = session.scalars(select(Agreement).filter_by(public_id=deal.rpartition("/")[2])).one()
        registry = Registry(session, numbers=count(7000), act={"actor": ACTOR, "at": datetime.now(UTC)})
        line = registry.line(main.facility, waste_pattern=waste)
        days = {"valid_from": today(), "valid_to": today() + timedelta(days=30)}
        return agreement(registry, main.site, line, waste, tonnes, **days).public_id


def opened(at_work: Desk, transfer: str) -> dict[str, str]:
    """Return what the form of a draft holds, as a browser would send it unchanged."""
    source = at_work.client.get(f"{transfer}/draft?lang=en").get_data(as_text=True)
    form = source[source.index('<form class="act" id="draft"') :]
    form = form[: form.index("</form>")]
    typed = {}
    for tag in re.findall(r"<input[^>]+>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            typed[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        typed[name] = chosen[1] if chosen else ""
    return typed


def stored(engine: Engine, transfer: str) -> dict[str, Any]:
    with reading(engine)() as session:
        row = session.scalars(select(Transfer).filter_by(public_id=transfer.rpartition("/")[2])).one()
        return {
            "lines": [(line.waste_code, line.sent_kg, line.agreement.public_id) for line in row.lines],
            "carriers": [(each.number, each.vehicle, each.permit) for each in row.carriages],
            "days": (row.day_from, row.day_to),
            "main": row.agreement.public_id,
            "version": row.version,
        }


def test_a_form_sent_as_it_was_opened_changes_nothing(at_work: Desk, deal: str, engine: Engine) -> None:
    beside(engine, deal, SLAG)
    typed = at_work.trip("20") | {"lines.2.sent_t": "7.5", "lines.2.packaging": "散装", "vehicle": "一号"}
    typed |= {"carriers.1.permit": "危货1", "carriers.1.permitted": "HW17; HW34"}
    transfer = at_work.press(f"{deal}/transfers/new", **typed)
    before = stored(engine, transfer)
    at_work.press(f"{transfer}/draft", **opened(at_work, transfer))
    assert stored(engine, transfer) == before
    assert "Draft changed" not in at_work.see(transfer)


def test_a_draft_is_changed_on_its_form_and_its_page_tells_so(
    at_work: Desk, deal: str, engine: Engine
) -> None:
    slag = beside(engine, deal, SLAG)
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    assert "Change the draft" in at_work.see(transfer)
    typed = opened(at_work, transfer)
    assert (typed["lines.1.sent_t"], typed["lines.2.sent_t"]) == ("30", "")
    tomorrow = today() + timedelta(days=1)
    changed = {"lines.1.sent_t": "", "lines.2.sent_t": "12.5", "day": tomorrow.isoformat()}
    changed |= {"carriers.1.vehicle": "浙B9", "carriers.2.carrier": at_work.parties[BRICKS]}
    at_work.press(f"{transfer}/draft", **(typed | changed | {"carriers.2.vehicle": "浙C8"}))
    now = stored(engine, transfer)
    assert now["lines"] == [(SLAG, 12_500, slag)]
    assert (now["main"], now["days"]) == (slag, (tomorrow, tomorrow))
    assert [vehicle for _, vehicle, _ in now["carriers"]] == ["浙B9", "浙C8"]
    told = at_work.see(transfer)
    assert "Draft changed Agreement · Carrier · Days · The load" in told
    assert "12.500" in told
    assert "草稿已更改" in at_work.client.get(f"{transfer}?lang=zh").get_data(as_text=True)


def test_one_of_several_agreements_about_a_waste_is_chosen(at_work: Desk, deal: str, engine: Engine) -> None:
    newer = beside(engine, deal, "900-001-S02")
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    typed = opened(at_work, transfer)
    assert typed["lines.1.agreement"] == deal.rpartition("/")[2]
    at_work.press(f"{transfer}/draft", **(typed | {"lines.1.agreement": newer}))
    assert stored(engine, transfer)["lines"] == [("900-001-S02", 30_000, newer)]
    assert opened(at_work, transfer)["lines.1.agreement"] == newer
    refused = at_work.refused(f"{transfer}/draft", **(typed | {"lines.1.agreement": "0" * 32}))
    assert "is no agreement of the two parties that stands" in refused


def test_who_sends_an_older_form_is_told_and_led_to_the_draft_as_it_stands(
    at_work: Desk, deal: str, engine: Engine
) -> None:
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    older = opened(at_work, transfer)
    at_work.press(f"{transfer}/draft", **(older | {"lines.1.sent_t": "25"}))
    again = at_work.refused(f"{transfer}/draft", status=409, **(older | {"lines.1.sent_t": "31"}))
    assert "somebody else has just changed the draft" in again
    assert "Show it as it stands now" in again
    assert f'href="{transfer}/draft"' in again
    assert stored(engine, transfer)["lines"][0][1] == 25_000
    pressed = opened(at_work, transfer) | {"lines.1.sent_t": "26", "once": "one"}
    for _ in range(2):  # a button pressed twice is one change
        at_work.press(f"{transfer}/draft", **pressed)
    assert at_work.see(transfer).count("Draft changed") == 2


def test_what_cannot_be_said_stands_at_its_field_with_what_was_typed(at_work: Desk, deal: str) -> None:
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    typed = opened(at_work, transfer) | {"lines.1.sent_t": "30.0001", "day": "soon"}
    again = at_work.refused(f"{transfer}/draft", **typed)
    assert 'value="30.0001"' in again
    assert re.search(r'id="draft-lines.1.sent_t-problem"', again)
    assert 'id="draft-day-problem"' in again


def test_a_fourth_carrier_stays_on_the_form(at_work: Desk, deal: str, engine: Engine) -> None:
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    with writing(engine).begin() as session:
        row = session.scalars(select(Transfer).filter_by(public_id=transfer.rpartition("/")[2])).one()
        said = draft_of(row)
        four = [Carrier(said.carriers[0].organisation, f"沪A{number}") for number in range(1, 5)]
        changed = {"version": row.version, "draft": replace(said, carriers=four)}
        change_draft(session, actor=ACTOR, at=datetime.now(UTC), transfer=row, **changed)
    at_work.press(f"{transfer}/draft", **(opened(at_work, transfer) | {"vehicle": "二号"}))
    assert [vehicle for _, vehicle, _ in stored(engine, transfer)["carriers"]] == [
        f"沪A{number}" for number in range(1, 5)
    ]


def test_a_signed_transfer_and_one_of_others_have_no_such_form(at_work: Desk, deal: str) -> None:
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    sheet = {"metering": "sheet", "conveyance": "vehicle", "day": today().isoformat(), "lines.1.sent_t": "9"}
    shared = at_work.press(f"{deal}/transfers/new", **sheet)
    typed = opened(at_work, transfer)
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.see(f"{transfer}/draft", status=422)
    at_work.refused(f"{transfer}/draft", **typed)
    assert "Change the draft" not in at_work.see(transfer)
    at_work.act_as(BRICKS, "facility")
    assert "Change the draft" not in at_work.see(shared)
    at_work.see(f"{shared}/draft", status=403)
    at_work.act_as(POWER, "generator")
    assert "Change the draft" in at_work.see(shared)


def test_a_trip_whose_tickets_say_something_else_is_told_before_it_is_signed(
    at_work: Desk, deal: str
) -> None:
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("30"))
    export = f"车号,毛重(t),皮重(t),过磅时间,磅单号\n沪A1,45.9,16,{today().isoformat()} 08:00,S1\n"
    where = {"side": "sender", "line": "1", "words": ""}
    at_work.upload(f"{transfer}/weighings", export, **where)
    assert "the draft says 30.000 t, its tickets come to 29.900 t" in at_work.see(transfer)
    refused = at_work.refused(f"{transfer}/acts/sign", person="张三")
    assert "line 1 says 30 t, its tickets and readings come to 29.9 t: change the weight" in refused
    chinese = at_work.refused(f"{transfer}/acts/sign", lang="zh", person="张三")
    assert "第 1 行填写 30 吨，其磅单和读数合计 29.9 吨" in chinese
    at_work.press(f"{transfer}/draft", **(opened(at_work, transfer) | {"lines.1.sent_t": "29.9"}))
    at_work.press(f"{transfer}/acts/sign", person="张三")
