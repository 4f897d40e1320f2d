"""Time passes for deals, proposals and lists: what a worker does every minute, each in its transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from circularity.custody.quota import true_up_quotas
from circularity.database import writing
from circularity.deals.clock import close_what_ran_out, expire_offers, lapse_reservations
from circularity.deals.proposals import expire_proposals
from circularity.whitelist.standing import expire_entries

STEPS = (
    lapse_reservations,
    expire_offers,
    close_what_ran_out,
    expire_proposals,
    expire_entries,
    true_up_quotas,
)
"""In this order: what has lapsed can expire, and what has expired opens its proposal before those do."""


def let_time_pass(engine: Engine, at: datetime) -> int:
    """Let reservations lapse, offers and proposals expire, agreements run out; return how many did."""
    done = 0
    for step in STEPS:
        with writing(engine).begin() as session:
            done += step(session, at=at)
    return done
