"""Words of accounts in the reader's language: roles of members, verification, scopes, fields of forms."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext

_ = lazy_gettext

ACCOUNTS: Mapping[str, Mapping[str, object]] = {
    "member": {
        "owner": _("Owner"),
        "operator": _("Operator, may sign"),
        "reader": _("Reader"),
        "driver": _("Driver"),
    },
    "verification": {
        "unverified": _("Waiting for verification"),
        "verified": _("Verified"),
        "refused": _("Refused"),
    },
    "token_scope": {"read": _("Read"), "write": _("Write"), "sign": _("Sign")},
}
"""Code words by group, as `web.words.GROUPS`."""

ACCOUNT_FIELDS: Mapping[str, object] = {
    "mail": _("Mail address"),
    "password": _("Password"),
    "new_password": _("New password"),
    "name_zh": _("Name of the organisation"),
    "name_en": _("English name"),
    "credit_code": _("Unified social credit code"),
    "region_code": _("Region"),
    "roles": _("Role"),
    "role": _("Role"),
    "delegated_role": _("Lent role"),
    "delegated_until": _("Until"),
    "expires_on": _("Until"),
    "sites": _("Sites"),
    "token_name": _("Name"),
    "scopes": _("Scopes"),
    "days": _("Valid for days"),
    "code": _("Code"),
}
"""What forms of accounts call their fields, as `web.field_words.FIELDS`."""
