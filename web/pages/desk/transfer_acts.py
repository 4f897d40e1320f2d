"""What parties do to one transfer: sign, arrive, weigh, decide, return, cancel, close, correct."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.custody.amendments import Correction
from circularity.custody.corrections import answer_correction, ask_correction, withdraw_correction
from circularity.custody.manifests import Transfer
from circularity.custody.official_numbers import set_official_number
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.refusals import send_back, take_back
from circularity.custody.signatures import sign
from circularity.custody.transfers import arrive, cancel, close
from circularity.errors import NotFound
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.corrected import typed_change
from web.pages.desk.form_values import FormValues
from web.pages.desk.transfers import acts_in, find_transfer, require_party, show_transfer, standing_in

Facts = dict[str, Any]
Step = Callable[[Session, Transfer, Facts, FormValues], None]


def act_on_transfer(public_id: str, act: str) -> Answer:
    """Take one step with a transfer, for the party one acts for."""
    party = require_acting()
    if act not in STEPS:
        raise NotFound("act", "没有这一操作", "there is no such act")

    def run(session: Session, at: datetime) -> str:
        transfer = find_transfer(session, party, public_id)
        facts = {"actor": party.actor, "at": at, "transfer": transfer, "party": party}
        STEPS[act](session, transfer, facts, FormValues())
        return url_for("desk.transfer", public_id=public_id)

    return attempt(act, run, lambda: show_transfer(public_id))


def _sign_as_sender(session: Session, _: Transfer, facts: Facts, form: FormValues) -> None:
    sign(session, signer="sender", **_signing(session, facts, form))


def _sign_as_carrier(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    carriage = standing_in(transfer, facts["party"]).carriage
    sign(session, signer="carrier", carriage=carriage, **_signing(session, facts, form))


def _arrive(session: Session, transfer: Transfer, facts: Facts, _: FormValues) -> None:
    require_party(transfer, facts["party"], "receiver")
    arrive(session, **_plain(facts))


def _weigh(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    require_party(transfer, facts["party"], "receiver")
    weighed = {
        line.number: Weighed(
            form.maybe_mass(f"lines.{line.number}.received_t"),
            form.percent(f"lines.{line.number}.moisture_percent"),
        )
        for line in transfer.lines
    }
    form.finish()
    receive(session, weighed=weighed, **_plain(facts))


def _decide(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    verdicts = {
        line.number: Verdict(
            form.mass(f"lines.{line.number}.accepted_t"),
            form.mass(f"lines.{line.number}.refused_t"),
            form.text(f"lines.{line.number}.reason"),
        )
        for line in transfer.lines
    }
    form.finish()
    decide(session, verdicts=verdicts, **_signing(session, facts, form))


def _send_back(session: Session, transfer: Transfer, facts: Facts, _: FormValues) -> None:
    who = acts_in(transfer, standing_in(transfer, facts["party"])).get("send_back", "generator")
    require_party(transfer, facts["party"], who)
    send_back(session, who=who, **_plain(facts))


def _take_back(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    require_party(transfer, facts["party"], "generator")
    typed = {line.number: form.maybe_mass(f"lines.{line.number}.weighed_t") for line in transfer.lines}
    form.finish()
    weighed = {number: kg for number, kg in typed.items() if kg is not None}
    take_back(session, weighed_kg=weighed, **_plain(facts))


def _cancel(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    require_party(transfer, facts["party"], "generator")
    cancel(session, reason=form.text("reason"), **_plain(facts))


def _close(session: Session, transfer: Transfer, facts: Facts, _: FormValues) -> None:
    _require_any_party(transfer, facts["party"])
    close(session, **_plain(facts))


def _number(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    _require_any_party(transfer, facts["party"])
    set_official_number(session, number=form.text("official_number"), **_plain(facts))


def _ask(session: Session, _: Transfer, facts: Facts, form: FormValues) -> None:
    changes = typed_change(form)
    form.finish()
    organisation = facts["party"].of(session)
    reason = form.text("reason")
    ask_correction(session, organisation=organisation, changes=changes, reason=reason, **_plain(facts))


def _answer(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    _settle(session, transfer, facts, answer_correction, agrees=True, note=form.text("note"))


def _refuse(session: Session, transfer: Transfer, facts: Facts, form: FormValues) -> None:
    _settle(session, transfer, facts, answer_correction, agrees=False, note=form.text("note"))


def _withdraw(session: Session, transfer: Transfer, facts: Facts, _: FormValues) -> None:
    _settle(session, transfer, facts, withdraw_correction)


STEPS: dict[str, Step] = {
    "sign": _sign_as_sender,
    "carry": _sign_as_carrier,
    "arrive": _arrive,
    "weigh": _weigh,
    "decide": _decide,
    "send-back": _send_back,
    "take-back": _take_back,
    "cancel": _cancel,
    "close": _close,
    "number": _number,
    "correct": _ask,
    "agree": _answer,
    "refuse": _refuse,
    "withdraw": _withdraw,
}
"""What the forms of a transfer's page do; the last word of their address."""


def _plain(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if name != "party"}


def _signing(session: Session, facts: Facts, form: FormValues) -> Facts:
    return _plain(facts) | {"organisation": facts["party"].of(session), "person": form.text("person")}


def _require_any_party(transfer: Transfer, party: Acting) -> None:
    if not standing_in(transfer, party).is_party:
        require_party(transfer, party, "generator")


def _settle(
    session: Session, transfer: Transfer, facts: Facts, verb: Callable[..., None], **more: Any
) -> None:
    """Answer or withdraw the correction that is open."""
    correction = session.scalar(select(Correction).filter_by(transfer_id=transfer.id, status="asked"))
    if correction is None:
        raise NotFound("correction", "没有待答复的更正", "no correction is open")
    organisation = facts["party"].of(session)
    verb(
        session,
        actor=facts["actor"],
        at=facts["at"],
        correction=correction,
        organisation=organisation,
        **more,
    )
