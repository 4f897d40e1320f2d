"""What a facility may take, for itself and its authority: limits, their changes, what was taken outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.errors import NotFound
from circularity.registry.capacity import restate_outside
from circularity.registry.entitlements import (
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)
from circularity.whitelist.entitlement_changes import EntitlementChange
from circularity.whitelist.entitlement_requests import (
    confirm_change,
    refuse_change,
    request_change,
    withdraw_change,
)
from circularity.whitelist.offices import sees
from web.api.acting import Party, acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.disclosure import facility_named, organisation_shown
from web.api.entitlement_schemas import (
    CHANGE_ACTS,
    CHANGE_KINDS,
    ChangeQuery,
    EntitlementChangeAct,
    EntitlementChangeAnswer,
    EntitlementChangeCreate,
    OutsideChange,
    OwnEntitlementAnswer,
    OwnWindowAnswer,
)
from web.api.lookups import by_public_id, named_in_body
from web.api.named_acts import facts_of
from web.api.paging import Paged, Paging
from web.api.writing import now
from web.permission_check import note_shown
from web.session import read_session
from web.today import today

blp = ApiBlueprint("entitlements", "What facilities may take, for themselves and their authorities.")

_ONE = f"{OWN}/entitlements/<public_id:entitlement_id>"
_CHANGE = f"{OWN}/entitlement-changes/<public_id:change_id>"
_WINDOW = f"{OWN}/windows/<public_id:own_window_id>"
_VERBS: dict[str, Callable[..., None]] = {
    "confirm": confirm_change,
    "refuse": refuse_change,
    "withdraw": withdraw_change,
}


@blp.read(f"{OWN}/entitlements", OwnEntitlementAnswer, many=True, query=Paged)
def list_own_entitlements(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the entitlements of a party's own facilities, or of those that an authority may read."""
    session = read_session()
    party = acting_for(session, organisation_id)
    loaded = joinedload(Entitlement.facility).joinedload(Facility.site)
    found = session.scalars(select(Entitlement).options(loaded).order_by(Entitlement.id))
    rows, headers = Paging.of(query).of_list([row for row in found if _sees(session, party, row)])
    note_shown(rows)
    return [_shown(row) for row in rows], headers


@blp.read(_ONE, OwnEntitlementAnswer)
def get_own_entitlement(organisation_id: str, entitlement_id: str) -> dict[str, Any]:
    """Read one entitlement with every limit of it."""
    session = read_session()
    return _shown(_seen(session, acting_for(session, organisation_id), entitlement_id))


@blp.read(_WINDOW, OwnWindowAnswer)
def get_own_window(organisation_id: str, own_window_id: str) -> dict[str, Any]:
    """Read one window with what it took outside the platform."""
    session = read_session()
    return _window_shown(_window(session, acting_for(session, organisation_id), own_window_id))


@blp.change(_WINDOW, OutsideChange, OwnWindowAnswer)
def restate_own_window(
    session: Session, body: dict[str, Any], organisation_id: str, own_window_id: str
) -> dict[str, Any]:
    """State anew what was received outside the platform this year and what is committed elsewhere."""
    party = acting_for(session, organisation_id)
    window = _window(session, party, own_window_id)
    blp.check_etag(_window_shown(window), OwnWindowAnswer)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    restate_outside(session, **who, window=window, **body)
    session.flush()
    return _window_shown(window)


@blp.read(f"{OWN}/entitlement-changes", EntitlementChangeAnswer, many=True, query=ChangeQuery)
def list_entitlement_changes(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the changes that were asked for, the newest first; those that wait are `requested`."""
    session = read_session()
    party = acting_for(session, organisation_id)
    wanted = select(EntitlementChange).order_by(EntitlementChange.id.desc())
    if "status" in query:
        wanted = wanted.where(EntitlementChange.status == query["status"])
    found = [row for row in session.scalars(wanted) if _sees(session, party, row.entitlement)]
    rows, headers = Paging.of(query).of_list(found)
    note_shown(rows)
    return [_change_shown(row) for row in rows], headers


@blp.read(_CHANGE, EntitlementChangeAnswer)
def get_entitlement_change(organisation_id: str, change_id: str) -> dict[str, Any]:
    """Read one change."""
    session = read_session()
    return _change_shown(_seen_change(session, acting_for(session, organisation_id), change_id))


@blp.create(
    f"{_ONE}/changes",
    EntitlementChangeCreate,
    EntitlementChangeAnswer,
    located="entitlements.get_entitlement_change",
    by="change_id",
)
def ask_entitlement_change(
    session: Session, body: dict[str, Any], organisation_id: str, entitlement_id: str
) -> dict[str, Any]:
    """Ask for a change of a limit, the validity, a line more, or a limit that lines share."""
    party = acting_for(session, organisation_id)
    entitlement = _seen(session, party, entitlement_id)
    texts = {name: body.pop(name) for name in ("document", "reason")}
    kind = body.pop("kind")
    wanted = facts_of({"act": kind, **body}, CHANGE_KINDS)
    facts: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation, **texts}
    for name, model in (("line", EntitlementLine), ("group", LineGroup)):
        if f"{name}_id" in wanted:
            facts[name] = named_in_body(session, model, f"{name}_id", wanted.pop(f"{name}_id"))
    made = request_change(session, **facts, entitlement=entitlement, kind=kind, wanted=_in_kilograms(wanted))
    return _change_shown(made)


@blp.change(_CHANGE, EntitlementChangeAct, EntitlementChangeAnswer)
def act_on_entitlement_change(
    session: Session, body: dict[str, Any], organisation_id: str, change_id: str
) -> dict[str, Any]:
    """Confirm or refuse as the authority, withdraw as the facility."""
    party = acting_for(session, organisation_id)
    change = _seen_change(session, party, change_id)
    blp.check_etag(_change_shown(change), EntitlementChangeAnswer)
    facts = facts_of(body, CHANGE_ACTS)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    _VERBS[body["act"]](session, **who, change=change, **facts)
    session.flush()
    return _change_shown(change)


def _in_kilograms(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what is wanted under the names of the verb; the schema has made kilograms of tonnes already."""
    names = {"annual_limit_t": "annual_limit_kg", "line_ids": "lines"}
    return {names.get(name, name): value for name, value in wanted.items()}


def _sees(session: Session, party: Party, row: Entitlement) -> bool:
    return sees(session, party.organisation, row.facility, today())


def _seen(session: Session, party: Party, entitlement_id: str) -> Entitlement:
    row = by_public_id(session, Entitlement, entitlement_id)
    _require(_sees(session, party, row), entitlement_id)
    return row


def _seen_change(session: Session, party: Party, change_id: str) -> EntitlementChange:
    row = by_public_id(session, EntitlementChange, change_id)
    _require(_sees(session, party, row.entitlement), change_id)
    return row


def _window(session: Session, party: Party, window_id: str) -> CapacityWindow:
    row = by_public_id(session, CapacityWindow, window_id)
    _require(_sees(session, party, row.line.entitlement), window_id)
    return row


def _require(seen: bool, public_id: str) -> None:
    if not seen:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=public_id)


def _shown(row: Entitlement) -> dict[str, Any]:
    plain = ("kind", "number", "issuer", "valid_from", "valid_to", "annual_limit_kg")
    of_line = ("waste_pattern", "operation", "annual_limit_kg")
    return {name: getattr(row, name) for name in plain} | {
        "id": row.public_id,
        "facility": facility_named(row.facility),
        "lines": [
            {"id": line.public_id} | {name: getattr(line, name) for name in of_line} for line in row.lines
        ],
        "groups": [
            {
                "id": group.public_id,
                "line_ids": [line.public_id for line in group.lines],
                "annual_limit_kg": group.annual_limit_kg,
            }
            for group in row.groups
        ],
        "windows": [_window_shown(window) for line in row.lines for window in line.windows],
    }


def _window_shown(row: CapacityWindow) -> dict[str, Any]:
    plain = (
        "available_from", "available_to", "permitted_kg", "received_kg", "committed_kg", "offered_kg",
    )  # fmt: skip
    return {name: getattr(row, name) for name in plain} | {
        "id": row.public_id,
        "line_id": row.line.public_id,
        "withdrawn": row.withdrawn_at is not None,
    }


def _change_shown(row: EntitlementChange) -> dict[str, Any]:
    plain = ("kind", "status", "document", "reason", "answer", "asked_at", "answered_at")
    return {name: getattr(row, name) for name in plain} | {
        "id": row.public_id,
        "entitlement_id": row.entitlement.public_id,
        "line_id": row.line.public_id if row.line else None,
        "group_id": row.group.public_id if row.group else None,
        "before": _limits_shown(row.before),
        "wanted": _limits_shown(row.wanted),
        "asked_by": organisation_shown(row.organisation),
    }


def _limits_shown(facts: dict[str, Any]) -> dict[str, Any]:
    return {"line_ids" if name == "lines" else name: value for name, value in facts.items()}
