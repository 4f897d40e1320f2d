"""Quarters told for tests, of a part of the named Delta: all verbs, fewer parties, seconds."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from circularity.database import create_engine_for, writing
from seed.parties import Delta
from seed.story import play
from seed.tables import read_contracts, read_delta

AT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 18)
WHOLE = {"sh_steel": 3, "sh_fab_west": 2, "sh_depot": 3}
"""Flows of a few generators, so many each, in the order of the table; with them everything happens once."""

SHORT = {"sh_fab_west": 1, "sh_depot": 2}
"""The flows that are told on PostgreSQL, to which each step is a way over a socket."""

CONTRACTS = (
    "sh_steel", "js_petro", "ah_steel", "sh_sorting", "js_power_changshu", "ah_power_pingwei",
    "zj_dyeing_water", "sh_refinery", "sh_chemical", "collector_fengxian", "sh_auto",
)  # fmt: skip


def some_of_the_delta(flows):
    """The named Delta with so many flows of each of some generators only."""
    delta, told = read_delta(), Counter()
    some = []
    for flow in delta.flows:
        told[flow.party] += 1
        if told[flow.party] <= flows.get(flow.party, 0):
            some.append(flow)
    return replace(delta, flows=tuple(some))


@dataclass(frozen=True)
class Told:
    """An engine on a database with a story in it, and what was told."""

    engine: Engine
    delta: Delta
    loads: int

    def play(self, at):
        """Tell it again, which changes nothing; tells whether it was told."""
        with writing(self.engine).begin() as session:
            return play(session, self.delta, at=at, loads=self.loads)


@contextmanager
def telling(databases, flows, contracts, loads):
    """Tell a quarter with the contracts of some parties in a database of its own."""
    rows = tuple(row for row in read_contracts() if row.party in contracts)
    with databases.new() as url:
        told = Told(create_engine_for(url), some_of_the_delta(flows), loads)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("seed.quarter.read_contracts", lambda: rows)
            assert told.play(AT)
        yield told
        told.engine.dispose()
