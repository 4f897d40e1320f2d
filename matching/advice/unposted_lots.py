"""A lot that nobody posted, as a case's table of one row: a draft, or a load that was refused at a gate."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from circularity.organisations import Site
from circularity.registry.outputs import Output
from matching.case_tables import Outputs
from matching.database.snapshot_tables import output_table

_TERMS = (
    *("public_id", "waste_code", "mass_kg", "available_from", "available_to", "allowed_operations"),
    *("max_distance_m", "max_net_cost_ucny_per_kg", "min_lot_kg", "price_ucny_per_kg", "storage_since"),
    *("status", "plan_mass_kg"),
)


def unposted_table(lot: Output, stands_at: Site | None = None) -> Outputs:
    """Return the table of a lot that is a row of no session; distances begin where it stands.

    The waste stays its generator's: procedures are those of the region of the lot's site.
    """
    place = stands_at or lot.site
    row = SimpleNamespace(
        **{name: getattr(lot, name) for name in _TERMS},
        organisation=lot.site.organisation.public_id,
        lat_e7=place.lat_e7,
        lon_e7=place.lon_e7,
        region_code=lot.site.region_code,
    )
    assays = {assay.analyte: np.array([assay.value_micro], dtype=np.int64) for assay in lot.assays}
    return output_table([row], assays)
