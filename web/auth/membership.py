"""People and sites of the organisation one acts for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.delegations import delegate, end_delegation
from circularity.accounts.dormancy import is_dormant, put_to_sleep, wake
from circularity.accounts.invitations import invite, open_invitations, withdraw_invitation
from circularity.accounts.memberships import (
    Membership,
    change_role,
    end_membership,
    members_of,
    require_member,
)
from circularity.accounts.standings import standing_of
from circularity.database import writing
from circularity.errors import NotAllowed, NotFound
from circularity.organisations import Organisation, Site
from circularity.policy.acting import MEMBERSHIPS
from web.auth.forms import Answer, attempt_form, change, typed, typed_day
from web.auth.identity import Identity, identity
from web.auth.mailing import post
from web.auth.mails import invitation_mail
from web.session import engine, read_session
from web.today import today


def acting_as() -> tuple[Identity, Membership]:
    """Return who asks and the membership it acts under; raises NotAllowed for neither."""
    found = identity()
    if found is None or found.membership is None:
        zh, en = "请先选择以哪个单位的身份操作", "choose first for which organisation you act"
        raise NotAllowed("no_organisation", zh, en)
    return found, found.membership


def organisation_in(session: Session) -> Organisation:
    """Return the organisation one acts for as a row of a session."""
    return session.get_one(Organisation, acting_as()[1].organisation_id)


def show_members() -> str:
    """Show people, invitations and sites."""
    _, mine = acting_as()
    session, organisation = read_session(), mine.organisation
    sites = list(session.scalars(select(Site).where(Site.organisation_id == organisation.id)))
    return render_template(
        "auth/members.html",
        mine=mine,
        members=members_of(session, organisation),
        invitations=open_invitations(session, organisation, datetime.now(UTC)),
        sites=[(site, is_dormant(session, site)) for site in sites],
        standing=standing_of(session, organisation),
        roles=MEMBERSHIPS,
        today=today(),
    )


def send_invitation() -> Answer:
    """Invite an address and mail its link after the commit."""

    def act(at: datetime) -> Answer:
        found, _ = acting_as()
        with writing(engine()).begin() as session:
            organisation = organisation_in(session)
            key, invitation = invite(
                session,
                actor=found.actor,
                at=at,
                organisation=organisation,
                mail=typed("mail", 254),
                role=typed("role", 20),
                sites=tuple(request.form.getlist("sites")[:200]),
                expires_on=typed_day("expires_on"),
            )
        post(invitation_mail(invitation.mail, key, organisation.name_zh))
        return redirect(url_for("auth.members"), 303)

    return attempt_form("invite", act, show_members)


def withdraw(public_id: str) -> Answer:
    """Take an invitation back."""
    found, _ = acting_as()

    def verb(session: Session, at: datetime) -> str:
        withdraw_invitation(
            session, actor=found.actor, at=at, organisation=organisation_in(session), public_id=public_id
        )
        return url_for("auth.members")

    return change("invitations", verb, show_members)


def act_on_member(public_id: str, act: str) -> Answer:
    """Give a member another role, end the membership, lend a role, or take it back."""
    found, mine = acting_as()

    def verb(session: Session, at: datetime) -> str:
        member = require_member(session, organisation_in(session), public_id)
        facts: dict[str, Any] = {"actor": found.actor, "at": at}
        match act:
            case "role":
                change_role(session, **facts, member=member, role=typed("role", 20))
            case "end":
                end_membership(session, **facts, member=member)
            case "delegation":
                lender = session.get_one(Membership, mine.id)
                until = typed_day("delegated_until") or date.min
                delegate(
                    session,
                    **facts,
                    lender=lender,
                    colleague=member,
                    role=typed("delegated_role", 20),
                    until=until,
                )
            case "end-delegation":
                end_delegation(session, **facts, colleague=member)
            case _:
                raise NotFound("unknown_act", "没有此操作", "there is no such act")
        return url_for("auth.account") if member.id == mine.id else url_for("auth.members")

    return change("members", verb, show_members)


def act_on_site(public_id: str, act: str) -> Answer:
    """Put a site to sleep or wake it."""
    found, _ = acting_as()

    def verb(session: Session, at: datetime) -> str:
        own = (Site.organisation_id == organisation_in(session).id, Site.public_id == public_id)
        site = session.scalar(select(Site).where(*own))
        if site is None or act not in ("sleep", "wake"):
            raise NotFound("unknown_site", "没有此场所", "there is no such site")
        if act == "sleep":
            put_to_sleep(session, actor=found.actor, at=at, site=site, reason=typed("reason"))
        else:
            wake(session, actor=found.actor, at=at, site=site)
        return url_for("auth.members")

    return change("sites", verb, show_members)
