"""What the public may see of a run: flows from province to stream to operation.

A flow stands for at least MIN_ORGANISATIONS senders; smaller ones are added up as `other`, first within their
province, then over all provinces. Where even that stands for too few, the smallest published flow joins it,
so that no difference of published numbers gives away what was hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.catalogue import regions, waste_types
from circularity.organisations import Site
from circularity.outputs import Output
from circularity.runs import MatchingRun, Proposal, Unmatched

MIN_ORGANISATIONS = 3
OTHER = "other"
UNMATCHED = "unmatched"

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Flow:
    """Mass in kg from a province (two digits) through a stream to an operation; any of them may be `other`.

    The operation of what found no outlet is `unmatched`.
    """

    province: str
    stream: str
    operation: str
    mass_kg: int


@dataclass
class Cell:
    """Mass in kg and the senders behind it."""

    mass_kg: int
    organisations: set[int]

    def join(self, other: Cell) -> None:
        """Add another cell's mass and senders to this one."""
        self.mass_kg += other.mass_kg
        self.organisations |= other.organisations

    @property
    def is_small(self) -> bool:
        """Whether so few stand behind it that one could be made out."""
        return len(self.organisations) < MIN_ORGANISATIONS


def flows(session: Session, run: MatchingRun, *, of_few: bool = False) -> list[Flow]:
    """Return the public flows of a run, sorted; their masses sum to its supply unless too few take part.

    `of_few` tells every flow however few stand behind it: only for parties that are all fictional.
    """
    cells: dict[Key, Cell] = {}
    for key, organisation, mass_kg in _masses(session, run):
        cells.setdefault(key, Cell(0, set())).join(Cell(mass_kg, {organisation}))
    return [
        Flow(*key, cell.mass_kg) for key, cell in sorted((cells if of_few else suppressed(cells)).items())
    ]


def suppressed(cells: dict[Key, Cell]) -> dict[Key, Cell]:
    """Return the cells that may be published, small ones added up as `other`."""
    by_province = _folded(cells, lambda key: (key[0], OTHER, OTHER))
    kept = _folded(by_province, lambda _: (OTHER, OTHER, OTHER))
    rest = kept.pop((OTHER, OTHER, OTHER), None)
    while rest is not None and rest.is_small and kept:
        rest.join(kept.pop(min(kept, key=lambda key: (kept[key].mass_kg, key))))
    return kept if rest is None or rest.is_small else {**kept, (OTHER, OTHER, OTHER): rest}


def _folded(cells: dict[Key, Cell], target: Callable[[Key], Key]) -> dict[Key, Cell]:
    """Return the cells with every small one joined to its target."""
    folded: dict[Key, Cell] = {}
    for key, cell in cells.items():
        place = target(key) if cell.is_small else key
        folded.setdefault(place, Cell(0, set())).join(cell)
    return folded


def _masses(session: Session, run: MatchingRun) -> Iterable[tuple[Key, int, int]]:
    """Yield (province, stream, operation), sender and kg of everything in a run."""
    placed = (Site.region_code, Output.waste_code, Proposal.operation, Site.organisation_id)
    left = (Site.region_code, Output.waste_code, Site.organisation_id)
    found = session.execute(
        select(*placed, func.sum(Proposal.mass_kg))
        .join(Output, Proposal.output_id == Output.id)
        .join(Site, Output.site_id == Site.id)
        .where(Proposal.run_id == run.id)
        .group_by(*placed)
    )
    for region, code, operation, organisation, total in found:
        yield _key(region, code, operation, run.as_of), organisation, int(total)
    rest = session.execute(
        select(*left, func.sum(Unmatched.mass_kg))
        .join(Output, Unmatched.output_id == Output.id)
        .join(Site, Output.site_id == Site.id)
        .where(Unmatched.run_id == run.id)
        .group_by(*left)
    )
    for region, code, organisation, total in rest:
        yield _key(region, code, UNMATCHED, run.as_of), organisation, int(total)


def _key(region: str, waste_code: str, operation: str, on: date) -> Key:
    return regions.province_of(region), waste_types.find(waste_code, on).stream, operation
