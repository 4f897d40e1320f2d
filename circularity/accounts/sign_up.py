"""Signing an organisation up with its first owner. Nothing exists before the mailed link is opened.

So nobody learns whether an address is known, and nobody takes an organisation's credit code with an address
that is not his. The organisation then waits for its authority (see `standings`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.cn import uscc

from circularity.accounts.links import make_link, use_link
from circularity.accounts.logging_in import actor_of
from circularity.accounts.memberships import OWNER, Membership, add_member, displace, members_of
from circularity.accounts.people import LANGUAGES, User, check_mail, register_user, user_of
from circularity.accounts.standings import begin_standing, is_authority, standing_of
from circularity.audit import Actor
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation, register_organisation

ROLES = ("generator", "facility", "carrier")
"""What one can sign up as; authorities are registered by the operator of an installation."""

_PLATFORM = Actor("sign-up", None, "system")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody typed; the password is hashed already."""

    mail: str
    name: str
    language: str
    password_hash: str
    name_zh: str
    name_en: str
    credit_code: str
    roles: tuple[str, ...]
    region_code: str


def check_sign_up(asked: SignUp) -> None:
    """Refuse what is malformed, before anything is kept. Raises BadInput."""
    checks = Checks("sign-up")
    check_mail(checks, "mail", asked.mail)
    checks.text("name", asked.name, maximum=100)
    checks.word("language", asked.language, LANGUAGES)
    checks.text("name_zh", asked.name_zh)
    checks.text("name_en", asked.name_en, required=False)
    checks.region("region_code", asked.region_code)
    if len(uscc.compact(asked.credit_code)) != 18:
        zh, en = "统一社会信用代码应为 18 位", "a credit code has 18 characters"
        checks.refuse("credit_code", "malformed_credit_code", asked.credit_code, zh, en)
    if not asked.roles:
        checks.refuse("roles", "empty", "", "至少需要一种角色", "at least one role is needed")
    for role in asked.roles:
        checks.word("roles", role, ROLES)
    checks.finish()


def begin_sign_up(session: Session, *, at: datetime, asked: SignUp) -> tuple[str | None, User | None]:
    """Keep a sign-up until its link is opened; return the key for the mail.

    For an address that is known already: no key, and the person, who is told by mail and by nothing else.
    Raises BadInput; RuleBroken `credit_code_taken`, because who is registered is no secret.
    """
    check_sign_up(asked)
    _refuse_taken(session, asked.credit_code)
    known = user_of(session, asked.mail)
    facts = asdict(asked) | {"roles": list(asked.roles)}
    key, _ = make_link(session, at=at, purpose="sign_up", facts=facts)  # told to nobody where known: as long
    return (key, None) if known is None else (None, known)


def finish_sign_up(session: Session, *, at: datetime, key: str) -> Membership:
    """Make the person, its organisation and its ownership; return the last.

    Raises NotFound for a link that opens nothing; RuleBroken when code or address was taken meanwhile.
    """
    facts = use_link(session, at=at, purpose="sign_up", key=key).facts
    asked = SignUp(**(facts | {"roles": tuple(facts["roles"])}))
    user = register_user(
        session,
        actor=_PLATFORM,
        at=at,
        mail=asked.mail,
        name=asked.name,
        language=asked.language,
        password_hash=asked.password_hash,
    )
    return own_organisation(session, at=at, user=user, asked=asked)


def own_organisation(session: Session, *, at: datetime, user: User, asked: SignUp) -> Membership:
    """Make a person the first owner of a new organisation, or of one that nobody acts for yet.

    An organisation that the register holds already keeps its name, roles and region; it waits for its
    authority anew, whoever verified it before. Raises RuleBroken `credit_code_taken`, BadInput.
    """
    organisation = _refuse_taken(session, asked.credit_code)
    actor = actor_of(user)
    if organisation is not None:
        for member in members_of(session, organisation):  # of a claim that its authority refused
            displace(session, actor=actor, at=at, member=member)
    if organisation is None:
        organisation = register_organisation(
            session,
            actor=actor,
            at=at,
            name_zh=asked.name_zh,
            name_en=asked.name_en,
            credit_code=asked.credit_code,
            roles=frozenset(asked.roles),
            region_code=asked.region_code,
        )
    begin_standing(session, actor=actor, at=at, organisation=organisation)
    return add_member(session, actor=actor, at=at, user=user, organisation=organisation, role=OWNER)


def _refuse_taken(session: Session, credit_code: str) -> Organisation | None:
    """Return the organisation of a code if nobody acts for it, None for a new one; else raise RuleBroken."""
    code = uscc.compact(credit_code)
    found = session.scalar(select(Organisation).where(Organisation.credit_code == code).with_for_update())
    if found is None:
        return None
    standing = standing_of(session, found)
    refused = standing is not None and standing.verification == "refused"
    if is_authority(found) or (members_of(session, found) and not refused):
        zh = "该单位已注册，请向其负责人索取邀请"
        en = "this organisation is registered already: ask its owner for an invitation"
        raise RuleBroken("credit_code_taken", zh, en, field="credit_code")
    return found
