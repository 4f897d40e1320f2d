"""The one place where permissions are asked: before every request, of whoever the identity says it is.

Whether somebody is signed in is not known here: accounts put a function that returns the request's `Acting`
into `app.extensions["circularity.asking"]`. Without it visitors choose freely for whom they act, as on one's
own machine, and nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy import ColumnElement, false, select

from circularity.audit import Actor
from circularity.catalogue.waste_codes import kind_of
from circularity.database import writing
from circularity.errors import BadInput, InputProblem, NotAllowed, NotFound
from circularity.office_wastes import about
from circularity.organisations import Organisation
from circularity.policy.acting import Acting
from circularity.policy.decisions import NOT_FOUND, Allowed, Refused, Verdict, is_concerned, may
from circularity.policy.powers import limited_to
from circularity.policy.things import SIDES, Thing
from circularity.policy_facts import facts_about, thing_of
from circularity.readings import Owners, note_readings
from web.api.json_body import read_json
from web.http_problems import Refusal
from web.permissions import Permission, permission_of
from web.session import engine, read_session
from web.today import today

ASKING = "circularity.asking"
FREE = ("OPTIONS",)
_SIDE_OF = {"facility": "receiver", "sender": "generator"}
"""Words of bodies for sides, where they differ from policy's."""


def register_permissions(app: Flask) -> None:
    """Check every request; to be registered after what finds out who asks."""
    app.before_request(_check)
    app.after_request(_note_readings)


def asking() -> Acting | None:
    """Return who asks; None while there are no accounts here and anybody acts as anybody."""
    find = cast("Callable[[], Acting] | None", current_app.extensions.get(ASKING))
    return find() if find is not None else None


def may_tell(row: Any, *, otherwise: bool) -> bool:
    """Tell whether the asker is concerned with a row and may see it exactly; `otherwise` without accounts."""
    acting = asking()
    if acting is None:
        return otherwise
    thing = facts_about(row)
    told = is_concerned(acting, thing, on=today())
    if told and acting.is_authority:
        _watch(thing, row.public_id)
    return told


def wastes_told() -> frozenset[str]:
    """Return the kinds of waste that the asker's office is limited to; none = all, as in a trial."""
    acting = asking()
    return frozenset() if acting is None else limited_to(acting, "confidential.read", today())


def is_told_about(waste_code: str) -> bool:
    """Tell whether the asker's office may read about a waste; true for others."""
    kinds = wastes_told()
    return not kinds or kind_of(waste_code) in kinds


def told_of(row: type[Any]) -> ColumnElement[bool]:
    """Return the condition for rows of a table that the asker's office may read about; all for others."""
    return about(row, wastes_told())


def note_shown(rows: Iterable[Any]) -> None:
    """Keep in mind that who asks is being shown these rows exactly, where it is an authority."""
    acting = asking()
    if acting is not None and acting.is_authority:
        for row in rows:
            _watch(facts_about(row), row.public_id)


def only_concerned(
    seen: Callable[[Organisation, str, frozenset[str]], ColumnElement[bool]],
) -> list[ColumnElement[bool]]:
    """Return what narrows a list to the asker's own and its region's; nothing without accounts.

    `seen` is one of the conditions of `circularity.party_listings`.
    """
    acting = asking()
    if acting is None:
        return []
    wanted = select(Organisation).filter_by(public_id=acting.organisation_public_id)
    organisation = read_session().scalar(wanted)
    if organisation is None:
        return [false()]
    return [seen(organisation, "authority" if acting.is_authority else "generator", acting.sites)]


def _check() -> None:
    """Refuse what the asker may not do; raises NotAllowed, NotFound, BadInput or Refusal (401)."""
    if request.endpoint is None or request.method in FREE:
        return
    acting = asking()
    if acting is None:
        return
    permission = permission_of(request.method, request.endpoint)
    if permission is None:
        zh, en = "此地址没有登记权限", "no permission is named for this address"
        raise NotAllowed("no_permission", zh, en)
    body = _body() if permission.named or permission.acts or request.is_json else {}
    pieces = request.view_args or {}
    verdict, thing = judged(acting, permission, pieces, body)
    _demand(verdict, permission.where if permission.where not in pieces else "")
    if thing is not None and isinstance(verdict, Allowed) and verdict.watching:
        _watch(thing, str(pieces.get(permission.where, "")))
    _check_body(acting, permission, thing, body)


def judged(
    acting: Acting, permission: Permission, pieces: dict[str, Any], body: dict[str, Any]
) -> tuple[Verdict, Thing | None]:
    """Return the verdict on what an address and a body ask for, and the thing that it is about."""
    verb = permission.acts.get(str(pieces.get("act", body.get("act", ""))), permission.verb)
    verdict = may(acting, verb, on=today())
    public_id = pieces.get(permission.where) or body.get(permission.where)
    # What should stand in the body and does not is refused by its schema.
    if isinstance(verdict, Refused) or not permission.kind or public_id is None:
        return verdict, None
    thing = thing_of(read_session(), permission.kind, str(public_id)[:40])
    return may(acting, verb, thing or Thing(kind=permission.kind), on=today()), thing


def watched(kind: str, public_id: str, owners: Owners) -> None:
    """Keep in mind that an authority is being shown what others own; it is noted before the answer leaves."""
    g.setdefault("watched", {})[kind, public_id] = owners


def _watch(thing: Thing, public_id: str) -> None:
    parties, sites = (frozenset(owner for _, owner in owners) for owners in (thing.parties, thing.sites))
    watched(thing.kind, public_id, Owners(parties, sites))


def _note_readings(response: Response) -> Response:
    """Note what an authority was shown, before it is: what cannot be noted is not shown either."""
    acting, watched = asking() if g.get("watched") else None, g.get("watched")
    if acting is not None and watched and request.method == "GET" and response.status_code == 200:
        kind = "person" if acting.scopes is None else "token"
        actor = Actor(str(acting.user_public_id)[:8], acting.organisation_public_id, kind)
        with writing(engine()).begin() as session:
            note_readings(session, actor=actor, at=datetime.now(UTC), read=watched)
    return response


def _check_body(acting: Acting, permission: Permission, thing: Thing | None, body: dict[str, Any]) -> None:
    """Refuse ids of others as if nothing had them, and sides that the asker is not on."""
    for kind, field in permission.named:
        in_address = field in (request.view_args or {})
        for value in _values(request.view_args if in_address else body, field.split(".")):
            if not _is_own(acting, kind, value):
                _demand(NOT_FOUND, "" if in_address else field)
    own = thing.sides_of(acting) if thing is not None else frozenset(SIDES)
    for field in ("side", "by", "signer"):
        side = _SIDE_OF.get(str(body.get(field)), body.get(field))
        if side in SIDES and side not in own:
            zh, en = "只有该方单位可以操作", "only this party's organisation does this"
            raise NotAllowed("not_a_party", zh, en)


def _is_own(acting: Acting, kind: str, public_id: str) -> bool:
    if kind == "Self":
        return public_id == acting.organisation_public_id
    thing = thing_of(read_session(), kind, public_id[:40])
    return thing is not None and is_concerned(acting, thing, on=today())


def _values(node: Any, path: list[str]) -> Iterator[str]:
    """Yield the texts at a path of a body, lists walked through."""
    if isinstance(node, list):
        for member in node:
            yield from _values(member, path)
    elif not path:
        if isinstance(node, str):
            yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from _values(node[path[0]], path[1:])


def _body() -> dict[str, Any]:
    """Return a JSON body that can be read; one that cannot is refused by the view, in its own words."""
    if request.mimetype != "application/json":
        return {}
    try:
        found = read_json(request.get_data(cache=True))
    except Refusal:
        return {}
    return found if isinstance(found, dict) else {}


def _demand(verdict: object, field: str = "") -> None:
    """Raise what a refusal means here; `field` is the field of a body that named the thing."""
    if not isinstance(verdict, Refused):
        return
    if verdict is NOT_FOUND:
        raise _unknown_id(field) if field else NotFound(verdict.code, verdict.zh, verdict.en)
    if verdict.code == "not_signed_in":
        raise Refusal(401, verdict.code, verdict.zh, verdict.en)
    raise NotAllowed(verdict.code, verdict.zh, verdict.en)


def _unknown_id(field: str) -> BadInput:
    zh, en = "没有这一标识", "nothing has this id"
    return BadInput([InputProblem("body", None, field, "unknown_id", "", zh, en)])
