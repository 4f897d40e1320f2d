"""Files of one's own in the background: asked for by a page's form, watched, cancelled, told row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.errors import NotFound
from circularity.jobs import Job, ask_to_cancel
from circularity.organisations import Site
from circularity.party_listings import total
from circularity.safe_workbook import MAX_FILE_BYTES
from circularity.uploads import (
    OFFICIAL_FORMS,
    OFFICIAL_NUMBERS,
    WEIGHBRIDGE,
    Upload,
    ask_for_import,
    imports_of,
    purge_ended,
)
from web.api.writing import is_writable
from web.jobs import send_after_commit
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import sent_file
from web.pages.requests import page_of
from web.session import read_session

PHASES = ("read", "write")
"""What an import goes through, in this order."""

TAKE_FILES = ("desk.upload_tickets", "desk.upload_forms", "desk.upload_official_numbers")
"""The forms that call `ask_import`."""

ROWS = 20
SHOWN_PROBLEMS = 100

_BACK: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    WEIGHBRIDGE: lambda asked: url_for("desk.tickets", public_id=asked["transfer"], side=asked["side"]),
    OFFICIAL_FORMS: lambda _: url_for("desk.months"),
    OFFICIAL_NUMBERS: lambda _: url_for("desk.official_numbers"),
}
"""Kind of import → the page whose form it came from."""


def ask_import(
    form: str,
    kind: str,
    ask: Callable[[Session], tuple[dict[str, Any], Sequence[Site]]],
    show: Callable[[], str],
) -> Answer:
    """Keep the form's `file` for a worker and go to the page that tells how far it is.

    `ask` says what it is read for and which sites it is about, or refuses; `show` is the page that the form
    stands on.
    """
    party = require_acting()

    def keep(session: Session, at: datetime) -> str:
        parameters, sites = ask(session)
        content, suffix = sent_file("file")
        facts: dict[str, Any] = {"content": content, "suffix": suffix, "parameters": parameters}
        facts["sites"] = sites
        upload = ask_for_import(session, actor=party.actor, at=at, kind=kind, **facts)
        send_after_commit(session, upload.job.public_id)
        return url_for("desk.one_import", public_id=upload.job.public_id)

    return attempt(form, keep, show)


def let_files_in(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Let forms with a file be as large as files may be, for those who may write, before a body is read."""
    if endpoint in TAKE_FILES and is_writable():
        request.max_content_length = MAX_FILE_BYTES


def show_imports() -> str:
    """Show the files that the party one acts for has sent, the newest first."""
    session, party = read_session(), require_acting()
    wanted = imports_of(party.organisation, party.sites)
    page = page_of(
        total(session, wanted),
        lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        size=ROWS,
    )
    return render_template("imports.html", page=page)


def show_import(public_id: str) -> str:
    """Show how far one file is, or what became of its rows; the page asks again until it has ended."""
    upload = _own(read_session(), require_acting(), public_id)
    job = upload.job
    now = job.progress.get("phase")
    at = PHASES.index(now) if now in PHASES else 0
    done = 1000 if job.result_id else round((at * 1000 + job.progress.get("permille", 0)) / len(PHASES))
    facts: dict[str, Any] = {
        "phases": PHASES,
        "at": at,
        "done": done,
        "back": _BACK[job.kind](job.parameters),
    }
    facts["problems"] = upload.problems.get("rows", [])[:SHOWN_PROBLEMS]
    # Uploads from before the transfer was told have pairs of row and ticket alone.
    facts["repeated"] = [(*known, "")[:3] for known in upload.problems.get("repeated", [])]
    facts["elsewhere"] = any(number for _, _, number in facts["repeated"])
    return render_template("import.html", upload=upload, job=job, **facts)


def cancel_import(public_id: str) -> Answer:
    """Ask an import to stop; nothing of its file is then taken."""
    party = require_acting()

    def cancel(session: Session, at: datetime) -> str:
        upload = _own(session, party, public_id)
        ask_to_cancel(session, actor=party.actor, at=at, job=upload.job)
        purge_ended(session)
        return url_for("desk.one_import", public_id=public_id)

    return attempt("cancel_import", cancel, lambda: show_import(public_id))


def _own(session: Session, party: Acting, public_id: str) -> Upload:
    upload = session.scalar(imports_of(party.organisation, party.sites).where(Job.public_id == public_id))
    if upload is None:
        raise NotFound("import", "没有这一导入", "there is no such import", id=public_id[:40])
    return upload
