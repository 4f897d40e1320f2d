"""Hypothesis strategies for small whole cases: several wastes, places, caps, money and dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from builders import ANHUI, AS_OF, JIANGSU, SHANGHAI, ZHEJIANG, capacity, output
from hypothesis import strategies as st

PLACES = [SHANGHAI, JIANGSU, ZHEJIANG, ANHUI]
CODES = ["900-001-S02", "312-001-S01", "900-300-34", "772-002-18"]
PATTERNS = ["SW02", "SW01", "HW34", "772-002-18", "*"]

tonnes = st.integers(0, 40).map(lambda t: t / 2)
money = st.none() | st.integers(-50, 50)
days = st.none() | st.integers(0, 200).map(lambda d: AS_OF + timedelta(days=d))


@st.composite
def output_rows(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """One output row."""
    return output(
        f"O{number}",
        draw(tonnes),
        draw(st.sampled_from(CODES)),
        place=draw(st.sampled_from(PLACES)),
        price_cny_per_t=draw(money),
        max_distance_km=draw(st.none() | st.integers(50, 400)),
        max_net_cost_cny_per_t=draw(st.none() | st.integers(0, 120)),
        storage_since=draw(st.none() | st.integers(0, 500).map(lambda d: AS_OF - timedelta(days=d))),
        available_to=draw(days),
        plan_mass_t=draw(st.none() | tonnes),
        allowed_operations=draw(st.sampled_from(["", "", "C2;R5"])),
        assays=draw(st.sampled_from([{}, {}, {"cl_mg_per_kg": 5}, {"cl_mg_per_kg": 50}])),
    )


@st.composite
def capacity_rows(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """One capacity row; some share a facility."""
    licensed = draw(st.booleans())
    return capacity(
        f"C{number}",
        draw(tonnes),
        draw(st.sampled_from(PATTERNS)),
        draw(st.sampled_from(["C2", "R5", "D1", "C1"])),
        place=PLACES[number % len(PLACES)],
        facility_id=f"F{number % 3 + (number % len(PLACES)) * 10}",
        entitlement_kind="hazardous_licence" if licensed else "eia_approval",
        licence_no="DEMO-1" if licensed else "",
        licence_valid_to=AS_OF + timedelta(days=draw(st.integers(0, 400))),
        gate_fee_cny_per_t=draw(money),
        accepts_from=draw(st.sampled_from(["", "31", "31;34"])),
        limits_max=draw(st.sampled_from([{}, {"cl_mg_per_kg": 20}])),
        senders=draw(st.sampled_from(["", "", "S1"])),
    )


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """The arguments of `builders.case`: outputs, capacities and nested caps."""
    outputs = [draw(output_rows(k)) for k in range(draw(st.integers(1, 6)))]
    capacities = [draw(capacity_rows(k)) for k in range(draw(st.integers(1, 5)))]
    ids = [row["capacity_id"] for row in capacities]
    caps: list[tuple[str, float, list[str], str]] = []
    if draw(st.booleans()):
        inner = ids[: draw(st.integers(1, len(ids)))]
        caps = [("inner", draw(tonnes), inner, ""), ("outer", draw(tonnes), ids, "")]
    if draw(st.booleans()):
        caps.append(("quota", draw(tonnes), ids[:1], draw(st.sampled_from(["31", "34"]))))
    return {"outputs": outputs, "capacities": capacities, "caps": caps}
