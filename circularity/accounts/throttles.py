"""Back-off after wrong proofs, kept in the database so that every process counts the same.

An attempt is counted before its proof is looked at and forgiven after it was right: however many arrive at
once, no more than the limit are looked at. What is counted is a digest, so an unknown address is counted as a
known one is, and the table holds no personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import UniqueConstraint, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from circularity.accounts.keys import digest
from circularity.audit import Actor, record
from circularity.columns import between, new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import NotAllowed

LIMITS: Mapping[str, int] = MappingProxyType({"account": 5, "code": 5, "address": 30, "mail": 10})
"""Attempts until a pause, by what is counted: log-ins to one account, codes of one account, log-ins from one
network address, mails asked for from one network address."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)
"""Each further wrong attempt doubles the pause. The longest is short, because anybody can cause it for
anybody else's account."""

FORGOTTEN_AFTER = timedelta(days=1)
_SYSTEM = Actor("log-in guard", None, "system")


class Throttle(Base):
    """How often one thing was tried wrongly since `first_at`, and until when it may not be tried again."""

    __tablename__ = "throttles"
    __table_args__ = (
        UniqueConstraint("kind", "subject", name="uq_throttles_subject"),
        one_of("kind", LIMITS),
        between("attempts", 0, 10**9),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    subject: Mapped[str]
    attempts: Mapped[int]
    newest_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: its kind (a word of LIMITS) and the text that names it."""

    kind: str
    text: str


class TooManyAttemptsError(NotAllowed):
    """Tried too often; `seconds` says when it may be tried again. Repeating it before does not help."""

    def __init__(self, seconds: int) -> None:
        zh, en = f"尝试次数过多，请 {seconds} 秒后再试", f"too many attempts: try again in {seconds} seconds"
        super().__init__("too_many_attempts", zh, en, seconds=seconds)


def count_attempt(session: Session, at: datetime, things: Sequence[Counted]) -> int:
    """Count one attempt at each thing; return for how many seconds it is refused, 0 when it may go on.

    A refused attempt is not counted, so that a pause ends although somebody keeps trying. Commit it either
    way: a count that is rolled back was none.
    """
    rows = [_row(session, at, thing) for thing in sorted(things, key=lambda thing: thing.kind)]
    pauses = [row.paused_until - at for row in rows if row.paused_until and row.paused_until > at]
    if pauses:
        return int(max(pauses).total_seconds()) + 1
    for row in rows:
        _count(session, at, row)
    return 0


def begins_pause(session: Session, thing: Counted) -> bool:
    """Tell whether the attempt that was just counted is the one with which pauses begin."""
    same = select(Throttle.attempts).filter_by(kind=thing.kind, subject=digest(thing.text))
    return session.scalar(same) == LIMITS[thing.kind]


def forgive(session: Session, things: Sequence[Counted]) -> None:
    """Forget what was counted of an account; of a network address only this one attempt.

    Otherwise somebody could try others' accounts for ever by logging in to his own in between. Call it before
    anything is recorded: counts are locked before the audit chain is.
    """
    for thing in sorted(things, key=lambda thing: thing.kind):  # locked in one order everywhere
        whole = thing.kind in ("account", "code")
        values = {"attempts": 0 if whole else Throttle.attempts - 1, "paused_until": None}
        this = (Throttle.kind == thing.kind, Throttle.subject == digest(thing.text), Throttle.attempts > 0)
        session.execute(update(Throttle).where(*this).values(values))


def _row(session: Session, at: datetime, thing: Counted) -> Throttle:
    """Return the locked row of a thing, made where it lacks."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"public_id": new_public_id(), "kind": thing.kind, "subject": digest(thing.text)}
    blank = values | {"attempts": 0, "newest_at": at, "paused_until": None}
    session.execute(insert(Throttle).values(blank).on_conflict_do_nothing())
    wanted = select(Throttle).filter_by(kind=thing.kind, subject=values["subject"])
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one()


def _count(session: Session, at: datetime, row: Throttle) -> None:
    if at - row.newest_at > FORGOTTEN_AFTER:
        row.attempts = 0
    row.attempts, row.newest_at = row.attempts + 1, at
    over = row.attempts - LIMITS[row.kind]
    row.paused_until = None
    if over >= 0:
        row.paused_until = at + min(FIRST_PAUSE * 2 ** min(over, 20), LONGEST_PAUSE)
        facts = {"kind": row.kind, "attempts": row.attempts, "until": row.paused_until}
        record(session, _SYSTEM, at, "throttle.paused", row, facts)
