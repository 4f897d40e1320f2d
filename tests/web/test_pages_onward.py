"""Loads that go on by hand: a refused one from where it stands, stored ones grouped onto one trip."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from desk_world import BLOCKS, BRICKS, POWER, YARD, Desk, desk
from sqlalchemy import Engine, select

from circularity.custody.manifests import Transfer
from circularity.database import writing
from circularity.ledger.balances import faults
from web.today import today


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def _refused(at_work: Desk) -> str:
    """Send 30 t to the brick works, which refuses 10 t of them; return the transfer's address."""
    transfer = at_work.at_the_gate()
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": "30"})
    verdict = {"lines.1.accepted_t": "20", "lines.1.refused_t": "10", "lines.1.reason": "too wet"}
    at_work.press(f"{transfer}/acts/decide", person="王五", **verdict)
    at_work.act_as(POWER, "generator")
    return transfer


def _delivered(at_work: Desk, deal: str, plant: str, tonnes: str) -> str:
    """Send a load on a deal and have the plant accept all of it."""
    at_work.act_as(POWER, "generator")
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip(tonnes))
    return _received(at_work, transfer, plant, tonnes)


def _received(at_work: Desk, transfer: str, plant: str, tonnes: str) -> str:
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.press(f"{transfer}/acts/carry", person="李四")
    at_work.act_as(plant, "facility", "王五")
    at_work.press(f"{transfer}/acts/arrive")
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": tonnes})
    verdict = {"lines.1.accepted_t": tonnes, "lines.1.refused_t": "0"}
    at_work.press(f"{transfer}/acts/decide", person="王五", **verdict)
    return transfer


def test_a_refused_load_is_sent_on_from_where_it_stands(at_work: Desk, engine: Engine) -> None:
    refused = _refused(at_work)
    assert "Decide about the refused mass" in at_work.see(refused)
    told = at_work.see(f"{refused}/onward")
    assert "10.000 t · Coal fly ash" in told
    assert "stands at the gate of Fictional Bricks" in told
    assert "No other agreement in force takes this waste" in told
    assert "Lawful outlets from where it is" in told
    at_work.dealt(POWER, BLOCKS)
    source = at_work.client.get(f"{refused}/onward?lang=en").get_data(as_text=True)
    agreement = re.search(r'<option value="(\w+)">Fictional Blocks', source)[1]  # type: ignore[index]  # no match fails the test
    onward = {"day": today().isoformat(), "conveyance": "vehicle", "carriers.1.vehicle": "沪A12345"}
    carrier = {"carriers.1.carrier": at_work.parties[POWER]}
    assert "Agreement 1 is missing" in at_work.refused(f"{refused}/onward", **onward, **carrier)
    chosen = onward | {"lines.1.agreement": agreement}
    wrong = at_work.refused(f"{refused}/onward", **chosen, **{"carriers.1.carrier": "nobody at all"})
    assert "is no organisation here" in wrong
    rescue = at_work.press(f"{refused}/onward", **chosen, **carrier)
    assert "It goes on with another transfer" in at_work.see(f"{refused}/onward")
    _received(at_work, rescue, BLOCKS, "10")
    at_work.act_as(POWER, "generator")
    assert "Sent on to another receiver" in at_work.see(refused)
    with writing(engine)() as session:
        assert sorted(session.scalars(select(Transfer.status))) == ["accepted", "rematched"]
        assert faults(session) == []


def test_a_refused_load_is_returned_from_the_same_page_and_only_its_sender_decides(at_work: Desk) -> None:
    refused = _refused(at_work)
    at_work.act_as(BRICKS, "facility")
    at_work.see(f"{refused}/onward", status=403)
    at_work.act_as(POWER, "generator")
    source = at_work.client.get(f"{refused}/onward").get_data(as_text=True)
    assert f'action="{refused}/acts/send-back"' in source
    at_work.press(f"{refused}/acts/send-back")
    assert "Nothing of this transfer waits at the gate" in at_work.see(f"{refused}/onward")


def test_stored_loads_leave_a_collector_as_one_trip(at_work: Desk, engine: Engine) -> None:
    storing = at_work.dealt(POWER, YARD)
    first = _delivered(at_work, storing, YARD, "30")
    second = _delivered(at_work, storing, YARD, "20")
    at_work.act_as(YARD, "generator")
    stored = at_work.see("/transfers/stored")
    assert "30.000 30.000" in stored
    assert "20.000 20.000" in stored
    onward = at_work.dealt(YARD, BLOCKS)
    trip = at_work.trip("45") | {"carriers.1.carrier": at_work.parties[YARD]}
    transfer = at_work.press(f"{onward}/transfers/new", **trip)
    assert "choose which of them leave" in at_work.see(transfer)
    source = at_work.client.get(f"{transfer}/grouping").get_data(as_text=True)
    one, two = re.findall(r'name="loads\.(\w+)\.all"', source)
    told = at_work.refused(f"{transfer}/grouping", **{f"loads.{one}.mass_t": "30.001"})
    assert re.search(r"only 30 t of load ZY-\S+ remain", told)
    at_work.press(f"{transfer}/grouping", **{f"loads.{one}.all": "1"})
    assert "15 t to go" in at_work.see(f"{transfer}/grouping")
    assert "is not its mass" in at_work.refused(f"{transfer}/acts/sign", person="张三")
    at_work.press(f"{transfer}/grouping/clearing")
    at_work.press(f"{transfer}/grouping", **{f"loads.{one}.all": "1", f"loads.{two}.mass_t": "15"})
    told = at_work.see(f"{transfer}/grouping")
    assert "45 / 45 t Complete" in told
    numbers = [re.search(r"ZY-\S+", at_work.see(load))[0] for load in (first, second)]  # type: ignore[index]  # no match fails the test
    assert all(number in told for number in numbers)
    _received(at_work, transfer, BLOCKS, "45")
    at_work.act_as(YARD, "generator")
    assert "20.000 5.000" in at_work.see("/transfers/stored")
    assert "Stored loads in it" in at_work.see(transfer)
    told = at_work.see(f"{transfer}/grouping")
    assert "30.000" in told
    assert "nobody can sign" not in told
    at_work.act_as(BLOCKS, "facility")
    assert "Stored loads in it" not in at_work.see(transfer)
    at_work.act_as(POWER, "generator")
    at_work.see(f"{transfer}/grouping", status=404)
    with writing(engine)() as session:
        assert faults(session) == []
