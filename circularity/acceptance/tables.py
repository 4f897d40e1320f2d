"""The tables that the rules are asked of, and what follows from their texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np

from circularity.acceptance.columns import (
    BoolArray,
    CapacityColumns,
    FacilityColumns,
    OutputColumns,
)
from circularity.acceptance.crosses import Cross, cross, listed
from circularity.acceptance.texts import TextArray, Texts, texts_of
from circularity.catalogue import exemptions, operations, regions, waste_types
from circularity.catalogue.exemptions import Exemption
from circularity.units import MISSING, IntArray

NO_PROVINCE = 0

Fact = TypeVar("Fact")


class of_capacities(cached_property[Fact]):  # noqa: N801 - it is a decorator
    """A fact that follows from facilities and capacities alone, whatever outputs they are asked about."""


@dataclass(frozen=True, eq=False)
class Tables:
    """All columns of one case, the day on which the rules are asked, and which data they may rely on.

    `period_*` and `max_distance_m` are the case's own limits or MISSING. `distances_known` and `costs_known`
    say whether any pair can have a distance or a complete net cost; a rule that needs one is not asked else.
    `plans_known`: some hazardous output, perhaps none of these, states its mass in the management plan.
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
    plans_known: bool = False

    @property
    def on(self) -> date:
        """The day on which the rules are asked."""
        return date.fromordinal(self.as_of_day)

    def with_outputs(self, outputs: OutputColumns) -> Tables:
        """Return the tables with other outputs; what was learnt of the capacities need not be learnt again.

        The new outputs must not know distances or costs where these tables say that none can be known.
        """
        tables = replace(self, outputs=outputs)
        for name, fact in vars(Tables).items():
            if isinstance(fact, of_capacities):
                vars(tables)[name] = getattr(self, name)
        return tables

    @cached_property
    def hazardous(self) -> BoolArray:
        """Per output: whether its code is one of hazardous waste."""
        codes, row = self.outputs.codes
        hazardous: BoolArray = np.array([waste_types.is_hazardous(code) for code in codes], dtype=bool)
        return hazardous[row]

    @cached_property
    def freed(self) -> BoolArray:
        """Per output: offered as by-product or product, for which evidence is on file."""
        return np.isin(self.outputs.status, ("by_product", "product"))

    @cached_property
    def origin(self) -> IntArray:
        """Per output: its province as a number (31..34 in the Delta), NO_PROVINCE if unknown."""
        return _provinces(self.outputs.regions)

    @of_capacities
    def destination(self) -> IntArray:
        """Per capacity: the province of its facility, NO_PROVINCE if unknown."""
        return _provinces(texts_of(self.facilities.region_code))[self.capacities.facility]

    @of_capacities
    def has_region(self) -> BoolArray:
        """Per facility: its region is known."""
        known: BoolArray = self.facilities.region_code != ""
        return known

    @of_capacities
    def in_good_standing(self) -> BoolArray:
        """Per capacity: nothing stands against its facility."""
        good: BoolArray = self.facilities.standing == ""
        return good[self.capacities.facility]

    @cached_property
    def covered(self) -> Cross:
        """Waste code of the output × waste pattern of the capacity: the entitlement line covers the code."""
        return cross(
            self.outputs.codes,
            self._texts["waste_pattern"],
            lambda code, pattern: waste_types.pattern_covers(pattern, code),
        )

    @cached_property
    def operation_allowed(self) -> Cross:
        """Allowed operations × operation; an unstated operation is not among those the generator allows."""
        return cross(
            texts_of(self.outputs.allowed_operations),
            self._texts["operation"],
            lambda allowed, operation: not listed(allowed) or operation in listed(allowed),
        )

    @cached_property
    def granted(self) -> Cross:
        """Region × prefixes from which the capacity already holds the procedure."""
        return cross(self.outputs.regions, self._texts["accepts_from"], _among_prefixes)

    @cached_property
    def whitelisted(self) -> Cross:
        """Region × prefixes from which a whitelist entry lets the capacity take waste."""
        return cross(self.outputs.regions, self._texts["whitelist_from"], _among_prefixes)

    @cached_property
    def sender_named(self) -> Cross:
        """Organisation × named senders, nobody named meaning anybody.

        Organisations that no capacity names share one row, because they are many.
        """
        organisations, row = np.unique(self.outputs.organisation, return_inverse=True)
        known = np.array([o if o in self._named else "" for o in organisations.tolist()], dtype=str)
        return cross(
            texts_of(known[row]),
            self._texts["senders"],
            lambda o, senders: not listed(senders) or o in listed(senders),
        )

    @cached_property
    def exempted(self) -> Cross:
        """Waste code × scheme: the exemption list has an entry for what the scheme claims."""
        return cross(
            self.outputs.codes,
            self._scheme_texts,
            lambda code, scheme: bool(self._entries(code, scheme)),
        )

    @cached_property
    def recognised(self) -> Cross:
        """Waste code and origin × scheme and destination: an entry of the list counts in both provinces."""
        origins = _joined(self.outputs.waste_code, self.origin.astype(str))

        def recognised(waste: str, scheme: str) -> bool:
            (code, origin), (claim, destination) = waste.rsplit("|", 1), scheme.rsplit("|", 1)
            entries = self._entries(code, claim)
            return any(origin in entry.provinces and destination in entry.provinces for entry in entries)

        return cross(texts_of(origins), self._schemes_there, recognised)

    def entries(self, output: int, capacity: int) -> list[Exemption]:
        """Return the entries of the exemption list that a capacity's scheme claims for an output's waste."""
        return self._entries(str(self.outputs.waste_code[output]), str(self._schemes[capacity]))

    @of_capacities
    def names_senders(self) -> BoolArray:
        """Per capacity: its entitlement names at least one sender."""
        texts, row = self._texts["senders"]
        names: BoolArray = np.array([bool(listed(text)) for text in texts], dtype=bool)
        return names[row]

    @of_capacities
    def utilises(self) -> BoolArray:
        """Per capacity: its operation is a utilisation, for which a record is enough between provinces."""
        utilises: BoolArray = self._group == "utilisation"
        return utilises

    @of_capacities
    def takes_hazardous(self) -> BoolArray:
        """Per capacity: its entitlement is one for hazardous waste; a collection licence only collects."""
        collects = np.isin(self._group, ("storage", "")) & self._kind_is("collection_licence")
        return self._kind_is("hazardous_licence") | self.is_scheme | collects

    @of_capacities
    def is_point_to_point(self) -> BoolArray:
        """Per capacity: its entitlement is a scheme between named parties."""
        return self._kind_is("point_to_point_scheme")

    @of_capacities
    def is_stage_exemption(self) -> BoolArray:
        """Per capacity: its entitlement is an exemption of a stage, on conditions."""
        return self._kind_is("stage_exemption")

    @of_capacities
    def is_scheme(self) -> BoolArray:
        """Per capacity: its entitlement rests on the exemption list."""
        return self.is_point_to_point | self.is_stage_exemption

    @of_capacities
    def _group(self) -> TextArray:
        """Per capacity: the group of its operation, "" where none is stated."""
        texts, row = self._texts["operation"]
        return np.array([_group(text) for text in texts], dtype=str)[row]

    def _kind_is(self, kind: str) -> BoolArray:
        answer: BoolArray = self.capacities.entitlement_kind == kind
        return answer

    @of_capacities
    def _schemes(self) -> TextArray:
        """Per capacity: kind and operation where its entitlement is an exemption scheme, else ""."""
        named = _joined(self.capacities.entitlement_kind, self.capacities.operation)
        return np.where(self.is_scheme, named, "")

    @of_capacities
    def _texts(self) -> Mapping[str, Texts]:
        """The different texts of the columns that are compared with what an output says."""
        compared = ("waste_pattern", "operation", "accepts_from", "whitelist_from", "senders")
        return {name: texts_of(getattr(self.capacities, name)) for name in compared}

    @of_capacities
    def _named(self) -> frozenset[str]:
        """The organisations that some entitlement names as senders."""
        return frozenset(name for text in self._texts["senders"].different for name in listed(text))

    @of_capacities
    def _scheme_texts(self) -> Texts:
        """The different exemption schemes."""
        return texts_of(self._schemes)

    @of_capacities
    def _schemes_there(self) -> Texts:
        """The different exemption schemes with the province of their facility."""
        return texts_of(_joined(self._schemes, self.destination.astype(str)))

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
    return bool(region) and region.startswith(_prefixes(prefixes))


@lru_cache(maxsize=4096)
def _prefixes(text: str) -> tuple[str, ...]:
    return tuple(regions.prefix_of(prefix) for prefix in listed(text))


def _provinces(codes: Texts) -> IntArray:
    numbers = [int(regions.province_of(text)) if text else NO_PROVINCE for text in codes.different]
    return np.array(numbers, dtype=np.int64)[codes.row]


def _group(operation: str) -> str:
    """Return the group of an operation, "" where none or an unknown one is stated."""
    try:
        return operations.get(operation).group
    except operations.UnknownOperation:
        return ""
