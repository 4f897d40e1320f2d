"""Receipts and treatments: what arrived, what was accepted of it, what was made of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, selectinload

from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receipts_of, receive
from circularity.custody.reception import Receipt, Treatment
from circularity.custody.treatments import Result, record_treatment
from circularity.custody.weight_differences import WeightDifference, weight_difference
from circularity.organisations import Organisation
from circularity.policy_facts import facts_about
from circularity.registry.entitlements import Facility
from web.api.blueprint import ApiBlueprint
from web.api.codes import verb_arguments
from web.api.disclosure import mass_shown
from web.api.lookups import by_public_id, named_in_body
from web.api.receipt_schemas import (
    ReceiptsCreate,
    ReceptionAnswer,
    TreatmentAnswer,
    TreatmentCreate,
    VerdictsCreate,
)
from web.api.writing import ACTOR, is_writable, now
from web.permission_check import asking, may_tell
from web.session import read_session

blp = ApiBlueprint("receipts", "What receivers weigh, accept, refuse and treat.")

_ONE = "/transfers/<public_id:transfer_id>"
_LOCATED = {"located": "receipts.get_receipts", "by": "transfer_id"}


@blp.read(f"{_ONE}/receipts", ReceptionAnswer)
def get_receipts(transfer_id: str) -> dict[str, Any]:
    """Read what became of a transfer's lines on arrival."""
    session = read_session()
    return _reception(session, by_public_id(session, Transfer, transfer_id))


@blp.create(f"{_ONE}/receipts", ReceiptsCreate, ReceptionAnswer, **_LOCATED)
def create_receipts(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Weigh what arrived; the verdict may wait for an analysis."""
    transfer = by_public_id(session, Transfer, transfer_id)
    weighed = {line.pop("number"): Weighed(**line) for line in body["lines"]}
    receive(session, actor=ACTOR, at=now(), transfer=transfer, weighed=weighed)
    return _reception(session, transfer)


@blp.create(f"{_ONE}/verdicts", VerdictsCreate, ReceptionAnswer, **_LOCATED)
def create_verdicts(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Accept or refuse every line, in whole or in part, and sign as the receiver."""
    transfer = by_public_id(session, Transfer, transfer_id)
    verdicts = {line.pop("number"): Verdict(**line) for line in body["lines"]}
    decide(
        session,
        actor=ACTOR,
        at=now(),
        transfer=transfer,
        organisation=named_in_body(session, Organisation, "organisation_id", body["organisation_id"]),
        person=body["person"],
        verdicts=verdicts,
    )
    return _reception(session, transfer)


@blp.read("/treatments/<public_id:treatment_id>", TreatmentAnswer)
def get_treatment(treatment_id: str) -> dict[str, Any]:
    """Read one treatment as a whole: exactly for its facility and authority; senders read their own share."""
    options = (selectinload(Treatment.results),)
    return _treatment(by_public_id(read_session(), Treatment, treatment_id, *options))


@blp.create(
    "/treatments", TreatmentCreate, TreatmentAnswer, located="receipts.get_treatment", by="treatment_id"
)
def create_treatment(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Record what a facility made of loads it had accepted."""
    inputs = [
        (named_in_body(session, Receipt, "inputs.receipt_id", part["receipt_id"]), part.get("mass_kg"))
        for part in body.pop("inputs")
    ]
    results = [Result(**result) for result in body.pop("results")]
    treatment = record_treatment(
        session,
        actor=ACTOR,
        at=now(),
        facility=named_in_body(session, Facility, "facility_id", body["facility_id"]),
        inputs=inputs,
        results=results,
        **verb_arguments(body),
    )
    return _treatment(treatment)


def _reception(session: Session, transfer: Transfer) -> dict[str, Any]:
    receipts = receipts_of(session, transfer)
    shown = [_receipt(receipts[number], number) for number in sorted(receipts)]
    return {"id": transfer.public_id, "status": transfer.status, "receipts": shown}


def _receipt(receipt: Receipt, number: int) -> dict[str, Any]:
    """Tell weights and reasons as for the transfer."""
    exact = may_tell(receipt.line.transfer, otherwise=is_writable())
    shown = {
        "number": number,
        "waste_code": receipt.line.waste_code,
        "verdict": receipt.verdict,
        "received_on": receipt.received_on,
        "decided_at": receipt.decided_at,
        **mass_shown("received", receipt.received_kg, exact=exact),
    }
    if exact:
        shown |= {
            "id": receipt.public_id,
            "accepted_kg": receipt.accepted_kg,
            "refused_kg": receipt.refused_kg,
            "settled_kg": receipt.settled_kg,
            "left_kg": receipt.accepted_kg - receipt.forwarded_kg - receipt.treated_kg,
            "moisture_permille": receipt.moisture_permille,
            "reason": receipt.reason,
            "difference": _difference(weight_difference(receipt)),
        }
    return shown


def _difference(found: WeightDifference) -> dict[str, Any]:
    return {
        "unexplained_kg": found.unexplained_kg,
        "moisture_kg": found.moisture_kg,
        "judged": found.judged,
        "warn_permille": found.allowed.warn_permille,
        "report_permille": found.allowed.report_permille,
    }


def _treatment(treatment: Treatment) -> dict[str, Any]:
    exact = may_tell(treatment, otherwise=is_writable()) and not _only_sent(treatment)
    names = ("operation", "day_from", "day_to", "recorded_at")
    return {
        "id": treatment.public_id,
        **{name: getattr(treatment, name) for name in names},
        **mass_shown("input", treatment.input_kg, exact=exact),
        "results": [
            {
                "kind": result.kind,
                "name": result.name if exact else "",
                "waste_code": result.waste_code,
                **mass_shown("mass", result.mass_kg, exact=exact),
            }
            for result in treatment.results
        ],
    }


def _only_sent(treatment: Treatment) -> bool:
    """Tell whether the asker is but a sender: loads of others may be in it, and they are not its business."""
    acting = asking()
    return acting is not None and facts_about(treatment).sides_of(acting) == {"generator"}
