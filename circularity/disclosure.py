"""Which sums may be published: those that stand for enough contributors, none of whom is nearly all of it.

A sum of two tells each of them the other; a sum of which one contributor is more than 85 % tells everybody
nearly that contributor's figure. What may not be told alone joins the next wider group, and where even the
rest of all may not, the smallest published cell joins it, so that no difference of published numbers gives
away what was hidden. Statistics that an office has published are no sums of ours and are shown as published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

MIN_ORGANISATIONS = 3
MAX_SHARE_PERMILLE = 850
OTHER = "other"

Key = tuple[str, str, str]


def may_be_told(shares: Mapping[int, int]) -> bool:
    """Tell whether a sum of kg by contributor may be published.

    Without any mass the number of contributors decides alone.
    """
    return len(shares) >= MIN_ORGANISATIONS and not is_dominated(shares.values())


def is_dominated(masses: Iterable[int]) -> bool:
    """Tell whether one of several kg is more than 85 % of their sum; negative ones count by their size."""
    sizes = [abs(mass) for mass in masses]
    return bool(sizes) and max(sizes) * 1000 > MAX_SHARE_PERMILLE * sum(sizes)


@dataclass
class Cell:
    """A mass in kg and what each contributor, by any key of its own, has in it."""

    mass_kg: int = 0
    shares: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, contributor: int, mass_kg: int) -> Cell:
        """Return the cell of one contributor."""
        return cls(mass_kg, {contributor: mass_kg})

    def join(self, other: Cell) -> None:
        """Add another cell's mass and contributors to this one."""
        self.mass_kg += other.mass_kg
        for contributor, mass_kg in other.shares.items():
            self.shares[contributor] = self.shares.get(contributor, 0) + mass_kg

    @property
    def is_small(self) -> bool:
        """Whether it stands for so few, or so nearly for one, that somebody could be made out."""
        return not may_be_told(self.shares)


def suppressed(cells: Mapping[Key, Cell]) -> dict[Key, Cell]:
    """Return the cells that may be published, others added up as `other`: first within their first word."""
    by_first = _folded(cells, lambda key: (key[0], OTHER, OTHER))
    kept = _folded(by_first, lambda _: (OTHER, OTHER, OTHER))
    rest = kept.pop((OTHER, OTHER, OTHER), None)
    while rest is not None and rest.is_small and kept:
        rest.join(kept.pop(min(kept, key=lambda key: (kept[key].mass_kg, key))))
    return kept if rest is None or rest.is_small else {**kept, (OTHER, OTHER, OTHER): rest}


def _folded(cells: Mapping[Key, Cell], target: Callable[[Key], Key]) -> dict[Key, Cell]:
    """Return the cells with every small one joined to its target."""
    folded: dict[Key, Cell] = {}
    for key, cell in cells.items():
        folded.setdefault(target(key) if cell.is_small else key, Cell()).join(cell)
    return folded
