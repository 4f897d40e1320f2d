"""Uploaded files: kept in the database until a worker has read them, so that a killed one loses none.

An import is a job with a file. The bytes go when the job has ended, however it ended; who sent what, and what
became of it, stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, Select, delete, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from circularity.audit import Actor
from circularity.columns import between, new_public_id, one_of
from circularity.custody.known_weighings import Repeated
from circularity.custody.sheets import Imported
from circularity.database import STRICT, Base
from circularity.errors import BadInput, InputProblem, RuleBroken
from circularity.jobs import UNFINISHED, Claim, Job, ask_for, finish
from circularity.organisations import Organisation, Site
from circularity.safe_workbook import MAX_FILE_BYTES

WEIGHBRIDGE, OFFICIAL_FORMS, OFFICIAL_NUMBERS = "weighbridge", "official_forms", "official_numbers"
IMPORTS = (WEIGHBRIDGE, OFFICIAL_FORMS, OFFICIAL_NUMBERS)
SUFFIXES = ("csv", "xlsx")
MAX_WAITING = 20
"""Imports of one organisation that may wait or run at a time."""

KEPT_PROBLEMS = 1000
"""So many refused rows are told one by one; the others are counted."""

_MOST = 10**9


class Upload(Base):
    """One uploaded file and its job; `added`, `ignored` and `refused` count rows once the job has ended.

    `problems` names each refused row by place, field and rule, up to KEPT_PROBLEMS of them, and the first
    tickets of a weighbridge that were known already.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("suffix", SUFFIXES),
        between("size_bytes", 1, MAX_FILE_BYTES),
        between("added", 0, _MOST),
        between("ignored", 0, _MOST),
        between("refused", 0, _MOST),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), unique=True)
    suffix: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    kept_at: Mapped[datetime]
    added: Mapped[int | None]
    ignored: Mapped[int | None]
    refused: Mapped[int | None]
    problems: Mapped[dict[str, Any]]

    job: Mapped[Job] = relationship()
    sites: Mapped[list[Site]] = relationship(secondary="upload_sites", order_by=Site.id)


class UploadSite(Base):
    """One of the sites that an upload is about; one of none is about its organisation as a whole."""

    __tablename__ = "upload_sites"

    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True, index=True)


class UploadContent(Base):
    """The bytes of an upload whose job has not ended."""

    __tablename__ = "upload_contents"

    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


def ask_for_import(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    kind: str,
    content: bytes,
    suffix: str,
    parameters: Mapping[str, Any],
    sites: Sequence[Site] = (),
) -> Upload:
    """Keep a file (`suffix` csv or xlsx) and ask for the job of this kind that reads it.

    `parameters` say what it is read for, `sites` what it is about. Raises BadInput for an empty or too large
    file, RuleBroken `too_many_imports` when the actor's organisation has MAX_WAITING under way.
    """
    if not 1 <= len(content) <= MAX_FILE_BYTES:
        zh, en = "文件应有内容且不超过 50 MB", "the file must have content and at most 50 MB"
        raise BadInput([InputProblem("body", None, None, "file_size", str(len(content)), zh, en)])
    _require_room(session, actor)
    public_id = new_public_id()
    job = ask_for(session, actor=actor, at=at, kind=kind, parameters={**parameters, "upload": public_id})
    upload = Upload(
        public_id=public_id,
        job=job,
        suffix=suffix,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        kept_at=at,
        problems={},
        sites=list(sites),
    )
    session.add(upload)
    session.flush()
    session.add(UploadContent(upload_id=upload.id, content=content))
    session.flush()
    return upload


def imports_of(organisation: Organisation, only: frozenset[str] = frozenset()) -> Select[Upload]:
    """Return an organisation's own imports with their jobs, the newest first.

    `only` are public ids of the sites that somebody acts for, empty = all: then those about these alone.
    """
    own = (
        select(Upload)
        .join(Upload.job)
        .where(Job.asked_by_organisation == organisation.public_id)
        .options(joinedload(Upload.job))
        .order_by(Upload.id.desc())
    )
    if not only:
        return own
    elsewhere = Upload.sites.any(Site.public_id.not_in(only))
    return own.where(Upload.sites.any(), ~elsewhere)


def waiting_file(session: Session, job: Job) -> tuple[str, bytes]:
    """Return suffix and bytes of a job's file; raises LookupError when they are gone."""
    wanted = select(Upload.suffix, UploadContent.content).join(
        UploadContent, UploadContent.upload_id == Upload.id
    )
    row = session.execute(wanted.where(Upload.job_id == job.id)).first()
    if row is None:
        raise LookupError(f"the file of job {job.public_id} is gone")
    return row.suffix, row.content


def finish_import(session: Session, held: Claim, *, at: datetime, done: Imported) -> None:
    """End an import in the transaction that wrote its rows; raises what `jobs.finish` raises."""
    upload = session.scalars(select(Upload).filter_by(job_id=held.job)).one()
    upload.added, upload.ignored = done.added, done.ignored
    _tell(upload, done.problems, done.repeated)
    session.flush()
    finish(session, held, at=at, result_id=upload.public_id)
    purge_ended(session)


def note_refused(session: Session, job: Job, problems: Iterable[InputProblem]) -> None:
    """Keep why a whole file could not be read; nothing of it was taken."""
    upload = session.scalar(select(Upload).filter_by(job_id=job.id))
    if upload is not None:
        upload.added = upload.ignored = 0
        _tell(upload, problems)


def purge_ended(session: Session) -> int:
    """Delete the bytes of every upload whose job has ended; return how many."""
    session.flush()
    ended = select(Upload.id).join(Upload.job).where(Job.state.not_in(UNFINISHED))
    gone = delete(UploadContent).where(UploadContent.upload_id.in_(ended))
    return session.connection().execute(gone).rowcount


def _tell(upload: Upload, problems: Iterable[InputProblem], repeated: Sequence[Repeated] = ()) -> None:
    told = [problem.as_dict() for problem in problems]
    upload.refused = len(told)
    upload.problems = {"rows": told[:KEPT_PROBLEMS], "repeated": [list(row) for row in repeated]}


def _require_room(session: Session, actor: Actor) -> None:
    wanted = (
        select(func.count()).select_from(Job).filter_by(asked_by_organisation=actor.organisation_public_id)
    )
    waiting = session.scalar(wanted.where(Job.kind.in_(IMPORTS), Job.state.in_(UNFINISHED))) or 0
    if waiting >= MAX_WAITING:
        zh = f"已有 {waiting} 个导入任务在进行，请稍后再试"
        en = f"{waiting} imports are under way already: try again later"
        raise RuleBroken("too_many_imports", zh, en, waiting=waiting)
