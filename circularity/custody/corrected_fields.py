"""Which fields of a signed transfer a correction may change, how they are named, read and written.

Names are `vehicle`, `official_number`, `carriages.1.vehicle`, `lines.1.packaging`, and by line the weights:
`sent_kg`, `sent_moisture_permille`, `received_kg`, `refused_kg`, `moisture_permille`. Tickets and readings
are put right by `corrected_weighings`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from circularity.custody.corrected_weighings import WEIGHINGS
from circularity.custody.manifests import Carriage, Transfer, TransferLine
from circularity.custody.reception import Receipt
from circularity.fields import Checks

CANCEL = "cancel"
"""The one change that stands alone: the whole transfer."""

OF_SENDER = ("sent_kg", "sent_moisture_permille")
OF_RECEIVER = ("received_kg", "refused_kg", "moisture_permille")
_NAME = re.compile(r"(?:(carriages|lines)\.(\d{1,4})\.)?([a-z_]+)")
_ALLOWED = {
    "": ("vehicle", "official_number"),
    "carriages": ("vehicle",),
    "lines": ("packaging", *OF_SENDER, *OF_RECEIVER),
}

_Row = Transfer | TransferLine | Carriage | Receipt


def is_weight(field: str) -> bool:
    """Return whether a change of this field moves mass or what is owed for it."""
    return field.startswith(WEIGHINGS) or field.rpartition(".")[2] in (*OF_SENDER, *OF_RECEIVER)


def find_field(transfer: Transfer, receipts: Mapping[int, Receipt], field: str) -> tuple[_Row, str] | None:
    """Return the row and attribute that a name stands for; None for a name that no correction changes."""
    named = _NAME.fullmatch(field)
    if named is None:
        return None
    part, number, name = named[1] or "", int(named[2] or 0), named[3]
    if name not in _ALLOWED[part]:
        return None
    if not part:
        return transfer, name
    rows: Mapping[int, _Row]
    if part == "carriages":
        rows = {row.number: row for row in transfer.carriages}
    else:
        rows = receipts if name in OF_RECEIVER else {row.number: row for row in transfer.lines}
    return (rows[number], name) if number in rows else None


def checked(checks: Checks, field: str, value: Any) -> Any:
    """Return the new value of a field, checked by its kind."""
    name = field.rpartition(".")[2]
    if name.endswith("_permille"):
        return checks.maybe(field, value, 0, 1000)
    if name.endswith("_kg"):
        return checks.kilograms(field, value, 1 if name == "sent_kg" else 0)
    if not isinstance(value, str):
        checks.refuse(field, "not_a_text", value, f"{field} 应为文本", f"{field} must be a text")
        return ""
    return checks.text(field, value, maximum=200, required=False)
