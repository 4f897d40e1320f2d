"""Only legal paths pass: every state, act and party that the table does not name is refused."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

import pytest

import circularity
from circularity.errors import RuleBroken
from circularity.lifecycle import MACHINES, PARTIES, advance, legal_acts, next_step

ACTS = sorted({act for machine in MACHINES.values() for _, act in machine.steps})
GUARDS = {step.guard: lambda: None for machine in MACHINES.values() for step in machine.steps.values()}


@dataclass
class Row:
    status: str


@pytest.mark.parametrize("machine", MACHINES)
def test_every_step_outside_the_table_is_refused_and_changes_nothing(machine: str) -> None:
    table = MACHINES[machine]
    taken = 0
    for state, act, who in product(table.states, ACTS, PARTIES):
        row = Row(state)
        step = table.steps.get((state, act))
        if step is not None and who in step.who:
            assert advance(row, machine, act, who, GUARDS) == row.status == step.to
            taken += 1
        else:
            with pytest.raises(RuleBroken) as refused:
                advance(row, machine, act, who, GUARDS)
            assert row.status == state
            assert refused.value.facts["legal"] == legal_acts(machine, state)
    assert taken == sum(len(step.who) for step in table.steps.values())


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_is_reached_from_the_start_and_every_path_can_end(machine: str) -> None:
    table = MACHINES[machine]
    reached = {table.start}
    ending = set(table.final)
    for _ in table.states:
        reached |= {step.to for (state, _), step in table.steps.items() if state in reached}
        ending |= {state for (state, _), step in table.steps.items() if step.to in ending}
    assert reached == ending == set(table.states)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_party_in_the_table_is_a_known_one(machine: str) -> None:
    assert all(step.who <= set(PARTIES) for step in MACHINES[machine].steps.values())


def test_of_all_orders_of_a_trip_only_the_one_on_the_road_passes() -> None:
    trip = (
        ("submit", "generator"),
        ("pick_up", "carrier"),
        ("arrive", "receiver"),
        ("accept", "receiver"),
        ("close", "system"),
    )
    passed = []
    for order in permutations(trip):
        row = Row("draft")
        try:
            for act, who in order:
                advance(row, "transfer", act, who, GUARDS)
        except RuleBroken:
            continue
        passed.append(order)
    assert passed == [trip]


def test_nobody_signs_for_another() -> None:
    for act, right in (("submit", "generator"), ("pick_up", "carrier"), ("accept", "receiver")):
        state = {"submit": "draft", "pick_up": "submitted", "accept": "arrived"}[act]
        for who in PARTIES:
            if who == right:
                assert next_step("transfer", state, act, who).to
            else:
                with pytest.raises(RuleBroken):
                    next_step("transfer", state, act, who)


def test_one_side_cannot_make_an_agreement_alone() -> None:
    for who in ("generator", "receiver"):
        for start in ("offered_by_generator", "offered_by_facility"):
            reached = {start}
            for _ in MACHINES["agreement"].states:
                steps = MACHINES["agreement"].steps.items()
                reached |= {step.to for (at, _), step in steps if at in reached and who in step.who}
            assert "agreed" not in reached


def test_a_guard_that_refuses_leaves_the_state() -> None:
    def refuse() -> None:
        raise RuleBroken("not_granted", "未获批准", "not granted")

    row = Row("draft")
    with pytest.raises(RuleBroken, match="not granted"):
        advance(row, "transfer", "submit", "generator", {"may_leave": refuse})
    assert row.status == "draft"


def test_a_guard_cannot_be_forgotten() -> None:
    row = Row("draft")
    with pytest.raises(KeyError, match="may_leave"):
        advance(row, "transfer", "submit", "generator")
    assert row.status == "draft"


def test_a_refusal_says_what_would_be_possible() -> None:
    with pytest.raises(RuleBroken) as refused:
        next_step("transfer", "draft", "pick_up", "carrier")
    assert refused.value.code == "illegal_step"
    assert refused.value.facts["legal"] == ("redraft", "submit", "discard")
    assert refused.value.facts["allowed"] == ()


def test_nothing_else_sets_a_status() -> None:
    room = Path(circularity.__file__).parent
    for file in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            sets = [t for t in targets if isinstance(t, ast.Attribute) and t.attr == "status"]
            assert not sets or file.name == "lifecycle.py", f"{file.name}:{node.lineno}"  # type: ignore[attr-defined]  # the class is known here
