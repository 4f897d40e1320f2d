"""Who asks: one frozen value per request, made where the request's identity is known."""

from __future__ import annotations

from dataclasses import dataclass

MEMBERSHIPS = ("owner", "operator", "reader", "driver")
"""What a person is in an organisation: an owner manages it, an operator acts and signs for it, a reader
looks, a driver takes part in the loads that it carries."""

AUTHORITY_KINDS = ("ecology", "economy", "greening", "water", "commerce", "transport")
"""Ecology and environment · economy and informatization, which owns the plan's targets · greening and city
appearance · water · commerce · transport."""

AUTHORITY_LEVELS = ("district", "city", "province", "delta")
"""The Delta body reads and coordinates and permits nothing."""

SCOPES = ("read", "write", "sign")
"""What a program's token may do; each includes none of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A person, or a program with a token, acting for one organisation.

    Without `user_public_id` it is a visitor who is not signed in. `organisation_public_id` is empty while a
    person acts for none. `roles` are the organisation's (see `circularity.organisations.ROLES`), `membership`
    is the person's own in it. `verified`: its authority has confirmed the organisation. `dormant`: it takes
    no new business and finishes old. `region_code` has two to six digits, "" for none. `authority_kind` and
    `authority_level` are set for authorities alone. `sites` are public ids of the only sites that the person
    acts for, empty = all of the organisation's. `scopes` are a token's; None = a person's session.
    Raises ValueError for a word that is not in its table, and for half an authority.
    """

    user_public_id: str | None = None
    organisation_public_id: str | None = None
    roles: frozenset[str] = frozenset()
    membership: str | None = None
    verified: bool = False
    dormant: bool = False
    region_code: str = ""
    authority_kind: str | None = None
    authority_level: str | None = None
    sites: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for word, words in (
            (self.membership, MEMBERSHIPS),
            (self.authority_kind, AUTHORITY_KINDS),
            (self.authority_level, AUTHORITY_LEVELS),
        ):
            if word is not None and word not in words:
                raise ValueError(f"{word!r} is not among {words}")
        if (self.authority_kind is None) != (self.authority_level is None):
            raise ValueError("an authority has both a kind and a level")
        if self.scopes is not None and not self.scopes <= set(SCOPES):
            raise ValueError(f"{sorted(self.scopes)} are not among {SCOPES}")

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has signed in."""
        return self.user_public_id is None

    @property
    def is_authority(self) -> bool:
        """Whether it acts for an authority, the Delta body included."""
        return self.authority_kind is not None


ANONYMOUS = Acting()
"""A visitor who is not signed in."""
