"""The unmatched outputs whose utilisation would close the gap to a target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.organisations import Site
from circularity.rates.formula import Rate, in_scope
from circularity.registry.outputs import Output
from circularity.runs.stored import Unmatched, in_plan_of, latest_run


@dataclass(frozen=True, slots=True)
class Closing:
    """One lot of the newest run without an outlet, and the kg still missing once it is used too."""

    unmatched: Unmatched
    still_missing_kg: int


def closing_outputs(
    session: Session, rate: Rate, permille: int, *, scope: str, region: str, first: date, last: date
) -> list[Closing]:
    """Return the heaviest lots that together reach the target, or all there are; none once it is reached.

    Only the newest run is asked, and only for a period that holds its day: what is left over today cannot
    close a past year. A lot stored since an earlier year adds to the whole as well as to the part. That the
    lot counts as generated already is assumed.
    """
    run = latest_run(session)
    missing_kg = rate.missing_kg(permille)
    if run is None or not first <= run.as_of <= last:
        return []
    found: list[Closing] = []
    lots = session.scalars(
        select(Unmatched)
        .join(Output, Unmatched.output_id == Output.id)
        .join(Site, Output.site_id == Site.id)
        .where(in_plan_of(run, Unmatched), Site.region_code.startswith(region, autoescape=True))
        .order_by(Unmatched.mass_kg.desc(), Unmatched.output_id)
        .options(joinedload(Unmatched.output).joinedload(Output.site), joinedload(Unmatched.nearest_window))
    )
    for lot in lots:
        if not missing_kg:
            break
        if in_scope(lot.output.waste_code, scope, run.as_of):
            since = lot.output.storage_since
            old_kg = lot.mass_kg if since is not None and since.year < first.year else 0
            rate = Rate(rate.part_kg + lot.mass_kg, rate.whole_kg + old_kg)
            missing_kg = rate.missing_kg(permille)
            found.append(Closing(lot, missing_kg))
    return found
