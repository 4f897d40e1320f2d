"""What of reported rates an authority is told, and whose figures it was shown by that."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.disclosure import MIN_ORGANISATIONS, may_be_told
from circularity.organisations import Organisation
from circularity.rates.formula import Sums
from circularity.rates.periods import Period
from circularity.rates.told import shares_of
from circularity.readings import Owners
from web.permission_check import watched


def note_rates(session: Session, period: Period, shown: Iterable[Sums], named: Iterable[str]) -> None:
    """Keep in mind whose figures are shown: those named (public ids), and who stands behind sums of few."""
    alone = {key for sums in shown for key in _told_by(sums)}
    behind = session.scalars(select(Organisation.public_id).where(Organisation.id.in_(alone)))
    owners = frozenset((*named, *behind))
    if owners:
        watched("ReportedRates", f"{period.first}/{period.last}", Owners(owners))


def _told_by(sums: Sums) -> Iterable[int]:
    """Return the organisations (keys) that a sum gives away: all of few, or the one that is nearly all."""
    shares = shares_of(sums)
    if may_be_told(shares):
        return ()
    if len(shares) < MIN_ORGANISATIONS:
        return shares
    return (max(shares, key=lambda key: abs(shares[key])),)
