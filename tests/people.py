"""People for tests: somebody with a known password, an owner of an organisation, a code of a telephone."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import pyotp
from argon2 import PasswordHasher
from registry import ACTOR, AT, credit_code
from sqlalchemy.orm import Session

from circularity.accounts.memberships import Membership, add_member
from circularity.accounts.people import User, register_user
from circularity.accounts.second_factor import begin_enrolment, confirm_enrolment
from circularity.accounts.standings import begin_standing, settle
from circularity.organisations import Organisation, register_organisation

PASSWORD = "seven quiet herons"  # noqa: S105 - of nobody
ACT: dict[str, Any] = {"actor": ACTOR, "at": AT}


@cache
def password_hash() -> str:
    """Hash the password once for all tests, with hardly any work (see `quick_passwords`)."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def person(session: Session, mail: str = "li@works.example", **facts: Any) -> User:
    """Register somebody whose password is PASSWORD."""
    defaults = {"name": mail.partition("@")[0], "language": "zh", "password_hash": password_hash()}
    return register_user(session, **ACT, mail=mail, **(defaults | facts))


def firm(session: Session, number: int = 1, **facts: Any) -> Organisation:
    """Register an organisation in Shanghai."""
    defaults = {
        "name_zh": f"乙{number}公司",
        "name_en": f"Works {number}",
        "credit_code": credit_code(500 + number),
        "roles": frozenset({"generator"}),
        "region_code": "310100",
    }
    return register_organisation(session, **ACT, **(defaults | facts))


def member(
    session: Session, organisation: Organisation, mail: str, role: str = "owner", **facts: Any
) -> Membership:
    """Make somebody new a member."""
    return add_member(
        session, **ACT, user=person(session, mail), organisation=organisation, role=role, **facts
    )


def verified(session: Session, organisation: Organisation, kind: str = "") -> Organisation:
    """Let an organisation be confirmed."""
    begin_standing(session, **ACT, organisation=organisation, authority_kind=kind)
    settle(session, **ACT, organisation=organisation, verified=True, reason="", by="test")
    return organisation


def enrolled(session: Session, user: User, at: datetime = AT) -> tuple[str, ...]:
    """Give somebody a second factor and return the recovery codes."""
    begin_enrolment(session, **ACT, user=user)
    code = pyotp.TOTP(user.totp_pending).at(at)
    return confirm_enrolment(session, actor=ACTOR, at=at, user=user, code=code)


def code_of(secret: str, at: datetime) -> str:
    """Return what a telephone shows at a moment."""
    return pyotp.TOTP(secret).at(at)
