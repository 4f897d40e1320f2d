"""Which permission each route asks for: one table by method and endpoint, read before every request.

The table is `permissions.txt`: method · endpoint · verb (see `circularity.policy.verbs`) · the thing, as
`Kind:name` where `name` is the piece of the address, or the field of the body, that holds its id · what else
the address or a JSON body names, as `Kind:name` (dots lead into lists). `-` = none; `Self` = the asker's own
organisation. A route without a row is refused where people sign in, and fails a test everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

ACTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "agreement": {
            "accept": "agreement.offer",
            "confirm": "agreement.offer",
            "counter": "agreement.offer",
            "revise": "agreement.offer",
            "decline": "agreement.end",
            "ask_to_end": "agreement.end",
            "withdraw_end": "agreement.end",
            "end": "agreement.end",
            "suspend": "agreement.suspend",
            "resume": "agreement.suspend",
        },
        "transfer": {
            "sign": "transfer.sign",
            "carry": "transfer.carry",
            "arrive": "transfer.receive",
            "weigh": "transfer.receive",
            "decide": "transfer.sign",
            "cancel": "transfer.send",
            "take-back": "transfer.send",
            "take_back": "transfer.send",
        },
        "application": {
            **dict.fromkeys(("edit", "submit", "withdraw", "appeal"), "whitelist.apply"),
            **dict.fromkeys(
                ("take_up", "ask_more", "visit", "approve", "refuse", "publish"), "whitelist.nominate"
            ),
            "consent": "whitelist.consent",
        },
        "entry": {
            **dict.fromkeys(("suspend", "resume", "delist", "blacklist", "raise"), "whitelist.suspend"),
            "appeal": "whitelist.apply",
        },
        "appeal": {
            **dict.fromkeys(("uphold", "dismiss"), "whitelist.nominate"),
            "withdraw": "whitelist.apply",
        },
        "entitlement_change": {
            **dict.fromkeys(("confirm", "refuse"), "entitlement.confirm"),
            "withdraw": "entitlement.ask",
        },
        "procedure": {
            **dict.fromkeys(("fill", "file", "recall", "reopen"), "procedure.file"),
            "consent": "procedure.consent",
            **dict.fromkeys(("grant", "refuse"), "procedure.decide"),
        },
        "treatment": {"open": "treatment.open", "withdraw": "treatment.withdraw"},
        "month": {"close": "book.close", "discard": "book.write", "reverse": "book.reverse"},
    }
)
"""Where an address or a body names an act: act → its own verb; other acts ask for the row's."""

_ACTS_OF = {
    "agreements.change_agreement": "agreement",
    "desk.answer_agreement": "agreement",
    "transfers.change_transfer": "transfer",
    "desk.act_on_transfer": "transfer",
    "own_treatments.change_own_treatment": "treatment",
    "ledger_months.change_ledger_month": "month",
    "desk.act_on_month": "month",
    "desk.act_on_procedure": "procedure",
    "procedures.change_procedure": "procedure",
    "register.act_on_application": "application",
    "register.act_on_entry": "entry",
    "register.act_on_appeal": "appeal",
    "register.act_on_change": "entitlement_change",
    "list_applications.change_list_application": "application",
    "list_entries.change_list_entry": "entry",
    "list_appeals.change_list_appeal": "appeal",
    "entitlements.act_on_entitlement_change": "entitlement_change",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """What one route asks for: its verb, the thing it is about, and those its body names.

    `kind` is "" where the route is about no thing in particular; `named` are (kind, piece or field).
    """

    verb: str
    kind: str
    where: str
    named: tuple[tuple[str, str], ...]
    acts: Mapping[str, str]


def _read(table: str) -> Mapping[tuple[str, str], Permission]:
    rows: dict[tuple[str, str], Permission] = {}
    for line in table.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        method, endpoint, verb, *rest = line.split()
        if (method, endpoint) in rows:
            raise ValueError(f"two permissions for {method} {endpoint}")
        thing, named = (*rest, "-", "-")[:2]
        kind, _, where = thing.strip("-").partition(":")
        words = (word.partition(":") for word in named.strip("-").split(",") if word)
        fields = tuple((word, field) for word, _, field in words)
        acts = ACTS.get(_ACTS_OF.get(endpoint, ""), {})
        rows[method, endpoint] = Permission(verb, kind, where, fields, acts)
    return MappingProxyType(rows)


PERMISSIONS = _read((files("web") / "permissions.txt").read_text(encoding="utf-8"))
"""(method, endpoint) → what it asks for; HEAD asks for what GET does."""


def permission_of(method: str, endpoint: str) -> Permission | None:
    """Return the permission of a route, None where the table forgot it."""
    return PERMISSIONS.get(("GET" if method == "HEAD" else method, endpoint))
