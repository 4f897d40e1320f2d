"""Cases for tests: say only what matters, everything else is filled with a neutral value."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from circularity.units import MISSING, parse_scaled
from matching.case import Case
from matching.case_tables import Cap, Capacities, Facilities, Lanes, Outputs, Proposals, TextArray
from matching.parameters import Parameters

AS_OF = date(2026, 9, 1)
"""The day on which built cases ask the rules, unless a test says otherwise."""

SHANGHAI = (31.222, 121.458, "310000")
ANHUI = (31.353, 118.430, "340200")
JIANGSU = (31.304, 120.595, "320500")
ZHEJIANG = (30.294, 120.161, "330100")


def output(
    output_id: str, tonnes: float = 100, waste_code: str = "900-001-S02", **columns: Any
) -> dict[str, Any]:
    """One output row; `place` sets lat, lon and region, the `*_t`, `*_km` and `*_cny_per_t` names scale."""
    return {"output_id": output_id, "mass_t": tonnes, "waste_code": waste_code, "place": SHANGHAI, **columns}


def capacity(
    capacity_id: str, tonnes: float = 100, waste_pattern: str = "SW02", operation: str = "C2", **columns: Any
) -> dict[str, Any]:
    """One capacity row on a facility of its own unless `facility_id` names a shared one."""
    return {
        "capacity_id": capacity_id,
        "capacity_t": tonnes,
        "waste_pattern": waste_pattern,
        "operation": operation,
        "place": SHANGHAI,
        **columns,
    }


def case(
    outputs: list[dict[str, Any]],
    capacities: list[dict[str, Any]],
    caps: list[tuple[str, float, list[str], str]] | None = None,
    lanes: list[dict[str, Any]] | None = None,
    proposals: list[tuple[str, str]] | None = None,
    **parameters: Any,
) -> Case:
    """Build a case; a cap is (id, tonnes, capacity ids, origin), a lane or proposal names a pair."""
    facilities = _facilities_of(capacities)
    facility_row = {f["facility_id"]: k for k, f in enumerate(facilities)}
    capacity_row = {c["capacity_id"]: k for k, c in enumerate(capacities)}
    output_row = {o["output_id"]: k for k, o in enumerate(outputs)}
    return Case.build(
        outputs=_outputs(outputs),
        facilities=Facilities(
            facility_id=_texts(facilities, "facility_id"),
            organisation=_texts(facilities, "organisation"),
            **_places(facilities),
            standing=_texts(facilities, "standing"),
        ),
        capacities=_capacities(capacities, facility_row),
        caps=[
            Cap(cap_id, _scaled(limit_t, 1000), origin, tuple(capacity_row[m] for m in members))
            for cap_id, limit_t, members, origin in caps or []
        ],
        lanes=_lanes(lanes or [], output_row, capacity_row),
        proposals=Proposals(
            output=np.array([output_row[o] for o, _ in proposals or []], dtype=np.int64),
            capacity=np.array([capacity_row[c] for _, c in proposals or []], dtype=np.int64),
        ),
        parameters=Parameters(**{"as_of_day": AS_OF.toordinal(), "detour_permille": 1000, **parameters}),
    )


def _outputs(rows: list[dict[str, Any]]) -> Outputs:
    return Outputs(
        output_id=_texts(rows, "output_id"),
        organisation=_texts(rows, "organisation"),
        **_places(rows),
        waste_code=_texts(rows, "waste_code"),
        mass_kg=_ints(rows, "mass_t", 1000),
        available_from_day=_days(rows, "available_from"),
        available_to_day=_days(rows, "available_to"),
        allowed_operations=_texts(rows, "allowed_operations"),
        max_distance_m=_ints(rows, "max_distance_km", 1000),
        max_net_cost_ucny_per_kg=_ints(rows, "max_net_cost_cny_per_t", 1000),
        min_lot_kg=_ints(rows, "min_lot_t", 1000),
        price_ucny_per_kg=_ints(rows, "price_cny_per_t", 1000),
        storage_since_day=_days(rows, "storage_since"),
        status=np.array([row.get("status", "waste") for row in rows], dtype=str),
        plan_mass_kg=_ints(rows, "plan_mass_t", 1000),
        assays=_analytes(rows, "assays"),
    )


def _capacities(rows: list[dict[str, Any]], facility_row: dict[str, int]) -> Capacities:
    return Capacities(
        capacity_id=_texts(rows, "capacity_id"),
        facility=np.array([facility_row[_facility_id(row)] for row in rows], dtype=np.int64),
        entitlement_kind=_texts(rows, "entitlement_kind"),
        licence_no=_texts(rows, "licence_no"),
        licence_valid_to_day=_days(rows, "licence_valid_to"),
        waste_pattern=_texts(rows, "waste_pattern"),
        operation=_texts(rows, "operation"),
        capacity_kg=_ints(rows, "capacity_t", 1000),
        available_from_day=_days(rows, "available_from"),
        available_to_day=_days(rows, "available_to"),
        gate_fee_ucny_per_kg=_ints(rows, "gate_fee_cny_per_t", 1000),
        accepts_from=_texts(rows, "accepts_from"),
        whitelist_from=_texts(rows, "whitelist_from"),
        ship_within_days=_ints(rows, "ship_within_days", 1),
        senders=_texts(rows, "senders"),
        max_distance_m=_ints(rows, "max_distance_km", 1000),
        limits_min=_analytes(rows, "limits_min"),
        limits_max=_analytes(rows, "limits_max"),
    )


def _lanes(rows: list[dict[str, Any]], output_row: dict[str, int], capacity_row: dict[str, int]) -> Lanes:
    return Lanes(
        output=np.array([output_row[row["output"]] for row in rows], dtype=np.int64),
        capacity=np.array([capacity_row[row["capacity"]] for row in rows], dtype=np.int64),
        distance_m=_ints(rows, "distance_km", 1000),
        cost_ucny_per_kg=_ints(rows, "cost_cny_per_t", 1000),
        limit_kg=_ints(rows, "limit_t", 1000),
    )


def _facility_id(row: dict[str, Any]) -> str:
    return str(row.get("facility_id", f"F-{row['capacity_id']}"))


def _facilities_of(capacities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    facilities: dict[str, dict[str, Any]] = {}
    for row in capacities:
        facilities.setdefault(_facility_id(row), {**row, "facility_id": _facility_id(row)})
    return list(facilities.values())


def _texts(rows: list[dict[str, Any]], name: str) -> TextArray:
    return np.array([row.get(name, "") for row in rows], dtype=str)


def _scaled(value: object, scale: int) -> int:
    return MISSING if value is None else parse_scaled(str(value), scale)


def _ints(rows: list[dict[str, Any]], name: str, scale: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([_scaled(row.get(name), scale) for row in rows], dtype=np.int64)


def _days(rows: list[dict[str, Any]], name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([row[name].toordinal() if row.get(name) else MISSING for row in rows], dtype=np.int64)


def _places(rows: list[dict[str, Any]]) -> dict[str, Any]:
    places = [row.get("place") or (None, None, "") for row in rows]
    return {
        "lat_e7": np.array([_scaled(p[0], 10**7) for p in places], dtype=np.int64),
        "lon_e7": np.array([_scaled(p[1], 10**7) for p in places], dtype=np.int64),
        "region_code": np.array([p[2] for p in places], dtype=str),
    }


def _analytes(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    analytes = sorted({analyte for row in rows for analyte in row.get(name, {})})
    return {a: _ints([row.get(name, {}) for row in rows], a, 10**6) for a in analytes}
