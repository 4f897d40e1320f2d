"""Words of the white lists and of entitlement changes: states, acts, papers, moves of a quota."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext

_ = lazy_gettext

LISTING: Mapping[str, Mapping[str, object]] = {
    "application": {
        "draft": _("Draft"),
        "submitted": _("Submitted"),
        "incomplete": _("To be completed"),
        "under_review": _("Under review"),
        "approved": _("Approved, not published yet"),
        "refused": _("Not approved"),
        "published": _("Published"),
        "withdrawn": _("Withdrawn"),
    },
    "appeal": {
        "raised": _("Waiting for an answer"),
        "upheld": _("Upheld"),
        "dismissed": _("Dismissed"),
        "withdrawn": _("Withdrawn"),
    },
    "happened": {
        "listed": _("Published"),
        "suspended": _("Suspended"),
        "resumed": _("Resumed"),
        "delisted": _("Taken off the list"),
        "expired": _("Expired"),
    },
    "paper": {
        "entitlement": _("Licence or EIA approval"),
        "capability": _("Statement of capacity and spare capacity"),
        "compliance": _("Statement of compliance over three years"),
        "cooperation": _("Letter of cooperation or statement of need"),
        "other": _("Other paper"),
    },
    "note": {"visit": _("Site visit"), "question": _("Question"), "answer": _("Answer")},
    "quota_move": {
        "reserved": _("Reserved"),
        "committed": _("Committed"),
        "released": _("Given back"),
        "trued_up": _("Trued up: more was received"),
        "trued_down": _("Trued up: less was received"),
        "raised": _("Consent above the quota"),
    },
    "change": {
        "annual_limit": _("Yearly limit of the entitlement"),
        "line_limit": _("Yearly limit of a line"),
        "validity": _("Validity"),
        "new_line": _("A line more"),
        "new_group": _("A limit that lines share"),
        "group_limit": _("Yearly limit of lines together"),
    },
    "entitlement_change": {
        "requested": _("Waiting for confirmation"),
        "confirmed": _("Confirmed"),
        "refused": _("Not confirmed"),
        "withdrawn": _("Withdrawn"),
    },
}
"""Code words by group, as `web.words.GROUPS`."""
