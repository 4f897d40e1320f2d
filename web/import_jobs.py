"""What a worker does with an uploaded file: read it without a transaction, then write it in one.

Whatever ends the worker before that one transaction commits leaves nothing behind, and the file still waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.custody.manifests import Transfer
from circularity.custody.official_number_files import read_official_numbers
from circularity.custody.official_numbers import import_official_numbers
from circularity.custody.sheets import Imported
from circularity.custody.weighbridge import add_export, read_weighbridge
from circularity.database import Base, reading, writing
from circularity.errors import NotFound
from circularity.forms.importing import take_forms
from circularity.forms.reading import read_forms
from circularity.jobs import Claim, Job
from circularity.organisations import Organisation, Site
from circularity.party_listings import side_of, transfers_seen
from circularity.uploads import OFFICIAL_FORMS, OFFICIAL_NUMBERS, WEIGHBRIDGE, finish_import, waiting_file

Tell = Callable[[str, float], None]
Parameters = Mapping[str, Any]
Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Asked:
    """For whom and what a file is read."""

    actor: Actor
    at: datetime
    parameters: Parameters


Take = Callable[[Session, Asked, Tell], Imported]
"""Writes what a file held."""


def import_file(engine: Engine, job: Job, held: Claim, tell: Tell) -> None:
    """Read the file of a job and write it together with the end of the job."""
    tell("read", 0.0)
    with reading(engine)() as session:
        suffix, content = waiting_file(session, job)
    with TemporaryDirectory(prefix="circularity-import-") as folder:
        file = Path(folder) / f"upload.{suffix}"
        file.write_bytes(content)
        take = READERS[job.kind](file, job.parameters, tell)
    tell("write", 0.0)
    at = datetime.now(UTC)
    with writing(engine).begin() as session:
        done = take(session, Asked(job.asker, at, job.parameters), tell)
        finish_import(session, held, at=at, done=done)


def _weighbridge(file: Path, parameters: Parameters, tell: Tell) -> Take:
    found = read_weighbridge(file, lambda share: tell("read", share), parameters.get("words", ""))

    def take(session: Session, asked: Asked, tell: Tell) -> Imported:
        transfer = _row(session, Transfer, asked.parameters["transfer"])
        facts = {name: asked.parameters[name] for name in ("line", "side")}
        facts |= {"actor": asked.actor, "at": asked.at, "transfer": transfer}
        facts["progress"] = lambda share: tell("write", share)
        return add_export(session, **facts, found=found, source=file.name)

    return take


def _official_forms(file: Path, _parameters: Parameters, _: Tell) -> Take:
    rows = read_forms(file)

    def take(session: Session, asked: Asked, _: Tell) -> Imported:
        site = _row(session, Site, asked.parameters["site"])
        return take_forms(session, actor=asked.actor, at=asked.at, site=site, rows=rows)

    return take


def _official_numbers(file: Path, _parameters: Parameters, _: Tell) -> Take:
    found = read_official_numbers(file)

    def take(session: Session, asked: Asked, tell: Tell) -> Imported:
        organisation = _row(session, Organisation, asked.actor.organisation_public_id or "")
        only = frozenset(asked.parameters.get("sites", ()))
        return import_official_numbers(
            session,
            actor=asked.actor,
            at=asked.at,
            rows=found.pairs,
            places=found.places,
            seen=transfers_seen(organisation, side_of(organisation), only),
            progress=lambda share: tell("write", share),
        )

    return take


READERS: Mapping[str, Callable[[Path, Parameters, Tell], Take]] = {
    WEIGHBRIDGE: _weighbridge,
    OFFICIAL_FORMS: _official_forms,
    OFFICIAL_NUMBERS: _official_numbers,
}
"""How each kind of file is read; what it returns is called in the one writing transaction."""


def _row(session: Session, model: type[Row], public_id: str) -> Row:
    found = session.scalar(select(model).filter_by(public_id=public_id))
    if found is None:
        raise NotFound("not_found", "未找到", "what the file is for is not there any more")
    return found
