"""What a correction may change, as a form lists it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from circularity.custody.amendments import Correction
from circularity.custody.corrected_fields import CANCEL, OF_RECEIVER, OF_SENDER, find_field
from circularity.custody.corrected_weighings import WEIGHINGS, Told
from circularity.custody.corrections import parties_of
from circularity.custody.manifests import Transfer
from circularity.custody.reception import Receipt
from circularity.custody.weighed_sums import WeighedSum
from circularity.units import KG_PER_T, format_scaled
from web.field_words import field_label
from web.formats import DASH, moment
from web.pages.desk.acting import Acting
from web.pages.desk.form_values import PERMILLE_PER_PERCENT, FormValues
from web.pages.desk.problems import form_field
from web.words import word

CHANGES = ("", "changes.2.", "changes.3.")
"""What stands before the names of the form's fields: so many changes are asked for at once."""


def correctable(
    transfer: Transfer, receipts: Mapping[int, Receipt], sums: Collection[WeighedSum]
) -> list[tuple[str, str]]:
    """Return (name, value now) of every field that a correction may change.

    What is the sum of weighings follows them; only one that is not is put right itself.
    """
    names = ["vehicle", "official_number"]
    names += [f"carriages.{row.number}.vehicle" for row in transfer.carriages]
    for line in transfer.lines:
        names += [f"lines.{line.number}.{name}" for name in ("packaging", *OF_SENDER, *OF_RECEIVER)]
    found = []
    followed = {each.field for each in sums if each.weight_kg == each.rows_kg}
    for name in (name for name in names if name not in followed):
        place = find_field(transfer, receipts, name)
        if place is not None:
            found.append((name, shown_value(name, getattr(*place))))
    return found


def correction_label(name: str, values: Sequence[Any] = (), one_line: bool = False) -> str:
    """Return what readers call a field that a correction names, or the weighing that it puts right."""
    if not name.startswith(WEIGHINGS):
        return field_label(form_field(name), one_line)
    told = values[0] or values[1]
    at = moment(datetime.fromisoformat(told["at"]))
    return f"{word('signer', told['side'])} · {told['name']} · {at}"


def shown_value(name: str, value: Any) -> str:
    """Return a field's value in the unit it is typed in."""
    if name.startswith(WEIGHINGS):
        return _shown_weighing(value)
    if value is None or value == "":
        return DASH
    if name.endswith("_kg"):
        return format_scaled(value, KG_PER_T)
    return format_scaled(value, PERMILLE_PER_PERCENT) if name.endswith("_permille") else str(value)


def _shown_weighing(told: Told | None) -> str:
    if told is None:
        return DASH
    net = f"{format_scaled(told['mass_kg'], KG_PER_T)} t"
    if told["thing"] == "reading":
        return net
    gross, tare = (format_scaled(told[name], KG_PER_T) for name in ("gross_kg", "tare_kg"))
    return f"{gross} − {tare} = {net} ({told['plate']})"


def typed_change(form: FormValues) -> dict[str, Any]:
    """Return the changes that were typed: a whole cancellation, or some fields with their right values.

    Fields belong together where one alone would not hold: received and refused of a load refused whole.
    """
    if form.text("field") == CANCEL:
        return {CANCEL: True}
    found: dict[str, Any] = {}
    for mark in CHANGES:
        name, value = form.text(f"{mark}field"), f"{mark}value"
        if name in found:
            form.refuse(f"{mark}field", "twice", "每项只更正一次", "is named twice")
        elif name.endswith("_kg"):
            found[name] = form.mass(value)
        elif name or not mark:
            found[name] = form.percent(value) if name.endswith("_permille") else form.text(value)
    return found


def answerable(
    corrections: Sequence[Correction], transfer: Transfer, party: Acting
) -> tuple[Correction | None, str]:
    """Return the correction that is open, and what the party can do about it: answer, withdraw or nothing."""
    asked = next((row for row in corrections if row.status == "asked"), None)
    mine = party.organisation.id
    if asked is None or party.watches or mine not in parties_of(transfer):
        return asked, ""
    if asked.asked_by_id == mine:
        return asked, "withdraw"
    return asked, "" if any(row.organisation_id == mine for row in asked.answers) else "answer"
