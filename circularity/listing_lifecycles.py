"""The lifecycles of lists, of entitlements and of procedures, as text for `circularity.lifecycle`.

A *proposer* is an authority or a facility's organisation that asks; a *partner* the authority of a province
of origin whose consent an agreed list needs; *authority* that of the receiving province.
"""

from __future__ import annotations

LISTING_TABLES = {
    # From a draft to the published entry; a renewal is an application of its own.
    "application": (
        "draft",
        """
        draft                              edit      draft         receiver,proposer
        draft|incomplete                   submit    submitted     receiver,proposer  complete
        submitted|under_review             ask_more  incomplete    authority
        submitted                          take_up   under_review  authority
        under_review                       visit     under_review  authority
        under_review                       consent   under_review  partner
        under_review                       approve   approved      authority          decidable
        under_review                       refuse    refused       authority
        approved                           publish   published     authority          publishable
        refused                            reopen    under_review  authority          appeal_upheld
        draft|incomplete|submitted|under_review|approved  withdraw  withdrawn  receiver,proposer
        """,
    ),
    # What has been published: a suspension stops new deals at once and lets open loads finish.
    "entry": (
        "listed",
        """
        listed            suspend    suspended  authority
        suspended         resume     listed     authority  in_good_standing
        listed|suspended  delist     delisted   authority
        delisted          reinstate  listed     authority  appeal_upheld
        listed|suspended  expire     expired    system
        """,
    ),
    "appeal": (
        "raised",
        """
        raised  uphold    upheld     authority
        raised  dismiss   dismissed  authority
        raised  withdraw  withdrawn  receiver,proposer
        """,
    ),
    # A change of an entitlement counts once the authority has confirmed it.
    "entitlement_change": (
        "requested",
        """
        requested  confirm   confirmed  authority  still_fits
        requested  refuse    refused    authority
        requested  withdraw  withdrawn  receiver
        """,
    ),
    # A record or approval that a deal waits for; `note` is what was granted or shown elsewhere.
    "procedure": (
        "to_file",
        """
        to_file          fill     to_file  generator
        to_file          file     filed    generator,system
        filed            recall   to_file  generator
        filed            consent  filed    partner
        filed            grant    granted  authority  grantable
        filed            refuse   refused  authority
        refused          reopen   to_file  generator
        to_file|filed|refused  note  granted  system
        """,
    ),
}
"""By name, where a lifecycle starts and its steps."""
