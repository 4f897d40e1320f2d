"""Whether the tables hold the data a rule needs: one function a rule.

A rule without data, or without the data of some pairs, is listed as not asked; its answer is never guessed.
"""

from __future__ import annotations

import numpy as np

from circularity.acceptance.predicates import limited_analytes
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray


def always(_tables: Tables) -> bool:
    """Codes, status and kind of entitlement are part of every case; an absent one is an answer too."""
    return True


def standings(tables: Tables) -> bool:
    """Somebody has told the standing of a facility."""
    return bool(np.any(tables.facilities.standing != ""))


def allowed_operations(tables: Tables) -> bool:
    """A generator limits the operations, and some capacity states its own."""
    return bool(np.any(tables.outputs.allowed_operations != "") and np.any(tables.capacities.operation != ""))


def regions(tables: Tables) -> bool:
    """Some output and some facility have a region."""
    return bool(np.any(tables.outputs.region_code != "") and np.any(tables.has_region))


def every_region(tables: Tables) -> bool:
    """Every output and every facility has a region; a pair without one cannot be said to stay at home."""
    return bool(np.all(tables.outputs.region_code != "") and np.all(tables.has_region))


def senders(tables: Tables) -> bool:
    """Some entitlement names its senders."""
    return bool(np.any(tables.capacities.senders != ""))


def intervals(tables: Tables) -> bool:
    """Some day of an output, a capacity or the case is given."""
    outputs, capacities = tables.outputs, tables.capacities
    columns = (
        outputs.available_from_day,
        outputs.available_to_day,
        capacities.available_from_day,
        capacities.available_to_day,
        np.array([tables.period_from_day, tables.period_to_day], dtype=np.int64),
    )
    return any(_given(column) for column in columns)


def entitlement_ends(tables: Tables) -> bool:
    """Some entitlement has a last day."""
    return _given(tables.capacities.licence_valid_to_day)


def measured_limits(tables: Tables) -> bool:
    """Some analyte is both limited and measured."""
    return any(analyte in tables.outputs.assays for analyte in limited_analytes(tables))


def limits(tables: Tables) -> bool:
    """Some capacity limits an analyte."""
    return bool(limited_analytes(tables))


def distance_limits(tables: Tables) -> bool:
    """Somebody limits the distance, and distances can be known."""
    given = _given(tables.outputs.max_distance_m) or _given(tables.capacities.max_distance_m)
    return tables.distances_known and (given or tables.max_distance_m != MISSING)


def net_cost_limits(tables: Tables) -> bool:
    """Some generator limits the net cost, and net costs can be known."""
    return tables.costs_known and _given(tables.outputs.max_net_cost_ucny_per_kg)


def management_plans(tables: Tables) -> bool:
    """Some hazardous output states its mass in the filed management plan."""
    return tables.plans_known or bool(np.any(tables.hazardous & (tables.outputs.plan_mass_kg != MISSING)))


def _given(column: IntArray) -> bool:
    return bool(np.any(column != MISSING))
