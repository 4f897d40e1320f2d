"""One vehicle takes several wastes, each on an agreement of its own between the same two parties."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from deal_rows import agreement
from desk_world import BRICKS, POWER, Desk, desk
from registry import ACTOR, Registry
from sqlalchemy import Engine, select

from circularity.database import writing
from circularity.deals.contract import Agreement
from circularity.ledger.balances import faults
from web.today import today

ASH, SLAG, GYPSUM = "900-001-S02", "900-001-S03", "900-001-S06"


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def _beside(engine: Engine, deal: str) -> None:
    """Other agreements of the same parties; about slag one is over before and one after that which holds."""
    with writing(engine).begin() as session:
        main = session.scalars(select(Agreement).filter_by(public_id=deal.rpartition("/")[2])).one()
        registry = Registry(session, numbers=count(7000), act={"actor": ACTOR, "at": datetime.now(UTC)})
        yesterday = today() - timedelta(days=1)
        holds = {"valid_from": today(), "valid_to": today() + timedelta(days=30)}
        over = {"valid_from": yesterday - timedelta(days=30), "valid_to": yesterday}
        for waste, days in ((SLAG, over), (GYPSUM, holds), (SLAG, holds), (SLAG, over)):
            line = registry.line(main.facility, waste_pattern=waste)
            agreement(registry, main.site, line, waste, **days)


def test_lines_are_counted_only_where_there_are_several(at_work: Desk, engine: Engine) -> None:
    form = f"{at_work.agreed()}/transfers/new"
    alone = at_work.see(form)
    assert "Mass (t) Of a sheet: what is expected" in alone
    assert "Packaging optional" in alone
    refused = at_work.refused(form, **at_work.trip("-3"))
    assert ">Mass (t) is out of range" in refused
    _beside(engine, form.removesuffix("/transfers/new"))
    several = at_work.see(form)
    assert "Mass (t) 1 Of a sheet: what is expected" in several
    assert "Mass (t) 3 optional" in several


def test_a_trip_takes_several_wastes_each_on_the_agreement_that_holds(at_work: Desk, engine: Engine) -> None:
    deal = at_work.agreed()
    _beside(engine, deal)
    more = {"lines.2.sent_t": "7.5", "lines.3.sent_t": "2.5", "lines.3.packaging": "散装"}
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip("20"), **more)
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.press(f"{transfer}/acts/carry", person="李四")
    at_work.act_as(BRICKS, "facility")
    at_work.press(f"{transfer}/acts/arrive")
    weighed = {f"lines.{number}.received_t": tonnes for number, tonnes in ((1, "20"), (2, "7.5"), (3, "2.5"))}
    at_work.press(f"{transfer}/acts/weigh", **weighed)
    verdict = {
        "lines.1.accepted_t": "20",
        "lines.1.refused_t": "0",
        "lines.2.accepted_t": "0",
        "lines.2.refused_t": "7.5",
        "lines.2.reason": "too wet",
        "lines.3.accepted_t": "2.5",
        "lines.3.refused_t": "0",
    }
    at_work.press(f"{transfer}/acts/decide", person="王五", **verdict)
    told = at_work.see(transfer)
    assert "Partly accepted" in told
    assert "7.500 7.500 0.000 7.500 0.000 Refused too wet" in told
    with writing(engine)() as session:
        wanted = select(Agreement.waste_code, Agreement.shipped_kg).where(Agreement.shipped_kg > 0)
        assert sorted(map(tuple, session.execute(wanted))) == [
            (ASH, 20_000), (SLAG, 7_500), (GYPSUM, 2_500)
        ]  # fmt: skip
        assert faults(session) == []
    at_work.act_as(POWER, "generator")
    with writing(engine)() as session:
        deals = session.scalars(select(Agreement.number).where(Agreement.shipped_kg > 0)).all()
    assert len(deals) == 3
    for page in (transfer, f"{transfer}/print"):
        shown = at_work.see(page)
        assert all(number in shown for number in deals)
    assert "Decide about the refused mass" in at_work.see(transfer)
