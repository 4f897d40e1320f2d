"""Keys of programs: an owner makes one for the organisation, with scopes and an end; it is shown once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.keys import digest, new_key
from circularity.accounts.memberships import Membership
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.database import STRICT, Base
from circularity.errors import NotFound
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.policy.acting import SCOPES

PREFIX = "circ_"
"""Begins every token, so that one that lies about in a text can be recognised."""

LONGEST_DAYS = 366
NOTED_EVERY = timedelta(hours=1)


class ApiToken(Base):
    """One program's key. `ending` is its last four characters, by which people tell tokens apart.

    It acts for the organisation of the membership it was made under, and only while that membership is in
    force: whoever leaves takes no key along.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[tuple[str, ...]]
    ending: Mapped[str]
    key_digest: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    membership: Mapped[Membership] = relationship(lazy="joined", innerjoin=True)

    def is_open(self, at: datetime) -> bool:
        """Tell whether the token still lets in."""
        maker = self.membership
        stands = maker.is_in_force(delta_day(at)) and maker.user.disabled_at is None
        return self.revoked_at is None and at < self.valid_until and stands


def make_token(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    maker: Membership,
    name: str,
    scopes: Iterable[str],
    days: int,
) -> tuple[str, ApiToken]:
    """Return a new token, which nobody can tell again, and its row. Raises BadInput.

    That the maker may is `circularity.policy`'s to say.
    """
    checks = Checks("token")
    asked = tuple(scopes)
    told = checks.text("token_name", name, maximum=100)
    checks.whole("days", days, 1, LONGEST_DAYS)
    if not asked:
        checks.refuse("scopes", "empty", "", "至少选择一种权限", "at least one scope is needed")
    for scope in asked:
        checks.word("scopes", scope, SCOPES)
    checks.finish()
    key = PREFIX + new_key()
    token = ApiToken(
        public_id=new_public_id(),
        membership=maker,
        name=told,
        scopes=asked,
        ending=key[-4:],
        key_digest=digest(key),
        made_at=at,
        valid_until=at + timedelta(days=days),
        revoked_at=None,
        used_at=None,
    )
    session.add(token)
    facts = {"organisation": maker.organisation, "scopes": asked, "valid_until": token.valid_until}
    record(session, actor, at, "token.made", token, facts)
    return key, token


def token_of(session: Session, key: str, at: datetime) -> ApiToken | None:
    """Return the open token of a key, None for any other."""
    found = session.scalar(select(ApiToken).where(ApiToken.key_digest == digest(key)))
    return found if found is not None and found.is_open(at) else None


def tokens_of(session: Session, organisation: Organisation) -> list[ApiToken]:
    """Return an organisation's tokens that were not revoked, newest first."""
    wanted = select(ApiToken).join(ApiToken.membership).where(ApiToken.revoked_at.is_(None))
    own = wanted.where(Membership.organisation_id == organisation.id)
    return list(session.scalars(own.order_by(ApiToken.made_at.desc(), ApiToken.id.desc())))


def revoke_token(
    session: Session, *, actor: Actor, at: datetime, organisation: Organisation, public_id: str
) -> None:
    """End a token at once; raises NotFound, also for another organisation's."""
    found = next((row for row in tokens_of(session, organisation) if row.public_id == public_id), None)
    if found is None:
        raise NotFound("unknown_token", "没有此令牌", "there is no such token")
    found.revoked_at = at
    record(session, actor, at, "token.revoked", found, {})


def note_use(session: Session, token_id: int, at: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=at))


def is_due(token: ApiToken, at: datetime) -> bool:
    """Tell whether the use of a token is to be noted again."""
    return token.used_at is None or at - token.used_at >= NOTED_EVERY
