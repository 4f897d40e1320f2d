"""The offline base map: one small file cut from public outlines when the package is built.

Natural Earth's coast (npm `world-atlas`, public domain data) is fine enough for the estuary and the
islands but knows no provinces; the province outlines (npm `china-geojson`, MIT) have a coarse coast. So the
sea is a mask with the land as holes, painted over the provinces: the fine coast wins, and the two need not
agree. Standard library only, for the build hook.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]
Ring = list[Point]

BOX = (107.0, 25.6, 125.8, 37.4)
"""West, south, east, north in WGS-84 degrees: the Delta and what frames it, all of it mainland or sea."""

DELTA = {"31", "32", "33", "34"}
AROUND = {"12", "13", "14", "35", "36", "37", "41", "42", "43", "44", "45", "50", "52", "61"}
DECIMALS = 3


def write_base_map(*, provinces: Path, land: Path, target: Path) -> None:
    """Write {neighbours, provinces, borders, sea} as GeoJSON geometries in WGS-84 degrees to `target`."""
    outlines = _outlines(json.loads(provinces.read_text("utf-8")))
    base = {
        "box": BOX,
        "provinces": {code: _polygons(outlines[code]) for code in sorted(DELTA)},
        "neighbours": _polygons([ring for code in sorted(AROUND) for ring in outlines[code]]),
        "borders": {"type": "MultiLineString", "coordinates": _shared_borders(outlines)},
        "sea": _sea(json.loads(land.read_text("utf-8"))),
    }
    target.write_text(json.dumps(base, separators=(",", ":")), "utf-8")


def _outlines(china: dict[str, Any]) -> dict[str, list[Ring]]:
    """Return the outer rings of each wanted province by its two-digit code."""
    wanted = DELTA | AROUND
    rings: dict[str, list[Ring]] = {}
    for feature in china["features"]:
        code = str(feature["properties"].get("id") or "")
        if code in wanted:
            shape = feature["geometry"]
            polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
            rings[code] = [[(float(x), float(y)) for x, y in polygon[0]] for polygon in polygons]
    missing = wanted - rings.keys()
    if missing:
        raise ValueError(f"the province outlines lack {sorted(missing)}")
    return rings


def _polygons(rings: list[Ring]) -> dict[str, Any]:
    """Return rings, cut to the box, as one MultiPolygon."""
    cut = [ring for ring in map(_clip, rings) if ring]
    return {"type": "MultiPolygon", "coordinates": [[_rounded(ring)] for ring in cut]}


def _shared_borders(outlines: dict[str, list[Ring]]) -> list[Ring]:
    """Return the edges that two provinces share, at least one of them of the Delta: borders without coast."""
    owners: Counter[tuple[Point, Point]] = Counter()
    in_delta: set[tuple[Point, Point]] = set()
    for code, rings in outlines.items():
        for ring in rings:
            for edge in _edges(ring):
                owners[edge] += 1
                if code in DELTA:
                    in_delta.add(edge)
    lines: list[Ring] = []
    for rings in (outlines[code] for code in sorted(DELTA)):
        for ring in rings:
            for start, end in pairwise(ring):
                edge = _edge(start, end)
                if owners[edge] < 2 or edge not in in_delta:
                    continue
                in_delta.discard(edge)  # drawn once, by the first of its two provinces
                if lines and lines[-1][-1] == start:
                    lines[-1].append(end)
                else:
                    lines.append([start, end])
    return [_rounded(line) for line in lines]


def _edges(ring: Ring) -> list[tuple[Point, Point]]:
    return [_edge(start, end) for start, end in pairwise(ring)]


def _edge(start: Point, end: Point) -> tuple[Point, Point]:
    """Return an edge without direction, rounded, so that both neighbours name it alike."""
    a, b = ((round(x, 4), round(y, 4)) for x, y in (start, end))
    return (a, b) if a < b else (b, a)


def _sea(topology: dict[str, Any]) -> dict[str, Any]:
    """Return the box with all land as holes; painted with the even-odd rule it leaves the land bare."""
    west, south, east, north = BOX
    frame = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    holes = [_rounded(cut) for ring in _land_rings(topology) if (cut := _clip(ring))]
    return {"type": "Polygon", "coordinates": [frame, *holes]}


def _land_rings(topology: dict[str, Any]) -> list[Ring]:
    """Decode the rings of a quantised TopoJSON land object (delta-coded arcs, ~i = arc i backwards)."""
    (scale_x, scale_y), (offset_x, offset_y) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    arcs: list[Ring] = []
    for coded in topology["arcs"]:
        x = y = 0
        arc: Ring = []
        for dx, dy in coded:
            x, y = x + dx, y + dy
            arc.append((x * scale_x + offset_x, y * scale_y + offset_y))
        arcs.append(arc)
    rings: list[Ring] = []
    for shape in topology["objects"]["land"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for indices in (ring for polygon in polygons for ring in polygon):
            ring: Ring = []
            for index in indices:
                arc = arcs[index] if index >= 0 else arcs[~index][::-1]
                ring.extend(arc[1:] if ring else arc)
            rings.append(ring)
    return rings


def _clip(ring: Ring) -> Ring:
    """Cut a closed ring to the box, side by side (Sutherland and Hodgman 1974); empty if nothing is left."""
    west, south, east, north = BOX
    for axis, bound, keep_above in ((0, west, True), (0, east, False), (1, south, True), (1, north, False)):
        if not ring:
            return []
        kept: Ring = []
        previous = ring[-1]
        for point in ring:
            inside = (point[axis] >= bound) == keep_above or point[axis] == bound
            was_inside = (previous[axis] >= bound) == keep_above or previous[axis] == bound
            if inside != was_inside:
                kept.append(_crossing(previous, point, axis, bound))
            if inside:
                kept.append(point)
            previous = point
        ring = kept
    return [*ring, ring[0]] if len(ring) > 2 else []


def _crossing(start: Point, end: Point, axis: int, bound: float) -> Point:
    """Return where the segment meets the line `axis = bound`."""
    share = (bound - start[axis]) / (end[axis] - start[axis])
    return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))


def _rounded(ring: Ring) -> Ring:
    """Round to about 100 m and drop points that fall together."""
    points: Ring = []
    for x, y in ring:
        point = (round(x, DECIMALS), round(y, DECIMALS))
        if not points or points[-1] != point:
            points.append(point)
    return points
