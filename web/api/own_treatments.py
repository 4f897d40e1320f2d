"""Treatments as a party sees them: its facilities' as a whole, those of loads that it sent by its share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, List, Nested, String
from marshmallow.validate import Length, OneOf
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.custody.reception import Receipt, Treatment, TreatmentInput
from circularity.custody.treatment_notices import not_told, note_told
from circularity.custody.treatment_withdrawals import withdraw_treatment
from circularity.party_listings import treatments_seen
from circularity.seen_treatments import seen_treatment
from web.api.acting import Party, acting_for, require_at
from web.api.blueprint import OWN, ApiBlueprint
from web.api.disclosure import facility_named
from web.api.lookups import by_public_id
from web.api.named_acts import Takes, facts_of
from web.api.paging import Paged, Paging
from web.api.quantities import Tonnes
from web.api.shapes import Answer, FacilityReference, moment
from web.api.writing import now
from web.permission_check import told_of, watched
from web.session import read_session

blp = ApiBlueprint("own_treatments", "What became of accepted loads, as their parties see it.")

_ONE = f"{OWN}/treatments/<public_id:treatment_id>"
_LOADED = (
    joinedload(Treatment.facility),
    joinedload(Treatment.withdrawal),
    selectinload(Treatment.inputs).joinedload(TreatmentInput.receipt).joinedload(Receipt.line),
)


class TreatmentQuery(Paged):
    """All that a party sees, or only what is new to it as the sender."""

    new = Boolean(truthy={"true"}, falsy={"false"}, metadata={"description": "true: not opened yet"})


_ACTS = {"open": Takes(), "withdraw": Takes(("reason",))}


class TreatmentAct(Schema):
    """`open`: the sender has seen what became of its loads; `withdraw`: the facility recorded it wrongly."""

    act = String(required=True, validate=OneOf(_ACTS))
    reason = String(validate=Length(max=500), metadata={"description": "why it is withdrawn"})


class TreatedLoadAnswer(Answer):
    """What went in of one load."""

    transfer_id = String()
    receipt_id = String()
    waste_code = String()
    mass_t = Tonnes(attribute="mass_kg")


class OutcomeAnswer(Answer):
    """What came out, by kind; together what went in."""

    product_t = Tonnes(attribute="product")
    recovered_t = Tonnes(attribute="recovered")
    residue_t = Tonnes(attribute="residue")
    loss_t = Tonnes(attribute="loss")


class OwnTreatmentAnswer(Answer):
    """A treatment, whole or by the share of one's own loads; `told_at` is when the sender opened it."""

    sometimes = frozenset({"told_at", "withdrawn_at", "withdrawn_because"})
    id = String()
    facility = Nested(FacilityReference)
    operation = String()
    day_from = Date()
    day_to = Date()
    recorded_at = moment("when it was recorded")
    told_at = moment("when the sender opened it; left out while it is new")
    withdrawn_at = moment("when its facility took it back: it counts no more")
    withdrawn_because = String()
    whole = Boolean(metadata={"description": "false: inputs and results are the share of one's own loads"})
    input_t = Tonnes(attribute="input_kg")
    inputs = List(Nested(TreatedLoadAnswer))
    results = Nested(OutcomeAnswer)


@blp.read(f"{OWN}/treatments", OwnTreatmentAnswer, many=True, query=TreatmentQuery)
def list_own_treatments(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the treatments of a party's facilities and of the loads that it sent, newest first."""
    session = read_session()
    party = acting_for(session, organisation_id)
    seen = treatments_seen(party.organisation, party.side, party.sites)
    wanted = select(Treatment).where(seen, told_of(Treatment)).options(*_LOADED)
    if "new" in query:
        new = not_told(party.organisation, party.sites)
        wanted = wanted.where(new if query["new"] else ~new)
    wanted = wanted.order_by(Treatment.day_to.desc(), Treatment.id.desc())
    rows, headers = Paging.of(query).of_statement(session, wanted)
    return [_shown(session, party, row) for row in rows], headers


@blp.read(_ONE, OwnTreatmentAnswer)
def get_own_treatment(organisation_id: str, treatment_id: str) -> dict[str, Any]:
    """Read one treatment."""
    session = read_session()
    party = acting_for(session, organisation_id)
    return _shown(session, party, _find(session, party, treatment_id))


@blp.change(_ONE, TreatmentAct, OwnTreatmentAnswer)
def change_own_treatment(
    session: Session, body: dict[str, Any], organisation_id: str, treatment_id: str
) -> dict[str, Any]:
    """Note that the sender has been told, or take back what the facility recorded wrongly."""
    party = acting_for(session, organisation_id)
    treatment = _find(session, party, treatment_id)
    blp.check_etag(_shown(session, party, treatment), OwnTreatmentAnswer)
    facts: dict[str, Any] = {"actor": party.actor, "at": now(), "treatment": treatment}
    facts |= facts_of(body, _ACTS)
    if body["act"] == "open":
        note_told(session, sender=party.organisation, only=party.sites, **facts)
    else:
        require_at(party, treatment.facility.site)
        withdraw_treatment(session, **facts)
    return _shown(session, party, treatment)


def _find(session: Session, party: Party, treatment_id: str) -> Treatment:
    seen = treatments_seen(party.organisation, party.side, party.sites)
    return by_public_id(session, Treatment, treatment_id, *_LOADED, only=seen & told_of(Treatment))


def _shown(session: Session, party: Party, treatment: Treatment) -> dict[str, Any]:
    seen = seen_treatment(session, treatment, party.organisation, party.side, party.sites)
    if party.watches:
        watched("Treatment", treatment.public_id, seen.owners)
    names, withdrawal = ("operation", "day_from", "day_to", "recorded_at"), treatment.withdrawal
    return {
        "id": treatment.public_id,
        "facility": facility_named(treatment.facility),
        **{name: getattr(treatment, name) for name in names},
        "told_at": None if party.watches else seen.told_at,
        "withdrawn_at": withdrawal.withdrawn_at if withdrawal else None,
        "withdrawn_because": withdrawal.reason if withdrawal else None,
        "whole": seen.is_whole_seen,
        "input_kg": seen.outcome.input_kg,
        "inputs": [_load(row) for row in seen.inputs],
        "results": seen.outcome.results_kg,
    }


def _load(row: TreatmentInput) -> dict[str, Any]:
    line = row.receipt.line
    return {
        "transfer_id": line.transfer.public_id,
        "receipt_id": row.receipt.public_id,
        "waste_code": line.waste_code,
        "mass_kg": row.mass_kg,
    }
