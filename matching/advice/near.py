"""Outlets that an output misses by little: which rule keeps each away, and the change that would help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from circularity.organisations import Organisation
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from matching.advice.recommending import asked_of
from matching.database.snapshot_live import LiveReceivers
from matching.reasons.near_misses import near_misses, nearest_misses


@dataclass(frozen=True)
class NearOutlet:
    """A window that may not take an output, and why; the change tells figures of both sides."""

    window: CapacityWindow
    rule: str
    change_zh: str
    change_en: str


def near_outlets(
    live: LiveReceivers, session: Session, output: Output, *, at: datetime, most: int = 5
) -> list[NearOutlet]:
    """Return the windows that come closest to taking an output, nearest first.

    Where no facility takes this waste at all, the one window that comes closest is told.
    """
    receivers = live.at(session, at)
    outputs = asked_of(session, receivers.on, output)
    if outputs is None:
        return []
    case, tables, _ = receivers.asked_by(outputs)
    fitting = receivers.fits(tables).capacities[0]
    if fitting.size:
        found = near_misses(case, tables, 0, fitting, most)
    else:
        found = nearest_misses(case, tables, np.array([0]))
    ids = case.capacities.capacity_id
    named = [(miss, str(ids[miss.nearest_capacity])) for miss in found if miss.nearest_capacity >= 0]
    windows = receivers.windows(session, [receivers.snapshot.window_keys[name] for _, name in named])
    return [
        NearOutlet(
            window,
            miss.reason,
            miss.change_zh.replace(name, _of(window).name_zh),
            miss.change_en.replace(name, _of(window).name_en or _of(window).name_zh),
        )
        for (miss, name), window in zip(named, windows, strict=True)
    ]


def _of(window: CapacityWindow) -> Organisation:
    return window.line.entitlement.facility.site.organisation
