"""The white lists: entries and grants, how a facility gets on a list, what suspends it, what its quota holds.

`entries` are the rows that the rules read · `applications` from a draft to the published entry, `papers` what
must be handed in, `proposing` and `deciding` the verbs of either side · `offices` as whom an organisation
acts, `possible` the acts open to it · `standing` suspension, resumption, delisting, the blacklist · `appeals`
· `rounds` the yearly lists and their timers · `quota_moves` the book of a quota · `entitlement_changes` and
`entitlement_requests` what a facility may take · `history` what the public may read of an entry. Whether a
deal may count on an entry is `deals.reliance`; what receipts take of a quota, and what was received under an
entry, are `custody.quota` and `custody.listed_receipts`.
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
