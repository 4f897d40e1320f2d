"""For whom a request acts: the organisation in its address, freely named while there are no accounts.

What a party may not see is not found, whether it is there or not.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from circularity.audit import Actor
from circularity.custody.manifests import Transfer
from circularity.errors import NotAllowed
from circularity.organisations import Organisation, Site
from circularity.party_listings import WATCHING, side_of, sites_seen, transfers_seen
from web.api.lookups import by_public_id
from web.api.writing import ACTOR
from web.permission_check import asking


@dataclass(frozen=True)
class Party:
    """The organisation that a request acts for, the side on which it sees, and who the chain says it was.

    `sites`: as in `circularity.policy.acting`.
    """

    organisation: Organisation
    side: str
    actor: Actor
    sites: frozenset[str]

    def acts_at(self, site: Site) -> bool:
        """Tell whether a site is the organisation's own and among those that who asks acts for."""
        own = site.organisation_id == self.organisation.id and not self.watches
        return own and (not self.sites or site.public_id in self.sites)

    @property
    def watches(self) -> bool:
        """Whether it is an authority, which sees its region and is no party to anything in it."""
        return self.side in WATCHING


def acting_for(session: Session, organisation_id: str) -> Party:
    """Return for whom the request acts; raises NotFound."""
    organisation = by_public_id(session, Organisation, organisation_id)
    actor = Actor(ACTOR.name, organisation.public_id, ACTOR.kind)
    acts = asking()
    return Party(organisation, side_of(organisation), actor, acts.sites if acts else frozenset())


def seen_transfer(session: Session, party: Party, transfer_id: str, *options: ExecutableOption) -> Transfer:
    """Return a transfer that the party may see; raises NotFound."""
    return by_public_id(
        session,
        Transfer,
        transfer_id,
        *options,
        only=transfers_seen(party.organisation, party.side, party.sites),
    )


def seen_site(session: Session, party: Party, site_id: str) -> Site:
    """Return a site that the party may see; raises NotFound."""
    return by_public_id(
        session, Site, site_id, only=Site.id.in_(sites_seen(party.organisation, party.side, party.sites))
    )


def require_own(party: Party) -> None:
    """Raise NotAllowed for who only watches."""
    if party.watches:
        raise _not_a_party()


def require_at(party: Party, site: Site) -> None:
    """Raise NotAllowed for an act at a site that the party does not act for, and can at most watch."""
    if not party.acts_at(site):
        raise _not_a_party()


def _not_a_party() -> NotAllowed:
    zh, en = "只有该方单位可以操作", "only this party's organisation does this"
    return NotAllowed("not_a_party", zh, en)
