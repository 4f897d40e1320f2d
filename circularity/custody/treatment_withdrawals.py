"""Taking back a treatment that was recorded wrongly: its moves are reversed, its loads wait again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.custody.reception import Receipt, Treatment, TreatmentInput, TreatmentWithdrawal
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.frozen_months import require_open
from circularity.ledger.groups import reverse
from circularity.ledger.mass import MassGroup

RECORDED = "treatment.recorded"


def withdraw_treatment(
    session: Session, *, actor: Actor, at: datetime, treatment: Treatment, reason: str
) -> None:
    """Take a treatment back, on the day for which it was booked; it is new to its senders once more.

    Raises BadInput without a reason; RuleBroken `already_withdrawn`, `treated_since` where a later treatment
    took of the same loads (that one goes first: the oldest of a load is treated first), `month_closed` for a
    residue of a month that the facility has closed, `not_enough_mass` for a residue that has moved on.
    """
    checks = Checks("treatment")
    reason = checks.text("reason", reason, maximum=500)
    checks.finish()
    session.flush()
    session.refresh(treatment, with_for_update={"of": Treatment})
    if treatment.withdrawal is not None:
        raise RuleBroken("already_withdrawn", "该处理记录已撤回", "this treatment has been withdrawn already")
    _give_back(session, treatment)
    for code in {row.waste_code for row in treatment.results if row.kind == "residue"}:
        require_open(session, treatment.facility.site_id, code, treatment.day_to)
    booked = select(MassGroup).filter_by(event=RECORDED, subject_id=treatment.public_id)
    reverse(session, group=session.scalars(booked).one(), on_day=treatment.day_to, at=at)
    treatment.withdrawal = TreatmentWithdrawal(withdrawn_at=at, reason=reason)
    record(session, actor, at, "treatment.withdrawn", treatment, {"reason": reason})


def _give_back(session: Session, treatment: Treatment) -> None:
    """Let each load have its mass again, untold to its sender; loads are locked before others are asked."""
    parts = sorted(treatment.inputs, key=lambda row: row.receipt_id)
    for part in parts:
        session.refresh(part.receipt, with_for_update={"of": Receipt})
    later = session.scalar(
        select(Treatment)
        .join(Treatment.inputs)
        .outerjoin(Treatment.withdrawal)
        .where(
            TreatmentInput.receipt_id.in_([part.receipt_id for part in parts]),
            Treatment.id > treatment.id,
            TreatmentWithdrawal.treatment_id.is_(None),
        )
        .order_by(Treatment.id.desc())
        .limit(1)
    )
    if later is not None:
        zh = f"同一批货物之后还有处理记录（{later.day_to}），请先撤回后面的"
        en = f"a later treatment ({later.day_to}) took of the same loads: it is withdrawn first"
        raise RuleBroken("treated_since", zh, en, treatment=later.public_id)
    for part in parts:
        part.receipt.treated_kg -= part.mass_kg
        part.told_at = None
    session.flush()
