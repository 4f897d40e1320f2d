"""The audit chain: every verb writes one event in its own transaction, each sealed over the one before.

An event's digest covers all its columns and the digest before it, so an edit, a deletion or a changed order
anywhere is found by `verify_chain`. A cut at the end leaves a shorter valid chain: it is found only against
an `Anchor` kept outside the database. The database itself refuses UPDATE and DELETE (see the migrations).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from circularity.columns import between, canonical_json, utc
from circularity.database import STRICT, Base
from circularity.until_commit import UntilCommit

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a name, the organisation acted for (None: the platform itself) and a kind of actor.

    `kind` says how the act came about: `person`, `token` (a program with a key) or `system`.
    """

    name: str
    organisation_public_id: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain as noted outside the database: how many events, and the last digest."""

    events: int
    digest: str

    def as_text(self) -> str:
        """Return the head as one line of JSON, to be kept where the database's keeper cannot write."""
        return canonical_json({"events": self.events, "digest": self.digest}) + "\n"

    @classmethod
    def of_text(cls, text: str) -> Anchor:
        """Read what `as_text` wrote; raises ValueError for anything else."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or found.keys() != {"events", "digest"}:
            raise ValueError("not a noted head: {events, digest} expected")
        events, digest = found["events"], found["digest"]
        if type(events) is not int or events < 0 or not re.fullmatch(r"[0-9a-f]{64}", str(digest)):
            raise ValueError("not a noted head: a count and 64 hexadecimal digits expected")
        return cls(events, str(digest))


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `verify_chain` found: the head as it stands and one sentence per fault, none when whole."""

    head: Anchor
    faults: tuple[str, ...]


class AuditEvent(Base):
    """One act: who, when, which verb, on what, with which facts. Never changed, never deleted."""

    __tablename__ = "audit_events"
    __table_args__ = (between("position", 1, 2**62), STRICT)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    moment: Mapped[str]
    actor_name: Mapped[str]
    actor_organisation: Mapped[str]
    actor_kind: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str] = mapped_column(index=True)
    facts_json: Mapped[str]
    previous: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)

    @property
    def at(self) -> datetime:
        """The moment of the act, in UTC."""
        return datetime.fromisoformat(self.moment)

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the act as plain values."""
        return dict(json.loads(self.facts_json))


# Kept as the very texts that were sealed: a typed column could come back equal after its bytes were edited.
_SEALED = (
    "position",
    "moment",
    "actor_name",
    "actor_organisation",
    "actor_kind",
    "action",
    "subject_kind",
    "subject_id",
    "facts_json",
    "previous",
)


def _seal(values: Sequence[int | str]) -> str:
    """Return the SHA-256 over the sealed columns in their order."""
    return hashlib.sha256(canonical_json(list(values)).encode()).hexdigest()


def record(
    session: Session, actor: Actor, at: datetime, action: str, subject: Any, facts: Mapping[str, Any]
) -> None:
    """Let the session's transaction append one event about a row with a `public_id` to the chain.

    `action` is `thing.verb`, such as `output.posted`. `facts` become JSON as they now are: days and moments
    in ISO form, other rows by their `public_id`. The event is sealed when the transaction commits.
    """
    session.flush()  # what the database refuses is refused in the verb, before anything is told of it
    told = {
        "moment": utc(at).isoformat(timespec="microseconds"),
        "actor_name": actor.name,
        "actor_organisation": actor.organisation_public_id or "",
        "actor_kind": actor.kind,
        "action": action,
        "subject_kind": type(subject).__name__,
        "subject_id": subject.public_id,
        "facts_json": canonical_json({name: _plain(value) for name, value in facts.items()}),
    }
    _RECORDED.collect(session, told)


def verify_chain(session: Session, anchor: Anchor | None = None) -> ChainReport:
    """Walk the whole chain and name every fault; with an anchor also a cut or a rewritten past."""
    faults: list[str] = []
    position, digest, anchored = 0, START, anchor is None or anchor == Anchor(0, START)
    columns = [AuditEvent.__table__.c[name] for name in (*_SEALED, "digest")]
    rows = session.execute(select(*columns).order_by(AuditEvent.position).execution_options(yield_per=1000))
    for *sealed, found in rows:
        if sealed[0] != position + 1:
            faults.append(f"event {position + 1} is missing before event {sealed[0]}")
        if sealed[-1] != digest:
            faults.append(f"event {sealed[0]} does not follow the event before it")
        if _seal(sealed) != found:
            faults.append(f"event {sealed[0]} was changed after it was written")
        position, digest = sealed[0], found
        anchored = anchored or anchor == Anchor(position, digest)
    if not anchored:
        faults.append("the chain does not contain the head that was noted outside the database")
    return ChainReport(Anchor(position, digest), tuple(faults))


def newest(session: Session) -> Anchor:
    """Return the head of the chain as the session sees it, without verifying what leads there."""
    last = session.execute(
        select(AuditEvent.position, AuditEvent.digest).order_by(AuditEvent.position.desc()).limit(1)
    ).first()
    return Anchor(last.position, last.digest) if last else Anchor(0, START)


def events_since(session: Session, seen: Anchor, most: int) -> Sequence[Any] | None:
    """Return (position, digest, action, subject_id) of the events after one that was seen, oldest first.

    None where there are `most` or more, or where the chain no longer holds the event that was seen.
    """
    events = session.execute(_SINCE, {"position": seen.events, "most": most + 1}).all()
    if seen.events:
        if not events or events[0].digest != seen.digest:
            return None
        events = events[1:]
    return events if len(events) < most else None


# kept whole, because a live snapshot asks it at every question
_SINCE = (
    select(AuditEvent.position, AuditEvent.digest, AuditEvent.action, AuditEvent.subject_id)
    .where(AuditEvent.position >= bindparam("position"))
    .order_by(AuditEvent.position)
    .limit(bindparam("most"))
)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "public_id", value)


def _append(session: Session, recorded: Sequence[Mapping[str, str]]) -> None:
    """Seal events over the head of the chain, which from here on nobody else can move until the commit."""
    connection = session.connection()
    head = connection.execute(_LOCKED_HEAD if connection.dialect.name == "postgresql" else _HEAD).first()
    position, digest = head or (0, START)
    events = []
    for told in recorded:
        position += 1
        sealed: dict[str, int | str] = {"position": position, **told, "previous": digest}
        digest = _seal([sealed[name] for name in _SEALED])
        events.append(sealed | {"digest": digest})
    connection.execute(insert(AuditEvent), events)


_LOCKED_HEAD = select(func.audit_events_head().table_valued("position", "digest"))
"""Waits until nobody else appends, then reads; see migration 0029. SQLite has one writer anyway."""

_HEAD = select(AuditEvent.position, AuditEvent.digest).order_by(AuditEvent.position.desc()).limit(1)
_RECORDED = UntilCommit(AuditEvent, _append)
