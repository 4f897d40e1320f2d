"""Recommended outlets equal a plain ranking: one rule call a pair, geopy's distance, money by hand."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from geopy.distance import geodesic
from registry import ANHUI, AT, JIANGSU, SHANGHAI, Registry
from sqlalchemy.orm import Session

from circularity.acceptance import CONDITIONS, Pairs, judge
from circularity.catalogue import operations, utilisation, waste_types
from circularity.database import create_engine_for, upgrade, writing
from circularity.registry.outputs import Output
from circularity.units import MISSING
from matching.advice.recommending import outlets_for_output
from matching.case import Case
from matching.database.snapshot import parameters_at, read_snapshot
from matching.database.snapshot_live import LiveReceivers
from matching.pairs.eligibility import tables_of

ASH, SLAG, ACID, OIL = "900-001-S02", "900-001-S01", "398-007-34", "900-214-08"
PLACES = (SHANGHAI, JIANGSU, ANHUI, (31.30, 121.60, "310100"), (30.30, 120.20, "330100"))
LINES = (
    ("SW02", "C2"), ("SW02", "D1"), ("SW02", "C3"), ("SW01", "C2"), ("SW01", "D1"), ("*", "D1"),
    ("HW34", "R6"), ("HW34", "D9"), ("HW08", "R9"), ("HW08", "D10"),
)  # fmt: skip
FIRST = date(2026, 9, 1)
LOTS = int(os.environ.get("RECOMMENDED_LOTS", "12"))


def a_plant(registry: Registry, draw: random.Random) -> None:
    """Register a plant with up to three lines, each with a window, now and then a grant or a listing."""
    place = draw.choice(PLACES)
    standing = draw.choice(["", "", "", "", "suspended"])
    facility = registry.facility(place)
    facility.standing = standing
    for pattern, operation in draw.sample(LINES, draw.randint(1, 3)):
        hazardous = pattern.startswith("HW")
        line = registry.line(
            entitlement=registry.licence(facility) if hazardous else registry.entitlement(facility),
            waste_pattern=pattern,
            operation=operation,
            limits_max=draw.choice([{}, {}, {"cl_mg_per_kg": 500 * 10**6}, {"cl_mg_per_kg": 2000 * 10**6}]),
        )
        start = FIRST + timedelta(days=draw.choice([-10, 0, 40]))
        registry.window(
            draw.choice([5, 500]),
            line,
            available_from=start,
            available_to=start + timedelta(days=draw.choice([20, 120])),
            gate_fee_ucny_per_kg=draw.choice([None, 0, 20_000, 20_000, 90_000]),
            max_distance_m=draw.choice([None, None, 60_000]),
        )
        if draw.random() < 0.3 and not hazardous and pattern != "*":
            kind = "general_record" if operation.startswith("C") else "general_approval"
            registry.grant(facility, kind=kind, waste_pattern=pattern, valid_to=date(2027, 12, 31))
        if draw.random() < 0.3 and pattern == "HW34":
            registry.listing(facility, operation=operation)


def a_lot(registry: Registry, draw: random.Random) -> Output:
    """Post a lot with whatever may decide about it."""
    code = draw.choice([ASH, ASH, SLAG, ACID, OIL])
    start = FIRST + timedelta(days=draw.choice([-5, 0, 15]))
    return registry.output(
        draw.choice([3, 100]),
        code,
        place=draw.choice(PLACES),
        available_from=start,
        available_to=start + timedelta(days=draw.choice([10, 60, 200])),
        allowed_operations=draw.choice([(), (), ("C2",), ("D1", "R6")]),
        max_distance_m=draw.choice([None, None, 90_000, 200_000]),
        max_net_cost_ucny_per_kg=draw.choice([None, None, 60_000]),
        price_ucny_per_kg=draw.choice([None, 0, 5_000]),
        assays=draw.choice([{}, {"cl_mg_per_kg": 700 * 10**6}]),
        plan_mass_kg=draw.choice([None, 2_000, 200_000]),
    )


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Session, list[Output]]]:
    """60 plants and the lots, drawn once; many plants share a place and a fee, so many costs are equal."""
    engine = create_engine_for("sqlite://")
    upgrade(engine)
    draw = random.Random(7)
    with writing(engine)() as session:
        registry = Registry(session)
        for _ in range(60):
            a_plant(registry, draw)
        lots = [a_lot(registry, draw) for _ in range(LOTS)]
        session.flush()
        yield session, lots
    engine.dispose()


def row(table: Any, k: int) -> Any:
    """Return a table of its kth row alone."""

    def of(value: Any) -> Any:
        return (
            {name: column[[k]] for name, column in value.items()} if isinstance(value, dict) else value[[k]]
        )

    return replace(table, **{f.name: of(getattr(table, f.name)) for f in fields(table)})


def cost_parts(case: Case, i: int, j: int) -> tuple[int, int | None, int]:
    """Return distance in m, what the generator pays if known, and the known cost, both in µCNY/kg."""
    outputs, capacities, facilities = case.outputs, case.capacities, case.facilities
    f = capacities.facility[j]
    here = outputs.lat_e7[i] / 1e7, outputs.lon_e7[i] / 1e7
    there = facilities.lat_e7[f] / 1e7, facilities.lon_e7[f] / 1e7
    straight_m = int(geodesic(here, there).m + 0.5)
    distance_m = (straight_m * case.parameters.detour_permille * 2 + 1000) // 2000
    transport = (distance_m * case.parameters.transport_ucny_per_kg_km * 2 + 1000) // 2000
    fee, price = int(capacities.gate_fee_ucny_per_kg[j]), int(outputs.price_ucny_per_kg[i])
    known = transport + (0 if fee == MISSING else fee) - (0 if price == MISSING else price)
    return distance_m, None if fee == MISSING else known, known


def ranked_plainly(case: Case, output_id: str, limit: int) -> list[tuple[str, int, int, tuple[str, ...]]]:
    """Return (window, distance, cost, conditions) of the best pairs, each judged alone."""
    i = case.outputs.output_id.tolist().index(output_id)
    on = date.fromordinal(case.parameters.as_of_day)
    hazardous = waste_types.is_hazardous(str(case.outputs.waste_code[i]))
    plans = zip(case.outputs.waste_code.tolist(), case.outputs.plan_mass_kg.tolist(), strict=True)
    planned = any(waste_types.is_hazardous(code) and plan_kg != MISSING for code, plan_kg in plans)
    found = []
    for j, capacity_id in enumerate(case.capacities.capacity_id.tolist()):
        distance_m, net, cost = cost_parts(case, i, j)
        capacities = replace(row(case.capacities, j), facility=np.zeros(1, dtype=np.int64))
        alone = replace(
            case,
            outputs=row(case.outputs, i),
            capacities=capacities,
            facilities=row(case.facilities, int(case.capacities.facility[j])),
            caps=(),
        )
        tables = replace(tables_of(alone), plans_known=planned)
        zero = np.zeros(1, dtype=np.int64)
        verdict = judge(
            Pairs(tables, zero, zero, np.array([distance_m]), np.array([MISSING if net is None else net]))
        )
        if verdict.first_rule[0] >= 0:
            continue
        operation = str(case.capacities.operation[j])
        digest = hashlib.sha256(f"{output_id}\0{capacity_id}".encode()).digest()
        tie = int.from_bytes(digest[:8], "big") >> 34
        counts = utilisation.counts(hazardous, operation, on)
        conditions = tuple(c for k, c in enumerate(CONDITIONS) if verdict.conditions[0] >> k & 1)
        key = (not counts, operations.get(operation).rank, cost, tie)
        found.append((key, (capacity_id, distance_m, cost, conditions)))
    return [told for _, told in sorted(found)[:limit]]


def test_the_best_outlets_are_those_of_a_plain_ranking(world: tuple[Session, list[Output]]) -> None:
    session, lots = world
    case = read_snapshot(session, parameters_at(AT)).case
    live = LiveReceivers()
    told = ties = conditional = 0
    for lot in lots:
        plain = ranked_plainly(case, lot.public_id, 20)
        found = [
            (r.window.public_id, r.distance_m, r.cost_ucny_per_kg, r.conditions)
            for r in outlets_for_output(live, session, lot, at=AT, limit=20)
        ]
        assert found == plain
        told += len(plain)
        costs = [cost for _, _, cost, _ in plain]
        ties += len(costs) - len(set(costs))
        conditional += sum(bool(conditions) for *_, conditions in plain)
    assert told > 3 * LOTS, "hardly any pair was lawful; the test has no bite"
    assert ties > LOTS // 2, "hardly any costs were equal"
    assert LOTS // 2 < conditional < told - LOTS // 2


def test_a_smaller_limit_cuts_the_same_ranking_even_among_equals(
    world: tuple[Session, list[Output]],
) -> None:
    session, lots = world
    live = LiveReceivers()
    for lot in lots:
        windows = [r.window.public_id for r in outlets_for_output(live, session, lot, at=AT, limit=200)]
        for limit in (1, 2, 3, 5, 8):
            cut = outlets_for_output(live, session, lot, at=AT, limit=limit)
            assert [r.window.public_id for r in cut] == windows[:limit]
