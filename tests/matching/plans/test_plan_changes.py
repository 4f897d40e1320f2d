"""Every change between two plans is listed with its cause, and tells nothing of others."""

from __future__ import annotations

from typing import Any

from builders import ANHUI, SHANGHAI, capacity, case, output

from matching.plans.changes import PlanChange, plan_changes
from matching.plans.plan import make_plan

NEAR, FAR = capacity("NEAR", 10, place=SHANGHAI), capacity("FAR", 100, place=ANHUI)


def changes(
    before: list[dict[str, Any]], after: list[dict[str, Any]], *outlets: Any
) -> dict[Any, PlanChange]:
    windows = [list(each) for each in (outlets or ((NEAR, FAR), (NEAR, FAR)))]
    plans = [make_plan(case(rows, held)) for rows, held in zip((before, after), windows, strict=True)]
    return {(c.output_id, c.capacity_id): c for c in plan_changes(*plans)}


def told(found: dict[Any, PlanChange]) -> dict[Any, tuple[str, int, int, str, str]]:
    return {pair: (c.kind, c.before_kg, c.after_kg, c.cause, c.level) for pair, c in found.items()}


def test_nothing_changed_is_nothing_to_tell() -> None:
    assert changes([output("A", 5)], [output("A", 5)]) == {}


def test_a_new_output_that_takes_room_displaces_another_on_the_level_that_decides() -> None:
    far_off, dear = output("A", 10), output("B", 10, max_distance_km=100)
    found = changes([far_off], [far_off, dear])
    assert told(found) == {
        ("A", "NEAR"): ("gone", 10_000, 0, "displaced", "cost"),
        ("A", "FAR"): ("new", 0, 10_000, "displaced", "cost"),
        ("B", "NEAR"): ("new", 0, 10_000, "output_posted", ""),
    }
    costs = [make_plan(case([far_off], [each])).levels[4].value for each in (NEAR, FAR)]
    assert found["A", "NEAR"].amount == costs[1] - costs[0], "what it costs its own generator more"


def test_room_that_a_withdrawn_output_leaves_is_taken() -> None:
    near, other = output("A", 10, max_distance_km=100), output("B", 10)
    assert told(changes([near, other], [other])) == {
        ("A", "NEAR"): ("gone", 10_000, 0, "output_withdrawn", ""),
        ("B", "FAR"): ("gone", 10_000, 0, "improved", "cost"),
        ("B", "NEAR"): ("new", 0, 10_000, "improved", "cost"),
    }


def test_a_changed_posting_and_a_changed_or_closed_receiver_are_causes_of_their_own() -> None:
    assert told(changes([output("A", 5)], [output("A", 7)])) == {
        ("A", "NEAR"): ("changed", 5_000, 7_000, "output_changed", "")
    }
    smaller = capacity("NEAR", 4, place=SHANGHAI)
    assert told(changes([output("A", 5)], [output("A", 5)], (NEAR, FAR), (smaller, FAR))) == {
        ("A", "NEAR"): ("changed", 5_000, 4_000, "capacity_changed", ""),
        ("A", "FAR"): ("new", 0, 1_000, "displaced", "cost"),
    }
    assert (
        told(changes([output("A", 5)], [output("A", 5)], (NEAR, FAR), (FAR,)))["A", "NEAR"][3]
        == "capacity_closed"
    )


def test_the_words_tell_what_it_means_for_the_output_itself_and_name_no_other() -> None:
    bound = output("A", 10, max_distance_km=100, price_cny_per_t=0)
    other = output("OTHER", 3, max_distance_km=100, price_cny_per_t=50)
    (change,) = [c for c in changes([bound], [bound, other]).values() if c.output_id == "A"]
    assert change.words == (
        "10 t → 7 t：别处的变动占用了能力，该批次在“安置质量”上差了 3 t",
        "10 t → 7 t: changes elsewhere take the room; the output is worse by 3 t in mass placed",
    )
