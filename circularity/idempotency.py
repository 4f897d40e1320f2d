"""Answers kept with their effects, so that a request repeated under one key acts once and answers alike.

The answer is stored in the transaction of the effect: both are there or neither is, whatever happens to the
caller in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Engine, UniqueConstraint, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from circularity.database import STRICT, Base, writing
from circularity.errors import RuleBroken

MAX_KEY_LENGTH = 255
_LOCK_SPACE = 0x4F4E4345


class KeptAnswer(Base):
    """The answer once given under a key; `scope` says to which request, `digest` with which content."""

    __tablename__ = "kept_answers"
    __table_args__ = (
        UniqueConstraint("scope", "key", name="uq_kept_answers_scope_key"),
        CheckConstraint(f"length(key) BETWEEN 1 AND {MAX_KEY_LENGTH}", name="key_length"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str]
    key: Mapped[str]
    digest: Mapped[str]
    answer: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `scope` names the kind of request, `key` this one, `digest` its content."""

    scope: str
    key: str
    digest: str


def act_once(
    engine: Engine, request: Request | None, at: datetime, act: Callable[[Session], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Run `act` in one transaction and keep its answer; return the answer and whether it was kept before.

    Without a request (no key) nothing is kept. `act` returns plain values for JSON and may be run twice when
    another request with the same key commits first; only one run takes effect.

    Raises RuleBroken `key_reused` when the key was used with other content, and whatever `act` raises.
    """
    try:
        return _act(engine, request, at, act)
    except IntegrityError:
        # Under PostgreSQL another request may have committed the same key, or the same unique number, since
        # we looked; now it is seen. Anything else that broke a constraint breaks it again.
        return _act(engine, request, at, act)


def _act(
    engine: Engine, request: Request | None, at: datetime, act: Callable[[Session], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    with writing(engine).begin() as session:
        if request is None:
            return act(session), False
        _wait_for_the_same(session, request)
        kept = session.scalar(select(KeptAnswer).filter_by(scope=request.scope, key=request.key))
        if kept is None:
            answer = act(session)
            session.add(KeptAnswer(**_fields(request), answer=answer, kept_at=at))
            return answer, False
        if kept.digest != request.digest:
            zh = "此幂等键已用于内容不同的请求"
            en = "this Idempotency-Key was used with other content"
            raise RuleBroken("key_reused", zh, en, key=request.key)
        return kept.answer, True


def _wait_for_the_same(session: Session, request: Request) -> None:
    """Let the same request at the same time wait, so that it finds the answer and not what the first changed.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:space, hashtext(:request))")
        session.execute(lock, {"space": _LOCK_SPACE, "request": f"{request.scope}\n{request.key}"})


def _fields(request: Request) -> dict[str, str]:
    return {"scope": request.scope, "key": request.key, "digest": request.digest}
