"""The white lists of the Delta's provinces: who may take what from where by a shorter procedure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow.fields import Boolean, Date, Integer, List, Nested, String
from marshmallow.validate import OneOf
from sqlalchemy import Select, Text, func, literal, select, type_coerce
from sqlalchemy.orm import joinedload

from circularity.catalogue.waste_codes import EVERYTHING, kind_of
from circularity.organisations import Site
from circularity.registry.entitlements import Facility
from circularity.whitelist import LIST_KINDS, WhitelistEntry
from circularity.whitelist.history import history_of
from web.api.blueprint import ApiBlueprint
from web.api.codes import CODE_LENGTH, PROVINCE, operation_of, waste_pattern_of
from web.api.disclosure import facility_named
from web.api.lookups import by_public_id
from web.api.paging import Paged, Paging
from web.api.shapes import Answer, FacilityReference, moment
from web.session import read_session

blp = ApiBlueprint("whitelist", "White lists of the Delta's provinces.")

PUBLISHED = ("listed", "suspended", "delisted", "expired")
"""An entry that is still being applied for concerns the applicant and the authority only."""

_LOADED = joinedload(WhitelistEntry.facility).joinedload(Facility.site)


class WhitelistQuery(Paged):
    """Which entries; conditions add up."""

    waste_code = String(
        validate=CODE_LENGTH, metadata={"description": "entries that cover this code or kind"}
    )
    province = String(validate=PROVINCE, metadata={"description": "province of the facility, such as `34`"})
    origin = String(validate=PROVINCE, metadata={"description": "a province the entry takes waste from"})
    operation = String(validate=CODE_LENGTH)
    list_kind = String(validate=OneOf(LIST_KINDS))
    status = String(validate=OneOf(PUBLISHED), load_default="listed")


class WhitelistAnswer(Answer):
    """One facility on one list. A quota is for the authorities; here only that there is one."""

    sometimes = frozenset({"ship_within_days", "valid_from", "valid_to"})
    id = String()
    facility = Nested(FacilityReference)
    list_kind = String()
    issuer_region = String()
    document = String()
    waste_pattern = String()
    operation = String()
    accepted_origins = List(String())
    has_quota = Boolean()
    ship_within_days = Integer()
    valid_from = Date()
    valid_to = Date()
    status = String()
    listed_at = moment("when the platform learnt of it")


class HappenedAnswer(Answer):
    """One act about an entry: listed, suspended, resumed, delisted, expired."""

    sometimes = frozenset({"organisation", "ground"})
    at = moment("when it was done")
    act = String()
    organisation = String()
    ground = String()
    reason = String()


@blp.read("/whitelist", WhitelistAnswer, many=True, query=WhitelistQuery)
def search_whitelist(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """Search the lists by waste, province and operation."""
    rows, headers = Paging.of(query).of_statement(read_session(), _wanted(query))
    return [_shown(entry) for entry in rows], headers


@blp.read("/whitelist/<public_id:entry_id>", WhitelistAnswer)
def get_whitelist_entry(entry_id: str) -> dict[str, Any]:
    """Read one entry."""
    return _shown(by_public_id(read_session(), WhitelistEntry, entry_id, _LOADED, only=_published()))


@blp.read("/whitelist/<public_id:entry_id>/history", HappenedAnswer, many=True)
def list_whitelist_history(entry_id: str) -> list[dict[str, Any]]:
    """Read what has become of one entry, the oldest first."""
    session = read_session()
    entry = by_public_id(session, WhitelistEntry, entry_id, _LOADED, only=_published())
    return [
        {
            "at": happened.at,
            "act": happened.act,
            "organisation": happened.organisation.public_id if happened.organisation else None,
            "ground": happened.ground.ground if happened.ground else None,
            "reason": happened.reason,
        }
        for happened in history_of(session, entry)
    ]


def _published() -> Any:
    return WhitelistEntry.status.in_(PUBLISHED)


def _wanted(query: dict[str, Any]) -> Select[WhitelistEntry]:
    wanted = select(WhitelistEntry).join(WhitelistEntry.facility).join(Facility.site).options(_LOADED)
    wanted = wanted.where(WhitelistEntry.status == query["status"])
    if "waste_code" in query:
        pattern = waste_pattern_of(query["waste_code"])
        covering = {pattern, EVERYTHING} | ({kind_of(pattern)} if pattern != EVERYTHING else set())
        wanted = wanted.where(WhitelistEntry.waste_pattern.in_(sorted(covering)))
    if "province" in query:
        wanted = wanted.where(func.substr(Site.region_code, 1, 2) == query["province"])
    if "origin" in query:
        # Origins are `;`-separated prefixes of region codes; one inside the province is one from it.
        spelled = literal(";") + type_coerce(WhitelistEntry.__table__.c.accepted_origins, Text)
        wanted = wanted.where(spelled.contains(f";{query['origin']}", autoescape=True))
    if "operation" in query:
        wanted = wanted.where(WhitelistEntry.operation == operation_of(query["operation"]))
    if "list_kind" in query:
        wanted = wanted.where(WhitelistEntry.list_kind == query["list_kind"])
    return wanted.order_by(WhitelistEntry.id)


def _shown(entry: WhitelistEntry) -> dict[str, Any]:
    plain = (
        "list_kind", "issuer_region", "document", "waste_pattern", "operation", "ship_within_days",
        "valid_from", "valid_to", "status", "listed_at",
    )  # fmt: skip
    return {
        "id": entry.public_id,
        "facility": facility_named(entry.facility),
        "accepted_origins": list(entry.accepted_origins),
        "has_quota": entry.quota_kg is not None,
        **{name: getattr(entry, name) for name in plain},
    }
