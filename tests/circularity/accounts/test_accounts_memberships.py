"""People of an organisation: who joins, who leaves, who lends, and that somebody always stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from people import ACT, firm, member, person
from registry import ACTOR, AT, Registry
from sqlalchemy import Engine, select

from circularity.accounts.api_tokens import PREFIX, make_token, revoke_token, token_of, tokens_of
from circularity.accounts.delegations import delegate, end_delegation
from circularity.accounts.invitations import (
    LIFETIME,
    find_invitation,
    invite,
    open_invitations,
    take_invitation,
    withdraw_invitation,
)
from circularity.accounts.keys import digest
from circularity.accounts.memberships import (
    Membership,
    add_member,
    change_role,
    end_membership,
    memberships_of,
    require_member,
)
from circularity.accounts.people import disable_user
from circularity.database import writing
from circularity.errors import BadInput, NotAllowed, NotFound, RuleBroken

DAY = date(2026, 9, 1)


def test_a_person_acts_for_several_organisations(registry: Registry) -> None:
    session = registry.session
    user = person(session)
    works, mill = firm(session, 1), firm(session, 2)
    add_member(session, **ACT, user=user, organisation=works, role="owner")
    add_member(session, **ACT, user=user, organisation=mill, role="reader", expires_on=DAY)
    assert [(row.organisation, row.role) for row in memberships_of(session, user, DAY)] == [
        (works, "owner"), (mill, "reader"),
    ]  # fmt: skip
    assert [row.organisation for row in memberships_of(session, user, DAY + timedelta(days=1))] == [works]
    with pytest.raises(RuleBroken, match="member already"):
        add_member(session, **ACT, user=user, organisation=works, role="reader")


def test_the_last_owner_cannot_leave_nor_become_less(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    boss = member(session, works, "boss@works.example")
    member(session, works, "op@works.example", "operator")
    for act in (
        lambda: end_membership(session, **ACT, member=boss),
        lambda: change_role(session, **ACT, member=boss, role="operator"),
    ):
        with pytest.raises(RuleBroken, match="last owner"):
            act()
    second = member(session, works, "second@works.example")
    end_membership(session, **ACT, member=boss)
    with pytest.raises(RuleBroken, match="last owner"):
        end_membership(session, **ACT, member=second)


def test_an_owner_who_may_not_sign_in_is_none(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    boss, second = (member(session, works, f"{name}@works.example") for name in ("boss", "second"))
    disable_user(session, **ACT, user=second.user)
    with pytest.raises(RuleBroken, match="last owner"):
        end_membership(session, **ACT, member=boss)


def test_of_two_owners_who_leave_at_once_one_stays(engine: Engine) -> None:
    with writing(engine).begin() as session:
        works = firm(session)
        owners = [member(session, works, f"{name}@works.example") for name in ("a", "b")]
        session.flush()
        ids = [owner.id for owner in owners]

    def leave(number: int) -> bool:
        try:
            with writing(engine).begin() as session:
                end_membership(session, **ACT, member=session.get_one(Membership, number))
        except RuleBroken:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(leave, ids)) == [False, True]


def test_sites_of_a_member_are_the_organisations_own(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    own, foreign = registry.site(organisation=works), registry.site()
    driver = member(session, works, "driver@works.example", "driver", sites=(own.public_id,))
    assert driver.sites == (own.public_id,)
    with pytest.raises(BadInput) as refused:
        member(session, works, "other@works.example", "reader", sites=(foreign.public_id,))
    assert refused.value.problems[0].rule == "unknown_site"
    with pytest.raises(BadInput) as refused:
        member(session, works, "third@works.example", "owner", expires_on=DAY)
    assert refused.value.problems[0].rule == "limited_owner"


def test_members_of_others_are_not_found(registry: Registry) -> None:
    session = registry.session
    works, mill = firm(session, 1), firm(session, 2)
    boss = member(session, works, "boss@works.example")
    assert require_member(session, works, boss.public_id) is boss
    for organisation, public_id in ((mill, boss.public_id), (works, "0" * 32)):
        with pytest.raises(NotFound, match="no such member"):
            require_member(session, organisation, public_id)


def test_an_invitation_is_taken_once_by_the_one_it_was_sent_to(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    key, invitation = invite(session, **ACT, organisation=works, mail="New@Works.example", role="operator")
    assert invitation.key_digest == digest(key) != key
    with pytest.raises(NotAllowed, match="another mail"):
        take_invitation(session, **ACT, key=key, user=person(session, "thief@works.example"))
    user = person(session, "new@works.example")
    joined = take_invitation(session, **ACT, key=key, user=user)
    assert (joined.role, joined.organisation, joined.user) == ("operator", works, user)
    with pytest.raises(NotFound):
        take_invitation(session, **ACT, key=key, user=user)


def test_an_invitation_ends_by_time_by_withdrawal_and_by_a_newer_one(registry: Registry) -> None:
    session = registry.session
    works, mill = firm(session, 1), firm(session, 2)
    facts = {"organisation": works, "mail": "new@works.example", "role": "reader"}
    first, _ = invite(session, **ACT, **facts)
    second, newer = invite(session, **ACT, **facts)
    assert open_invitations(session, works, AT) == [newer]
    with pytest.raises(NotFound):
        find_invitation(session, first, AT)
    with pytest.raises(NotFound):
        find_invitation(session, second, AT + LIFETIME)
    with pytest.raises(NotFound):  # another organisation's
        withdraw_invitation(session, **ACT, organisation=mill, public_id=newer.public_id)
    withdraw_invitation(session, **ACT, organisation=works, public_id=newer.public_id)
    with pytest.raises(NotFound):
        find_invitation(session, second, AT)


def test_a_lent_role_holds_to_its_last_day_and_never_goes_above_the_lenders(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    boss = member(session, works, "boss@works.example")
    operator = member(session, works, "op@works.example", "operator")
    reader = member(session, works, "reader@works.example", "reader")
    until = DAY + timedelta(days=10)
    delegate(session, **ACT, lender=operator, colleague=reader, role="operator", until=until)
    assert [reader.role_on(day) for day in (DAY, until, until + timedelta(days=1))] == [
        "operator", "operator", "reader",
    ]  # fmt: skip
    with pytest.raises(NotAllowed, match="above his own"):
        delegate(session, **ACT, lender=operator, colleague=reader, role="owner", until=until)
    with pytest.raises(NotAllowed, match="above his own"):  # what was lent is not lent on
        delegate(session, **ACT, lender=reader, colleague=boss, role="operator", until=until)
    for wrong in (DAY - timedelta(days=1), DAY + timedelta(days=91)):
        with pytest.raises(BadInput):
            delegate(session, **ACT, lender=operator, colleague=reader, role="operator", until=wrong)
    end_delegation(session, **ACT, colleague=reader)
    assert reader.role_on(DAY) == "reader"


def test_what_was_lent_ends_with_the_lenders_own_role(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    member(session, works, "boss@works.example")
    operator = member(session, works, "op@works.example", "operator")
    reader = member(session, works, "reader@works.example", "reader")
    for ending in (
        lambda: change_role(session, **ACT, member=operator, role="reader"),
        lambda: end_membership(session, **ACT, member=operator),
    ):
        operator.role = "operator"
        delegate(
            session, **ACT, lender=operator, colleague=reader, role="operator", until=DAY + timedelta(days=5)
        )
        ending()
        assert reader.role_on(DAY) == "reader"


def test_a_token_is_shown_once_and_kept_as_a_digest(registry: Registry) -> None:
    session = registry.session
    works, mill = firm(session, 1), firm(session, 2)
    boss = member(session, works, "boss@works.example")
    key, token = make_token(session, **ACT, maker=boss, name="weighbridge", scopes=("read", "write"), days=30)
    assert key.startswith(PREFIX)
    assert token.key_digest == digest(key)
    assert key not in {str(getattr(token, column.key)) for column in type(token).__table__.columns}
    assert token_of(session, key, AT) is token
    assert token_of(session, key[:-1], AT) is None
    assert token_of(session, key, AT + timedelta(days=30)) is None
    with pytest.raises(NotFound):
        revoke_token(session, **ACT, organisation=mill, public_id=token.public_id)
    revoke_token(session, **ACT, organisation=works, public_id=token.public_id)
    assert token_of(session, key, AT) is None
    assert tokens_of(session, works) == []


def test_a_token_ends_with_the_membership_of_its_maker(registry: Registry) -> None:
    session = registry.session
    works = firm(session)
    boss = member(session, works, "boss@works.example")
    member(session, works, "second@works.example")
    key, _ = make_token(session, **ACT, maker=boss, name="erp", scopes=("sign",), days=366)
    end_membership(session, **ACT, member=boss)
    assert token_of(session, key, AT) is None


@pytest.mark.parametrize(
    "facts", [{"scopes": ()}, {"scopes": ("admin",)}, {"days": 0}, {"days": 367}, {"name": " "}]
)
def test_a_token_needs_a_name_known_scopes_and_an_end(registry: Registry, facts: dict[str, object]) -> None:
    session = registry.session
    boss = member(session, firm(session), "boss@works.example")
    asked = {"name": "erp", "scopes": ("read",), "days": 30} | facts
    with pytest.raises(BadInput):
        make_token(session, actor=ACTOR, at=AT, maker=boss, **asked)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    assert session.scalars(select(Membership)).one() is boss
