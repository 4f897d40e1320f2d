"""The timers of procedures: what is late, which record or approval is to be filed anew before it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.procedures import add_working_days, working_days_before
from circularity.catalogue.settings import setting
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.whitelist import ProcedureGrant


@dataclass(frozen=True, slots=True)
class Renewal:
    """A grant that ends before its deal: from `renew_by` on it is late to file anew."""

    procedure: AgreementProcedure
    ends_on: date
    renew_by: date


def renewals_due(session: Session, on: date, seen: ColumnElement[bool]) -> list[Renewal]:
    """Return the grants of deals (`seen`) that end soon, while nobody has begun to file anew; earliest first.

    Soon: in so many working days (a setting) or fewer. A deal that ends with its grant needs no other.
    """
    before = setting("procedure_renew_before", on).value
    limit = add_working_days(on, before)
    wanted = (
        select(AgreementProcedure)
        .join(AgreementProcedure.agreement)
        .join(AgreementProcedure.grant)
        .where(seen, Agreement.status.in_(("agreed", "suspended")))
        .where(ProcedureGrant.valid_to >= on, ProcedureGrant.valid_to <= limit)
        .options(joinedload(AgreementProcedure.grant), joinedload(AgreementProcedure.agreement))
        .order_by(ProcedureGrant.valid_to, AgreementProcedure.id)
    )
    found = []
    for row in session.scalars(wanted):
        ends_on = row.grant.valid_to if row.grant else on
        if ends_on < row.agreement.offer.valid_to and not _followed(row, ends_on):
            found.append(Renewal(row, ends_on, working_days_before(ends_on, before)))
    return found


def is_late(procedure: AgreementProcedure, on: date) -> bool:
    """Tell whether a filed procedure should have been decided by now."""
    return procedure.status == "filed" and procedure.expected_on is not None and procedure.expected_on < on


def _followed(procedure: AgreementProcedure, ends_on: date) -> bool:
    """Tell whether another of its kind is under way or holds longer."""
    return any(
        row.kind == procedure.kind
        and (row.status in ("to_file", "filed") or (row.grant is not None and row.grant.valid_to > ends_on))
        for row in procedure.agreement.procedures
        if row is not procedure
    )
