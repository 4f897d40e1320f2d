"""A person who signs in. The only table with personal data, apart from what people write into documents."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from circularity.accounts.passwords import check_password, hash_password
from circularity.audit import Actor, record
from circularity.columns import between, new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import NotFound, RuleBroken
from circularity.fields import Checks
from circularity.sealed_texts import Sealed

LANGUAGES = ("zh", "en")
_MAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")


class User(Base):
    """One person by the mail address it signs in with, in lower case.

    `totp_secret` is the shared secret of the second factor (base 32, "" = none), `totp_pending` one that was
    shown and not yet confirmed, `totp_step` the newest time step whose code was taken. `disabled_at`: may not
    sign in any more. The audit chain holds the public id and the name, never the mail.
    """

    __tablename__ = "users"
    __table_args__ = (one_of("language", LANGUAGES), between("totp_step", 0, 2**40), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    mail: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str]
    password_hash: Mapped[str]
    totp_secret: Mapped[str] = mapped_column(Sealed())
    totp_pending: Mapped[str] = mapped_column(Sealed())
    totp_step: Mapped[int]
    registered_at: Mapped[datetime]
    password_changed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @property
    def has_second_factor(self) -> bool:
        """Whether a code is asked for besides the password."""
        return self.totp_secret != ""


def seal_anew(session: Session, *, actor: Actor, at: datetime) -> int:
    """Seal every secret of a second factor anew, with the newest key; return how many people have one."""
    people = [row for row in session.scalars(select(User)) if row.totp_secret or row.totp_pending]
    for user in people:
        for name in ("totp_secret", "totp_pending"):
            flag_modified(user, name)
        record(session, actor, at, "user.secret_sealed_anew", user, {})
    return len(people)


def check_mail(checks: Checks, field: str, mail: str) -> str:
    """Return a mail address in lower case, or note what is wrong with it."""
    plain = checks.text(field, mail, maximum=254).lower()
    if plain and not _MAIL.fullmatch(plain):
        checks.refuse(field, "malformed_mail", plain, "不是电子邮箱地址", "this is no mail address")
    return plain


def user_of(session: Session, mail: str) -> User | None:
    """Return the person of a mail address, None for an unknown one."""
    plain = mail.strip().lower()
    # What no address can be is looked for all the same, as a text that databases take: it takes as long.
    storable = plain if plain.isascii() and plain.isprintable() else ""
    return session.scalar(select(User).where(User.mail == storable))


def require_user(session: Session, mail: str) -> User:
    """Return the person of a mail address; raises NotFound."""
    found = user_of(session, mail)
    if found is None:
        raise NotFound("unknown_user", "没有此用户", "there is no such person")
    return found


def register_user(
    session: Session, *, actor: Actor, at: datetime, mail: str, name: str, language: str, password_hash: str
) -> User:
    """Add a person whose password was checked and hashed before, outside any transaction.

    Raises BadInput; RuleBroken `mail_taken`, which only those may be told who know the address anyway.
    """
    checks = Checks("user")
    plain = check_mail(checks, "mail", mail)
    shown = checks.text("name", name, maximum=100)
    checks.word("language", language, LANGUAGES)
    checks.finish()
    if user_of(session, plain) is not None:
        raise RuleBroken(
            "mail_taken", "此邮箱已注册", "this mail address is registered already", field="mail"
        )
    user = User(
        public_id=new_public_id(),
        mail=plain,
        name=shown,
        language=language,
        password_hash=password_hash,
        totp_secret="",
        totp_pending="",
        totp_step=0,
        registered_at=at,
        password_changed_at=at,
        disabled_at=None,
    )
    session.add(user)
    record(session, actor, at, "user.registered", user, {"name": shown, "language": language})
    return user


def checked_hash(password: str, about: tuple[str, ...] = (), field: str = "password") -> str:
    """Return the hash of a new password; call it before a transaction begins, because it is slow.

    Raises BadInput for one that is too short or guessed first.
    """
    checks = Checks("user")
    check_password(checks, field, password, about)
    checks.finish()
    return hash_password(password)


def set_password(session: Session, *, actor: Actor, at: datetime, user: User, password_hash: str) -> None:
    """Keep a new password; the caller ends the sessions that the old one opened (see `sessions`)."""
    user.password_hash, user.password_changed_at = password_hash, at
    record(session, actor, at, "user.password_changed", user, {})


def disable_user(session: Session, *, actor: Actor, at: datetime, user: User) -> None:
    """Let a person sign in no more. Raises RuleBroken `disabled_already`."""
    change = update(User).where(User.id == user.id, User.disabled_at.is_(None)).values(disabled_at=at)
    if session.connection().execute(change).rowcount != 1:
        raise RuleBroken("disabled_already", "此用户已停用", "this person is disabled already")
    session.refresh(user)
    record(session, actor, at, "user.disabled", user, {})


def enable_user(session: Session, *, actor: Actor, at: datetime, user: User) -> None:
    """Let a disabled person sign in again. Raises RuleBroken `not_disabled`."""
    if user.disabled_at is None:
        raise RuleBroken("not_disabled", "此用户未停用", "this person is not disabled")
    user.disabled_at = None
    record(session, actor, at, "user.enabled", user, {})
