"""Ledgers of wastes as people keep them: read into drafts of a site, row by row, and posted as a whole."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Integer, List, Nested, String
from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.errors import NotFound
from circularity.party_listings import sites_seen
from circularity.registry.drafts import OutputLedger, discard_drafts, post_drafts, read_into_drafts
from web.api.acting import Party, acting_for, require_at, seen_site
from web.api.blueprint import OWN, ApiBlueprint
from web.api.codes import NAME_LENGTH
from web.api.disclosure import place_shown
from web.api.drafts import GuessAnswer
from web.api.file_bodies import FILE_TYPES, FileBody
from web.api.paging import Paged, Paging
from web.api.quantities import Tonnes
from web.api.shapes import Answer, NothingAsked, Place, moment
from web.api.writing import now
from web.http_problems import Refusal
from web.session import read_session
from web.tryout.ledgers import MAX_BYTES, ReadLedger, read_rows

blp = ApiBlueprint("ledgers", "Ledgers of wastes, read into drafts and posted as a whole.")

_ONE = f"{OWN}/ledgers/<public_id:ledger_id>"
_LOCATED = {"located": "ledgers.get_ledger", "by": "ledger_id"}


class LedgerQuery(Schema):
    """What the file is called."""

    name = String(validate=NAME_LENGTH, load_default="")


class LedgerAnswer(Answer):
    """One ledger as it was understood: how many rows wait as drafts, and how many stood already."""

    id = String()
    site = Nested(Place)
    file = String()
    read_at = moment("when it was read")
    waiting = Integer(metadata={"description": "drafts; list them by `ledger_id`"})
    waiting_t = Tonnes(attribute="waiting_kg")
    known = Integer(metadata={"description": "rows that stood already, posted or drafted"})
    notes = List(Nested(GuessAnswer), metadata={"description": "how the file was read, of no single row"})


class PostedAnswer(LedgerAnswer):
    """A ledger whose rows were posted, and the lots that they became."""

    output_ids = List(String())


def _read(body: FileBody) -> ReadLedger:
    """Return what the body says, before anything is written; raises Refusal (413), BadInput, RuleBroken."""
    if len(body.content) > MAX_BYTES:
        zh, en = "台账最大 10 MB", "a ledger may have 10 MB"
        raise Refusal(413, "too_large", zh, en)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ledger.{body.suffix}"
        path.write_bytes(body.content)
        return read_rows(path)


@blp.read(f"{OWN}/ledgers", LedgerAnswer, many=True, query=Paged)
def list_ledgers(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List a party's own ledgers, newest first."""
    wanted = _own(acting_for(read_session(), organisation_id)).order_by(OutputLedger.id.desc())
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    return [_shown(ledger) for ledger in rows], headers


@blp.read(_ONE, LedgerAnswer)
def get_ledger(organisation_id: str, ledger_id: str) -> dict[str, Any]:
    """Read one ledger."""
    session = read_session()
    return _shown(_find(session, acting_for(session, organisation_id), ledger_id))


@blp.keep(
    f"{OWN}/sites/<public_id:site_id>/ledgers",
    LedgerAnswer,
    query=LedgerQuery,
    **_LOCATED,
    types=FILE_TYPES,
    read=_read,
)
def upload_ledger(
    session: Session, query: dict[str, Any], file: ReadLedger, organisation_id: str, site_id: str
) -> dict[str, Any]:
    """Read a ledger into drafts of a site; where rows cannot be taken, none is, and each of them is told."""
    party = acting_for(session, organisation_id)
    site = seen_site(session, party, site_id)
    require_at(party, site)
    facts: dict[str, Any] = {"file": query["name"] or file.file, "rows": file.rows, "notes": file.notes}
    ledger = read_into_drafts(session, actor=party.actor, at=now(), site=site, **facts)
    session.flush()
    return _shown(ledger)


@blp.create(f"{_ONE}/posting", NothingAsked, PostedAnswer, **_LOCATED)
def post_own_ledger(
    session: Session,
    body: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    organisation_id: str,
    ledger_id: str,
) -> dict[str, Any]:
    """Post every row of a ledger that still waits, all or none; rows that cannot be posted are told."""
    party = acting_for(session, organisation_id)
    ledger = _find(session, party, ledger_id)
    lots = post_drafts(session, actor=party.actor, at=now(), drafts=ledger.drafts)
    session.flush()
    session.refresh(ledger)
    return _shown(ledger) | {"output_ids": [lot.public_id for lot in lots]}


@blp.create(f"{_ONE}/discarding", NothingAsked, LedgerAnswer, **_LOCATED)
def discard_own_ledger(
    session: Session,
    body: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    organisation_id: str,
    ledger_id: str,
) -> dict[str, Any]:
    """Throw the rows of a ledger away that are not posted."""
    party = acting_for(session, organisation_id)
    ledger = _find(session, party, ledger_id)
    discard_drafts(session, actor=party.actor, at=now(), drafts=ledger.drafts)
    session.flush()
    session.refresh(ledger)
    return _shown(ledger)


def _own(party: Party) -> Select[OutputLedger]:
    """Select a party's own ledgers; who only watches has none."""
    sites = sites_seen(party.organisation, "party", party.sites)
    mine = false() if party.watches else OutputLedger.site_id.in_(sites)
    wanted = select(OutputLedger).where(mine)
    return wanted.options(joinedload(OutputLedger.site), selectinload(OutputLedger.drafts))


def _find(session: Session, party: Party, ledger_id: str) -> OutputLedger:
    found = session.scalar(_own(party).where(OutputLedger.public_id == ledger_id))
    if found is None:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=ledger_id)
    return found


def _shown(ledger: OutputLedger) -> dict[str, Any]:
    return {
        "id": ledger.public_id,
        "site": place_shown(ledger.site),
        **{name: getattr(ledger, name) for name in ("file", "read_at", "known")},
        "waiting": len(ledger.drafts),
        "waiting_kg": sum(draft.terms["mass_kg"] for draft in ledger.drafts),
        "notes": ledger.notes.get("notes", []),
    }
