"""Telling senders what became of their loads: a treatment is new to a sender until it has opened it.

A treatment may take loads of several senders; each is told for itself, of its own mass, and sees the results
by its share of the input. `only` are public ids of the sites that somebody acts for, empty = all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.reception import RESULTS, Receipt, Treatment, TreatmentInput
from circularity.errors import NotAllowed
from circularity.organisations import Organisation, Site
from circularity.shares import split


@dataclass(frozen=True, slots=True)
class Outcome:
    """What went in and what came out, kg by kind of result; `is_whole` unless others' loads went in too."""

    input_kg: int
    results_kg: dict[str, int]
    is_whole: bool


def inputs_of(
    session: Session, treatment: Treatment, sender: Organisation, only: frozenset[str] = frozenset()
) -> list[TreatmentInput]:
    """Return the loads of one sender that went into a treatment."""
    return list(
        session.scalars(
            _inputs_sent_by(sender, only)
            .where(TreatmentInput.treatment_id == treatment.id)
            .order_by(TreatmentInput.receipt_id)
        )
    )


def not_told(sender: Organisation, only: frozenset[str] = frozenset()) -> ColumnElement[bool]:
    """Return the condition for treatments of a sender's loads that it has not opened yet."""
    new = _inputs_sent_by(sender, only).where(TreatmentInput.told_at.is_(None))
    return Treatment.id.in_(new.with_only_columns(TreatmentInput.treatment_id))


def note_told(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    treatment: Treatment,
    sender: Organisation,
    only: frozenset[str] = frozenset(),
) -> None:
    """Note that a sender has opened a treatment of its loads; opening it again changes nothing.

    Raises NotAllowed `not_a_sender`.
    """
    session.refresh(treatment, with_for_update={"of": Treatment})
    mine = inputs_of(session, treatment, sender, only)
    if not mine:
        zh, en = "本次处理没有该单位的货物", "no load of this organisation went into the treatment"
        raise NotAllowed("not_a_sender", zh, en)
    new = [row for row in mine if row.told_at is None]
    for row in new:
        row.told_at = at
    if new:
        facts = {"sender": sender, "loads": [row.receipt.public_id for row in new]}
        record(session, actor, at, "treatment.told", treatment, facts)


def outcome_for(treatment: Treatment, mine_kg: int) -> Outcome:
    """Return the results of a treatment by the share that `mine_kg` has in its input."""
    totals = [getattr(treatment, f"{kind}_kg") for kind in RESULTS]
    shares = split(mine_kg, totals)
    return Outcome(mine_kg, dict(zip(RESULTS, shares, strict=True)), mine_kg == treatment.input_kg)


def _inputs_sent_by(sender: Organisation, only: frozenset[str]) -> Select[TreatmentInput]:
    sent = (
        select(TreatmentInput)
        .join(TreatmentInput.receipt)
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .join(Site, Transfer.sender_site_id == Site.id)
        .where(Site.organisation_id == sender.id)
    )
    return sent.where(Site.public_id.in_(only)) if only else sent
