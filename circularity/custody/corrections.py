"""Corrections: one party asks for a change of what was signed, every other party agrees, or nothing changes.

Weights change only after the receiver's verdict, never what the verdict was, and only with the tickets and
readings that they are the sum of. A cancellation of what is under way is a correction too, and stands alone.
What was approved is sealed anew by those who had signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.columns import new_public_id
from circularity.custody.amendments import Correction, CorrectionAnswer
from circularity.custody.corrected_fields import CANCEL, checked, find_field, is_weight
from circularity.custody.corrected_weighings import WeighingChange, compare_weighings
from circularity.custody.correction_effects import apply, went_back
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Transfer
from circularity.custody.official_numbers import checked_number, require_untaken
from circularity.custody.receipts import receipts_of
from circularity.custody.weighed_sums import follow
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance, legal_acts
from circularity.organisations import Organisation

_SETTLED = ("accepted", "partly_accepted", "refused", "closed")
_GONE_ON = ("returning", "returned", "rematched")


def ask_correction(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    organisation: Organisation,
    changes: Mapping[str, Any],
    reason: str,
    weighings: Sequence[WeighingChange] = (),
) -> Correction:
    """Ask for new values by field (see `corrected_fields`), or for `{"cancel": True}`, with a reason.

    `weighings` are tickets and readings put right; the weights that are their sums follow. Raises BadInput
    for unknown fields, malformed or unchanged values and weights that are not their sum; NotAllowed
    `not_a_party`; RuleBroken `not_signed`, `correction_open`, `too_early` for weights before the verdict,
    `mass_went_back` once what was refused has left the gate, `illegal_step`.
    """
    locked(session, transfer)
    _party(transfer, organisation)
    checks = Checks("correction")
    reason = checks.text("reason", reason, maximum=250)
    found = _compare(checks, session, transfer, changes, weighings, at)
    checks.finish()
    _require_possible(session, transfer, found)
    last = session.scalar(select(func.max(Correction.number)).filter_by(transfer_id=transfer.id)) or 0
    correction = Correction(
        public_id=new_public_id(),
        transfer=transfer,
        number=last + 1,
        asked_by=organisation,
        asked_at=at,
        reason=reason,
        changes=found,
        status="asked",
    )
    session.add(correction)
    session.flush()
    approved = _approve_if_all_agree(session, correction, at, {organisation.id: actor.name})
    facts = {"transfer": transfer, "organisation": organisation, "changes": found, "reason": reason}
    record(session, actor, at, "correction.asked", correction, facts | {"approved": approved})
    return correction


def answer_correction(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    correction: Correction,
    organisation: Organisation,
    agrees: bool,
    note: str = "",
) -> None:
    """Agree or refuse as another party, once; one refusal ends it, the last agreement makes the change.

    Raises BadInput; NotAllowed `not_a_party`, `own_correction`; RuleBroken `illegal_step`, `answered`, and
    what the change itself meets, such as `not_enough_mass` when the mass has moved on.
    """
    who = _open(session, correction, organisation)
    if organisation.id == correction.asked_by_id:
        raise NotAllowed("own_correction", "不能答复自己的更正申请", "nobody answers their own correction")
    checks = Checks("correction")
    note = checks.text("note", note, maximum=250, required=False)
    checks.finish()
    advance(correction, "correction", "agree" if agrees else "refuse", who)
    if any(answer.organisation_id == organisation.id for answer in correction.answers):
        raise RuleBroken("answered", "该单位已答复", "this party has answered already")
    correction.answers.append(
        CorrectionAnswer(organisation_id=organisation.id, agrees=agrees, answered_at=at, note=note)
    )
    session.flush()
    approved = agrees and _approve_if_all_agree(session, correction, at, {organisation.id: actor.name})
    if not agrees:
        correction.settled_at = at
    facts = {"organisation": organisation, "agrees": agrees, "note": note, "approved": approved}
    record(session, actor, at, "correction.answered", correction, facts)


def withdraw_correction(
    session: Session, *, actor: Actor, at: datetime, correction: Correction, organisation: Organisation
) -> None:
    """Take a correction back before it is settled. Raises NotAllowed `not_the_asker`, RuleBroken."""
    who = _open(session, correction, organisation)
    if organisation.id != correction.asked_by_id:
        raise NotAllowed("not_the_asker", "只有申请方可以撤回", "only the one who asked withdraws")
    advance(correction, "correction", "withdraw", who)
    correction.settled_at = at
    record(session, actor, at, "correction.withdrawn", correction, {"organisation": organisation})


def parties_of(transfer: Transfer) -> dict[int, str]:
    """Return who has a voice, once by organisation: sender, receiver, carriers that have signed."""
    parties = {transfer.sender_site.organisation_id: "generator"}
    parties.setdefault(transfer.facility.site.organisation_id, "receiver")
    for signature in transfer.signatures:
        if signature.signer == "carrier":
            parties.setdefault(signature.organisation_id, "carrier")
    return parties


def weights_may_change(transfer: Transfer) -> bool:
    """Tell whether the receiver has given its verdict and what it refused is still at the gate."""
    return transfer.status in _SETTLED


def _open(session: Session, correction: Correction, organisation: Organisation) -> str:
    """Lock a correction with its transfer and return which party the organisation is."""
    locked(session, correction.transfer)
    session.refresh(correction, with_for_update={"of": Correction})
    return _party(correction.transfer, organisation)


def _party(transfer: Transfer, organisation: Organisation) -> str:
    who = parties_of(transfer).get(organisation.id)
    if who is None:
        zh, en = "该单位不是本次转移的一方", "this organisation is no party to the transfer"
        raise NotAllowed("not_a_party", zh, en)
    return who


def _compare(
    checks: Checks,
    session: Session,
    transfer: Transfer,
    changes: Mapping[str, Any],
    weighings: Sequence[WeighingChange],
    at: datetime,
) -> dict[str, Any]:
    """Return each field with its value before and after; the values that are no change are refused."""
    if CANCEL in changes:
        if len(changes) > 1 or weighings or changes[CANCEL] is not True:
            zh, en = "取消不能与其他更正同时提出", "a cancellation stands alone"
            checks.refuse(CANCEL, "stands_alone", changes, zh, en)
        return {CANCEL: [transfer.status, True]}
    if not changes and not weighings:
        checks.refuse("changes", "empty", "", "至少更正一项", "at least one change is needed")
    receipts = receipts_of(session, transfer)
    found: dict[str, Any] = dict(compare_weighings(checks, session, transfer, weighings))
    for field, value in changes.items():
        place = find_field(transfer, receipts, field)
        if place is None:
            zh, en = f"{field} 不能更正", f"{field} is not changed by a correction"
            checks.refuse(field[:80], "unknown_field", value, zh, en)
            continue
        before, after = getattr(*place), checked(checks, field, value)
        if field == "official_number":
            after = checked_number(checks, transfer, after, at)
        if before == after:
            checks.refuse(field, "unchanged", value, f"{field} 没有变化", f"{field} is that already")
        found[field] = [before, after]
    if not checks.problems:
        follow(checks, session, transfer, receipts, found)
    return found


def _require_possible(session: Session, transfer: Transfer, changes: Mapping[str, Any]) -> None:
    if not transfer.signatures or transfer.status == "cancelled":
        zh, en = "只有已签署的转移需要更正", "only what is signed is corrected"
        raise RuleBroken("not_signed", zh, en, status=transfer.status)
    standing = select(Correction.id).filter_by(transfer_id=transfer.id, status="asked")
    if session.scalar(standing) is not None:
        zh, en = "已有一项更正申请待答复", "a correction is open already"
        raise RuleBroken("correction_open", zh, en)
    if CANCEL in changes and "cancel" not in legal_acts(transfer.lifecycle, transfer.status, "system"):
        zh, en = "此状态不能协商取消", "in this state nothing is cancelled by consent"
        raise RuleBroken("illegal_step", zh, en, state=transfer.status, act="cancel")
    if "official_number" in changes:
        require_untaken(session, changes["official_number"][1])
    weighs = any(map(is_weight, changes))
    if weighs and transfer.status in _GONE_ON:
        raise went_back()
    if weighs and not weights_may_change(transfer):
        zh, en = "重量在接收确认后才能更正", "weights are corrected only after the receiver's verdict"
        raise RuleBroken("too_early", zh, en, status=transfer.status)


def _approve_if_all_agree(
    session: Session, correction: Correction, at: datetime, person: Mapping[int, str]
) -> bool:
    """Make the change when nobody is left to ask; `person` is who acts now, for their organisation."""
    agreed = {answer.organisation_id for answer in correction.answers if answer.agrees}
    waiting = parties_of(correction.transfer).keys() - agreed - {correction.asked_by_id}
    if waiting:
        return False

    def all_agree() -> None:
        apply(session, correction=correction, at=at, person=person)

    advance(correction, "correction", "approve", "system", {"all_agree": all_agree})
    correction.settled_at = at
    session.flush()
    return True
