"""One account for each role of the fictional Delta, made once with one password.

Authorities get recovery codes besides: a demonstration has no telephone, and theirs is a second factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.memberships import add_member
from circularity.accounts.people import User, register_user, user_of
from circularity.accounts.second_factor import begin_enrolment, confirm_enrolment
from circularity.accounts.standings import DEFAULT_KIND, begin_standing, is_authority, settle, standing_of
from circularity.audit import Actor
from circularity.deals import Agreement
from circularity.organisations import Organisation, register_organisation
from seed.credit_codes import demo_credit_code

ACTOR = Actor("演示 · demonstration", None, "system")
DOMAIN = "demo.example"
_SEED_OF_AUTHORITIES = 276

AUTHORITIES = (
    ("officer", "authority", "310000", "虚构市生态环境局", "Fictional Ecology Bureau"),
    ("delta", "coordinator", "310000", "虚构长三角协调机构", "Fictional Delta Body"),
)
"""Mail, role, region and names of the bodies that nobody signs up."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What somebody needs to sign in; `codes` are recovery codes, empty where no second factor is asked."""

    mail: str
    role: str
    organisation_zh: str
    organisation_en: str
    codes: tuple[str, ...]


def make_accounts(session: Session, at: datetime, password_hash: str) -> list[DemoAccount]:
    """Make the accounts where they lack; return those made now, none the second time."""
    if user_of(session, f"generator@{DOMAIN}") is not None:
        return []
    made = []
    for mail, organisation, role in _people(session):
        _verify(session, at, organisation)
        made.append(_account(session, at, (mail, role), organisation, password_hash))
    for number, (mail, kind, region, zh, en) in enumerate(AUTHORITIES):
        body = register_organisation(
            session,
            actor=ACTOR,
            at=at,
            name_zh=zh,
            name_en=en,
            credit_code=demo_credit_code(region, _SEED_OF_AUTHORITIES, number),
            roles=frozenset({kind}),
            region_code=region,
            fictional=True,
        )
        _verify(session, at, body)
        made.append(_account(session, at, (mail, "owner"), body, password_hash))
    return made


def _people(session: Session) -> list[tuple[str, Organisation, str]]:
    """Return who acts for whom: the two sides of one deal, so that a load can be sent and received."""
    sender, receiver = _two_sides(session)
    return [
        ("generator", sender, "owner"),
        ("operator", sender, "operator"),
        ("reader", sender, "reader"),
        ("driver", sender, "driver"),
        ("facility", receiver, "owner"),
    ]


def _two_sides(session: Session) -> tuple[Organisation, Organisation]:
    agreed = select(Agreement).where(Agreement.status == "agreed").order_by(Agreement.id.desc()).limit(1)
    deal = session.scalar(agreed)
    if deal is not None:
        return deal.site.organisation, deal.facility.site.organisation
    rows = list(session.scalars(select(Organisation).order_by(Organisation.id)))
    sides = [next(row for row in rows if side in row.roles) for side in ("generator", "facility")]
    return sides[0], sides[1]


def _verify(session: Session, at: datetime, organisation: Organisation) -> None:
    if standing_of(session, organisation) is not None:
        return
    kind = DEFAULT_KIND if is_authority(organisation) else ""
    begin_standing(session, actor=ACTOR, at=at, organisation=organisation, authority_kind=kind)
    settle(session, actor=ACTOR, at=at, organisation=organisation, verified=True, reason="", by=ACTOR.name)


def _account(
    session: Session, at: datetime, who: tuple[str, str], organisation: Organisation, password_hash: str
) -> DemoAccount:
    mail, role = f"{who[0]}@{DOMAIN}", who[1]
    user = register_user(
        session, actor=ACTOR, at=at, mail=mail, name=who[0].capitalize(), language="zh",
        password_hash=password_hash,
    )  # fmt: skip
    add_member(session, actor=ACTOR, at=at, user=user, organisation=organisation, role=role)
    codes = _second_factor(session, at, user) if is_authority(organisation) else ()
    return DemoAccount(mail, role, organisation.name_zh, organisation.name_en, codes[:3])


def _second_factor(session: Session, at: datetime, user: User) -> tuple[str, ...]:
    begin_enrolment(session, actor=ACTOR, at=at, user=user)
    code = pyotp.TOTP(user.totp_pending).at(at)
    return confirm_enrolment(session, actor=ACTOR, at=at, user=user, code=code)
