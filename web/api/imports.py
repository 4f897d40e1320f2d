"""Imports of a party's files, each a job: asked for with the file, watched and cancelled at its own address.

Nothing of a file is there before its job is done, and a file sent again changes nothing: rows that are known
are counted as ignored, rows that cannot be taken are named by row, field and rule, the others stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Integer, List, Nested, String
from marshmallow.validate import Length, OneOf
from sqlalchemy.orm import Session

from circularity.custody.weighings import SIDES
from circularity.errors import NotFound
from circularity.jobs import STATES, Job, ask_to_cancel
from circularity.organisations import Site
from circularity.party_listings import sites_of
from circularity.uploads import (
    IMPORTS,
    KEPT_PROBLEMS,
    OFFICIAL_FORMS,
    OFFICIAL_NUMBERS,
    WEIGHBRIDGE,
    Upload,
    ask_for_import,
    imports_of,
    purge_ended,
)
from web.api.acting import Party, acting_for, require_at, require_own, seen_site, seen_transfer
from web.api.blueprint import OWN, ApiBlueprint
from web.api.file_bodies import FileBody
from web.api.jobs import JobStands, job_shown
from web.api.paging import Paged, Paging
from web.api.quantities import WholeNumber
from web.api.shapes import FieldProblem, NothingAsked
from web.api.writing import now
from web.jobs import send_after_commit
from web.session import read_session

blp = ApiBlueprint(
    "imports", "A party's files, read in the background: weighbridges, national forms, numbers."
)

_LOCATED = {"located": "imports.get_import", "by": "import_id"}


class ImportQuery(Paged):
    """Which imports."""

    state = String(validate=OneOf(STATES))
    kind = String(validate=OneOf(IMPORTS))


class WeighbridgeQuery(Schema):
    """For which line, and whose weights they are."""

    line = WholeNumber(minimum=1, maximum=1000, load_default=1)
    side = String(validate=OneOf(SIDES), load_default="sender")
    words = String(
        validate=Length(max=200),
        load_default="",
        metadata={"description": "all of which a row must have somewhere to be taken"},
    )


class ImportAnswer(JobStands):
    """One import: its job, and once it is done what became of the rows; `problems` are the first of many."""

    sometimes = JobStands.sometimes | {"transfer_id", "site_id", "added", "ignored", "refused"}
    transfer_id = String()
    site_id = String()
    size_bytes = Integer()
    sha256 = String()
    added = Integer(metadata={"description": "rows that were new"})
    ignored = Integer(metadata={"description": "rows that were there already, or change nothing"})
    refused = Integer(metadata={"description": "rows that cannot be taken"})
    problems = List(
        Nested(FieldProblem), metadata={"description": f"of refused rows, at most {KEPT_PROBLEMS}"}
    )


@blp.read(f"{OWN}/imports", ImportAnswer, many=True, query=ImportQuery)
def list_imports(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List a party's own imports, newest first."""
    party = acting_for(read_session(), organisation_id)
    wanted = imports_of(party.organisation, party.sites)
    for name in ("state", "kind"):
        if name in query:
            wanted = wanted.where(getattr(Job, name) == query[name])
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    return [_shown(upload) for upload in rows], headers


@blp.read(f"{OWN}/imports/<public_id:import_id>", ImportAnswer)
def get_import(organisation_id: str, import_id: str) -> dict[str, Any]:
    """Read one import: how far it is, or what became of each row."""
    return _shown(_own(read_session(), acting_for(read_session(), organisation_id), import_id))


@blp.create(f"{OWN}/imports/<public_id:import_id>/cancellation", NothingAsked, ImportAnswer, **_LOCATED)
def cancel_import(
    session: Session,
    body: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    organisation_id: str,
    import_id: str,
) -> dict[str, Any]:
    """Cancel an import that waits, ask a running one to stop; nothing of the file is then taken."""
    party = acting_for(session, organisation_id)
    upload = _own(session, party, import_id)
    ask_to_cancel(session, actor=party.actor, at=now(), job=upload.job)
    purge_ended(session)
    return _shown(upload)


@blp.upload(
    f"{OWN}/transfers/<public_id:transfer_id>/weighbridge-files",
    ImportAnswer,
    query=WeighbridgeQuery,
    **_LOCATED,
)
def upload_weighbridge(
    session: Session, query: dict[str, Any], file: FileBody, organisation_id: str, transfer_id: str
) -> dict[str, Any]:
    """Add the tickets of a weighbridge's export to a line, for the side that weighed them."""
    party = acting_for(session, organisation_id)
    transfer = seen_transfer(session, party, transfer_id)
    site = transfer.sender_site if query["side"] == "sender" else transfer.facility.site
    require_at(party, site)
    return _ask(session, party, WEIGHBRIDGE, file, {"transfer": transfer_id, **query}, [site])


@blp.upload(
    f"{OWN}/sites/<public_id:site_id>/official-form-files", ImportAnswer, query=NothingAsked, **_LOCATED
)
def upload_official_forms(
    session: Session,
    query: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    file: FileBody,
    organisation_id: str,
    site_id: str,
) -> dict[str, Any]:
    """Write the months that a file in the form of the national ledgers tells of, left open."""
    party = acting_for(session, organisation_id)
    site = seen_site(session, party, site_id)
    require_at(party, site)
    return _ask(session, party, OFFICIAL_FORMS, file, {"site": site_id}, [site])


@blp.upload(f"{OWN}/official-number-files", ImportAnswer, query=NothingAsked, **_LOCATED)
def upload_official_numbers(
    session: Session,
    query: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    file: FileBody,
    organisation_id: str,
) -> dict[str, Any]:
    """Enter many numbers of national manifests, each beside our own number; none is ever made here."""
    party = acting_for(session, organisation_id)
    require_own(party)
    narrowed = {"sites": sorted(party.sites)} if party.sites else {}
    sites = sites_of(session, party.organisation, party.sites)
    return _ask(session, party, OFFICIAL_NUMBERS, file, narrowed, sites)


def _ask(
    session: Session,
    party: Party,
    kind: str,
    file: FileBody,
    parameters: dict[str, Any],
    sites: Sequence[Site],
) -> dict[str, Any]:
    """Keep the file, ask for its job and tell the workers once both are there to be seen."""
    facts: dict[str, Any] = {
        "kind": kind,
        "content": file.content,
        "suffix": file.suffix,
        "parameters": parameters,
        "sites": sites,
    }
    upload = ask_for_import(session, actor=party.actor, at=now(), **facts)
    send_after_commit(session, upload.job.public_id)
    return _shown(upload)


def _own(session: Session, party: Party, import_id: str) -> Upload:
    upload = session.scalar(imports_of(party.organisation, party.sites).where(Job.public_id == import_id))
    if upload is None:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=import_id)
    return upload


def _shown(upload: Upload) -> dict[str, Any]:
    asked = upload.job.parameters
    names = ("size_bytes", "sha256", "added", "ignored", "refused")
    return job_shown(upload.job) | {
        "transfer_id": asked.get("transfer"),
        "site_id": asked.get("site"),
        **{name: getattr(upload, name) for name in names},
        "problems": upload.problems.get("rows", []),
    }
