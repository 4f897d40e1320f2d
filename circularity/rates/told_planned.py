"""Which planned rates a stranger may be told, so that no two of them give a party away.

All rates are sums of the same groups of organisations (see `circularity.told_groups`): what was generated is
told apart by whether it is utilised, by bulk or not, by province, and by whether it can move today. What a
rate rests on, and the stages of its planned mass, are told where each figure stands for enough by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from circularity.catalogue.regions import province_of
from circularity.disclosure import Cell, may_be_told
from circularity.told_groups import Atom, Told, told_together

RATE, STAGES, COVERAGE = "rate", "stages", "coverage"
_USED, _REST = "used", "rest"
_BULK, _OTHER_GENERAL = "bulk", "not bulk"
_DEPTHS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Part:
    """One waste of one site: who and where, whether bulk, and its kg by name of figure.

    `figures` has all of FIGURES.
    """

    organisation: int
    region: str
    is_bulk: bool
    figures: Mapping[str, int]


EXPLAINED_BY = {
    STAGES: ("own_utilised_kg", "elsewhere_kg", "agreed_kg", "reserved_kg", "proposed_kg"),
    COVERAGE: ("declared_kg", "undeclared_kg", "unposted_kg"),
}
"""Word → the figures that it tells."""

FIGURES = (
    "generated_kg", "utilised_kg", "utilised_today_kg",
    *(name for names in EXPLAINED_BY.values() for name in names),
)  # fmt: skip
"""What a part is asked for."""


def grouped(parts: Iterable[Part]) -> Told:
    """Return the groups of all wastes that count in the general scope."""
    cells: dict[Atom, Cell] = {}
    for part in parts:
        scope, province = _BULK if part.is_bulk else _OTHER_GENERAL, province_of(part.region)
        used_kg, today_kg = part.figures["utilised_kg"], part.figures["utilised_today_kg"]
        for outcome, moves, mass_kg in (
            (_USED, "today", today_kg),
            (_USED, "later", used_kg - today_kg),
            (_REST, "", part.figures["generated_kg"] - used_kg),
        ):
            if mass_kg:
                atom = (outcome, scope, province, moves)
                cells.setdefault(atom, Cell()).join(Cell.of(part.organisation, mass_kg))
    return told_together(cells, _DEPTHS)


def told_figures(told: Told, parts: Iterable[Part], region: str, *, bulk: bool) -> frozenset[str]:
    """Return which of RATE, STAGES and COVERAGE may be told of a region ("" = the Delta) and scope.

    `parts` are those of the region and scope alone.
    """
    if any(told.total(wanted) is None for wanted in _questions(region, bulk)):
        return frozenset()
    within = list(parts)
    explained = {word for word, names in EXPLAINED_BY.items() if all(_stands(within, name) for name in names)}
    return frozenset({RATE, *explained}) if within else frozenset()


def _questions(region: str, bulk: bool) -> Iterable[Callable[[Atom], bool]]:
    def inside(atom: Atom) -> bool:
        return atom[2].startswith(region) and (not bulk or atom[1] == _BULK)

    yield inside
    yield lambda atom: inside(atom) and atom[0] == _USED
    yield lambda atom: inside(atom) and atom[3] == "today"


def _stands(parts: list[Part], name: str) -> bool:
    """Tell whether a figure stands for enough, or for nothing at all."""
    shares: dict[int, int] = {}
    for part in parts:
        if part.figures[name]:
            shares[part.organisation] = shares.get(part.organisation, 0) + part.figures[name]
    return not shares or may_be_told(shares)
