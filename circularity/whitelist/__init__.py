"""The white lists: entries and grants, how a facility gets on a list, what suspends it, what its quota holds.

`entries` are the rows that the rules read · `applications` from a draft to the published entry, `papers` what
must be handed in, `proposing` and `deciding` the verbs of either side · `standing` suspension, resumption,
delisting, the blacklist, and `reliance` whether a deal may still count on an entry · `appeals` · `rounds` the
yearly lists, the timers, last year's receipts · `quota` what an entry may take and what has taken it ·
`history` what the public may read of an entry.
"""

from circularity.whitelist.entries import (
    GRANT_KINDS,
    LIST_KINDS,
    STATUSES,
    ProcedureGrant,
    WhitelistEntry,
    list_facility,
    record_grant,
)

__all__ = [
    "GRANT_KINDS",
    "LIST_KINDS",
    "STATUSES",
    "ProcedureGrant",
    "WhitelistEntry",
    "list_facility",
    "record_grant",
]
