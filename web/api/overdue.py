"""Loads that stand at a receiver's gate longer than the days within which it confirms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow.fields import Boolean, Date, String
from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.manifests import Transfer
from circularity.custody.overdue import Overdue, overdue
from circularity.party_listings import transfers_seen
from web.api.acting import acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.paging import Paged, Paging
from web.api.quantities import WholeNumber
from web.api.shapes import Answer
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today

blp = ApiBlueprint("overdue", "Loads without a verdict after the days to confirm within.")


class OverdueAnswer(Answer):
    """One transfer without a verdict, the last day for one, and the days since; holidays are not known."""

    transfer_id = String()
    number = String()
    status = String()
    hazardous = Boolean()
    from_region = String()
    to_region = String()
    due_on = Date()
    days_late = WholeNumber(minimum=1, maximum=100_000)


@blp.read(f"{OWN}/overdue-transfers", OverdueAnswer, many=True, query=Paged)
def list_overdue(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List what is overdue of a party's transfers, for an authority of its region's, the longest first."""
    rows, headers = Paging.of(query).of_list(_late(read_session(), organisation_id))
    note_shown(late.transfer for late in rows)
    return [_shown(late) for late in rows], headers


def _late(session: Session, organisation_id: str) -> list[Overdue]:
    party = acting_for(session, organisation_id)
    seen = transfers_seen(party.organisation, party.side, party.sites) & told_of(Transfer)
    return overdue(session, today(), seen)


def _shown(late: Overdue) -> dict[str, Any]:
    transfer = late.transfer
    return {
        "transfer_id": transfer.public_id,
        "number": transfer.number,
        "status": transfer.status,
        "hazardous": any(is_hazardous(line.waste_code) for line in transfer.lines),
        "from_region": transfer.sender_site.region_code,
        "to_region": transfer.facility.site.region_code,
        "due_on": late.due_on,
        "days_late": late.days_late,
    }
