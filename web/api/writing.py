"""Writing through the API: whether it is allowed here, as whom, and once per Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from flask import current_app, request
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.local import LocalProxy

from circularity.audit import Actor
from circularity.database import writing
from circularity.errors import NotAllowed, Stale
from circularity.idempotency import MAX_KEY_LENGTH, Request, act_once
from web.auth.identity import accounts_are_on, identity
from web.config import Config
from web.http_problems import Refusal
from web.session import engine

NOBODY = Actor("API, caller not identified", None, "system")
"""Who the audit chain says it was where nobody signs in."""


def _caller() -> Actor:
    found = identity() if accounts_are_on() else None
    return NOBODY if found is None else found.actor


ACTOR = cast(Actor, LocalProxy(_caller))
"""Who asks now, as the audit chain will say it."""

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"


def is_writable() -> bool:
    """Tell whether somebody who may write asks: who is signed in, or anybody in a trial.

    What exactly one may, policy says (`web.permission_check`).
    """
    if accounts_are_on():
        return identity() is not None
    return cast(Config, current_app.extensions["circularity.config"]).api_write


def refuse_unless_writable() -> None:
    """Raise NotAllowed unless somebody is signed in, or the operator opened a trial."""
    if accounts_are_on() and not is_writable():
        raise Refusal(401, "not_signed_in", "请先登录", "sign in first")
    if not is_writable():
        zh = "未开放写入：尚无账户与权限，任何人都可写入。仅供试用时可设置 CIRC_API_WRITE=true"
        en = (
            "writing is closed: there are no accounts yet, so anybody could write. For a trial only, "
            "start the server with CIRC_API_WRITE=true"
        )
        raise NotAllowed("writing_closed", zh, en, setting="CIRC_API_WRITE")


def refuse_unless_told_apart() -> None:
    """Raise NotAllowed for a party's own papers unless the operator opened a trial, in which all are one."""
    if not is_writable():
        zh = "单位自己的资料不对外公开：尚无账户，无法确认请求者身份"
        en = "a party's own papers are for it alone, and without accounts nobody can say who asks"
        raise NotAllowed("party_unknown", zh, en, setting="CIRC_API_WRITE")


def write_once(act: Callable[[Session], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """Run `act` in one transaction, once per key; return its answer and whether it is a repetition.

    Raises RuleBroken for a key that was used with other content.
    """
    return act_once(engine(), _request(), now(), act)


def write(act: Callable[[Session], dict[str, Any]]) -> dict[str, Any]:
    """Run `act` in one transaction; If-Match already keeps it from being done twice.

    Raises Stale when somebody else changed the same row meanwhile.
    """
    try:
        with writing(engine()).begin() as session:
            return act(session)
    except StaleDataError:
        zh, en = "数据刚被他人更改，请重新读取", "somebody else has just changed it: read it again"
        raise Stale("stale", zh, en) from None


def now() -> datetime:
    """Return the moment as this server knows it; callers' clocks are never taken for it."""
    return datetime.now(UTC)


def _request() -> Request | None:
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not (1 <= len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        zh = f"{KEY_HEADER} 应为 1 至 {MAX_KEY_LENGTH} 个可打印 ASCII 字符"
        en = f"{KEY_HEADER} must have 1 to {MAX_KEY_LENGTH} printable ASCII characters"
        raise Refusal(400, "malformed_key", zh, en)
    digest = hashlib.sha256(request.get_data(cache=True))
    digest.update(request.query_string)
    return Request(f"{request.method} {request.path}", key, digest.hexdigest())
