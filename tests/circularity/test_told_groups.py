"""Tables of one set of masses, side by side: no sum or difference of them singles anybody out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from circularity.disclosure import OTHER, Cell, may_be_told, suppressed
from circularity.told_groups import Atom, Told, told_all, told_together

ATOMS = st.tuples(st.sampled_from("pu"), st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("12"))
SHARES = st.dictionaries(st.integers(1, 9), st.integers(1, 10_000), min_size=1, max_size=6)
WORLDS = st.dictionaries(ATOMS, SHARES, min_size=1, max_size=12)
World = dict[Atom, dict[int, int]]
TABLES: tuple[Callable[[Atom], Atom], ...] = (
    lambda atom: atom[:1], lambda atom: atom[1:3], lambda atom: (atom[0], atom[1], atom[3]),
    lambda atom: (atom[3],), lambda atom: atom[2:3],
)  # fmt: skip
"""Outcome · origin and stream · origin and destination · destination · stream."""


def cells_of(world: World) -> dict[Atom, Cell]:
    return {atom: Cell(sum(shares.values()), dict(shares)) for atom, shares in world.items()}


def grouped(world: World) -> Told:
    return told_together(cells_of(world), (1, 2, 3, 4))


def sums_in(told: Told, row_of: Callable[[Atom], Atom]) -> list[frozenset[Atom]]:
    """Return which atoms each row of a table sums: groups that share a row, or a name, are in it together."""
    rows: list[tuple[set[Atom], set[Atom]]] = []
    for group in told.groups:
        held, names = set(group.atoms), {row_of(atom) for atom in group.atoms}
        for other in [row for row in rows if row[1] & names]:
            rows.remove(other)
            held, names = held | other[0], names | other[1]
        rows.append((held, names))
    return [frozenset(held) for held, _ in rows]


def shares_of(world: World, atoms: frozenset[Atom]) -> dict[int, int]:
    found: dict[int, int] = {}
    for atom in atoms:
        for contributor, mass_kg in world[atom].items():
            found[contributor] = found.get(contributor, 0) + mass_kg
    return found


def rank(rows: list[list[int]]) -> int:
    """Return the exact rank of a matrix of whole numbers."""
    left, found = [[Fraction(value) for value in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left = [
            [value - row[column] / pivot[column] * part for value, part in zip(row, pivot, strict=True)]
            for row in left
        ]
        found += 1
    return found


@given(WORLDS)
def test_every_group_stands_for_enough_and_no_mass_is_lost(world: World) -> None:
    told = grouped(world)
    assert all(may_be_told(group.cell.shares) for group in told.groups)
    held = [atom for group in told.groups for atom in group.atoms]
    assert sorted([*held, *told.untold]) == sorted(world)
    for row_of in TABLES:
        whole = sum(sum(shares.values()) for atom, shares in world.items() if atom not in told.untold)
        assert sum(told.table(row_of).values()) == whole


@given(WORLDS)
def test_no_difference_of_rows_of_two_tables_stands_for_too_few(world: World) -> None:
    """Whatever is left of a row when rows of another table that lie in it are taken away."""
    told = grouped(world)
    rows = [row for row_of in TABLES for row in sums_in(told, row_of)]
    for one, other in combinations(rows, 2):
        for left in (one - other, other - one) if one <= other or other <= one else ():
            assert not left or may_be_told(shares_of(world, left))


@settings(deadline=None, max_examples=50)  # exact elimination takes its time
@given(WORLDS)
def test_no_combination_of_all_tables_tells_one_contributors_mass(world: World) -> None:
    """Solving all published rows as equations: nobody's mass, in an atom or in all, follows from them."""
    told = grouped(world)
    unknown = [(atom, contributor) for atom, shares in world.items() for contributor in shares]
    equations = [
        [int(atom in row) for atom, _ in unknown] for row_of in TABLES for row in sums_in(told, row_of)
    ]
    known = rank(equations)
    for contributor in {who for _, who in unknown}:
        wanted = [int(who == contributor) for _, who in unknown]
        assert rank([*equations, wanted]) > known
    for atom in told.untold:
        assert rank([*equations, [int(each == atom) for each, _ in unknown]]) > known


@given(WORLDS, st.integers(1, 9))
def test_what_is_told_with_an_organisation_and_without_it_never_differs_by_it_alone(
    world: World, who: int
) -> None:
    """A sum with somebody and the sum of all others are never both told, whichever tables they stand in."""
    told = grouped(world)
    rows = {row for row_of in TABLES for row in sums_in(told, row_of)}
    own = frozenset(atom for atom, shares in world.items() if set(shares) == {who})
    assert not any(one - other and one - other <= own for one in rows for other in rows if other <= one)


def test_two_tables_that_were_each_cut_alone_do_give_somebody_away() -> None:
    """The attack that the groups are against: the sender of 7 t is hidden in either table, not in both."""
    world = {
        ("p", "a", "x", "1"): {1: 10, 2: 10, 3: 10},
        ("p", "a", "x", "2"): {4: 7},
        ("p", "a", "y", "1"): {5: 10, 6: 10, 7: 10},
    }
    cells = cells_of(world)
    by_stream, by_end = ({}, {})
    for atom, cell in cells.items():
        by_stream.setdefault((atom[1], atom[2], ""), Cell()).join(cell)
        by_end.setdefault((atom[1], atom[3], ""), Cell()).join(cell)
    alone = suppressed(by_stream)["a", "x", ""].mass_kg, suppressed(by_stream)["a", "y", ""].mass_kg
    assert alone == (37, 30)
    told = grouped(world)
    assert told.table(TABLES[2]) == {("p", "a", OTHER): 37 + 30}
    assert told.table(TABLES[1]) == {("a", "x"): 37, ("a", "y"): 30}


def test_a_total_is_told_where_it_mixes_with_nothing() -> None:
    three = {1: 10, 2: 10, 3: 10}
    told = grouped({("p", "a", "x", "1"): three, ("u", "a", "x", ""): {4: 10}})
    assert told.total(lambda atom: atom[0] == "p") == 30
    assert told.total(lambda atom: atom[0] == "u") is None
    assert told.total(lambda _: True) is None, "or the difference would tell what one of them left"


def test_everything_is_told_of_parties_that_are_all_fictional() -> None:
    told = told_all(cells_of({("p", "a", "x", "1"): {1: 5}}))
    assert told.table(TABLES[0]) == {("p",): 5}
