"""Several tables about the same mass that may stand side by side: all of them are sums of the same groups.

Each group stands for enough contributors (see `circularity.disclosure`), so whatever sums and differences of
such tables single out is a sum of groups as well, and of those no contributor is more than its largest share
in one of them. Two tables that were each cut by themselves give no such promise: what one of them hides can
be the difference of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from networkx.utils import UnionFind

from circularity.disclosure import OTHER, Cell

Atom = tuple[str, ...]
"""Everything by which the tables tell masses apart, from the widest word to the narrowest."""


@dataclass(frozen=True)
class Group:
    """Atoms that are told as one sum only."""

    atoms: frozenset[Atom]
    cell: Cell

    def joined(self, other: Group) -> Group:
        """Return both as one."""
        cell = Cell()
        cell.join(self.cell)
        cell.join(other.cell)
        return Group(self.atoms | other.atoms, cell)


@dataclass(frozen=True)
class Told:
    """The groups whose masses may be told, and the atoms of which nothing may be."""

    groups: tuple[Group, ...]
    untold: frozenset[Atom]

    def total(self, wanted: Callable[[Atom], bool]) -> int | None:
        """Return the kg of all wanted atoms; None where a group holds others too, or one is untold."""
        if any(map(wanted, self.untold)):
            return None
        found = 0
        for group in self.groups:
            hits = sum(map(wanted, group.atoms))
            if 0 < hits < len(group.atoms):
                return None
            found += group.cell.mass_kg if hits else 0
        return found

    def table(self, row_of: Callable[[Atom], Atom]) -> dict[Atom, int]:
        """Return kg by row. Rows that a group holds together are one; words they differ in become `other`."""
        together: UnionFind[Atom] = UnionFind()
        rows = [(sorted({row_of(atom) for atom in group.atoms}), group.cell.mass_kg) for group in self.groups]
        for held, _ in rows:
            together.union(*held)
        names = {row: _common(held) for held in together.to_sets() for row in held}
        found: dict[Atom, int] = {}
        for held, mass_kg in rows:
            found[names[held[0]]] = found.get(names[held[0]], 0) + mass_kg
        return found


def told_together(cells: Mapping[Atom, Cell], depths: tuple[int, ...]) -> Told:
    """Group atoms so that every group may be told, within the longest common beginning that allows it.

    `depths` are the lengths of beginnings, ascending, the last one whole atoms. Within a beginning what is
    too small is joined, and the smallest other group with it where even that is too small. Only the first
    word is never given up that way: what is too small there and in all of the rest is not told.
    """
    told: list[Group] = []
    left: Group | None = None
    for part in _parts(cells, depths[0]):
        found, small = _within(part, depths[1:])
        told, left = [*told, *found], _both(left, small)
    if left is not None and not left.cell.is_small:
        told, left = [*told, left], None
    return Told(tuple(told), left.atoms if left else frozenset())


def told_all(cells: Mapping[Atom, Cell]) -> Told:
    """Return every atom as a group of its own, however few stand behind it."""
    return Told(tuple(Group(frozenset({atom}), cell) for atom, cell in cells.items()), frozenset())


def _within(cells: Mapping[Atom, Cell], depths: tuple[int, ...]) -> tuple[list[Group], Group | None]:
    """Return the groups below one beginning, and what is too small even as a whole."""
    told: list[Group] = []
    left: Group | None = None
    if not depths:
        for atom, cell in cells.items():
            left = _both(left, Group(frozenset({atom}), cell))
    else:
        for part in _parts(cells, depths[0]):
            found, small = _within(part, depths[1:])
            told, left = [*told, *found], _both(left, small)
    while left is not None and left.cell.is_small and told:
        least = min(told, key=lambda group: (group.cell.mass_kg, sorted(group.atoms)))
        told.remove(least)
        left = left.joined(least)
    if left is not None and not left.cell.is_small:
        return [*told, left], None
    return told, left


def _parts(cells: Mapping[Atom, Cell], depth: int) -> Iterable[dict[Atom, Cell]]:
    found: dict[Atom, dict[Atom, Cell]] = {}
    for atom in sorted(cells):
        found.setdefault(atom[:depth], {})[atom] = cells[atom]
    return found.values()


def _both(one: Group | None, other: Group | None) -> Group | None:
    return one.joined(other) if one is not None and other is not None else one or other


def _common(rows: Iterable[Atom]) -> Atom:
    return tuple(words[0] if len(set(words)) == 1 else OTHER for words in zip(*rows, strict=True))
