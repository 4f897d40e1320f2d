"""Who has read one's records and, for an authority, what was done in its region: from the audit chain."""

from __future__ import annotations

from typing import Any

from flask import render_template
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent
from circularity.errors import NotAllowed
from circularity.organisations import Organisation
from circularity.party_listings import total
from circularity.readings import acts_in_region, readings_of
from web.pages.desk.acting import require_acting
from web.pages.requests import page_of
from web.session import read_session


def show_readings() -> str:
    """Show which authorities have read what the party did not publish."""
    party = require_acting()
    return _shown(readings_of(party.organisation, party.sites), "desk.readings")


def show_acts() -> str:
    """Show an authority the acts of its region's organisations."""
    party = require_acting()
    if not party.watches:
        zh, en = "只有主管部门可以查看本地区的操作记录", "only an authority reads the acts of its region"
        raise NotAllowed("not_an_authority", zh, en)
    whole = party.side == "coordinator"
    return _shown(acts_in_region("" if whole else party.organisation.region_code), "desk.acts")


def _shown(wanted: Select[Any], endpoint: str) -> str:
    session = read_session()
    page = page_of(
        total(session, wanted),
        lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
    )
    return render_template("traces.html", page=page, endpoint=endpoint, names=_names(session, page.rows))


def _names(session: Session, rows: Any) -> dict[str, Organisation]:
    """Return the organisations that acted, by public id."""
    events: list[AuditEvent] = list(rows)
    wanted = {event.actor_organisation for event in events}
    found = session.scalars(select(Organisation).where(Organisation.public_id.in_(wanted)))
    return {organisation.public_id: organisation for organisation in found}
