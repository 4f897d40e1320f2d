"""How far each pair is from lawful under each rule: one function a rule, vectorised over pairs.

Every function returns int64; above 0 the rule is broken by that much, in the unit that the rule states.
"""

from __future__ import annotations

import numpy as np

from circularity.acceptance.columns import BoolArray
from circularity.acceptance.pairs import OPEN_DAY, Pairs
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray


def bad_standing(pairs: Pairs) -> IntArray:
    """Broken where the facility is suspended, blacklisted or under an accident flag."""
    return _broken(~pairs.tables.in_good_standing[pairs.j])


def code_not_covered(pairs: Pairs) -> IntArray:
    """Broken where the entitlement line's pattern does not cover the waste code."""
    return _broken(~pairs.tables.covered.at(pairs.i, pairs.j))


def hazardous_relabelled(pairs: Pairs) -> IntArray:
    """Broken where hazardous waste is offered as a by-product or product."""
    tables = pairs.tables
    return _broken((tables.hazardous & tables.freed)[pairs.i])


def operation_not_allowed(pairs: Pairs) -> IntArray:
    """Broken where the generator names allowed operations and this is none of them."""
    return _broken(~pairs.tables.operation_allowed.at(pairs.i, pairs.j))


def no_hazardous_entitlement(pairs: Pairs) -> IntArray:
    """Broken where hazardous waste meets neither a licence nor an exemption scheme."""
    return _broken(pairs.tables.hazardous[pairs.i] & ~pairs.tables.takes_hazardous[pairs.j])


def not_on_exemption_list(pairs: Pairs) -> IntArray:
    """Broken where an exemption is claimed that the list does not hold for this waste and operation."""
    tables = pairs.tables
    claimed = tables.hazardous[pairs.i] & tables.is_scheme[pairs.j]
    return _broken(claimed & ~tables.exempted.at(pairs.i, pairs.j) if claimed.any() else claimed)


def scheme_names_nobody(pairs: Pairs) -> IntArray:
    """Broken where hazardous waste meets a point-to-point scheme that names no sender at all."""
    tables = pairs.tables
    nameless = tables.is_point_to_point & ~tables.names_senders
    return _broken(tables.hazardous[pairs.i] & nameless[pairs.j])


def exemption_not_recognised(pairs: Pairs) -> IntArray:
    """Broken where an exemption is claimed across provinces that do not both recognise it."""
    tables = pairs.tables
    claimed = tables.hazardous[pairs.i] & tables.is_scheme[pairs.j]
    if claimed.any():
        claimed = claimed & pairs.crosses_provinces() & ~tables.recognised.at(pairs.i, pairs.j)
    return _broken(claimed)


def sender_not_named(pairs: Pairs) -> IntArray:
    """Broken where the entitlement names its senders and the generator is not among them."""
    return _broken(~pairs.tables.sender_named.at(pairs.i, pairs.j))


def no_common_day(pairs: Pairs) -> IntArray:
    """Days by which the intervals of output, capacity and case miss each other."""
    first, last = pairs.window()
    return first - last


def entitlement_too_short(pairs: Pairs) -> IntArray:
    """Days by which the entitlement ends before the window does, or before an open window begins."""
    first, last = pairs.window()
    valid_to = pairs.tables.capacities.licence_valid_to_day[pairs.j]
    needed = np.where(last == OPEN_DAY, first, last)
    return np.where(valid_to == MISSING, 0, needed - np.where(valid_to == MISSING, 0, valid_to))


def outside_limits(pairs: Pairs) -> IntArray:
    """Excess of the worst analyte, in millionths of its unit; worst is the largest share of its limit."""
    worst = np.zeros(pairs.shape, dtype=np.int64)
    share = np.zeros(pairs.shape)
    for analyte in limited_analytes(pairs.tables):
        excess, limit = analyte_excess(pairs, analyte)
        if not excess.any():
            continue
        relative = excess / np.maximum(np.abs(limit), 1)
        worse = relative > share
        worst, share = np.where(worse, excess, worst), np.where(worse, relative, share)
    return worst


def analyte_excess(pairs: Pairs, analyte: str) -> tuple[IntArray, IntArray]:
    """Return how far each assay is outside its limits (0: inside or unknown), and the limit it leaves."""
    tables = pairs.tables
    nothing = np.full((), MISSING, dtype=np.int64)
    assay = _looked_up(tables.outputs.assays.get(analyte), pairs.i, nothing)
    low = _looked_up(tables.capacities.limits_min.get(analyte), pairs.j, nothing)
    high = _looked_up(tables.capacities.limits_max.get(analyte), pairs.j, nothing)
    measured = assay != MISSING
    if not (measured.any() and ((low != MISSING).any() or (high != MISSING).any())):
        inside = np.zeros((1,) * len(pairs.shape), dtype=np.int64)
        return inside, inside
    above = measured & (high != MISSING) & (assay > high)
    below = measured & (low != MISSING) & (assay < low)
    excess = np.where(above, assay - high, np.where(below, low - assay, 0))
    return excess, np.where(above, high, np.where(below, low, 0))


def limited_analytes(tables: Tables) -> list[str]:
    """Return the analytes for which some capacity has a limit, sorted."""
    return sorted({*tables.capacities.limits_min, *tables.capacities.limits_max})


def too_far(pairs: Pairs) -> IntArray:
    """Metres beyond the strictest distance limit of output, capacity and case; unknown distance: 0."""
    if pairs.distance_m is None:
        raise ValueError("the distance rule needs distances")
    limit = distance_limit_m(pairs)
    judged = (pairs.distance_m != MISSING) & (limit != OPEN_M)
    return np.where(judged, pairs.distance_m - limit, 0)


OPEN_M = int(np.iinfo(np.int64).max)


def distance_limit_m(pairs: Pairs) -> IntArray:
    """Return the strictest distance limit of each pair in metres, OPEN_M where nobody set one."""
    tables = pairs.tables
    limit = np.minimum(
        _open_limit(tables.outputs.max_distance_m[pairs.i]),
        _open_limit(tables.capacities.max_distance_m[pairs.j]),
    )
    return limit if tables.max_distance_m == MISSING else np.minimum(limit, tables.max_distance_m)


def too_dear(pairs: Pairs) -> IntArray:
    """µCNY/kg by which the net cost exceeds what the generator accepts; unknown money: 0."""
    if pairs.net_cost_ucny_per_kg is None:
        raise ValueError("the net cost rule needs net costs")
    limit = pairs.tables.outputs.max_net_cost_ucny_per_kg[pairs.i]
    judged = (limit != MISSING) & (pairs.net_cost_ucny_per_kg != MISSING)
    return np.where(judged, pairs.net_cost_ucny_per_kg - np.where(judged, limit, 0), 0)


def hazardous_needs_approval(pairs: Pairs) -> IntArray:
    """Open where hazardous waste would cross provinces without a grant for its region."""
    return _needs_grant(pairs, pairs.tables.hazardous[pairs.i])


def general_needs_record(pairs: Pairs) -> IntArray:
    """Open where general waste would cross provinces to be utilised without a record for its region."""
    return _needs_grant(pairs, _general_waste(pairs), pairs.tables.utilises[pairs.j])


def general_needs_approval(pairs: Pairs) -> IntArray:
    """Open where general waste would cross provinces for anything but utilisation without an approval."""
    return _needs_grant(pairs, _general_waste(pairs), ~pairs.tables.utilises[pairs.j])


def mass_beyond_plan(pairs: Pairs) -> IntArray:
    """Kilograms of a hazardous output that the filed management plan does not hold."""
    outputs = pairs.tables.outputs
    planned = outputs.plan_mass_kg[pairs.i]
    beyond = outputs.mass_kg[pairs.i] - np.where(planned == MISSING, 0, planned)
    return np.where(pairs.tables.hazardous[pairs.i], beyond, 0)


def assays_missing(pairs: Pairs) -> IntArray:
    """Number of analytes that the capacity limits and nobody has measured."""
    missing = np.zeros(pairs.shape, dtype=np.int64)
    for analyte in limited_analytes(pairs.tables):
        missing += analyte_missing(pairs, analyte)
    return missing


def analyte_missing(pairs: Pairs, analyte: str) -> BoolArray:
    """Return per pair whether the capacity limits the analyte and the output has no assay of it."""
    tables = pairs.tables
    nothing = np.full((), MISSING, dtype=np.int64)
    low = _looked_up(tables.capacities.limits_min.get(analyte), pairs.j, nothing)
    high = _looked_up(tables.capacities.limits_max.get(analyte), pairs.j, nothing)
    assay = _looked_up(tables.outputs.assays.get(analyte), pairs.i, nothing)
    limited = (low != MISSING) | (high != MISSING)
    missing: BoolArray = limited & (assay == MISSING) if limited.any() else limited
    return missing


def exemption_unproven(pairs: Pairs) -> IntArray:
    """Open where a stage exemption is used: its conditions have to be evidenced."""
    tables = pairs.tables
    used = tables.hazardous[pairs.i] & tables.is_stage_exemption[pairs.j]
    return _broken(used & tables.exempted.at(pairs.i, pairs.j) if used.any() else used)


def _broken(rule_is_broken: BoolArray) -> IntArray:
    return rule_is_broken.astype(np.int64)


def _general_waste(pairs: Pairs) -> BoolArray:
    tables = pairs.tables
    return ~(tables.hazardous[pairs.i] | tables.freed[pairs.i])


def _needs_grant(pairs: Pairs, *concerned: BoolArray) -> IntArray:
    """Open where a pair crosses provinces without a grant and every side is concerned."""
    for side in concerned:
        if not side.any():
            return _broken(side)
    crosses = pairs.crosses_provinces()
    for side in concerned:
        crosses = crosses & side
    return _broken(crosses & ~pairs.tables.granted.at(pairs.i, pairs.j) if crosses.any() else crosses)


def _open_limit(limits: IntArray) -> IntArray:
    return np.where(limits == MISSING, OPEN_M, limits)


def _looked_up(column: IntArray | None, rows: IntArray, nothing: IntArray) -> IntArray:
    return nothing if column is None else column[rows]
