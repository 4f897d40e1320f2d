"""What a question of policy is about, as plain facts; who loads them from rows is not known here."""

from __future__ import annotations

from dataclasses import dataclass

from circularity.policy.acting import Acting

SIDES = ("generator", "receiver", "carrier")
"""What an organisation is in a matter: whose waste it is, who takes it, who drives it. The owner of a site,
lot or book is its generator, of a facility or window its receiver; an organisation is on its own side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object: which organisations (by public id) stand on which side of it, where, and of which wastes.

    `origin` and `destination` are region codes, "" where there is none; `further_origins` are those
    of a place on a list, which may take from several. `wastes` are kinds such as `SW02`.
    `sites` say at which site (by public id) a side stands, where it stands at any.
    `together`: it is about all those sites at once, so who acts for some of them alone does not know of it.
    `kept_back`: it has not left its owner's desk, so that no authority sees it yet, but those of `kept_by`.
    """

    kind: str
    parties: frozenset[tuple[str, str]] = frozenset()
    origin: str = ""
    destination: str = ""
    wastes: frozenset[str] = frozenset()
    kept_back: bool = False
    kept_by: frozenset[str] = frozenset()
    further_origins: frozenset[str] = frozenset()
    sites: frozenset[tuple[str, str]] = frozenset()
    together: bool = False

    def sides_of(self, acting: Acting) -> frozenset[str]:
        """Return the sides that who asks stands on: its organisation's, at one of the sites it acts for.

        A side without a site (who carries) counts, unless the organisation stands at other sites only: who
        drives its own waste from a site is asked about that site.
        """
        own = frozenset(side for side, party in self.parties if party == acting.organisation_public_id)
        if acting.sites and self.together:
            places = {site for _, site in self.sites}
            return own if places and places <= acting.sites else frozenset()
        sited = own & {side for side, _ in self.sites}
        if not acting.sites or not sited:
            return own
        mine = frozenset(side for side, site in self.sites if side in sited and site in acting.sites)
        return mine | (own - sited) if mine else frozenset()

    def is_kept_from(self, acting: Acting) -> bool:
        """Tell whether it lies on a desk that is not that of who asks."""
        return self.kept_back and acting.organisation_public_id not in self.kept_by

    def places(self, bound_to: str) -> tuple[str, ...]:
        """Return the region codes that a power bound to `origin`, `destination` or `place` asks about."""
        origins = (self.origin, *sorted(self.further_origins))
        known = {"origin": origins, "destination": (self.destination,)}
        return tuple(filter(None, known.get(bound_to, (*origins, self.destination))))
