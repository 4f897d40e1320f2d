"""Corrections of what was signed: asked by one party, made only when every other has agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.custody.amendments import Correction
from circularity.custody.corrected_fields import CANCEL
from circularity.custody.corrected_weighings import WEIGHINGS, WeighingChange
from circularity.custody.corrections import answer_correction, ask_correction, parties_of, withdraw_correction
from circularity.custody.manifests import Transfer
from circularity.errors import BadInput, InputProblem
from circularity.lifecycle import legal_acts
from circularity.organisations import Organisation
from circularity.party_listings import transfers_seen
from circularity.units import KG_PER_T, format_scaled
from web.api.acting import Party, acting_for, seen_transfer
from web.api.blueprint import OWN, ApiBlueprint
from web.api.correction_schemas import CorrectionAnswer, CorrectionChange, CorrectionCreate, CorrectionQuery
from web.api.disclosure import organisation_shown
from web.api.lookups import by_public_id
from web.api.paging import Paging
from web.api.quantities import Tonnes
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import read_session

blp = ApiBlueprint("corrections", "Corrections of signed transfers, by consent of their parties.")

_ONE = f"{OWN}/corrections/<public_id:correction_id>"
_LOCATED = {"located": "corrections.get_correction", "by": "correction_id"}
_LOADED = (selectinload(Correction.answers), selectinload(Correction.transfer))


@blp.read(f"{OWN}/corrections", CorrectionAnswer, many=True, query=CorrectionQuery)
def list_corrections(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the corrections of a party's transfers, newest first; those open have status `asked`."""
    session = read_session()
    party = acting_for(session, organisation_id)
    seen = _seen(party) & told_of(Transfer)
    wanted = select(Correction).join(Correction.transfer).where(seen).options(*_LOADED)
    if "status" in query:
        wanted = wanted.where(Correction.status == query["status"])
    rows, headers = Paging.of(query).of_statement(session, wanted.order_by(Correction.id.desc()))
    note_shown(rows)
    return [_shown(session, correction) for correction in rows], headers


@blp.read(_ONE, CorrectionAnswer)
def get_correction(organisation_id: str, correction_id: str) -> dict[str, Any]:
    """Read one correction."""
    session = read_session()
    return _shown(session, _find(session, acting_for(session, organisation_id), correction_id))


@blp.create(
    f"{OWN}/transfers/<public_id:transfer_id>/corrections", CorrectionCreate, CorrectionAnswer, **_LOCATED
)
def ask_for_correction(
    session: Session, body: dict[str, Any], organisation_id: str, transfer_id: str
) -> dict[str, Any]:
    """Ask the other parties of a signed transfer for a change, or for its cancellation."""
    party = acting_for(session, organisation_id)
    correction = ask_correction(
        session,
        actor=party.actor,
        at=now(),
        transfer=seen_transfer(session, party, transfer_id),
        organisation=party.organisation,
        changes=_wanted(body),
        reason=body["reason"],
        weighings=[_put_right(row) for row in body["weighings"]],
    )
    return _shown(session, correction)


@blp.change(_ONE, CorrectionChange, CorrectionAnswer)
def change_correction(
    session: Session, body: dict[str, Any], organisation_id: str, correction_id: str
) -> dict[str, Any]:
    """Agree or refuse as another party, or withdraw what one has asked for."""
    party = acting_for(session, organisation_id)
    correction = _find(session, party, correction_id)
    blp.check_etag(_shown(session, correction), CorrectionAnswer)
    facts: dict[str, Any] = {"actor": party.actor, "at": now(), "correction": correction}
    facts["organisation"] = party.organisation
    if body["act"] == "withdraw":
        withdraw_correction(session, **facts)
    else:
        answer_correction(session, **facts, agrees=body["act"] == "agree", note=body["note"])
    session.flush()
    return _shown(session, correction)


def _seen(party: Party) -> Any:
    return transfers_seen(party.organisation, party.side, party.sites)


def _find(session: Session, party: Party, correction_id: str) -> Correction:
    theirs = Correction.transfer_id.in_(select(Transfer.id).where(_seen(party)))
    return by_public_id(session, Correction, correction_id, *_LOADED, only=theirs)


def _wanted(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as the verb takes them, masses in kg; every one that cannot be read is told."""
    problems: list[InputProblem] = []
    found: dict[str, Any] = {CANCEL: True} if body["cancel"] else {}
    for place, change in enumerate(body["changes"]):
        name, value = change["field"], change["value"]
        if name.endswith("_t"):
            name, value = f"{name[:-2]}_kg", _kilograms(problems, place, value)
        if name in found:
            zh, en = "同一字段只能更正一次", "a field is changed once"
            problems.append(InputProblem("body", None, f"changes.{place}.field", "twice", name, zh, en))
        found[name] = value
    if problems:
        raise BadInput(problems)
    return found


def _put_right(row: Mapping[str, Any]) -> WeighingChange:
    said = {name: row[name] for name in ("thing", "act", "side", "name", "at", "line")}
    return WeighingChange(**said, values={name: row[name] for name in row.keys() - said.keys()})


def _kilograms(problems: list[InputProblem], place: int, value: Any) -> int | None:
    try:
        return None if value is None else Tonnes().deserialize(value)
    except ValidationError as error:
        zh, en = "应为吨数，最多三位小数", str(error.messages[0])
        column = f"changes.{place}.value"
        problems.append(InputProblem("body", None, column, "not_a_number", str(value)[:80], zh, en))
        return None


def _shown(session: Session, correction: Correction) -> dict[str, Any]:
    transfer = correction.transfer
    answered = {answer.organisation_id: answer for answer in correction.answers}
    asked = correction.status == "asked"
    waiting = parties_of(transfer).keys() - answered.keys() - {correction.asked_by_id} if asked else ()
    names = ("number", "status", "asked_at", "reason", "settled_at")
    return {
        "id": correction.public_id,
        "transfer_id": transfer.public_id,
        "transfer_number": transfer.number,
        "legal_acts": list(legal_acts("correction", correction.status)),
        "asked_by": organisation_shown(correction.asked_by),
        **{name: getattr(correction, name) for name in names},
        "changes": [
            _change(name, *values)
            for name, values in correction.changes.items()
            if not name.startswith(WEIGHINGS)
        ],
        "weighings": [
            (before or after) | {"before": before, "after": after}
            for name, (before, after) in correction.changes.items()
            if name.startswith(WEIGHINGS)
        ],
        "answers": [
            {
                "party": _named(session, answer.organisation_id),
                **{name: getattr(answer, name) for name in ("agrees", "answered_at", "note")},
            }
            for answer in correction.answers
        ],
        "waiting_for": [_named(session, key) for key in sorted(waiting)],
    }


def _named(session: Session, key: int) -> dict[str, Any]:
    return organisation_shown(session.get_one(Organisation, key))


def _change(name: str, before: Any, after: Any) -> dict[str, Any]:
    """Return a change in the unit it is asked for: kg become tonnes, the rest is its own text."""
    if not name.endswith("_kg"):
        texts = (None if value is None else str(value) for value in (before, after))
        return dict(zip(("before", "after"), texts, strict=True)) | {"field": name}
    tonnes = (None if value is None else format_scaled(value, KG_PER_T) for value in (before, after))
    return dict(zip(("before", "after"), tonnes, strict=True)) | {"field": f"{name[:-3]}_t"}
