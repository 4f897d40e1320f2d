"""What the sender's ledger tells of a hazardous load, on its page: typed by the sender, for it alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count

import pytest
from deal_rows import deal
from desk_world import ACIDS, OFFICE, POWER, Desk, desk
from registry import ACID, Registry, T
from sqlalchemy import select

from circularity.database import writing
from circularity.organisations import Organisation, Site

TYPED = {"container_type": "吨桶", "container_code": "T1", "container_count": "3"}
TYPED |= {"facility_code": "TS001", "handler": "李阳", "mover": "赵龙"}
FIELDS = {f"lines.1.{name}": text for name, text in TYPED.items()}


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def load(at_work: Desk) -> str:
    """A signed load of waste acid of the power works; return its page's address."""
    with writing(at_work.client.application.extensions["circularity.engine"]).begin() as session:
        registry = Registry(session, numbers=count(700))
        wanted = select(Site).join(Site.organisation).where(Organisation.name_zh == POWER).limit(1)
        told = deal(registry, works=session.scalars(wanted).one(), waste_code=ACID)
        facts = {"plan_mass_kg": 100 * T, "available_from": None, "available_to": date(2026, 12, 31)}
        told.agreement.output = registry.output(100, ACID, site=told.works, **facts)
        session.flush()
        transfer = told.draft(5)
        told.sign(transfer, "sender")
        at_work.parties["receiver"] = told.plant.site.organisation.public_id
        return f"/transfers/{transfer.public_id}"


def test_the_sender_tells_and_its_authority_reads(at_work: Desk) -> None:
    address = load(at_work)
    at_work.act_as(POWER, "generator")
    assert "In the sender's hazardous-waste ledger" in at_work.see(address)
    assert at_work.press(f"{address}/handling", **FIELDS) == address
    assert 'value="TS001"' in at_work.client.get(address).text
    page = at_work.refused(f"{address}/handling", **(FIELDS | {"lines.1.container_count": "0"}))
    assert 'id="handling-lines.1.container_count-problem"' in page
    at_work.act_as(OFFICE, "authority")
    assert "吨桶 T1 × 3" in at_work.see(address, "zh")
    assert at_work.client.post(f"{address}/handling", data=FIELDS).status_code == 403


def test_others_neither_see_nor_tell_it(at_work: Desk) -> None:
    address = load(at_work)
    at_work.act_as(POWER, "generator")
    at_work.press(f"{address}/handling", **FIELDS)
    at_work.act_as("receiver", "facility")
    assert "T1" not in at_work.see(address)
    assert at_work.client.post(f"{address}/handling", data=FIELDS).status_code == 403
    at_work.act_as(ACIDS, "facility")
    at_work.see(address, status=404)
    assert at_work.client.post(f"{address}/handling", data=FIELDS).status_code == 404


def test_a_load_of_general_waste_is_not_asked(at_work: Desk) -> None:
    address = at_work.at_the_gate()
    at_work.act_as(POWER, "generator")
    assert "hazardous-waste ledger" not in at_work.see(address)
