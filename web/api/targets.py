"""Targets of the utilisation rates: those of the catalogue's documents and those that authorities entered."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import Boolean, Date, String
from marshmallow.validate import Length, OneOf
from sqlalchemy.orm import Session

from circularity.rates.formula import SCOPES
from circularity.rates.targets import EnteredTarget, enter_target, known_targets, withdraw_target
from web.api.acting import acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.lookups import by_public_id
from web.api.quantities import Percent
from web.api.shapes import Answer, moment
from web.api.writing import now
from web.session import read_session

blp = ApiBlueprint("targets", "Targets of the utilisation rates, with period and document.")

_HUNDREDTHS_OF_PERCENT_PER_PERMILLE = 10
_ONE = "/targets/<public_id:target_id>"
_WORDS = ("scope", "region_code", "period_from", "period_to", "document_zh", "document_en")


def _whole_permille(hundredths: int) -> None:
    if hundredths % _HUNDREDTHS_OF_PERCENT_PER_PERMILLE:
        raise ValidationError("At most one decimal.")


class TargetCreate(Schema):
    """A target of the authority's region with the document that sets it."""

    scope = String(required=True, validate=OneOf(SCOPES))
    region_code = String(required=True, validate=Length(equal=6))
    rate_percent = Percent(required=True, validate=_whole_permille)
    period_from = Date(required=True)
    period_to = Date(required=True)
    document_zh = String(required=True, validate=Length(min=1, max=200))
    document_en = String(load_default="", validate=Length(max=200))


class TargetWithdrawal(Schema):
    """Why it was entered wrongly."""

    withdrawn = Boolean(required=True, validate=OneOf([True]))
    reason = String(required=True, validate=Length(min=1, max=200))


class ListedTargetAnswer(Answer):
    """A target that stands: from a published document, or entered by an authority."""

    scope = String()
    region_code = String()
    rate_percent = Percent()
    period_from = Date()
    period_to = Date()
    document_zh = String()
    document_en = String()
    source = String(metadata={"description": "where it was read, or the authority that entered it"})
    verified = Boolean()


class EnteredTargetAnswer(Answer):
    """A target as an authority entered it."""

    sometimes = frozenset({"withdrawn_at", "withdrawn_because"})
    id = String()
    scope = String()
    region_code = String()
    rate_percent = Percent()
    period_from = Date()
    period_to = Date()
    document_zh = String()
    document_en = String()
    entered_by_zh = String()
    entered_by_en = String()
    entered_at = moment("when it was entered")
    withdrawn_at = moment("when it was withdrawn")
    withdrawn_because = String()


@blp.read("/targets", ListedTargetAnswer, many=True)
def list_targets() -> list[dict[str, Any]]:
    """List every target that stands or stood, without those withdrawn."""
    return [
        {name: getattr(target, name) for name in (*_WORDS, "source", "verified")}
        | {"rate_percent": target.rate_permille * _HUNDREDTHS_OF_PERCENT_PER_PERMILLE}
        for target in known_targets(read_session())
    ]


@blp.read(_ONE, EnteredTargetAnswer)
def get_target(target_id: str) -> dict[str, Any]:
    """Read one target that an authority entered, withdrawn or not."""
    return _shown(by_public_id(read_session(), EnteredTarget, target_id))


@blp.create(f"{OWN}/targets", TargetCreate, EnteredTargetAnswer, located="targets.get_target", by="target_id")
def enter_next_target(session: Session, body: dict[str, Any], organisation_id: str) -> dict[str, Any]:
    """Enter a target; periods of one region and scope never overlap."""
    party = acting_for(session, organisation_id)
    rate = body.pop("rate_percent") // _HUNDREDTHS_OF_PERCENT_PER_PERMILLE
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    return _shown(enter_target(session, **who, rate_permille=rate, **body))


@blp.change(f"{OWN}{_ONE}", TargetWithdrawal, EnteredTargetAnswer)
def change_target(
    session: Session, body: dict[str, Any], organisation_id: str, target_id: str
) -> dict[str, Any]:
    """Withdraw a target that was entered wrongly."""
    party = acting_for(session, organisation_id)
    target = by_public_id(session, EnteredTarget, target_id)
    blp.check_etag(_shown(target), EnteredTargetAnswer)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    withdraw_target(session, **who, target=target, reason=body["reason"])
    return _shown(target)


def _shown(target: EnteredTarget) -> dict[str, Any]:
    shown = {name: getattr(target, name) for name in (*_WORDS, "entered_at", "withdrawn_at")}
    return shown | {
        "id": target.public_id,
        "rate_percent": target.rate_permille * _HUNDREDTHS_OF_PERCENT_PER_PERMILLE,
        "entered_by_zh": target.organisation.name_zh,
        "entered_by_en": target.organisation.name_en,
        "withdrawn_because": target.withdrawn_because or None,
    }
