"""Signing up: nothing before the link, unverified until the authority of the region has looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from deal_world import terms
from people import ACT, firm, member, password_hash, person, verified
from registry import ACTOR, AT, FLY_ASH, Registry, credit_code
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.accounts.dormancy import is_asleep, is_dormant, put_to_sleep, refuse_dormant, wake
from circularity.accounts.links import LIFETIMES, OneTimeLink, make_link, use_link
from circularity.accounts.memberships import members_of
from circularity.accounts.people import User, user_of
from circularity.accounts.permit_lists import import_permit_list
from circularity.accounts.sign_up import SignUp, begin_sign_up, finish_sign_up
from circularity.accounts.standings import covers, decide, is_verified, level_of, standing_of, waiting_in
from circularity.deals.direct import agree_directly
from circularity.errors import BadInput, NotAllowed, NotFound, RuleBroken
from circularity.organisations import Organisation

ASKED = SignUp(
    mail="Chen@Mill.example",
    name="陈工",
    language="zh",
    password_hash=password_hash(),
    name_zh="虚构水泥有限公司",
    name_en="Fictional Mill",
    credit_code=credit_code(700),
    roles=("facility", "carrier"),
    region_code="330100",
)


def office(session: Session, region: str = "330100", number: int = 90) -> Organisation:
    return verified(
        session, firm(session, number, roles=frozenset({"authority"}), region_code=region), "ecology"
    )


def signed_up(session: Session, asked: SignUp = ASKED) -> Organisation:
    key, _ = begin_sign_up(session, at=AT, asked=asked)
    assert key is not None
    return finish_sign_up(session, at=AT, key=key).organisation


def test_nothing_exists_before_the_link_is_opened(registry: Registry) -> None:
    session = registry.session
    key, known = begin_sign_up(session, at=AT, asked=ASKED)
    assert known is None
    assert key is not None
    assert not session.scalar(select(func.count()).select_from(User))
    assert not session.scalar(select(func.count()).select_from(Organisation))
    owner = finish_sign_up(session, at=AT, key=key)
    assert (owner.role, owner.user.mail, owner.user.name) == ("owner", "chen@mill.example", "陈工")
    assert owner.organisation.roles == ("carrier", "facility")
    assert not is_verified(session, owner.organisation)
    with pytest.raises(NotFound):
        finish_sign_up(session, at=AT, key=key)


def test_a_known_address_is_told_by_mail_only(registry: Registry) -> None:
    user = person(registry.session, "chen@mill.example")
    key, known = begin_sign_up(registry.session, at=AT, asked=ASKED)
    assert (key, known) == (None, user)


def test_a_code_that_somebody_acts_for_is_refused(registry: Registry) -> None:
    session = registry.session
    signed_up(session)
    with pytest.raises(RuleBroken, match="ask its owner"):
        begin_sign_up(session, at=AT, asked=replace(ASKED, mail="thief@mill.example"))


def test_an_organisation_of_the_register_is_claimed_as_it_is_and_waits_anew(registry: Registry) -> None:
    session = registry.session
    known = firm(session, name_zh="登记名称", credit_code=ASKED.credit_code)
    verified(session, known)
    claimed = signed_up(session)
    assert claimed is known
    assert claimed.name_zh == "登记名称"
    assert not is_verified(session, claimed)


def test_an_authority_cannot_be_claimed(registry: Registry) -> None:
    session = registry.session
    firm(session, credit_code=ASKED.credit_code, roles=frozenset({"authority"}))
    with pytest.raises(RuleBroken):
        begin_sign_up(session, at=AT, asked=ASKED)
    with pytest.raises(BadInput):
        begin_sign_up(session, at=AT, asked=replace(ASKED, roles=("authority",)))


def test_a_refused_claim_gives_way_to_the_next(registry: Registry) -> None:
    session = registry.session
    works = signed_up(session)
    decide(session, **ACT, authority=office(session), organisation=works, verified=False, reason="非本人")
    assert signed_up(session, replace(ASKED, mail="right@mill.example")) is works
    assert [row.user.mail for row in members_of(session, works)] == ["right@mill.example"]
    standing = standing_of(session, works)
    assert standing is not None
    assert standing.verification == "unverified"


@pytest.mark.parametrize(
    "facts",
    [{"mail": "no mail"}, {"mail": "a@b"}, {"name": ""}, {"region_code": "99"}, {"credit_code": "12"},
     {"roles": ()}, {"name_zh": "a\0b"}, {"language": "fr"}],
)  # fmt: skip
def test_malformed_sign_ups_are_refused_at_once(registry: Registry, facts: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        begin_sign_up(registry.session, at=AT, asked=replace(ASKED, **facts))  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    assert not registry.session.scalar(select(func.count()).select_from(OneTimeLink))


def test_the_authority_of_the_region_decides_and_says_why_it_refuses(registry: Registry) -> None:
    session = registry.session
    works = signed_up(session)
    here, province, elsewhere = (
        office(session, region, 90 + n) for n, region in enumerate(("330100", "330000", "320000"))
    )
    assert [row.organisation for row in waiting_in(session, province)] == [works]
    assert waiting_in(session, elsewhere) == []
    with pytest.raises(NotAllowed, match="not in your region"):
        decide(session, **ACT, authority=elsewhere, organisation=works, verified=True, reason="")
    with pytest.raises(BadInput):
        decide(session, **ACT, authority=here, organisation=works, verified=False, reason=" ")
    decide(session, **ACT, authority=here, organisation=works, verified=True, reason="")
    assert is_verified(session, works)
    decide(session, **ACT, authority=province, organisation=works, verified=False, reason="许可证注销")
    assert not is_verified(session, works)


@pytest.mark.parametrize(
    ("region", "roles", "level"),
    [("310000", {"authority"}, "province"), ("330100", {"authority"}, "city"),
     ("330106", {"authority"}, "district"), ("310000", {"coordinator"}, "delta")],
)  # fmt: skip
def test_an_authoritys_level_is_read_from_its_region(
    registry: Registry, region: str, roles: set[str], level: str
) -> None:
    body = firm(registry.session, region_code=region, roles=frozenset(roles))
    assert level_of(body) == level
    inside = firm(registry.session, 2, region_code=region)
    assert covers(body, inside) == (level != "delta")


def test_a_permit_list_verifies_those_who_signed_up(registry: Registry) -> None:
    session = registry.session
    here = office(session)
    works = signed_up(session)
    other = signed_up(session, replace(ASKED, mail="b@mill.example", credit_code=credit_code(701)))
    listed = (
        f"统一社会信用代码,备注,许可证编号\n{works.credit_code},x,浙环许1\n\n{credit_code(702)},,浙环许2\n"
    )
    for encoding in ("utf-8-sig", "gb18030"):
        content = listed.encode(encoding)
        done = import_permit_list(session, **ACT, authority=here, content=content)
        assert done.verified + done.already == 1
        assert done.not_signed_up == (credit_code(702),)
    assert done.already == 1
    assert is_verified(session, works)
    assert not is_verified(session, other)
    standing = standing_of(session, works)
    assert standing is not None
    assert "浙环许1" in standing.reason


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "missing_column"),
        ("a,b\n", "missing_column"),
        ("credit_code,permit_no\nx,1\n", "malformed_credit_code"),
        ("credit_code,permit_no\n{code},\n", "malformed_permit"),
        ("credit_code,permit_no\n{code},\0\n", "malformed_permit"),
        ("credit_code,permit_no\n{code},1\n", "not_your_region"),
    ],
)
def test_a_wrong_permit_list_does_nothing(registry: Registry, text: str, rule: str) -> None:
    session = registry.session
    works = signed_up(session)
    elsewhere = office(session, "320000")
    content = text.replace("{code}", works.credit_code).encode()
    with pytest.raises(BadInput) as refused:
        import_permit_list(session, **ACT, authority=elsewhere, content=content)
    assert rule in {problem.rule for problem in refused.value.problems}
    assert not is_verified(session, works)


def test_a_reset_link_opens_once_for_half_an_hour_and_only_the_newest(registry: Registry) -> None:
    session = registry.session
    user = person(session)
    facts = {"purpose": "reset", "user": user, "facts": {}}
    first, _ = make_link(session, at=AT, **facts)
    second, _ = make_link(session, at=AT, **facts)
    for key, at, purpose in (
        (first, AT, "reset"),
        (second, AT + LIFETIMES["reset"], "reset"),
        (second, AT, "sign_up"),
        ("x", AT, "reset"),
    ):
        with pytest.raises(NotFound):
            use_link(session, at=at, purpose=purpose, key=key)
    last = AT + timedelta(minutes=30) - timedelta(seconds=1)
    assert use_link(session, at=last, purpose="reset", key=second).user is user
    with pytest.raises(NotFound):
        use_link(session, at=AT, purpose="reset", key=second)


def test_a_dormant_site_takes_no_new_business_until_it_wakes(registry: Registry) -> None:
    session = registry.session
    site = registry.site()
    with pytest.raises(BadInput):
        put_to_sleep(session, **ACT, site=site, reason="")
    put_to_sleep(session, **ACT, site=site, reason="停产")
    assert is_dormant(session, site)
    assert is_asleep(session, site.organisation)
    with pytest.raises(RuleBroken, match="finishes old business"):
        refuse_dormant(session, site)
    awake = registry.site(organisation=site.organisation)
    assert not is_asleep(session, site.organisation)
    refuse_dormant(session, awake)
    with pytest.raises(RuleBroken, match="takes no new"):
        registry.output(site=site)
    wake(session, **ACT, site=site)
    registry.output(site=site)
    with pytest.raises(RuleBroken):
        wake(session, **ACT, site=site)


def test_a_dormant_facility_offers_no_capacity_and_neither_side_makes_a_deal(registry: Registry) -> None:
    session = registry.session
    line = registry.line()
    window, output = registry.window(line=line), registry.output()
    session.flush()
    put_to_sleep(session, **ACT, site=line.entitlement.facility.site, reason="检修")
    with pytest.raises(RuleBroken, match="takes no new"):
        registry.window(line=line)
    with pytest.raises(RuleBroken, match="takes no new"):
        agree_directly(
            session, **ACT, site=output.site, line=line, terms=terms(), waste_code=FLY_ASH, operation="C2",
            side="generator", window=window, output=output,
        )  # fmt: skip
    wake(session, **ACT, site=line.entitlement.facility.site)
    registry.window(line=line)


def test_who_signs_up_is_found_again_by_any_spelling(registry: Registry) -> None:
    session = registry.session
    signed_up(session)
    assert user_of(session, " CHEN@mill.EXAMPLE ") is not None
    assert user_of(session, "陈@mill.example") is None
    assert member(session, firm(session), "x@y.example").user.registered_at == AT
    assert ACTOR.kind == "system"
