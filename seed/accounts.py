"""One account for each role of the fictional Delta, made once with one password.

Authorities get recovery codes besides: a demonstration has no telephone, and theirs is a second factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyotp
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, aliased

from circularity.accounts.memberships import add_member
from circularity.accounts.people import User, register_user, user_of
from circularity.accounts.second_factor import begin_enrolment, confirm_enrolment
from circularity.accounts.standings import DEFAULT_KIND, begin_standing, is_authority, settle, standing_of
from circularity.audit import Actor
from circularity.calendar_days import delta_day
from circularity.catalogue.regions import get, province_of
from circularity.custody.manifests import Carriage, Transfer
from circularity.deals.contract import Agreement, Offer
from circularity.organisations import Organisation, Site, register_organisation
from circularity.registry.entitlements import Facility
from seed.credit_codes import demo_credit_code

ACTOR = Actor("演示 · demonstration", None, "system")
DOMAIN = "demo.example"
_SEED_OF_AUTHORITIES = 276

_ECONOMY = ("310000", "虚构市经济信息化主管部门", "Fictional Economy and Informatization Bureau")
_DELTA = ("310000", "虚构长三角协调机构", "Fictional Delta Body")

_Parties = tuple[Organisation, Organisation, Organisation | None]
"""The sender and the receiver of a deal, and who carries for it."""


@dataclass(frozen=True, slots=True)
class _Body:
    """A body that nobody signs up: mail, role, kind of authority, region and names."""

    mail: str
    role: str
    kind: str
    region: str
    name_zh: str
    name_en: str


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
    parties = _parties(session, delta_day(at))
    for mail, organisation, role in _people(session, parties):
        _verify(session, at, organisation)
        made.append(_account(session, at, (mail, role), organisation, password_hash))
    for number, body in enumerate(_bodies(parties)):
        organisation = register_organisation(
            session,
            actor=ACTOR,
            at=at,
            name_zh=body.name_zh,
            name_en=body.name_en,
            credit_code=demo_credit_code(body.region, _SEED_OF_AUTHORITIES, number),
            roles=frozenset({body.role}),
            region_code=body.region,
            fictional=True,
        )
        _verify(session, at, organisation, body.kind)
        made.append(_account(session, at, (body.mail, "owner"), organisation, password_hash))
    return made


def _people(session: Session, parties: _Parties) -> list[tuple[str, Organisation, str]]:
    """Return who acts for whom: sides and carrier of one deal, so that a load can be sent and received.

    A collector has an account besides: only it groups what it stores.
    """
    sender, receiver, carrier = parties
    collector = session.scalar(select(Facility).filter_by(kind="collector").order_by(Facility.id).limit(1))
    people = [
        ("generator", sender, "owner"),
        ("operator", sender, "operator"),
        ("reader", sender, "reader"),
        ("driver", sender, "driver"),
        ("facility", receiver, "owner"),
    ]
    if carrier:
        people.append(("carrier", carrier, "owner"))
    if collector and collector.site.organisation not in (sender, receiver):
        people.append(("collector", collector.site.organisation, "owner"))
    return people


def _bodies(parties: _Parties) -> list[_Body]:
    """Return the authorities: the provinces of both sides, so that a listing is decided and consented to."""
    sender, receiver, _ = parties
    bodies = [_ecology("officer", receiver)]
    if province_of(sender.region_code) != province_of(receiver.region_code):
        bodies.append(_ecology("origin", sender))
    return [
        *bodies,
        _Body("economy", "authority", "economy", *_ECONOMY),
        _Body("delta", "coordinator", DEFAULT_KIND, *_DELTA),
    ]


def _ecology(mail: str, organisation: Organisation) -> _Body:
    region = get(f"{province_of(organisation.region_code)}0000")
    zh, en = f"虚构·{region.name_zh}生态环境主管部门", f"Fictional Ecology Authority, {region.name_en}"
    return _Body(mail, "authority", "ecology", region.code, zh, en)


def _parties(session: Session, today: date) -> _Parties:
    """Return the sides of the deal that shows most, and who carried for it; anybody where there is no deal.

    A deal that goes on, two provinces and a carrier show more than one that is over, one province or none;
    then the loads count.
    """
    origin, site, loads = aliased(Site), aliased(Site), func.count(Transfer.id.distinct())
    crosses = func.substr(origin.region_code, 1, 2) != func.substr(site.region_code, 1, 2)
    shown = (
        select(Agreement.id, func.max(Carriage.organisation_id))
        .join(origin, Agreement.site_id == origin.id)
        .join(Facility, Agreement.facility_id == Facility.id)
        .join(site, Facility.site_id == site.id)
        .outerjoin(Transfer, Transfer.agreement_id == Agreement.id)
        .outerjoin(Carriage, Carriage.transfer_id == Transfer.id)
        .join(Offer, and_(Offer.agreement_id == Agreement.id, Offer.number == Agreement.offer_number))
        .where(Agreement.status == "agreed")
        .group_by(Agreement.id, origin.region_code, site.region_code, Offer.valid_to)
        .order_by(
            case((and_(crosses, Offer.valid_to > today), 0), (crosses, 1), else_=2),
            func.count(Carriage.number) == 0,
            loads.desc(),
            Agreement.id,
        )
        .limit(1)
    )
    found = session.execute(shown).first()
    rows = list(session.scalars(select(Organisation).order_by(Organisation.id)))
    carriers = [row for row in rows if "carrier" in row.roles]
    if found is not None:
        deal = session.get_one(Agreement, found[0])
        carried = [row for row in carriers if row.id == found[1]]
        carrier = next(iter([*carried, *carriers]), None)
        return deal.site.organisation, deal.facility.site.organisation, carrier
    sides = [next(row for row in rows if side in row.roles) for side in ("generator", "facility")]
    return sides[0], sides[1], next(iter(carriers), None)


def _verify(session: Session, at: datetime, organisation: Organisation, kind: str = "") -> None:
    if standing_of(session, organisation) is not None:
        return
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
