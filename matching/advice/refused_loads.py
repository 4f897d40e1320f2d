"""Advice on a load that a receiver refused: outlets from where it stands, by the rules of a run.

Nothing is posted and nothing stored: the load is on the road, and its generator decides at once.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from circularity.custody.manifests import TransferLine
from circularity.registry.outputs import Assay, Output
from matching.advice.recommending import Advice, Recommendation
from matching.advice.unposted_lots import unposted_table
from matching.database.snapshot_live import LiveReceivers

_TERMS = ("max_distance_m", "max_net_cost_ucny_per_kg", "price_ucny_per_kg", "storage_since", "plan_mass_kg")


def outlets_for_load(
    live: LiveReceivers, session: Session, line: TransferLine, mass_kg: int, *, at: datetime, limit: int = 20
) -> list[Recommendation]:
    """Return the best outlets for `mass_kg` of a line, from the gate that refused it; that plant is left out.

    The waste stays its generator's: procedures are those between the region it came from and a receiver's.
    The terms of the lot it was posted as hold, where there was one.
    """
    refusing = line.transfer.facility
    receivers = live.at(session, at)
    lot = _lot(line, mass_kg)
    case, tables, coefficients = receivers.asked_by(unposted_table(lot, refusing.site))
    ids = case.facilities.facility_id[case.capacities.facility]
    passed_over = int(np.count_nonzero(ids == refusing.public_id))
    fits = receivers.fits(tables)
    advice = Advice(receivers.snapshot, case, tables, coefficients, fits, limit + passed_over)
    windows = receivers.windows(session, advice.window_keys)
    told = advice.told([lot] * len(windows), windows, for_sender=True)
    return [one for one in told if one.window.line.entitlement.facility.id != refusing.id][:limit]


def _lot(line: TransferLine, mass_kg: int) -> Output:
    """Return the load as a lot of no session, on the terms it was posted with."""
    posted = line.agreement.output
    known = posted.assays if posted is not None else []
    terms = {name: getattr(posted, name) for name in _TERMS} if posted is not None else {}
    return Output(
        public_id=line.public_id,
        site=line.transfer.sender_site,
        waste_code=line.waste_code,
        mass_kg=mass_kg,
        allowed_operations=posted.allowed_operations if posted is not None else (),
        status=posted.status if posted is not None else "waste",
        visibility="parties",
        assays=[Assay(analyte=found.analyte, value_micro=found.value_micro) for found in known],
        **terms,
    )
