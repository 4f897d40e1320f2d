"""What is owed under an agreement is shown to both sides, by month, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk_world import ACIDS, BRICKS, POWER, Desk, desk

from web.today import today

TERMS = {
    "mass_t": "200",
    "lot": "regular",
    "cadence": "once",
    "price_kind": "formula",
    "price.base": "-100",
    "price.index": "Coal quotation",
    "price.reference": "1000",
    "price.share_percent": "50",
    "settles": "received",
}


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def _agreed(at_work: Desk) -> str:
    """A deal of the power plant and the brick works at a price by formula."""
    days = {"valid_from": today().isoformat(), "valid_to": today().replace(month=12, day=31).isoformat()}
    at_work.act_as(POWER, "generator")
    deal = at_work.press(f"/proposals/{at_work.proposals[BRICKS]}/counter", **TERMS | days)
    at_work.act_as(BRICKS, "facility")
    at_work.press(f"{deal}/acts/accept")
    at_work.act_as(POWER, "generator")
    at_work.press(f"{deal}/acts/confirm")
    return deal


def _deliver(at_work: Desk, deal: str, tonnes: str) -> None:
    transfer = at_work.press(f"{deal}/transfers/new", **at_work.trip(tonnes))
    at_work.press(f"{transfer}/acts/sign", person="张三")
    at_work.press(f"{transfer}/acts/carry", person="李四")
    at_work.act_as(BRICKS, "facility")
    at_work.press(f"{transfer}/acts/arrive")
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": tonnes})
    whole = {"lines.1.accepted_t": tonnes, "lines.1.refused_t": "0"}
    at_work.press(f"{transfer}/acts/decide", person="王五", **whole)


def test_both_sides_see_what_is_owed_and_strangers_do_not(at_work: Desk) -> None:
    deal = _agreed(at_work)
    assert "Nothing has been accepted" in at_work.see(f"{deal}/settlement")
    _deliver(at_work, deal, "30")
    quoted = f"{deal}/settlement?quoted.{today():%Y-%m}="
    for party, side in ((BRICKS, "facility"), (POWER, "generator")):
        at_work.act_as(party, side)
        assert "Settlement month by month" in at_work.see(deal)
        assert "30.000 30.000 30.000 – In all 30.000 –" in at_work.see(f"{deal}/settlement")
        # a tenth above the reference, of which half is followed: 105 CNY/t on 30 t
        assert "In all 30.000 3,150.00 by the generator" in at_work.see(f"{quoted}1100")
        for text in ("high", "0", "-5", "1.5", "9" * 13):
            assert "whole number above zero" in at_work.see(f"{quoted}{text}")
        assert "应付（元）" in at_work.see(f"{quoted}1100", "zh")
    at_work.act_as(ACIDS, "facility")
    at_work.see(f"{deal}/settlement", status=404)
