"""Why an output with a lot stayed behind where there is room: no room is as large as its lot.

An output whose outlets have no room at all stayed because of their capacity, whatever its lot.
"""

from __future__ import annotations

import numpy as np

from circularity.units import MISSING, IntArray, format_tonnes
from matching.case import Case
from matching.flow.problem import Problem
from matching.flow.side_constraints import SideConstraints, path_room_kg
from matching.pairs.distances import lane_rows, pair_distances_m
from matching.pairs.parts import Part
from matching.reasons.near_misses import FAR, Miss

LOT = "lot"


def lot_misses(part: Part, problem: Problem, side: SideConstraints, mass_kg: IntArray) -> list[Miss]:
    """Return the outputs that their lot kept back, with the nearest outlet that has room for less."""
    left = problem.supply_kg.copy()
    np.subtract.at(left, problem.arc_output, mass_kg)
    rows = side.lot_arcs(problem)
    room = path_room_kg(problem, side, mass_kg)
    rows = rows[(mass_kg[rows] == 0) & (room[rows] > 0) & (left[problem.arc_output[rows]] > 0)]
    case, output = part.prepared.case, part.outputs[problem.arc_output[rows]]
    capacity = problem.arc_capacity[rows].astype(np.int64)
    metres = pair_distances_m(case, output, capacity, lane_rows(case, output, capacity))
    order = np.lexsort((capacity, np.where(metres == MISSING, FAR, metres), output))
    nearest = order[np.unique(output[order], return_index=True)[1]]
    places = problem.arc_output[rows[nearest]]
    columns = output[nearest], capacity[nearest], room[rows[nearest]], left[places], side.lot_kg[places]
    return [_miss(case, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _miss(case: Case, output: int, capacity: int, room_kg: int, left_kg: int, lot_kg: int) -> Miss:
    name, lot = str(case.capacities.capacity_id[capacity]), format_tonnes(lot_kg)
    if left_kg <= room_kg:
        short, kept = lot_kg - left_kg, format_tonnes(left_kg)
        zh = f"剩下的 {kept} t 不足最小批量 {lot} t；最小批量降到 {kept} t，最近有余量的 {name} 即可接收"
        en = (f"the {kept} t left are less than its minimum lot of {lot} t; "
              f"with a lot of {kept} t {name}, the nearest with room, would take it")  # fmt: skip
    else:
        short, kept, more = lot_kg - room_kg, format_tonnes(room_kg), format_tonnes(lot_kg - room_kg)
        zh = (f"最小批量 {lot} t 放不下：最近有余量的 {name} 最多还能收 {kept} t；"
              f"最小批量降到 {kept} t，或该处再有 {more} t 能力即可接收")  # fmt: skip
        en = (f"its minimum lot of {lot} t fits nowhere: {name}, the nearest with room, takes {kept} t; "
              f"with a lot of {kept} t, or {more} t more room there, it would go")  # fmt: skip
    return Miss(output, LOT, capacity, short, "kg", zh, en)
