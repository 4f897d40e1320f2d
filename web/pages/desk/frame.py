"""What templates of the desk may call."""

from __future__ import annotations

from typing import Any

from circularity.units import format_tonnes
from web.field_words import field_label
from web.pages.desk.acting import acting
from web.pages.desk.attempts import fresh, given, given_all, problems_at, refused_form
from web.pages.desk.corrected import correction_label, shown_value
from web.pages.desk.price_form import plain_price


def desk_frame() -> dict[str, Any]:
    """Return what forms and headings of the desk are made with."""
    return {
        "acting": acting,
        "correction_label": correction_label,
        "field_label": field_label,
        "fresh": fresh,
        "given": given,
        "given_all": given_all,
        "in_tonnes": format_tonnes,
        "plain_price": plain_price,
        "problems_at": problems_at,
        "refused_form": refused_form,
        "shown_value": shown_value,
    }
