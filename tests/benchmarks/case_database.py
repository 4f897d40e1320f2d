"""A generated case as rows of a database, written in bulk: what parties would have posted one by one.

Only for measuring: nobody acted, so the rows have no audit events. A pool of a facility becomes its annual
limit, what a capacity accepts becomes grants, a quota becomes an entry of a white list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, insert

from circularity.catalogue.waste_codes import is_hazardous
from circularity.columns import new_public_id
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import (
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineLimit,
)
from circularity.registry.outputs import Assay, Output
from circularity.units import MISSING
from circularity.whitelist import ProcedureGrant, WhitelistEntry
from matching.case import Case
from matching.case_tables import Cap
from seed.credit_codes import demo_credit_code

Row = dict[str, Any]
AT = datetime(2027, 1, 1, tzinfo=UTC)
_CHUNK = 10_000
_LAST_DAY = date(2030, 12, 31)


def fill(engine: Engine, case: Case) -> None:
    """Write a case of `seed.generate` into an empty database, in one transaction."""
    with engine.begin() as connection:
        senders, lots = _sites(case.outputs, case.outputs.organisation, "generator", 1)
        plants, at_plant = _sites(case.facilities, case.facilities.organisation, "facility", 1 + len(senders))
        for model, rows in (
            (Organisation, [organisation for organisation, _ in (*senders, *plants)]),
            (Site, [site for _, site in (*senders, *plants)]),
            (Output, _outputs(case, lots)),
            (Assay, _measured(case.outputs.assays, "output_id", "value_micro")),
            (Facility, _facilities(case, at_plant)),
            (Entitlement, _entitlements(case)),
            (EntitlementLine, _lines(case)),
            (LineLimit, [row | {"minimum_micro": None} for row in _limits(case)]),
            (CapacityWindow, _windows(case)),
            (ProcedureGrant, _grants(case)),
            (WhitelistEntry, _listings(case)),
        ):
            _insert(connection, model, rows)


def _insert(connection: Connection, model: Any, rows: Iterable[Row]) -> None:
    wanted = list(rows)
    for start in range(0, len(wanted), _CHUNK):
        connection.execute(insert(model.__table__), wanted[start : start + _CHUNK])


def _sites(
    table: Any, names: npt.NDArray[np.str_], role: str, first_key: int
) -> tuple[list[tuple[Row, Row]], list[int]]:
    """Return an organisation with its site for every name, keys from the first on, and each row's site."""
    known, first, place = np.unique(names, return_index=True, return_inverse=True)
    rows = []
    for k, (name, at) in enumerate(zip(known.tolist(), first.tolist(), strict=True)):
        key, region = first_key + k, str(table.region_code[at])
        named = {"name_zh": f"乌有{name}号", "name_en": f"Wuyou {name}", "region_code": region}
        organisation = named | {
            "id": key, "public_id": new_public_id(), "credit_code": demo_credit_code(region, 1, key),
            "credit_code_doubtful": False, "roles": (role,), "fictional": True, "registered_at": AT,
        }  # fmt: skip
        site = named | {
            "id": key, "public_id": new_public_id(), "organisation_id": key, "datum": "wgs84",
            "lat_e7": int(table.lat_e7[at]), "lon_e7": int(table.lon_e7[at]), "outside_delta": False,
            "registered_at": AT,
        }  # fmt: skip
        rows.append((organisation, site))
    return rows, (first_key + place).tolist()


def _outputs(case: Case, site: list[int]) -> Iterator[Row]:
    table = case.outputs
    numbers = (
        "max_distance_m",
        "max_net_cost_ucny_per_kg",
        "min_lot_kg",
        "plan_mass_kg",
        "price_ucny_per_kg",
    )
    days = {"available_from": "available_from_day", "available_to": "available_to_day",
            "storage_since": "storage_since_day"}  # fmt: skip
    plain = _columns(table, "waste_code", "mass_kg", "allowed_operations", "status")
    stated = [_stated(getattr(table, name)) for name in numbers]
    dated = [_days(getattr(table, name)) for name in days.values()]
    for k, (code, mass_kg, operations, status) in enumerate(plain):
        yield {
            "id": k + 1, "public_id": new_public_id(), "site_id": site[k], "waste_code": code,
            "mass_kg": mass_kg, "allowed_operations": tuple(filter(None, operations.split(";"))),
            "status": status, "visibility": "parties", "posted_at": AT, "withdrawn_at": None, "version": 1,
            **{name: column[k] for name, column in zip(numbers, stated, strict=True)},
            **{name: column[k] for name, column in zip(days, dated, strict=True)},
        }  # fmt: skip


def _facilities(case: Case, site: list[int]) -> Iterator[Row]:
    pools = {int(case.capacities.facility[cap.members[0]]): cap.limit_kg for cap in _caps(case, "POOL")}
    for k, at in enumerate(site):
        yield {
            "id": k + 1, "public_id": new_public_id(), "site_id": at, "kind": "utiliser", "standing": "",
            "annual_limit_kg": pools.get(k), "registered_at": AT, "version": 1,
        }  # fmt: skip


def _entitlements(case: Case) -> Iterator[Row]:
    table = case.capacities
    valid_to = _days(table.licence_valid_to_day)
    for k, (number, kind, plant) in enumerate(_columns(table, "licence_no", "entitlement_kind", "facility")):
        yield {
            "id": k + 1, "public_id": new_public_id(), "facility_id": plant + 1, "kind": kind,
            "number": number, "issuer": "主管部门(演示)", "valid_from": None, "valid_to": valid_to[k],
            "annual_limit_kg": None,
            "source": "虚构演示数据 · fictional demo data", "granted_at": AT,
        }  # fmt: skip


def _lines(case: Case) -> Iterator[Row]:
    names = "waste_pattern", "operation", "gate_fee_ucny_per_kg"
    for k, (pattern, operation, fee) in enumerate(_columns(case.capacities, *names)):
        yield {
            "id": k + 1, "public_id": new_public_id(), "entitlement_id": k + 1, "waste_pattern": pattern,
            "operation": operation, "annual_limit_kg": None, "gate_fee_ucny_per_kg": fee, "senders": (),
        }  # fmt: skip


def _windows(case: Case) -> Iterator[Row]:
    table = case.capacities
    start, end = _days(table.available_from_day), _days(table.available_to_day)
    far = _stated(table.max_distance_m)
    for k, (offered, fee) in enumerate(_columns(table, "capacity_kg", "gate_fee_ucny_per_kg")):
        yield {
            "id": k + 1, "public_id": new_public_id(), "line_id": k + 1, "available_from": start[k],
            "available_to": end[k], "permitted_kg": offered, "received_kg": 0, "committed_kg": 0,
            "stop_days": 0, "offered_kg": offered, "gate_fee_ucny_per_kg": fee, "max_distance_m": far[k],
            "visibility": "parties", "posted_at": AT, "withdrawn_at": None, "version": 1,
        }  # fmt: skip


def _grants(case: Case) -> Iterator[Row]:
    table, held = case.capacities, set()
    for pattern, plant, origins in _columns(table, "waste_pattern", "facility", "accepts_from"):
        kind = "hazardous_approval" if is_hazardous(pattern) else "general_record"
        held |= {(plant + 1, origin, pattern, kind) for origin in filter(None, origins.split(";"))}
    for key, (plant, origin, pattern, kind) in enumerate(sorted(held), start=1):
        yield {
            "id": key, "public_id": new_public_id(), "facility_id": plant, "organisation_id": None,
            "kind": kind, "origin_region": origin, "waste_pattern": pattern, "valid_from": AT.date(),
            "valid_to": _LAST_DAY, "limit_kg": None, "recorded_at": AT,
        }  # fmt: skip


def _listings(case: Case) -> Iterator[Row]:
    table = case.capacities
    for key, cap in enumerate(_caps(case, "QUOTA"), start=1):
        (k,) = cap.members
        yield {
            "id": key, "public_id": new_public_id(), "facility_id": int(table.facility[k]) + 1,
            "list_kind": "agreed", "issuer_region": "31", "document": cap.cap_id,
            "waste_pattern": str(table.waste_pattern[k]), "operation": str(table.operation[k]),
            "accepted_origins": (cap.origin_region,), "quota_kg": cap.limit_kg, "ship_within_days": None,
            "valid_from": None, "valid_to": _LAST_DAY, "status": "listed", "listed_at": AT, "version": 1,
        }  # fmt: skip


def _limits(case: Case) -> Iterator[Row]:
    return _measured(case.capacities.limits_max, "line_id", "maximum_micro")


def _measured(columns: Any, key: str, value: str) -> Iterator[Row]:
    for analyte, column in columns.items():
        for k in np.flatnonzero(column != MISSING).tolist():
            yield {key: k + 1, "analyte": analyte, value: int(column[k])}


def _caps(case: Case, kind: str) -> list[Cap]:
    return [cap for cap in case.caps if cap.cap_id.startswith(kind)]


def _columns(table: Any, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(getattr(table, name).tolist() for name in names), strict=True)


def _stated(column: npt.NDArray[np.int64]) -> list[int | None]:
    return [None if value == MISSING else value for value in column.tolist()]


def _days(column: npt.NDArray[np.int64]) -> list[date | None]:
    return [None if value is None else date.fromordinal(value) for value in _stated(column)]
