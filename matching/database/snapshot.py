"""The database as a case: the only reader of registry and whitelist for matching, column by column.

One reading session serves a whole snapshot, so that it shows one state. Ids in the case are public ids;
`output_keys` and `window_keys` lead back to the rows. Where an entitlement ends is left to the rules, so that
it is told as a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from circularity.posted import (
    grants_held,
    limits_of_groups,
    listings_in_force,
    outputs_posted,
    taken_by_year,
    windows_offered,
)
from circularity.registry.entitlements import LineLimit
from circularity.registry.outputs import Assay
from circularity.units import IntArray
from matching.case import Case
from matching.case_tables import Outputs
from matching.database.snapshot_tables import (
    Rows,
    capacity_table,
    day,
    facility_table,
    number,
    output_table,
    shares,
    spread,
)
from matching.pairs.annual_caps import Dealt, PricedCap, annual_caps
from matching.pairs.held_procedures import Grant, Listing, Window, listed_windows, open_origins
from matching.parameters import Parameters

DELTA_TIME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Snapshot:
    """A case with the way back to the rows: keys by public id, what each cap limits, grants of single pairs.

    `window_names` are the names (Chinese, English) of the organisations behind the windows. `unused_listings`
    names whitelist entries whose quota spans several origins, which no case can say: they are not relied on.
    """

    case: Case
    output_keys: Mapping[str, int]
    window_keys: Mapping[str, int]
    window_names: Mapping[str, tuple[str, str]]
    caps: Mapping[str, PricedCap]
    grants: tuple[Grant, ...]
    unused_listings: tuple[str, ...]
    fictional: bool

    @property
    def on(self) -> date:
        """The day on which the rules are asked."""
        return date.fromordinal(self.case.parameters.as_of_day)

    @cached_property
    def grants_by_facility(self) -> Mapping[str, Sequence[Grant]]:
        """The grants of single pairs by the public id of their facility."""
        found: dict[str, list[Grant]] = defaultdict(list)
        for grant in self.grants:
            found[grant.facility].append(grant)
        return found


def parameters_at(at: datetime) -> Parameters:
    """Return the default parameters, the rules asked on the Delta's calendar day of a moment."""
    return Parameters(as_of_day=at.astimezone(DELTA_TIME).date().toordinal())


def read_snapshot(
    session: Session,
    parameters: Parameters,
    *,
    outputs: Collection[int] | None = None,
    windows: Collection[int] | None = None,
) -> Snapshot:
    """Return what stands in the registry on the day of `parameters` as a case.

    Withdrawn rows, those whose interval is over and what deals have taken are left out. `outputs` and
    `windows` are keys that narrow the case; the limits of the years still count every window.
    """
    on = date.fromordinal(parameters.as_of_day)
    posted, output_columns = read_outputs(session, on, outputs)
    offered = session.execute(windows_offered()).all()
    rows = [row for row in offered if _is_live(row, on) and (windows is None or row.id in windows)]
    grants = [_grant(row) for row in session.execute(grants_held(on))]
    listings = [_listing(row) for row in session.execute(listings_in_force(on))]
    meant = [_window(k, row) for k, row in enumerate(rows)]
    listed = listed_windows(meant, listings)
    of_years = shares(offered, {row.id: k for k, row in enumerate(rows)}, on.year, _groups(session))
    caps = (*annual_caps(of_years, _dealt(session)), *listed.quotas)
    plants = list({row.facility: row for row in rows}.values())
    case = Case.build(
        outputs=output_columns,
        facilities=facility_table(plants),
        capacities=capacity_table(
            rows,
            {row.facility: k for k, row in enumerate(plants)},
            open_origins(meant, grants, parameters.as_of_day),
            listed,
            _limits(session, rows),
        ),
        parameters=parameters,
        caps=[priced.cap for priced in caps],
    )
    return Snapshot(
        case=case,
        output_keys={row.public_id: row.id for row in posted},
        window_keys={row.public_id: row.id for row in rows},
        window_names={row.public_id: (row.name_zh, row.name_en or row.name_zh) for row in rows},
        caps={priced.cap.cap_id: priced for priced in caps},
        grants=tuple(grant for grant in grants if not grant.opens_to_all),
        unused_listings=listed.unused,
        fictional=any(row.fictional for row in (*posted, *rows)),
    )


def read_outputs(session: Session, on: date, keys: Collection[int] | None = None) -> tuple[Rows, Outputs]:
    """Return the outputs that stand on a day, all or those of some keys, as rows and as a case's table."""
    if keys is None:
        posted = session.execute(outputs_posted(on)).all()
    else:
        posted = session.execute(outputs_posted(on, narrowed=True), {"keys": list(keys)}).all()
    return posted, output_table(posted, _assays(session, posted, keys))


def _dealt(session: Session) -> Dealt:
    taken: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for row in session.execute(taken_by_year()):
        taken[row.kind, row.subject][row.year] = row.taken_kg
    return taken


def _groups(session: Session) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return the limits that lines share, by the line's public id."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in session.execute(limits_of_groups()):
        found[row.line].append((row.group, row.limit_kg))
    return {line: tuple(groups) for line, groups in found.items()}


def _is_live(row: Any, on: date) -> bool:
    return row.withdrawn_at is None and (row.available_to is None or row.available_to >= on)


def _window(capacity: int, row: Any) -> Window:
    return Window(
        capacity=capacity,
        facility=row.facility,
        waste_pattern=row.waste_pattern,
        operation=row.operation,
        offered_kg=row.offered_kg,
        available_to_day=day(row.available_to),
    )


def _grant(row: Any) -> Grant:
    return Grant(
        id=row.id,
        facility=row.facility,
        organisation=row.organisation or "",
        kind=row.kind,
        origin_region=row.origin_region,
        waste_pattern=row.waste_pattern,
        valid_from_day=day(row.valid_from),
        valid_to_day=day(row.valid_to),
        limit_kg=number(row.limit_kg),
    )


def _listing(row: Any) -> Listing:
    return Listing(
        public_id=row.public_id,
        facility=row.facility,
        list_kind=row.list_kind,
        waste_pattern=row.waste_pattern,
        operation=row.operation,
        origins=row.accepted_origins,
        quota_kg=number(row.quota_kg),
        ship_within_days=number(row.ship_within_days),
    )


_ASSAYS = select(Assay.output_id, Assay.analyte, Assay.value_micro)
_THEIR_ASSAYS = _ASSAYS.where(Assay.output_id.in_(bindparam("keys", expanding=True)))


def _assays(session: Session, rows: Rows, keys: Collection[int] | None) -> dict[str, IntArray]:
    place = {row.id: k for k, row in enumerate(rows)}
    found = session.execute(_ASSAYS) if keys is None else session.execute(_THEIR_ASSAYS, {"keys": list(keys)})
    return spread(((place[key], name, value) for key, name, value in found if key in place), len(rows))


def _limits(session: Session, rows: Rows) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
    """Return lower and upper limits by analyte, one value per window of the line."""
    places: dict[int, list[int]] = {}
    for k, row in enumerate(rows):
        places.setdefault(row.line_id, []).append(k)
    of_windows = [
        (k, limit) for limit in session.scalars(select(LineLimit)) for k in places.get(limit.line_id, ())
    ]
    return (
        spread(((k, limit.analyte, limit.minimum_micro) for k, limit in of_windows), len(rows)),
        spread(((k, limit.analyte, limit.maximum_micro) for k, limit in of_windows), len(rows)),
    )
