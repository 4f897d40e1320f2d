"""Entries of the white lists for those whom they concern: quotas with their book, suspension and its end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from circularity.custody.listed_receipts import actual_receipts
from circularity.custody.quota import quota_book, quota_state, raise_quota
from circularity.errors import NotFound
from circularity.whitelist import WhitelistEntry, standing
from circularity.whitelist.appeals import waiting_appeal
from circularity.whitelist.possible import acts_with_entry
from circularity.whitelist.rounds import renewals_due
from circularity.whitelist.visible import entries, sees_entry
from web.api.acting import Party, acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.disclosure import facility_named
from web.api.list_entry_schemas import (
    ENTRY_ACTS,
    EntryChange,
    EntryQuery,
    ListEntryAnswer,
    ListReceiptsAnswer,
    QuotaMoveAnswer,
    ReceiptsQuery,
)
from web.api.lookups import by_public_id
from web.api.named_acts import facts_of
from web.api.paging import Paging
from web.api.writing import now
from web.permission_check import note_shown
from web.session import read_session
from web.today import today

blp = ApiBlueprint("list_entries", "Entries of white lists with their quotas, for those whom they concern.")

_ONE = f"{OWN}/list-entries/<public_id:list_entry_id>"


@blp.read(f"{OWN}/list-entries", ListEntryAnswer, many=True, query=EntryQuery)
def list_entries(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the entries of a party's own facilities, or those that an authority may read."""
    session = read_session()
    party, on = acting_for(session, organisation_id), today()
    found = entries(session, party.organisation, on)
    wanted = [entry for entry in found if query.get("status", entry.status) == entry.status]
    rows, headers = Paging.of(query).of_list(wanted)
    due = _due(session)
    note_shown(rows)
    return [entry_shown(session, party, entry, due) for entry in rows], headers


@blp.read(_ONE, ListEntryAnswer)
def get_list_entry(organisation_id: str, list_entry_id: str) -> dict[str, Any]:
    """Read one entry with what its quota holds."""
    session = read_session()
    party = acting_for(session, organisation_id)
    return entry_shown(session, party, seen_entry(session, party, list_entry_id), _due(session))


@blp.read(f"{_ONE}/quota-moves", QuotaMoveAnswer, many=True)
def list_quota_moves(organisation_id: str, list_entry_id: str) -> list[dict[str, Any]]:
    """Read the book of an entry's quota, the oldest line first."""
    session = read_session()
    entry = seen_entry(session, acting_for(session, organisation_id), list_entry_id)
    return [
        {name: getattr(line.move, name) for name in ("at", "kind", "mass_kg", "document")}
        | {
            "taken_kg": line.taken_kg,
            "agreement_id": line.agreement.public_id if line.agreement else None,
            "agreement_number": line.agreement.number if line.agreement else None,
        }
        for line in quota_book(session, entry)
    ]


@blp.change(_ONE, EntryChange, ListEntryAnswer)
def change_list_entry(
    session: Session, body: dict[str, Any], organisation_id: str, list_entry_id: str
) -> dict[str, Any]:
    """Suspend, resume, delist, blacklist, or consent to mass above the quota."""
    party = acting_for(session, organisation_id)
    entry = seen_entry(session, party, list_entry_id)
    blp.check_etag(entry_shown(session, party, entry, _due(session)), ListEntryAnswer)
    facts = facts_of(body, ENTRY_ACTS)
    if "mass_t" in facts:
        facts["mass_kg"] = facts.pop("mass_t")
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    _VERBS[body["act"]](session, **who, entry=entry, **facts)
    session.flush()
    return entry_shown(session, party, entry, _due(session))


@blp.read(f"{OWN}/list-receipts", ListReceiptsAnswer, many=True, query=ReceiptsQuery)
def list_list_receipts(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List what was really received under each entry in a year, entries without any with 0 t."""
    session, on = read_session(), today()
    party = acting_for(session, organisation_id)
    found = [
        row
        for row in actual_receipts(session, query.get("year", on.year - 1))
        if sees_entry(session, party.organisation, row.entry, on)
    ]
    rows, headers = Paging.of(query).of_list(found)
    note_shown(row.entry for row in rows)
    return [
        {
            "entry_id": row.entry.public_id,
            "facility": facility_named(row.entry.facility),
            **{name: getattr(row.entry, name) for name in _RECEIVED_UNDER},
            "province": row.province or None,
            "waste_code": row.waste_code or None,
            "mass_kg": row.mass_kg,
            "number_of_loads": row.loads,
        }
        for row in rows
    ], headers


def seen_entry(session: Session, party: Party, list_entry_id: str) -> WhitelistEntry:
    """Return an entry whose quota the party may see; raises NotFound."""
    entry = by_public_id(session, WhitelistEntry, list_entry_id)
    if not sees_entry(session, party.organisation, entry, today()):
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=list_entry_id)
    return entry


def entry_shown(session: Session, party: Party, row: WhitelistEntry, due: Collection[int]) -> dict[str, Any]:
    """Return an entry with its quota and the acts that are open to the party."""
    plain = (
        "list_kind", "issuer_region", "document", "waste_pattern", "operation", "status", "ship_within_days",
        "valid_from", "valid_to",
    )  # fmt: skip
    state, waiting = quota_state(session, row), waiting_appeal(session, row)
    return {name: getattr(row, name) for name in plain} | {
        "id": row.public_id,
        "facility": facility_named(row.facility),
        "accepted_origins": list(row.accepted_origins),
        "legal_acts": list(acts_with_entry(session, row, party.organisation, today())),
        "quota_kg": state.limit_kg,
        "reserved_kg": state.reserved_kg,
        "committed_kg": state.committed_kg,
        "left_kg": state.left_kg,
        "renewal_due": row.id in due,
        "appeal_id": waiting.public_id if waiting else None,
    }


def _due(session: Session) -> set[int]:
    return {entry.id for entry in renewals_due(session, today())}


_RECEIVED_UNDER = ("document", "waste_pattern", "operation", "quota_kg")

_VERBS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "suspend": standing.suspend,
        "resume": standing.resume,
        "delist": standing.delist,
        "blacklist": standing.blacklist,
        "raise": raise_quota,
    }
)
