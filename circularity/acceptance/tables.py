"""The tables that the rules are asked of, and what follows from their texts.

A rule is asked of millions of pairs but of few different texts. So every comparison of texts is made once per
pair of *different* texts, in a `Cross`, and a pair only looks its answer up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from circularity.acceptance.columns import (
    BoolArray,
    CapacityColumns,
    FacilityColumns,
    OutputColumns,
    TextArray,
)
from circularity.catalogue import exemptions, operations, regions, waste_types
from circularity.catalogue.exemptions import Exemption
from circularity.units import MISSING, IntArray

NO_PROVINCE = 0
SCHEMES = ("point_to_point_scheme", "stage_exemption")


@dataclass(frozen=True)
class Cross:
    """A yes or no for every pair of different texts of two columns, looked up by row."""

    row: IntArray
    column: IntArray
    table: BoolArray

    def at(self, i: IntArray, j: IntArray) -> BoolArray:
        """Return the answers for the pairs of rows (i, j)."""
        return self.table[self.row[i], self.column[j]]


def cross(rows: TextArray, columns: TextArray, test: Callable[[str, str], bool]) -> Cross:
    """Ask `test` once for every pair of different texts of the two columns."""
    row_texts, row = np.unique(rows, return_inverse=True)
    column_texts, column = np.unique(columns, return_inverse=True)
    table = np.array([[test(a, b) for b in column_texts.tolist()] for a in row_texts.tolist()], dtype=bool)
    shape = (len(row_texts), len(column_texts))
    return Cross(row.astype(np.int64), column.astype(np.int64), table.reshape(shape))


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a `;`-separated list."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


@dataclass(frozen=True, eq=False)
class Tables:
    """All columns of one case, the day on which the rules are asked, and which data they may rely on.

    `period_*` and `max_distance_m` are the case's own limits or MISSING. `distances_known` and `costs_known`
    say whether any pair can have a distance or a complete net cost; a rule that needs one is not asked else.
    """

    outputs: OutputColumns
    facilities: FacilityColumns
    capacities: CapacityColumns
    as_of_day: int
    period_from_day: int = MISSING
    period_to_day: int = MISSING
    max_distance_m: int = MISSING
    distances_known: bool = True
    costs_known: bool = True

    @property
    def on(self) -> date:
        """The day on which the rules are asked."""
        return date.fromordinal(self.as_of_day)

    @cached_property
    def hazardous(self) -> BoolArray:
        """Per output: whether its code is one of hazardous waste."""
        codes, row = np.unique(self.outputs.waste_code, return_inverse=True)
        hazardous: BoolArray = np.array([waste_types.is_hazardous(c) for c in codes.tolist()], dtype=bool)
        return hazardous[row]

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The different regions of the outputs; procedures differ by them."""
        return tuple(np.unique(self.outputs.region_code).tolist())

    @cached_property
    def place(self) -> IntArray:
        """Per output: the position of its region in `places`."""
        return np.unique(self.outputs.region_code, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def origin(self) -> IntArray:
        """Per output: its province as a number (31..34 in the Delta), NO_PROVINCE if unknown."""
        return _provinces(self.outputs.region_code)

    @cached_property
    def destination(self) -> IntArray:
        """Per capacity: the province of its facility, NO_PROVINCE if unknown."""
        return _provinces(self.facilities.region_code)[self.capacities.facility]

    @cached_property
    def in_good_standing(self) -> BoolArray:
        """Per capacity: nothing stands against its facility."""
        good: BoolArray = self.facilities.standing == ""
        return good[self.capacities.facility]

    @cached_property
    def covered(self) -> Cross:
        """Waste code of the output × waste pattern of the capacity: the entitlement line covers the code."""
        return cross(
            self.outputs.waste_code,
            self.capacities.waste_pattern,
            lambda code, pattern: waste_types.pattern_covers(pattern, code),
        )

    @cached_property
    def operation_allowed(self) -> Cross:
        """Allowed operations × operation; an unstated operation is not among those the generator allows."""
        return cross(
            self.outputs.allowed_operations,
            self.capacities.operation,
            lambda allowed, operation: not listed(allowed) or operation in listed(allowed),
        )

    @cached_property
    def granted(self) -> Cross:
        """Region × prefixes from which the capacity already holds the procedure."""
        return cross(self.outputs.region_code, self.capacities.accepts_from, _among_prefixes)

    @cached_property
    def whitelisted(self) -> Cross:
        """Region × prefixes from which a whitelist entry lets the capacity take waste."""
        return cross(self.outputs.region_code, self.capacities.whitelist_from, _among_prefixes)

    @cached_property
    def sender_named(self) -> Cross:
        """Organisation × named senders, nobody named meaning anybody.

        Organisations that no capacity names share one row, because they are many.
        """
        named = {name for text in np.unique(self.capacities.senders).tolist() for name in listed(text)}
        organisations, row = np.unique(self.outputs.organisation, return_inverse=True)
        known = np.array([o if o in named else "" for o in organisations.tolist()], dtype=str)
        return cross(
            known[row],
            self.capacities.senders,
            lambda o, senders: not listed(senders) or o in listed(senders),
        )

    @cached_property
    def exempted(self) -> Cross:
        """Waste code × scheme: the exemption list has an entry for what the scheme claims."""
        return cross(
            self.outputs.waste_code, self._schemes, lambda code, scheme: bool(self._entries(code, scheme))
        )

    @cached_property
    def recognised(self) -> Cross:
        """Waste code and origin × scheme and destination: an entry of the list counts in both provinces."""
        origins = _joined(self.outputs.waste_code, self.origin.astype(str))
        destinations = _joined(self._schemes, self.destination.astype(str))

        def recognised(waste: str, scheme: str) -> bool:
            (code, origin), (claim, destination) = waste.rsplit("|", 1), scheme.rsplit("|", 1)
            entries = self._entries(code, claim)
            return any(origin in entry.provinces and destination in entry.provinces for entry in entries)

        return cross(origins, destinations, recognised)

    def entries(self, output: int, capacity: int) -> list[Exemption]:
        """Return the entries of the exemption list that a capacity's scheme claims for an output's waste."""
        return self._entries(str(self.outputs.waste_code[output]), str(self._schemes[capacity]))

    @cached_property
    def names_senders(self) -> BoolArray:
        """Per capacity: its entitlement names at least one sender."""
        texts, row = np.unique(self.capacities.senders, return_inverse=True)
        names: BoolArray = np.array([bool(listed(text)) for text in texts.tolist()], dtype=bool)
        return names[row]

    @cached_property
    def utilises(self) -> BoolArray:
        """Per capacity: its operation is a utilisation, for which a record is enough between provinces."""
        utilises: BoolArray = self._group == "utilisation"
        return utilises

    @cached_property
    def takes_hazardous(self) -> BoolArray:
        """Per capacity: its entitlement is one for hazardous waste; a collection licence only collects."""
        collects = np.isin(self._group, ("storage", "")) & self.kind_is("collection_licence")
        return self.kind_is("hazardous_licence", *SCHEMES) | collects

    @cached_property
    def _group(self) -> TextArray:
        """Per capacity: the group of its operation, "" where none is stated."""
        texts, row = np.unique(self.capacities.operation, return_inverse=True)
        return np.array([_group(text) for text in texts.tolist()], dtype=str)[row]

    def kind_is(self, *kinds: str) -> BoolArray:
        """Per capacity: its entitlement is of one of these kinds."""
        return np.isin(self.capacities.entitlement_kind, kinds)

    @cached_property
    def _schemes(self) -> TextArray:
        """Per capacity: kind and operation where its entitlement is an exemption scheme, else ""."""
        named = _joined(self.capacities.entitlement_kind, self.capacities.operation)
        return np.where(self.kind_is(*SCHEMES), named, "")

    def _entries(self, code: str, scheme: str) -> list[Exemption]:
        """Return the entries behind a scheme; an exemption of transport alone opens no outlet."""
        if not scheme or not waste_types.is_hazardous(code):
            return []
        kind, operation = scheme.split("|")
        named = kind == "point_to_point_scheme"
        found = exemptions.find(code, operation, self.on)
        return [e for e in found if e.point_to_point == named and e.stage != "transport"]


def _joined(left: TextArray, right: TextArray) -> TextArray:
    return np.char.add(np.char.add(left, "|"), right)


def _among_prefixes(region: str, prefixes: str) -> bool:
    return bool(region) and region.startswith(tuple(regions.prefix_of(prefix) for prefix in listed(prefixes)))


def _provinces(region_codes: TextArray) -> IntArray:
    texts, row = np.unique(region_codes, return_inverse=True)
    numbers = [int(regions.province_of(text)) if text else NO_PROVINCE for text in texts.tolist()]
    return np.array(numbers, dtype=np.int64)[row]


def _group(operation: str) -> str:
    """Return the group of an operation, "" where none or an unknown one is stated."""
    try:
        return operations.get(operation).group
    except operations.UnknownOperation:
        return ""
