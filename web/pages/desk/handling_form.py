"""How a batch or a load was kept and handled, as a form of the desk has it."""

from __future__ import annotations

from circularity.ledger.handling import Handling
from web.pages.desk.form_values import FormValues


def handling_typed(form: FormValues, start: str) -> Handling:
    """Return what was typed below `start`; an empty field says nothing."""
    count = form.whole(f"{start}container_count") if form.text(f"{start}container_count") else None
    return Handling(
        container_type=form.text(f"{start}container_type"),
        container_code=form.text(f"{start}container_code"),
        container_count=count,
        facility_code=form.text(f"{start}facility_code"),
        handler=form.text(f"{start}handler"),
        mover=form.text(f"{start}mover"),
    )
