"""The rows that the rules and limits of a deal depend on, read anew together and kept from changing."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from circularity.database import Base
from circularity.deals.contract import Agreement
from circularity.organisations import Site
from circularity.registry.entitlements import (
    LINE_GROUP_MEMBERS,
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)
from circularity.registry.outputs import Output
from circularity.whitelist import WhitelistEntry


def read_anew(session: Session, agreement: Agreement) -> list[WhitelistEntry]:
    """Read what an agreement's rules and limits depend on; it stays so until the transaction ends.

    Return the entries of its facility by their keys.
    """
    keys = {name: _key(agreement, name) for name in ("line", "site", "output", "window", "facility")}
    stated = {name: key for name, key in keys.items() if key is not None}
    session.flush()
    locked, read = _rows_anew("output" in stated, "window" in stated)
    # Two looks: what is joined to a row that had to be waited for is not what it was joined to by then.
    session.connection().execute(locked, stated)
    row = session.execute(read, stated, execution_options=_ANEW).unique().one()
    # A session forgets rows that nothing refers to: from here on the deal refers to them.
    line, *_ = (getattr(agreement, name) for name in ("line", "facility", "site", "output", "window"))
    del row
    groups = session.scalars(_GROUPS_ANEW, {"line": line.id}, execution_options=_ANEW).all()
    set_committed_value(line, "groups", list(groups))
    return list(session.scalars(_ENTRIES_ANEW, {"facility": keys["facility"]}, execution_options=_ANEW))


def _key(agreement: Agreement, name: str) -> int | None:
    """Return the key of a row that a deal is about; a deal not written yet knows it only by the row."""
    key: int | None = getattr(agreement, f"{name}_id")
    if key is None and (row := getattr(agreement, name)) is not None:
        key = row.id
    return key


_ANEW = {"populate_existing": True}
_GROUPS_ANEW = (
    select(LineGroup)
    .join(LINE_GROUP_MEMBERS, LINE_GROUP_MEMBERS.c.group_id == LineGroup.id)
    .where(LINE_GROUP_MEMBERS.c.line_id == bindparam("line"))
    .order_by(LineGroup.id)
    .with_for_update(read=True, of=LineGroup)
)
_ENTRIES_ANEW = (
    select(WhitelistEntry)
    .where(WhitelistEntry.facility_id == bindparam("facility"))
    .order_by(WhitelistEntry.id)
    .with_for_update(read=True, of=WhitelistEntry)
)


@cache
def _rows_anew(
    with_output: bool, with_window: bool
) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    """Return what locks the rows that may change, in this order, and what reads the rows on both sides."""
    locked: list[type[Base]] = [EntitlementLine, Entitlement, Facility]
    keys = (
        select(EntitlementLine.id)
        .join(EntitlementLine.entitlement)
        .join(Entitlement.facility)
        .where(EntitlementLine.id == bindparam("line"))
    )
    works, plant = aliased(Site), aliased(Site)
    wanted: Select[*tuple[Any, ...]] = (
        select(EntitlementLine, works)
        .join(EntitlementLine.entitlement)
        .join(Entitlement.facility)
        .join(plant, Facility.site)
        .join(works, works.id == bindparam("site"))
        .where(EntitlementLine.id == bindparam("line"))
        .options(
            contains_eager(EntitlementLine.entitlement)
            .contains_eager(Entitlement.facility)
            .contains_eager(Facility.site.of_type(plant)),
            joinedload(EntitlementLine.limits),
        )
    )
    for stated, model, name in ((with_window, CapacityWindow, "window"), (with_output, Output, "output")):
        if stated:
            locked.append(model)
            of_model = model.id == bindparam(name)
            keys, wanted = keys.join(model, of_model), wanted.add_columns(model).join(model, of_model)
    return keys.with_for_update(read=True, of=locked), wanted
