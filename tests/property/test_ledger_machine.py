"""Random postings and reversals against a dictionary: the ledger agrees to the kilogram at every step.

`LEDGER_OPERATIONS` sets how many operations are tried on each database (default 400). The long form:
LEDGER_OPERATIONS=25000 .venv/bin/pytest tests/property/test_ledger_machine.py
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from registry import AT, FLY_ASH, Registry
from sqlalchemy import Engine, select

from circularity.database import writing
from circularity.errors import RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.groups import post, reverse
from circularity.ledger.mass import EITHER_WAY, SOURCES, MassAccount, MassGroup
from circularity.ledger.postings import POSTINGS, Cell, Movement

OPERATIONS = int(os.environ.get("LEDGER_OPERATIONS", "400"))
LONG = 10_000
STEPS = 50
LEGS = [(event, leg) for event, legs in POSTINGS.items() for leg in legs]
FREE = (*SOURCES, *EITHER_WAY)
REFUSED = "are wanted|cannot go back"
DAY = date(2026, 9, 1)
MASSES = st.one_of(st.integers(1, 20), st.integers(1, 10**9))

Account = tuple[int, int, int, str]
Move = tuple[Account, Account, int]


def _machine(engine: Engine, tried: Counter[str]) -> type[RuleBasedStateMachine]:
    """Return the machine; `tried` counts its operations by how they ended."""
    with writing(engine).begin() as session:
        registry = Registry(session)
        works = [registry.site() for _ in range(2)]
    sites = [site.id for site in works]

    class Ledger(RuleBasedStateMachine):
        """The model is a dictionary of balances; what it would make negative must be refused."""

        def __init__(self) -> None:
            super().__init__()
            self.session = writing(engine)()
            self.balances: Counter[Account] = Counter()
            self.groups: list[tuple[MassGroup, list[Move]]] = []

        @rule(
            first=st.sampled_from(LEGS),
            kgs=st.lists(MASSES, min_size=1, max_size=3),
            origin=st.sampled_from(sites),
            holders=st.tuples(st.sampled_from(sites), st.sampled_from(sites)),
            vintage=st.sampled_from((2025, 2026)),
        )
        def post(
            self,
            first: tuple[str, str],
            kgs: list[int],
            origin: int,
            holders: tuple[int, int],
            vintage: int,
        ) -> None:
            event, leg = first
            cell, (holder, other) = Cell(origin, FLY_ASH, vintage), holders
            source, target = POSTINGS[event][leg]
            movements = [Movement(leg, cell, kg, holder, other) for kg in kgs]
            moves = [((origin, holder, vintage, source), (origin, other, vintage, target), kg) for kg in kgs]
            if self.refuses(moves):
                with pytest.raises(RuleBroken, match=REFUSED):
                    self.really_post(event, works[0], movements)
                tried["refused"] += 1
            else:
                group = self.really_post(event, works[0], movements)
                self.carry(moves)
                self.groups.append((group, moves))
                tried["posted"] += 1

        @precondition(lambda self: self.groups)
        @rule(which=st.integers(0, 10**6))
        def reverse(self, which: int) -> None:
            group, moves = self.groups[which % len(self.groups)]
            back = [(target, source, kg) for source, target, kg in reversed(moves)]
            if self.refuses(back):
                with pytest.raises(RuleBroken, match=REFUSED):
                    reverse(self.session, group=group, on_day=DAY, at=AT)
                tried["not reversed"] += 1
            else:
                reverse(self.session, group=group, on_day=DAY, at=AT)
                self.carry(back)
                self.groups.remove((group, moves))
                tried["reversed"] += 1
                with pytest.raises(RuleBroken, match="reversed already"):
                    reverse(self.session, group=group, on_day=DAY, at=AT)

        def really_post(self, event: str, subject: object, movements: list[Movement]) -> MassGroup:
            group = post(self.session, event=event, on_day=DAY, at=AT, subject=subject, movements=movements)
            assert group is not None
            return group

        def refuses(self, moves: list[Move]) -> bool:
            left = self.balances.copy()
            for source, target, kg in moves:
                left[source] -= kg
                left[target] += kg
                if (left[source] < 0 and source[3] not in FREE) or (
                    left[target] > 0 and target[3] in SOURCES
                ):
                    return True
            return False

        def carry(self, moves: list[Move]) -> None:
            for source, target, kg in moves:
                self.balances[source] -= kg
                self.balances[target] += kg

        @invariant()
        def the_ledger_is_the_dictionary(self) -> None:
            rows = self.session.execute(
                select(
                    MassAccount.origin_site_id,
                    MassAccount.holder_site_id,
                    MassAccount.vintage,
                    MassAccount.kind,
                    MassAccount.balance_kg,
                )
            )
            assert {tuple(key): kg for *key, kg in rows if kg} == {
                k: kg for k, kg in self.balances.items() if kg
            }
            assert sum(trial_balance(self.session).values()) == 0
            assert faults(self.session) == []

        def teardown(self) -> None:
            # Always: a session left open would keep every later example from writing, and hide why.
            self.session.close()

    return Ledger


def test_random_operations_leave_the_ledger_equal_to_a_dictionary(engine: Engine) -> None:
    tried = Counter[str]()
    machine = _machine(engine, tried)
    # An example may end before its last step, so what is missing is tried anew.
    while (missing := OPERATIONS - tried.total()) > 0:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=-(-missing // STEPS),
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(dict(tried))
    # An example may leave a rule out, so only the long form is sure to meet everything.
    assert OPERATIONS < LONG or set(tried) == {"posted", "refused", "reversed", "not reversed"}
