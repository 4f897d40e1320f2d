"""Weights on the desk: what a meter showed, how far two weights lie apart, and correcting two at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk_world import BRICKS, OFFICE, POWER, Desk, desk

from web.today import today


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def _drafted(at_work: Desk, metering: str, conveyance: str) -> str:
    """A sheet without carriers of the power plant, which acts."""
    sheet = {
        "metering": metering,
        "conveyance": conveyance,
        "lines.1.sent_t": "60",
        "day": today().isoformat(),
    }
    return at_work.press(f"{at_work.agreed()}/transfers/new", **sheet)


def _reading(kind: str, **typed: str) -> dict[str, str]:
    read_at = f"{today().isoformat()}T00:00"
    return {"side": "sender", "line": "1", "kind": kind, "meter": "BW-1", "read_at": read_at} | typed


def test_a_belts_counter_gives_the_mass_and_both_readings_are_shown(at_work: Desk) -> None:
    sheet = _drafted(at_work, "conveyor", "conveyor")
    counter = {"counter_before_t": "1000", "counter_after_t": "1058"}
    wrong = at_work.refused(f"{sheet}/readings", **_reading("conveyor", mass_t="60", **counter))
    assert "the counter moved by 58 t, the mass is 60 t" in wrong
    at_work.press(f"{sheet}/readings", **_reading("conveyor", **counter))
    told = at_work.see(f"{sheet}/weighings")
    assert "Counter before (t): 1,000 Counter after (t): 1,058 58" in told


def test_a_barges_draughts_are_kept_beside_the_surveyed_mass(at_work: Desk) -> None:
    sheet = _drafted(at_work, "draught", "barge")
    draughts = {"draught_before_mm": "1450", "draught_after_mm": "2380", "water_kg_per_m3": "998"}
    assert "must not be empty" in at_work.refused(f"{sheet}/readings", **_reading("draught", **draughts))
    at_work.press(f"{sheet}/readings", **_reading("draught", mass_t="59.4", **draughts))
    told = at_work.see(f"{sheet}/weighings", "zh")
    assert "装货前吃水（毫米）：1,450 装货后吃水（毫米）：2,380 港水密度（kg/m³）：998 59.4" in told


def _weighed(at_work: Desk, received: str, accepted: str, refused: str = "0") -> str:
    """A trip of 30 t as the plant weighs it and decides; the plant acts."""
    transfer = at_work.at_the_gate()
    at_work.press(f"{transfer}/acts/weigh", **{"lines.1.received_t": received})
    verdict = {"lines.1.accepted_t": accepted, "lines.1.refused_t": refused, "lines.1.reason": "含水率过高"}
    at_work.press(f"{transfer}/acts/decide", person="王五", **verdict)
    return transfer


def test_weights_too_far_apart_are_told_to_both_sides_and_their_authority(at_work: Desk) -> None:
    transfer = _weighed(at_work, "28.2", "28.2")
    for party, side in ((BRICKS, "facility"), (POWER, "generator"), (OFFICE, "authority")):
        at_work.act_as(party, side)
        told = at_work.see("/transfers/differences")
        assert "−1.800 6 % To be reported shown above 3 %, reported above 5 %" in told
        assert "To be reported" in at_work.see(transfer)


def test_weights_within_the_tolerance_are_not_listed(at_work: Desk) -> None:
    transfer = _weighed(at_work, "29.7", "29.7")
    assert "No two weights lie further apart" in at_work.see("/transfers/differences")
    told = at_work.see(transfer)
    assert "−0.300 1 %" in told
    assert "To be reported" not in told


def test_what_was_received_and_refused_of_a_load_refused_whole_is_corrected_together(at_work: Desk) -> None:
    transfer = _weighed(at_work, "30", "0", "30")
    weight = {"field": "lines.1.received_kg", "value": "29.5", "reason": "录入错误"}
    twice = weight | {"changes.2.field": "lines.1.received_kg", "changes.2.value": "29.4"}
    assert "is named twice" in at_work.refused(f"{transfer}/acts/correct", **twice)
    both = weight | {"changes.2.field": "lines.1.refused_kg", "changes.2.value": "29.5"}
    at_work.press(f"{transfer}/acts/correct", **both)
    at_work.act_as(POWER, "generator")
    at_work.press(f"{transfer}/acts/agree")
    told = at_work.see(transfer)
    assert "Approved and made" in told
    assert "−0.5" in told
