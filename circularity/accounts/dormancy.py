"""Sites that sleep: they finish old business and take no new."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, bindparam, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.audit import Actor, record
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation, Site


class DormantSite(Base):
    """A site that takes no new business since a moment, and why; the row goes when the site wakes."""

    __tablename__ = "dormant_sites"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), unique=True)
    since: Mapped[datetime]
    reason: Mapped[str]

    site: Mapped[Site] = relationship(lazy="joined", innerjoin=True)


def put_to_sleep(session: Session, *, actor: Actor, at: datetime, site: Site, reason: str) -> DormantSite:
    """Let a site take no new business. Raises BadInput without a reason, RuleBroken `dormant_already`."""
    checks = Checks("site")
    told = checks.text("reason", reason, maximum=1000)
    checks.finish()
    if is_dormant(session, site):
        raise RuleBroken("dormant_already", "该场所已休眠", "this site is dormant already")
    row = DormantSite(site=site, since=at, reason=told)
    session.add(row)
    session.flush()
    record(session, actor, at, "site.put_to_sleep", site, {"reason": told})
    return row


def wake(session: Session, *, actor: Actor, at: datetime, site: Site) -> None:
    """Let a site take new business again. Raises RuleBroken `not_dormant`."""
    gone = delete(DormantSite).where(DormantSite.site_id == site.id)
    if session.connection().execute(gone).rowcount != 1:
        raise RuleBroken("not_dormant", "该场所未休眠", "this site is not dormant")
    record(session, actor, at, "site.woken", site, {})


def is_dormant(session: Session, *sites: Site) -> bool:
    """Tell whether one of the sites takes no new business.

    Asked of thousands of lots, so it writes nothing pending; one not written yet cannot sleep.
    """
    with session.no_autoflush:
        return session.scalar(_ASLEEP, {"sites": [site.id for site in sites]}) is not None


_ASLEEP = select(DormantSite.id).where(DormantSite.site_id.in_(bindparam("sites", expanding=True))).limit(1)


def refuse_dormant(session: Session, *sites: Site) -> None:
    """Raise RuleBroken `dormant_site` for new business of a site that sleeps."""
    if is_dormant(session, *sites):
        zh = "该场所处于休眠状态：可办结原有业务，不得新增业务"
        en = "this site is dormant: it finishes old business and takes no new"
        raise RuleBroken("dormant_site", zh, en)


def is_asleep(session: Session, organisation: Organisation) -> bool:
    """Tell whether every site of an organisation sleeps; one without sites is awake."""
    own = select(func.count()).where(Site.organisation_id == organisation.id)
    sites = session.scalar(own.select_from(Site)) or 0
    asleep = session.scalar(own.select_from(DormantSite).join(DormantSite.site)) or 0
    return bool(sites) and sites == asleep
