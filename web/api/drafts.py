"""Drafts: lots that nobody but their owner sees until they are posted, with the outlets they would have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow.fields import Date, Dict, Integer, List, Nested, String
from sqlalchemy.orm import Session

from circularity.errors import NotFound
from circularity.organisations import Site
from circularity.registry.drafts import (
    OutputDraft,
    change_draft,
    discard_drafts,
    draft_output,
    drafts_of,
    post_drafts,
)
from matching.advice.recommending import outlets_for_output
from web.api.acting import Party, acting_for, require_at
from web.api.blueprint import OWN, ApiBlueprint
from web.api.codes import CODE_LENGTH, PUBLIC_ID, verb_arguments
from web.api.disclosure import is_public, place_shown
from web.api.lookups import named_in_body
from web.api.output_schemas import OutputAnswer, OutputCreate, TermsChange
from web.api.outputs import output_shown
from web.api.paging import Paged, Paging
from web.api.quantities import CnyPerTonne, Concentration, Kilometres, Tonnes, WholeNumber
from web.api.recommendations import AdviceQuery, RecommendationAnswer, advice_shown
from web.api.shapes import Answer, NothingAsked, OnlyTrue, Place, moment
from web.api.writing import now
from web.session import live_receivers, read_session

blp = ApiBlueprint("drafts", "Lots that are prepared and not posted: their owner's alone.")

_ONE = f"{OWN}/drafts/<public_id:draft_id>"


class DraftQuery(Paged):
    """Which drafts: all, or what is left of a ledger."""

    ledger_id = String(validate=PUBLIC_ID)


class DraftChange(TermsChange):
    """What is to change of a draft; `discarded` throws it away."""

    waste_code = String(validate=CODE_LENGTH)
    discarded = OnlyTrue()


class GuessAnswer(Answer):
    """What was guessed when a file was read; `column` is that of the file."""

    sometimes = frozenset({"column"})
    rule = String()
    column = String()
    zh = String()
    en = String()


class DraftAnswer(Answer):
    """One draft, with what would be said of the lot; `line` is the row of the ledger it was read from."""

    sometimes = frozenset(
        {
            *(
                "ledger_id",
                "line",
                "available_from",
                "available_to",
                "max_distance_km",
                "max_net_cost_cny_per_t",
            ),
            *("min_lot_t", "price_cny_per_t", "storage_since", "plan_mass_t"),
        }
    )
    id = String()
    site = Nested(Place)
    ledger_id = String()
    line = Integer()
    notes = List(Nested(GuessAnswer), metadata={"description": "what was guessed of the row"})
    waste_code = String()
    mass_t = Tonnes(attribute="mass_kg")
    available_from = Date()
    available_to = Date()
    allowed_operations = List(String())
    max_distance_km = Kilometres(attribute="max_distance_m")
    max_net_cost_cny_per_t = CnyPerTonne(attribute="max_net_cost_ucny_per_kg")
    min_lot_t = Tonnes(attribute="min_lot_kg")
    price_cny_per_t = CnyPerTonne(attribute="price_ucny_per_kg")
    storage_since = Date()
    status = String()
    plan_mass_t = Tonnes(attribute="plan_mass_kg")
    assays = Dict(keys=String(), values=Concentration(metadata={"type": "string"}))
    visibility = String()
    drafted_at = moment("when it was kept")
    version = WholeNumber(minimum=1, maximum=2**31)


@blp.read(f"{OWN}/drafts", DraftAnswer, many=True, query=DraftQuery)
def list_drafts(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List a party's own drafts, newest first."""
    party = acting_for(read_session(), organisation_id)
    wanted = drafts_of(party.organisation, party.sites)
    if "ledger_id" in query:
        wanted = wanted.where(OutputDraft.ledger.has(public_id=query["ledger_id"]))
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    return [_shown(draft) for draft in rows], headers


@blp.read(_ONE, DraftAnswer)
def get_draft(organisation_id: str, draft_id: str) -> dict[str, Any]:
    """Read one draft."""
    return _shown(_own(read_session(), acting_for(read_session(), organisation_id), draft_id))


@blp.create(f"{OWN}/drafts", OutputCreate, DraftAnswer, located="drafts.get_draft", by="draft_id")
def create_draft(session: Session, body: dict[str, Any], organisation_id: str) -> dict[str, Any]:
    """Keep a lot for later; nobody else sees it, and no run takes it in."""
    party = acting_for(session, organisation_id)
    site = named_in_body(session, Site, "site_id", body["site_id"])
    require_at(party, site)
    draft = draft_output(session, actor=party.actor, at=now(), site=site, terms=verb_arguments(body))
    session.flush()
    return _shown(draft)


@blp.change(_ONE, DraftChange, DraftAnswer)
def change_own_draft(
    session: Session, body: dict[str, Any], organisation_id: str, draft_id: str
) -> dict[str, Any]:
    """Change a draft, or throw it away."""
    party = acting_for(session, organisation_id)
    draft = _own(session, party, draft_id)
    shown = _shown(draft)
    blp.check_etag(shown, DraftAnswer)
    if body.pop("discarded", False):
        discard_drafts(session, actor=party.actor, at=now(), drafts=[draft])
        return shown
    change_draft(session, actor=party.actor, at=now(), draft=draft, terms={**draft.said, **body})
    session.flush()
    return _shown(draft)


@blp.create(f"{_ONE}/posting", NothingAsked, OutputAnswer, located="outputs.get_output", by="output_id")
def post_own_draft(
    session: Session,
    body: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    organisation_id: str,
    draft_id: str,
) -> dict[str, Any]:
    """Post a draft: it becomes a lot, and is gone."""
    party = acting_for(session, organisation_id)
    (lot,) = post_drafts(session, actor=party.actor, at=now(), drafts=[_own(session, party, draft_id)])
    session.flush()
    return output_shown(lot, exact=True)


@blp.read(f"{_ONE}/recommendations", RecommendationAnswer, many=True, query=AdviceQuery)
def list_outlets_of_draft(query: dict[str, Any], organisation_id: str, draft_id: str) -> list[dict[str, Any]]:
    """List the outlets that a draft would have if it were posted."""
    lot = _own(read_session(), acting_for(read_session(), organisation_id), draft_id).lot
    found = outlets_for_output(live_receivers(), read_session(), lot, at=now(), limit=query["limit"])
    return [
        advice_shown(advice, advice.window.offered_kg, exact=is_public(advice.window)) for advice in found
    ]


def _own(session: Session, party: Party, draft_id: str) -> OutputDraft:
    wanted = drafts_of(party.organisation, party.sites).where(OutputDraft.public_id == draft_id)
    found = session.scalar(wanted) if not party.watches else None
    if found is None:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=draft_id)
    return found


def _shown(draft: OutputDraft) -> dict[str, Any]:
    return {
        "id": draft.public_id,
        "site": place_shown(draft.site),
        "ledger_id": draft.ledger.public_id if draft.ledger else None,
        "line": draft.line,
        "notes": draft.notes.get("notes", []),
        "drafted_at": draft.drafted_at,
        "version": draft.version,
        **draft.said,
    }
