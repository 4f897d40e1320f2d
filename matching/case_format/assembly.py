"""Typed tables -> the case: references become rows, caps are gathered, everything is checked together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from circularity.units import IntArray
from matching.case import Case
from matching.case_format.cells import text_array
from matching.case_format.checks import (
    check_licences,
    check_period,
    check_points,
    check_repeats,
    places_of,
    resolve,
)
from matching.case_format.columns import FACILITIES, LANES, SHEETS
from matching.case_format.notes import Notes
from matching.case_format.places import note_odd_places
from matching.case_format.problems import Problems
from matching.case_format.tables import TextTable, TypedTable, absent, read_table
from matching.case_tables import (
    Cap,
    Capacities,
    Facilities,
    Lanes,
    Outputs,
    Proposals,
    no_lanes,
    no_proposals,
)
from matching.parameters import Parameters


def assemble(
    texts: Mapping[str, TextTable],
    parameters: Parameters,
    problems: Problems,
    notes: Notes,
    unread: Collection[str],
    source: str,
) -> Case:
    """Return the case of these sheets (`texts` by sheet name); raises BadInput with every problem found.

    `unread` names sheets that are there and could not be read; `source` stands in problems of no sheet.
    Points that are probably wrong become notes.
    """
    tables = {
        name: read_table(SHEETS[name], texts[name], problems, _optional(name, texts))
        for name in _given(texts)
    }
    for name in _missing(tables.keys() | unread, parameters):
        problems.add("missing_sheet", source, sheet=name)
    if "outputs" in tables and not len(tables["outputs"]):
        problems.add("no_rows", texts["outputs"].file, sheet="outputs")
    for name in ("outputs", "capacities"):
        if name in tables:
            check_period(tables[name])
    if "capacities" in tables:
        check_licences(tables["capacities"])
        _assume_patterns(tables["capacities"])
        tables.setdefault("facilities", _facilities_of(tables["capacities"], problems))
    if not {"outputs", "facilities", "capacities"} <= tables.keys():
        problems.raise_if_any()
    case = _join(tables, parameters, problems)
    for name in ("outputs", "facilities"):
        note_odd_places(tables[name], notes)
    return case


def _given(texts: Mapping[str, TextTable]) -> list[str]:
    return [name for name in SHEETS if name in texts and name != "parameters"]


def assemble_outputs(
    texts: Mapping[str, TextTable], problems: Problems, notes: Notes, unread: Collection[str], source: str
) -> tuple[Outputs, list[int]]:
    """Return the outputs alone, sorted by id, their points as given, and the spreadsheet row of each.

    Raises BadInput with every problem.
    """
    if "outputs" not in texts:
        if "outputs" not in unread:
            problems.add("missing_sheet", source, sheet="outputs")
        problems.raise_if_any()
    table = read_table(SHEETS["outputs"], texts["outputs"], problems)
    if not len(table):
        problems.add("no_rows", texts["outputs"].file, sheet="outputs")
    check_period(table)
    places_of(table, "output_id")
    check_points(table, np.ones(len(table), dtype=np.bool_))
    problems.raise_if_any()
    note_odd_places(table, notes)
    order = np.argsort(table.columns["output_id"], kind="stable")
    taken: dict[str, Any] = {
        name: {analyte: values[order] for analyte, values in column.items()}
        if isinstance(column, dict)
        else column[order]
        for name, column in table.columns.items()
    }
    return Outputs(**taken), [texts["outputs"].rows[place] for place in order.tolist()]


def _missing(given: Collection[str], parameters: Parameters) -> list[str]:
    """Name the sheets without which nothing can be matched; lanes stand in for facilities."""
    needed = ["outputs", "capacities"] + ([] if "lanes" in given else ["facilities"])
    return [name for name in needed + ["lanes"] * parameters.only_lanes if name not in given]


def _assume_patterns(capacities: TypedTable) -> None:
    """A capacity of lanes alone that names no waste takes what its lanes bring; the law is still asked."""
    if "waste_pattern" not in capacities.text.columns:
        capacities.columns["waste_pattern"] = np.full(len(capacities), "*")


def _optional(name: str, texts: Mapping[str, TextTable]) -> frozenset[str]:
    """Name the required columns that a case of lanes alone does without."""
    if name != "capacities" or "lanes" not in texts:
        return frozenset()
    absent_pattern = {"waste_pattern"} - texts["capacities"].columns.keys()
    return frozenset(absent_pattern | ({"facility_id"} if "facilities" not in texts else set()))


def _join(tables: dict[str, TypedTable], parameters: Parameters, problems: Problems) -> Case:
    outputs, facilities, capacities = (tables[name] for name in ("outputs", "facilities", "capacities"))
    output_places = places_of(outputs, "output_id")
    capacity_places = places_of(capacities, "capacity_id")
    facility = resolve(capacities, "facility_id", places_of(facilities, "facility_id"), "unknown_facility")
    lanes = _lanes(tables.get("lanes"), output_places, capacity_places)
    proposals = _proposals(tables.get("proposals"), output_places, capacity_places)
    caps = _caps(tables.get("caps"), capacity_places)
    served = facility[lanes.capacity[lanes.capacity >= 0]]
    for table, laned in ((outputs, lanes.output), (facilities, served)):
        check_points(table, np.isin(np.arange(len(table)), laned) | parameters.only_lanes)
    problems.raise_if_any()
    columns = {**capacities.columns, "facility": facility}
    del columns["facility_id"]
    return Case.build(
        Outputs(**outputs.columns),
        Facilities(**facilities.columns),
        Capacities(**columns),
        parameters,
        caps,
        lanes,
        proposals,
    )


def _facilities_of(capacities: TypedTable, problems: Problems) -> TypedTable:
    """Return one facility for each one named, or for each capacity where none is: a case of lanes alone."""
    named = capacities.columns["facility_id"]
    identities = np.where(named == "", capacities.columns["capacity_id"], named)
    capacities.columns["facility_id"] = identities
    distinct = [identity for identity in dict.fromkeys(identities.tolist()) if identity]
    text = TextTable("facilities", capacities.text.file, {}, range(2, len(distinct) + 2))
    columns = {column.field: absent(column, len(distinct)) for column in FACILITIES.columns}
    return TypedTable(text, {**columns, "facility_id": text_array(distinct)}, problems)


def _lanes(
    lanes: TypedTable | None, output_places: Mapping[str, int], capacity_places: Mapping[str, int]
) -> Lanes:
    if lanes is None:
        return no_lanes()
    pairs = _pairs(lanes, output_places, capacity_places)
    return Lanes(*pairs, *(lanes.columns[column.field] for column in LANES.columns[2:]))


def _proposals(
    proposals: TypedTable | None, output_places: Mapping[str, int], capacity_places: Mapping[str, int]
) -> Proposals:
    if proposals is None:
        return no_proposals()
    return Proposals(*_pairs(proposals, output_places, capacity_places))


def _pairs(
    table: TypedTable, output_places: Mapping[str, int], capacity_places: Mapping[str, int]
) -> tuple[IntArray, IntArray]:
    """Return the rows of outputs and capacities that a table of pairs names, each pair once."""
    output = resolve(table, "output_id", output_places, "unknown_output")
    capacity = resolve(table, "capacity_id", capacity_places, "unknown_capacity")
    pairs = list(zip(table.columns["output_id"].tolist(), table.columns["capacity_id"].tolist(), strict=True))
    check_repeats(table, "output_id", pairs.__getitem__)
    return output, capacity


def _caps(caps: TypedTable | None, capacity_places: Mapping[str, int]) -> list[Cap]:
    if caps is None:
        return []
    member = resolve(caps, "capacity_id", capacity_places, "unknown_capacity")
    identities = caps.columns["cap_id"].tolist()
    pairs = list(zip(identities, caps.columns["capacity_id"].tolist(), strict=True))
    check_repeats(caps, "capacity_id", pairs.__getitem__)
    rows_of: dict[str, list[int]] = {}
    for index, identity in enumerate(identities):
        rows_of.setdefault(identity, []).append(index)
    return [_cap(caps, rows, [int(member[row]) for row in rows]) for rows in rows_of.values()]


def _cap(caps: TypedTable, rows: list[int], members: list[int]) -> Cap:
    """Return the cap that these rows describe and report rows that disagree with its first one."""
    limits, origins = caps.columns["limit_kg"], caps.columns["origin_region"]
    for index in rows[1:]:
        for column, values in (("limit_t", limits), ("origin_region", origins)):
            if values[index] != values[rows[0]]:
                caps.report(index, column, "cap_rows_disagree", other=caps.text.rows[rows[0]])
    identity = str(caps.columns["cap_id"][rows[0]])
    known = tuple(sorted({member for member in members if member >= 0}))
    return Cap(identity, int(limits[rows[0]]), str(origins[rows[0]]), known)
