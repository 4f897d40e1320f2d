"""Receipts: what arrived is weighed now and decided on now or later, in whole or in part, in kilograms.

`receive` notes weights; `decide` gives the verdict, signs it, books what was accepted and the difference of
the two weighings. What is refused stays on the road until it returns or leaves on another transfer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.metered import received_total_kg
from circularity.custody.receipt_postings import receipt_movements
from circularity.custody.reception import Receipt
from circularity.custody.settlement import settled_kg
from circularity.custody.signatures import sign_held
from circularity.custody.weighed_sums import nothing_weighed, require_weighed
from circularity.deals.contract import Agreement
from circularity.deals.still_lawful import agreement_findings, require_lawful
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.groups import post
from circularity.ledger.postings import Movement
from circularity.lifecycle import advance, next_step
from circularity.organisations import Organisation
from circularity.units import format_tonnes


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the receiver weighed of one line, kg wet; None is the sum of its tickets and readings."""

    received_kg: int | None = None
    moisture_permille: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is accepted and refused of one line, together what was received, kg; a refusal has a reason."""

    accepted_kg: int
    refused_kg: int = 0
    reason: str = ""


def receive(
    session: Session, *, actor: Actor, at: datetime, transfer: Transfer, weighed: Mapping[int, Weighed]
) -> list[Receipt]:
    """Note what arrived, by line number, pending a verdict; while it is pending it can be weighed again.

    Raises BadInput for malformed values or missing lines; RuleBroken `illegal_step` before arrival or after
    a verdict, `nothing_weighed`, `not_as_ticketed` for a weight other than that of the tickets.
    """
    locked(session, transfer)
    next_step(transfer.lifecycle, transfer.status, "refuse", "receiver")
    checks = Checks("receipt")
    _require_all_lines(checks, transfer, weighed)
    values = {
        line.number: _values(checks, session, line, weighed[line.number])
        for line in transfer.lines
        if line.number in weighed
    }
    checks.finish()
    found = receipts_of(session, transfer)
    day = received_on(transfer, at)
    for line in transfer.lines:
        if line.number not in found:
            found[line.number] = _pending(transfer, line)
            session.add(found[line.number])
        for name, value in (values[line.number] | {"received_on": day}).items():
            setattr(found[line.number], name, value)
    session.flush()
    record(
        session, actor, at, "transfer.received", transfer, {"lines": {str(k): v for k, v in values.items()}}
    )
    return [found[line.number] for line in transfer.lines]


def decide(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    organisation: Organisation,
    person: str,
    verdicts: Mapping[int, Verdict],
) -> list[Receipt]:
    """Accept or refuse what was received, by line number, as the receiver, and sign it.

    Raises BadInput, NotAllowed `not_a_party`, RuleBroken `illegal_step`, `not_received`, `not_as_ticketed`
    when tickets came in after it was weighed, `not_the_whole` when accepted and refused are not what was
    received, `reason_missing`, `unlawful` when the facility might not take it on the day it came,
    `moisture_missing`.
    """
    locked(session, transfer)
    act = _act(verdicts)
    next_step(transfer.lifecycle, transfer.status, act, "receiver")
    checks = Checks("receipt")
    _require_all_lines(checks, transfer, verdicts)
    checks.finish()
    found = receipts_of(session, transfer)
    if act != "refuse":
        for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
            _require_acceptable(session, line.agreement, came_on(transfer))
    movements: list[Movement] = []
    for line in transfer.lines:
        receipt = _require_received(found, line)
        require_weighed(line.number, receipt.received_kg, received_total_kg(session, line))
        _judge(line, receipt, verdicts[line.number], at)
        movements += receipt_movements(session, line, receipt)
    on_day = received_on(transfer, at)
    post(session, event="receipt.accepted", on_day=on_day, at=at, subject=transfer, movements=movements)
    session.flush()
    sign_held(
        session,
        actor=actor,
        at=at,
        transfer=transfer,
        signer="receiver",
        organisation=organisation,
        person=person,
    )
    # The guard was asked above: accounts are locked before the audit chain, which signing writes to.
    advance(transfer, transfer.lifecycle, act, "receiver", {"may_receive": lambda: None})
    told = {str(number): [found[number].accepted_kg, found[number].refused_kg] for number in sorted(found)}
    record(session, actor, at, f"transfer.{transfer.status}", transfer, {"accepted_refused_kg": told})
    return [found[line.number] for line in transfer.lines]


def _require_acceptable(session: Session, agreement: Agreement, on: date) -> None:
    """Ask the rules as of the day a load came: it may be accepted later, after an analysis, in spite of all
    that has ended meanwhile.

    Procedures were asked when it left, and time to begin one (`lead_time`) is no question at a gate. A
    suspension or an accident lets a load finish that is on its way: nothing leaves for such a plant any more,
    and it may refuse what it cannot take; a blacklisted one must.
    """
    let_pass = {"lead_time"} if agreement.facility.standing == "blacklisted" else {"lead_time", "standing"}
    found = agreement_findings(session, agreement, on)
    require_lawful(finding for finding in found if finding.rule not in let_pass)


def receipts_of(session: Session, transfer: Transfer) -> dict[int, Receipt]:
    """Return a transfer's receipts by line number."""
    rows = session.execute(
        select(TransferLine.number, Receipt)
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .where(TransferLine.transfer_id == transfer.id)
    )
    return {row.number: row.Receipt for row in rows}


def received_on(transfer: Transfer, at: datetime) -> date:
    """Return the day that counts: a trip's of `at`, a sheet's last, on which its mass was sent too."""
    return delta_day(at) if transfer.lifecycle == "transfer" else transfer.day_to


def came_on(transfer: Transfer) -> date:
    """Return the day as of which a load may be accepted: a trip's arrival, a sheet's last day."""
    return delta_day(transfer.arrived_at) if transfer.arrived_at else transfer.day_to


def _require_all_lines(checks: Checks, transfer: Transfer, given: Mapping[int, Any]) -> None:
    for number in {line.number for line in transfer.lines} ^ set(given):
        zh, en = f"第 {number} 行：须逐行填写", f"line {number}: every line once, and no other"
        checks.refuse(f"lines.{number}", "lines_differ", number, zh, en)


def _values(checks: Checks, session: Session, line: TransferLine, weighed: Weighed) -> dict[str, Any]:
    field, ticketed_kg = f"lines.{line.number}", received_total_kg(session, line)
    received_kg = ticketed_kg if weighed.received_kg is None else weighed.received_kg
    if weighed.received_kg is None and not ticketed_kg:
        raise nothing_weighed(line.number)
    require_weighed(line.number, received_kg, ticketed_kg)
    return {
        "received_kg": checks.kilograms(f"{field}.received_kg", received_kg),
        "moisture_permille": checks.maybe(f"{field}.moisture_permille", weighed.moisture_permille, 0, 1000),
    }


def _pending(transfer: Transfer, line: TransferLine) -> Receipt:
    return Receipt(
        public_id=new_public_id(),
        line=line,
        facility=transfer.facility,
        verdict="pending",
        accepted_kg=0,
        refused_kg=0,
        settled_kg=0,
        forwarded_kg=0,
        treated_kg=0,
        reason="",
    )


def _act(verdicts: Mapping[int, Verdict]) -> str:
    if all(verdict.accepted_kg == 0 for verdict in verdicts.values()):
        return "refuse"
    return "accept_part" if any(verdict.refused_kg for verdict in verdicts.values()) else "accept"


def _require_received(found: Mapping[int, Receipt], line: TransferLine) -> Receipt:
    receipt = found.get(line.number)
    if receipt is None:
        zh, en = f"第 {line.number} 行尚未过磅", f"line {line.number} has not been weighed"
        raise RuleBroken("not_received", zh, en, line=line.number)
    return receipt


def _judge(line: TransferLine, receipt: Receipt, verdict: Verdict, at: datetime) -> None:
    """Write the verdict onto the receipt."""
    checks = Checks("receipt")
    accepted_kg = checks.kilograms("accepted_kg", verdict.accepted_kg)
    refused_kg = checks.kilograms("refused_kg", verdict.refused_kg)
    reason = checks.text("reason", verdict.reason, maximum=500, required=False)
    checks.finish()
    if accepted_kg + refused_kg != receipt.received_kg:
        received_t = format_tonnes(receipt.received_kg)
        zh = f"第 {line.number} 行：接受与拒收之和应为 {received_t} 吨"
        en = f"line {line.number}: accepted and refused together must be {received_t} t"
        raise RuleBroken("not_the_whole", zh, en, line=line.number, received_kg=receipt.received_kg)
    if not reason and (refused_kg or not accepted_kg):
        zh, en = "拒收须说明原因", "a refusal needs its reason"
        raise RuleBroken("reason_missing", zh, en, field="reason", line=line.number)
    receipt.accepted_kg, receipt.refused_kg, receipt.reason = accepted_kg, refused_kg, reason
    receipt.decided_at = at
    if not accepted_kg:
        receipt.verdict = "refused"
    else:
        receipt.verdict = "partly_accepted" if refused_kg else "accepted"
    receipt.settled_kg = settled_kg(line.agreement, line, receipt)
