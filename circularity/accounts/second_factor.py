"""The second factor: codes of 30 seconds (TOTP, RFC 6238), each taken once, and recovery codes.

Authorities must have one. Codes are computed from the secret, so it cannot be a digest: it lies sealed in the
database (see `circularity.sealed_texts`).
"""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp
from sqlalchemy import ForeignKey, delete, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from circularity.accounts.keys import digest
from circularity.accounts.people import User
from circularity.audit import Actor, record
from circularity.database import STRICT, Base
from circularity.errors import NotAllowed, RuleBroken

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A telephone's clock may be half a minute off."""

RECOVERY_CODES = 10
_ISSUER = "Circularity"


class RecoveryCode(Base):
    """The digest of one of a person's recovery codes (80 random bits), each good for one log-in."""

    __tablename__ = "recovery_codes"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_digest: Mapped[str]
    used_at: Mapped[datetime | None]


def begin_enrolment(session: Session, *, actor: Actor, at: datetime, user: User) -> str:
    """Make a secret to be shown and confirmed; return the address that telephones read from a QR code.

    Raises RuleBroken `enrolled_already`.
    """
    if user.has_second_factor:
        zh, en = "已启用动态口令", "a second factor is in use already"
        raise RuleBroken("enrolled_already", zh, en)
    user.totp_pending = pyotp.random_base32()
    record(session, actor, at, "user.second_factor_shown", user, {})
    return provisioning_address(user)


def provisioning_address(user: User) -> str:
    """Return the `otpauth://` address of the secret that waits for confirmation."""
    return pyotp.TOTP(user.totp_pending).provisioning_uri(name=user.mail, issuer_name=_ISSUER)


def confirm_enrolment(
    session: Session, *, actor: Actor, at: datetime, user: User, code: str
) -> tuple[str, ...]:
    """Put the shown secret to use when its code is right; return recovery codes, which nobody can tell again.

    Raises RuleBroken `nothing_to_confirm`, NotAllowed `wrong_code`.
    """
    if not user.totp_pending:
        raise RuleBroken("nothing_to_confirm", "请先扫描二维码", "show the QR code first")
    step = _step_of(user.totp_pending, code, at)
    if step is None:
        raise wrong_code()
    user.totp_secret, user.totp_pending, user.totp_step = user.totp_pending, "", step
    record(session, actor, at, "user.second_factor_enrolled", user, {})
    return new_recovery_codes(session, actor=actor, at=at, user=user)


def new_recovery_codes(session: Session, *, actor: Actor, at: datetime, user: User) -> tuple[str, ...]:
    """Replace a person's recovery codes and return the new ones, in groups of four characters."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = tuple(pyotp.random_base32()[:16] for _ in range(RECOVERY_CODES))
    session.add_all(RecoveryCode(user_id=user.id, code_digest=digest(code), used_at=None) for code in codes)
    record(session, actor, at, "user.recovery_codes_made", user, {"codes": len(codes)})
    return tuple("-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes)


def take_code(session: Session, *, actor: Actor, at: datetime, user: User, code: str) -> None:
    """Take a code of the telephone or a recovery code; raises NotAllowed `wrong_code`.

    Both are taken by one conditional UPDATE, so a code that is sent twice at once lets in once.
    """
    plain = "".join(code.split()).replace("-", "").upper()
    step = _step_of(user.totp_secret, plain, at) if user.totp_secret else None
    if step is not None:
        newer = update(User).where(User.id == user.id, User.totp_step < step).values(totp_step=step)
        if session.connection().execute(newer).rowcount == 1:
            return
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    this = update(RecoveryCode).where(*unused, RecoveryCode.code_digest == digest(plain)).values(used_at=at)
    if session.connection().execute(this).rowcount != 1:
        raise wrong_code()
    record(session, actor, at, "user.recovery_code_used", user, {})


def remove_second_factor(session: Session, *, actor: Actor, at: datetime, user: User) -> None:
    """Take the second factor away, for somebody who lost it: an act of the installation's operator."""
    user.totp_secret = user.totp_pending = ""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    record(session, actor, at, "user.second_factor_removed", user, {})


def wrong_code() -> NotAllowed:
    """Return the refusal of a code."""
    return NotAllowed("wrong_code", "验证码不对或已用过", "this code is wrong or used already", field="code")


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step that a code belongs to, None for a wrong code."""
    now = int(at.timestamp()) // STEP_SECONDS
    maker = pyotp.TOTP(secret)
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if secrets.compare_digest(maker.generate_otp(step).encode(), code.encode("utf-8", "replace")):
            return step
    return None
