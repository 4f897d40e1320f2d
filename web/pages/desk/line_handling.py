"""What the sender's hazardous-waste ledger tells of a load: containers, store and handlers, line by line."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.line_handling import tell_handling
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.handling_form import handling_typed
from web.pages.desk.transfers import find_transfer, require_party, show_transfer

FORM = "handling"


def tell_line_handling(public_id: str) -> Answer:
    """Keep what was typed of each hazardous line of a transfer."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        transfer, form = find_transfer(session, party, public_id), FormValues()
        require_party(transfer, party, "generator")
        lines = [line for line in transfer.lines if is_hazardous(line.waste_code)]
        typed = [(line, handling_typed(form, f"lines.{line.number}.")) for line in lines]
        form.finish()
        for line, handling in typed:
            tell_handling(session, actor=party.actor, at=at, line=line, handling=handling)
        return url_for("desk.transfer", public_id=public_id)

    return attempt(FORM, put, lambda: show_transfer(public_id))
