"""For whom a visitor acts: one of its own organisations, or any where nobody signs in and a trial is open."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from flask import session as cookie
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, object_session

from circularity.audit import Actor
from circularity.deals.contract import Agreement
from circularity.errors import NotAllowed
from circularity.organisations import Organisation, Site
from circularity.party_listings import WATCHING
from circularity.registry.entitlements import Facility
from web.api.writing import is_writable
from web.auth.identity import MEMBERSHIP, accounts_are_on, identity, own_memberships
from web.language import said
from web.session import read_session

SIDES = ("generator", "facility", "carrier", "authority", "coordinator")
KEY = "acting"

WHO = {"generator": "generator", "facility": "receiver", "carrier": "carrier", "authority": "authority"}
"""Which party of the lifecycles a side is."""


@dataclass(frozen=True)
class Acting:
    """One organisation, the side it acts on, and the name that its signatures bear.

    `signed_in` is who the audit chain says it was, None where nobody signs in. `sites` are public ids of the
    only sites that the person acts for, empty = all.
    """

    organisation: Organisation
    side: str
    person: str
    signed_in: Actor | None = None
    sites: frozenset[str] = frozenset()

    @property
    def watches(self) -> bool:
        """Whether this side only watches its region."""
        return self.side in WATCHING

    def acts_at(self, site: Site) -> bool:
        """Tell whether a site is the organisation's own and among those that the person acts for."""
        own = site.organisation_id == self.organisation.id and not self.watches
        return own and (not self.sites or site.public_id in self.sites)

    @property
    def actor(self) -> Actor:
        """Who the audit chain says it was; where nobody has been identified, it says so."""
        if self.signed_in is not None:
            return self.signed_in
        return Actor(f"{self.person}（未登录 · not signed in）", self.organisation.public_id, "person")

    def of(self, session: Session) -> Organisation:
        """Return the organisation as a row of another session."""
        return session.get_one(Organisation, self.organisation.id)


def acting() -> Acting | None:
    """Return for whom this visitor acts; None before a choice, and wherever writing is closed."""
    if "acting" not in g:
        g.acting = _chosen() if is_writable() else None
    return g.acting  # type: ignore[no-any-return]  # flask.g has no types


def require_acting() -> Acting:
    """Return for whom this visitor acts; raises NotAllowed before a choice."""
    found = acting()
    if found is None:
        zh, en = "请先选择以哪个单位的身份操作", "choose first for whom you act"
        raise NotAllowed("nobody_chosen", zh, en)
    return found


def own_organisations() -> set[int] | None:
    """Return the keys of the organisations that who asks may choose; None where anybody may choose any."""
    return {row.organisation_id for row in own_memberships()} if accounts_are_on() else None


def own_sites_only(party: Acting) -> list[ColumnElement[bool]]:
    """Return the conditions for the sites that the party acts for itself."""
    own = [Site.organisation_id == party.organisation.id]
    return [*own, Site.public_id.in_(party.sites)] if party.sites else own


def act_for(organisation: Organisation, side: str, person: str) -> None:
    """Keep the choice in the visitor's signed cookie."""
    for row in own_memberships():
        if row.organisation_id == organisation.id:
            cookie[MEMBERSHIP] = row.public_id
    cookie[KEY] = [organisation.public_id, side, person]
    g.pop("acting", None)


def act_for_nobody() -> None:
    """Forget the choice."""
    cookie.pop(KEY, None)
    g.pop("acting", None)


def sides_in(agreement: Agreement, party: Acting) -> tuple[str, ...]:
    """Return which sides of a deal a party is: none, one, or the side it chose where both are its own."""
    sites = {"generator": agreement.site, "facility": agreement.facility.site}
    found = tuple(side for side, site in sites.items() if party.acts_at(site))
    return (party.side,) if len(found) > 1 and party.side in found else found


def default_person(organisation: Organisation) -> str:
    """Return a name for signatures when none is typed."""
    return said(organisation)


def sides_of(organisation: Organisation) -> tuple[str, ...]:
    """Return the sides an organisation can act on: its roles, what it runs, and carrier of its own loads.

    Who runs a facility sends too: residues of its own, or what it stores for others. An authority never does.
    """
    found = set(organisation.roles)
    if not found & set(WATCHING):
        found.add("carrier")
    runs = select(Facility.id).join(Facility.site).where(Site.organisation_id == organisation.id)
    session = object_session(organisation)
    if session is not None and session.scalar(runs.limit(1)) is not None:
        found |= {"facility", "generator"}
    return tuple(side for side in SIDES if side in found)


def _own() -> Acting | None:
    """Return the organisation that the signed-in person acts for, on the side chosen or the first it has."""
    found = identity()
    if found is None or found.membership is None:
        return None
    organisation, kept = found.membership.organisation, cookie.get(KEY)
    sides = sides_of(organisation)
    asked = kept[1] if isinstance(kept, list) and len(kept) == 3 and kept[0] == organisation.public_id else ""
    # What it is registered as comes first: a plant that also sends residues opens its desk as a plant.
    registered = next((side for side in sides if side in organisation.roles), sides[0])
    return Acting(
        organisation, asked if asked in sides else registered, found.user.name, found.actor,
        frozenset(found.membership.sites),
    )  # fmt: skip


def _chosen() -> Acting | None:
    if accounts_are_on():
        return _own()
    kept = cookie.get(KEY)
    if not isinstance(kept, list) or len(kept) != 3 or kept[1] not in SIDES:
        return None
    found = read_session().scalar(select(Organisation).filter_by(public_id=str(kept[0])))
    return Acting(found, str(kept[1]), str(kept[2])) if found is not None else None
