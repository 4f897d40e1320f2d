"""What the public may see of a run: flows from province to stream to operation.

What may not be told alone (see `circularity.disclosure`) is added up as `other`, first within its province,
then over all provinces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.catalogue import regions, waste_types
from circularity.disclosure import Cell, Key, suppressed
from circularity.organisations import Site
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of

UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Flow:
    """Mass in kg from a province (two digits) through a stream to an operation; any of them may be `other`.

    The operation of what found no outlet is `unmatched`.
    """

    province: str
    stream: str
    operation: str
    mass_kg: int


def flows(session: Session, run: MatchingRun, *, of_few: bool = False) -> list[Flow]:
    """Return the public flows of a run, sorted; their masses sum to its supply unless too few take part.

    `of_few` tells every flow however few stand behind it: only for parties that are all fictional.
    """
    cells: dict[Key, Cell] = {}
    for key, organisation, mass_kg in _masses(session, run):
        cells.setdefault(key, Cell()).join(Cell.of(organisation, mass_kg))
    return [
        Flow(*key, cell.mass_kg) for key, cell in sorted((cells if of_few else suppressed(cells)).items())
    ]


def _masses(session: Session, run: MatchingRun) -> Iterable[tuple[Key, int, int]]:
    """Yield (province, stream, operation), sender and kg of everything in a run."""
    placed = (Site.region_code, Output.waste_code, Proposal.operation, Site.organisation_id)
    left = (Site.region_code, Output.waste_code, Site.organisation_id)
    found = session.execute(
        select(*placed, func.sum(Proposal.mass_kg))
        .join(Output, Proposal.output_id == Output.id)
        .join(Site, Output.site_id == Site.id)
        .where(in_plan_of(run, Proposal))
        .group_by(*placed)
    )
    for region, code, operation, organisation, total in found:
        yield _key(region, code, operation, run.as_of), organisation, int(total)
    rest = session.execute(
        select(*left, func.sum(Unmatched.mass_kg))
        .join(Output, Unmatched.output_id == Output.id)
        .join(Site, Output.site_id == Site.id)
        .where(in_plan_of(run, Unmatched))
        .group_by(*left)
    )
    for region, code, organisation, total in rest:
        yield _key(region, code, UNMATCHED, run.as_of), organisation, int(total)


def _key(region: str, waste_code: str, operation: str, on: date) -> Key:
    return regions.province_of(region), waste_types.find(waste_code, on).stream, operation
