"""What becomes of a run's proposals: accepted, countered, declined, lapsed; and the procedures they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.calendar_days import delta_day
from circularity.deals.clock import lapse_reservations
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, confirm, decline
from circularity.deals.procedures import attach_grant, file_procedure, note_granted
from circularity.deals.proposals import answer_proposal, decline_proposal, proposed_terms
from circularity.runs.stored import Proposal
from circularity.whitelist import GRANT_KINDS, record_grant
from seed.agenda import Thread
from seed.opening import REGISTRAR
from seed.quarter_days import DAY, moment
from seed.stage import Ships, Stage, doing

AUTHORITY = Actor("演示主管部门 · demo authority", None, "authority")
_NOTED_AFTER = 6 * DAY


def a_proposal_is_answered(stage: Stage, proposal: Proposal, ships: Ships) -> Thread:
    """Let both sides answer a proposal, one after the other, as its turn has it."""
    stage.told["proposals"] += 1
    turn = stage.told["proposals"]
    day = stage.quarter.first + turn % 6 * DAY
    sender, receiver = proposal.output.site.organisation, proposal.window.line.entitlement.facility.site
    at = moment(day, 9, turn % 60)
    yield at
    session = stage.session
    if turn % 29 == 7:
        decline_proposal(session, **doing(sender, at), proposal=proposal, side="generator")
        return
    if turn % 9 == 4:
        yield from _countered(stage, proposal, day, ships)
        return
    agreement = answer_proposal(session, **doing(sender, at), proposal=proposal, side="generator", terms=None)
    if turn % 41 == 11:
        yield (later := at + timedelta(hours=73))
        lapse_reservations(session, at=later)
        yield (later := later + DAY)
        decline(session, **doing(receiver.organisation, later), agreement=agreement, side="facility")
        return
    yield (later := at + timedelta(hours=20 + turn % 24))
    confirm(session, **doing(receiver.organisation, later), agreement=agreement, side="facility")
    yield from procedures_are_met(stage, agreement, later, ships)


def _countered(stage: Stage, proposal: Proposal, day: date, ships: Ships) -> Thread:
    """Have the facility counter with a stepped price by months, and the generator accept or walk away."""
    session = stage.session
    sender = proposal.output.site.organisation
    receiver = proposal.window.line.entitlement.facility.site.organisation
    terms = proposed_terms(proposal)
    first = int(terms.price["fixed"] or 0)
    steps = [[0, first], [max(terms.mass_kg // 2, 1), first - abs(first) // 20]]
    other = replace(
        terms, cadence="monthly", period_mass_kg=max(terms.mass_kg // 2, 1), price_kind="stepped",
        price={"steps": steps}, settles="sent", note="按月分批，过半后调价 · by months, repriced past half",
    )  # fmt: skip
    yield (at := moment(day, 15))
    agreement = answer_proposal(
        session, **doing(receiver, at), proposal=proposal, side="facility", terms=other
    )
    yield (at := at + DAY)
    if stage.turn("countered", 7, 3):
        decline(session, **doing(sender, at), agreement=agreement, side="generator")
        return
    accept(session, **doing(sender, at), agreement=agreement, side="generator")
    yield (at := at + timedelta(hours=5))
    confirm(session, **doing(receiver, at), agreement=agreement, side="facility")
    yield from procedures_are_met(stage, agreement, at, ships)


def procedures_are_met(stage: Stage, agreement: Agreement, at: datetime, ships: Ships) -> Thread:
    """File what the agreement waits for; the authority grants it after its lead time, and loads may leave."""
    session, sender = stage.session, agreement.site.organisation
    filed_on = delta_day(at) + DAY
    ready = filed_on
    waiting = [row.kind for row in agreement.procedures if row.granted_on is None]
    if waiting:
        yield (at := moment(filed_on, 10))
        for kind in waiting:
            procedure = file_procedure(
                session, **doing(sender, at), agreement=agreement, kind=kind, filed_on=filed_on,
                document="DEMO-申请 · demo application",
            )  # fmt: skip
            expected = procedure.expected_on if kind in GRANT_KINDS else filed_on + _NOTED_AFTER
            ready = max(ready, expected or filed_on)
        if agreement.source == "proposal" and stage.turn("files", 23, 9):
            return  # the authority asks for more papers, and nothing leaves
        yield moment(ready, 11)
        _granted(session, stage, agreement, waiting, ready)
    offer = agreement.offer
    ships(agreement, max(ready + DAY, offer.valid_from), offer.valid_to)


def _granted(session: Session, stage: Stage, agreement: Agreement, kinds: list[str], day: date) -> None:
    """Grant what is granted for the pair as long as the deal runs, note what needs a document only."""
    at = moment(day, 11)
    for kind in kinds:
        if kind in GRANT_KINDS:
            grant = record_grant(
                session,
                actor=REGISTRAR,
                at=at,
                facility=agreement.facility,
                output_organisation=agreement.site.organisation,
                kind=kind,
                origin_region=agreement.site.region_code[:2],
                waste_pattern=agreement.waste_code,
                valid_from=day,
                valid_to=agreement.offer.valid_to,
                limit_kg=None,
            )
            attach_grant(session, actor=AUTHORITY, at=at, agreement=agreement, grant=grant)
        else:
            note_granted(
                session, **doing(agreement.site.organisation, at), agreement=agreement, kind=kind,
                granted_on=day, document=f"DEMO-{stage.told['proposals']:03d}",
            )  # fmt: skip


def in_order(proposals: list[Proposal]) -> Iterator[Proposal]:
    """Return proposals in an order that does not hang on their keys."""

    def place(proposal: Proposal) -> tuple[str, str, date, str, int]:
        output, entitlement = proposal.output, proposal.window.line.entitlement
        return (
            output.site.organisation.credit_code, output.waste_code, output.available_from or date.min,
            entitlement.number, proposal.mass_kg,
        )  # fmt: skip

    return iter(sorted(proposals, key=place))
