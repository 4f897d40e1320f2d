"""The database that is measured holds the generated case, and nothing else."""

from __future__ import annotations

import numpy as np
from case_database import AT, fill
from sqlalchemy import Engine

from circularity.audit import Actor
from circularity.database import reading
from circularity.runs.stored import MatchingRun
from matching.case_tables import Outputs
from matching.database.run import run_matching
from matching.database.snapshot import read_snapshot
from seed.generate import generate_case


def test_a_case_written_in_bulk_is_read_back_and_matched(engine: Engine) -> None:
    case = generate_case(300, 30, 3)
    fill(engine, case)
    with reading(engine)() as session:
        found = read_snapshot(session, case.parameters).case
    assert found.shape == case.shape
    assert found.parameters == case.parameters
    assert _lots(found.outputs) == _lots(case.outputs)
    assert sorted(found.capacities.capacity_kg.tolist()) == sorted(case.capacities.capacity_kg.tolist())
    pools = [cap.limit_kg for cap in case.caps if cap.cap_id.startswith("POOL")]
    assert sorted(cap.limit_kg for cap in found.caps if cap.cap_id.startswith("facility")) == sorted(pools)
    key = run_matching(engine, actor=Actor("bench", None, "system"), at=AT, parameters=case.parameters)
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, key)
    assert (run.status, run.supply_kg) == ("optimal", int(case.outputs.mass_kg.sum()))
    assert run.placed_kg > 0


def _lots(outputs: Outputs) -> list[tuple[object, ...]]:
    """What lots say of themselves, whatever their ids."""
    names = (
        "waste_code",
        "mass_kg",
        "lat_e7",
        "lon_e7",
        "available_from_day",
        "available_to_day",
        "plan_mass_kg",
    )
    assays = np.sort(np.stack([outputs.assays[name] for name in sorted(outputs.assays)]), axis=0)[-1]
    return sorted(zip(*(getattr(outputs, name).tolist() for name in names), assays.tolist(), strict=True))
