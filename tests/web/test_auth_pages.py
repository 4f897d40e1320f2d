"""Accounts in the browser: signing up and in, what each may open, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from auth_world import MILL, OFFICE, WORKS, AuthWorld, auth_world, text_of
from people import PASSWORD, code_of, firm, member
from registry import credit_code
from sqlalchemy import select

from circularity.accounts.memberships import Membership
from circularity.accounts.people import User
from circularity.accounts.sign_up import ROLES
from circularity.audit import AuditEvent, verify_chain
from circularity.database import writing
from circularity.organisations import Organisation
from web.auth.local_paths import local_path
from web.config import BadSetting, Config, read_config

NEW = {
    "name_zh": "新厂有限公司",
    "name_en": "New Works",
    "credit_code": credit_code(800),
    "roles": ["generator", "carrier"],
    "region_code": "310000",
    "name": "赵工",
    "mail": "Zhao@new.example",
    "password": PASSWORD,
}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[AuthWorld]:
    with auth_world(database_url, tmp_path) as made:
        yield made


def public_id(world: AuthWorld, mail: str) -> str:
    with writing(world.engine)() as session:
        wanted = select(Membership.public_id).join(Membership.user).where(User.mail == mail)
        return session.scalars(wanted).one()


def test_an_organisation_signs_up_is_verified_and_then_acts(world: AuthWorld) -> None:
    visitor = world.browser()
    assert "Look into your mail" in text_of(visitor.post("/signup", data=NEW))
    to, _ = world.newest_mail()
    assert to == "Zhao@new.example"
    link = world.link()
    assert "新厂有限公司" in text_of(visitor.get(link))
    with writing(world.engine)() as session:  # looking made nothing
        assert session.scalar(select(User.id).where(User.mail == "zhao@new.example")) is None
    assert visitor.post(link).headers["Location"].startswith("/login")
    text_of(visitor.post(link), 404)
    owner = world.signed_in("zhao@new.example")
    assert "Waiting for verification" in text_of(owner.get("/members"))
    waits = "the authority has not verified the organisation yet"
    assert waits in text_of(owner.get("/agreements/new?lang=en"), 403)
    officer = world.signed_in(OFFICE)
    assert "新厂有限公司" in text_of(officer.get("/verification?lang=zh"))
    with writing(world.engine)() as session:
        works = session.scalars(select(Organisation).where(Organisation.name_zh == "新厂有限公司")).one()
    refused = officer.post(f"/verification/{works.public_id}?lang=en", data={"decision": "refuse"})
    assert "must not be empty" in text_of(refused, 422)
    assert officer.post(f"/verification/{works.public_id}", data={"decision": "verify"}).status_code == 303
    assert "Verified" in text_of(owner.get("/members"))
    text_of(owner.get("/agreements/new"))
    with writing(world.engine)() as session:
        decided = session.scalars(select(AuditEvent).where(AuditEvent.action == "standing.decided")).all()
        assert decided[-1].actor_name.startswith("officer")
        assert verify_chain(session).faults == ()


def test_a_known_address_gets_the_same_answer_and_another_mail(world: AuthWorld) -> None:
    fresh = text_of(world.browser().post("/signup", data=NEW))
    known = text_of(
        world.browser().post("/signup", data=NEW | {"mail": WORKS, "credit_code": credit_code(801)})
    )
    assert fresh == known
    to, text = world.newest_mail(2)
    assert to == WORKS
    assert "/signup/" not in text


def test_what_is_wrong_with_a_sign_up_stands_at_its_field(world: AuthWorld) -> None:
    wrong = NEW | {"mail": "no mail", "password": "short", "roles": []}
    page = text_of(world.browser().post("/signup?lang=en", data=wrong), 422)
    assert 'id="sign-up-mail-problem"' in page
    assert "this is no mail address" in page
    assert "short" not in page
    page = text_of(world.browser().post("/signup?lang=zh", data=NEW | {"password": "short"}), 422)
    assert "口令至少 12 个字符" in page
    assert set(ROLES) & {"authority", "coordinator"} == set()


def test_wrong_and_unknown_get_one_answer(world: AuthWorld) -> None:
    answers = [
        text_of(world.browser().post("/login", data={"mail": mail, "password": "wrong password"}), 403)
        for mail in (WORKS, "nobody@works.example")
    ]
    assert answers[0].replace(WORKS, "X") == answers[1].replace("nobody@works.example", "X")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:x",
        "/\x09/evil",
        "",
    ],
)
def test_nobody_is_led_to_another_site(world: AuthWorld, path: str) -> None:
    assert local_path(path, "/account") == "/account"
    answer = world.browser().post("/login", data={"mail": WORKS, "password": PASSWORD, "next": path})
    assert answer.headers["Location"] == "/desk"


def test_who_must_sign_in_is_led_there_and_back(world: AuthWorld) -> None:
    answer = world.browser().get("/transfers?page=2")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/transfers?page%3D2")
    entered = world.browser().post(
        "/login", data={"mail": WORKS, "password": PASSWORD, "next": "/transfers?page=2"}
    )
    assert entered.headers["Location"] == "/transfers?page=2"


def test_the_cookie_is_for_us_alone(world: AuthWorld) -> None:
    answer = world.browser().post("/login", data={"mail": WORKS, "password": PASSWORD})
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("circ_key"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert answer.headers["Cache-Control"] == "no-store"


def test_over_tls_the_cookie_belongs_to_this_host(database_url: str, tmp_path: Path) -> None:
    with auth_world(database_url, tmp_path, secure_cookies=True) as world:
        answer = world.browser().post("/login", data={"mail": WORKS, "password": PASSWORD})
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if "circ_key" in c)
    assert cookie.startswith("__Host-circ_key=")
    assert "Secure" in cookie


def test_logging_out_ends_the_session_itself(world: AuthWorld) -> None:
    browser = world.signed_in()
    key = browser.get_cookie("circ_key")
    assert key is not None
    assert browser.post("/logout").status_code == 303
    thief = world.browser()
    thief.set_cookie("circ_key", key.value)
    assert thief.get("/account").headers["Location"].startswith("/login")


def test_no_get_of_accounts_changes_anything(world: AuthWorld) -> None:
    browser = world.signed_in()
    with writing(world.engine)() as session:
        before = verify_chain(session).head
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith("auth.") and "GET" in (rule.methods or ()):
            browser.get(rule.rule.replace("<key>", "x"))
    shown = {rule.rule for rule in world.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith("auth.") and rule.rule not in shown:
            assert browser.get(rule.rule.replace("<", "").replace(">", "")).status_code in (404, 405)
    with writing(world.engine)() as session:
        assert verify_chain(session).head == before


def test_a_form_of_another_site_is_refused(world: AuthWorld) -> None:
    facts = {"mail": WORKS, "password": PASSWORD}
    answer = world.browser().post("/login", data=facts, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert not answer.headers.getlist("Set-Cookie") or "circ_key" not in str(answer.headers)


def test_a_password_is_reset_by_mail_once_and_ends_every_session(world: AuthWorld) -> None:
    browser = world.signed_in()
    told = text_of(world.browser().post("/password/forgotten", data={"mail": WORKS}))
    assert told == text_of(world.browser().post("/password/forgotten", data={"mail": "nobody@works.example"}))
    link = world.link()
    assert "common or easily guessed" in text_of(
        world.browser().post(f"{link}?lang=en", data={"password": "qwerty123456"}), 422
    )
    assert world.browser().post(link, data={"password": "nine slow tortoises"}).status_code == 303
    text_of(world.browser().post(link, data={"password": "ten slow tortoises"}), 404)
    assert browser.get("/account").headers["Location"].startswith("/login")
    assert world.signed_in(WORKS, "nine slow tortoises").get("/account").status_code == 200


def test_links_in_mails_never_follow_the_host_that_was_asked(world: AuthWorld) -> None:
    world.browser().post("/password/forgotten", data={"mail": WORKS}, headers={"Host": "evil.example"})
    assert "evil" not in world.newest_mail()[1]


def test_mails_lie_in_files_that_others_cannot_read(world: AuthWorld) -> None:
    world.browser().post("/password/forgotten", data={"mail": WORKS})
    world.newest_mail()
    assert {file.stat().st_mode & 0o077 for file in world.mails.iterdir()} == {0}
    text = world.newest_mail()[1]
    assert "30 分钟" in text
    assert "30 minutes" in text


def test_mails_are_asked_for_ten_times_from_one_address(world: AuthWorld) -> None:
    codes = [
        world.browser().post("/password/forgotten", data={"mail": f"p{n}@x.example"}).status_code
        for n in range(11)
    ]
    assert codes == [200] * 10 + [403]


def test_changing_the_password_asks_for_the_old_one_and_leaves_only_this_browser(world: AuthWorld) -> None:
    here, there = world.signed_in(), world.signed_in()
    new = {"password": "wrong password", "new_password": "nine slow tortoises"}
    assert "the password is wrong" in text_of(here.post("/account/password?lang=en", data=new), 403)
    assert here.post("/account/password", data=new | {"password": PASSWORD}).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_an_authority_acts_only_after_a_code(world: AuthWorld) -> None:
    with writing(world.engine).begin() as session:
        works = session.scalars(select(Organisation).where(Organisation.roles == ("authority",))).one()
        member(session, works, "new@office.example", "operator")
    officer = world.signed_in("new@office.example")
    assert "needs a second factor" in text_of(officer.get("/account"))
    text_of(officer.get("/verification"), 403)
    assert officer.post("/account/second-factor", data={"password": PASSWORD}).status_code == 303
    page = text_of(officer.get("/account/second-factor"))
    assert "data:image/svg+xml" in page
    secret = re.search(r'<p class="code">([A-Z2-7]{32})</p>', page)
    assert secret
    code = code_of(secret[1], datetime.now(UTC))
    shown = text_of(officer.post("/account/second-factor/confirmation", data={"code": code}))
    codes = re.findall(r"<li>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</li>", shown)
    assert len(codes) == 10
    assert officer.get("/verification").status_code == 200
    other = world.browser()
    entered = other.post("/login", data={"mail": "new@office.example", "password": PASSWORD})
    assert entered.headers["Location"].startswith("/login/code")
    assert other.get("/account").status_code == 303  # the password alone is not enough
    assert "wrong or used" in text_of(other.post("/login/code?lang=en", data={"code": code}), 403)
    let_in = other.post("/login/code", data={"code": codes[0]})
    assert (let_in.status_code, let_in.headers["Location"]) == (303, "/desk")
    assert other.get("/verification").status_code == 200
    desk = text_of(other.get("/desk?lang=en"))
    assert "· Authority ·" in desk
    assert "Acts in the region" in desk
    assert other.get("/acts").status_code == 200


def test_somebody_is_invited_joins_is_lent_a_role_and_leaves(world: AuthWorld) -> None:
    boss = world.signed_in()
    assert (
        boss.post("/members/invitations", data={"mail": "wu@works.example", "role": "reader"}).status_code
        == 303
    )
    assert world.newest_mail()[0] == "wu@works.example"
    link = world.link()
    assert "invites wu@works.example as reader." in text_of(world.browser().get(f"{link}?lang=en"))
    joined = world.browser().post(link, data={"name": "吴", "password": PASSWORD})
    assert joined.status_code == 303
    reader = world.signed_in("wu@works.example")
    text_of(reader.get("/members"), 403)
    text_of(reader.post("/tokens", data={"token_name": "x", "scopes": "read", "days": "3"}), 403)
    wu = public_id(world, "wu@works.example")
    until = datetime.now(UTC).date() + timedelta(days=3)
    lent = {"delegated_role": "operator", "delegated_until": until.isoformat()}
    assert boss.post(f"/members/{wu}/acts/delegation", data=lent).status_code == 303
    assert reader.get("/account").status_code == 303  # another role: sign in again
    assert "Operator" in text_of(boss.get("/members"))
    me = public_id(world, WORKS)
    assert "last owner" in text_of(boss.post(f"/members/{me}/acts/end?lang=en"), 422)
    assert boss.post(f"/members/{wu}/acts/end").status_code == 303
    text_of(boss.post(f"/members/{public_id(world, MILL)}/acts/end"), 404)


def test_an_invitation_to_somebody_known_waits_for_its_log_in(world: AuthWorld) -> None:
    boss = world.signed_in()
    boss.post("/members/invitations", data={"mail": MILL, "role": "operator"})
    link = world.link()
    assert "/login?next=" in text_of(world.browser().get(link))
    text_of(world.browser().post(link, data={"name": "x", "password": PASSWORD}), 403)
    other = world.signed_in(MILL)
    assert other.post(link).status_code == 303
    page = text_of(other.get("/account"))
    assert "Works 1" in page
    assert "Works 2" in page


def test_a_person_chooses_among_its_own_organisations_only(world: AuthWorld) -> None:
    with writing(world.engine)() as session:
        firms = {row.name_en: row.public_id for row in session.scalars(select(Organisation))}
    browser = world.signed_in()
    page = text_of(browser.get("/acting"))
    assert "Works 1" in page
    assert "Works 2" not in page
    foreign = {"organisation": firms["Works 2"], "side": "generator"}
    assert "choose an organisation" in text_of(browser.post("/acting?lang=en", data=foreign), 422)
    own = {"organisation": firms["Works 1"], "side": "generator", "person": "somebody else"}
    assert browser.post("/acting", data=own).status_code == 303
    desk = text_of(browser.get("/desk"))
    assert "boss" in desk
    assert "somebody else" not in desk
    text_of(browser.post("/account/membership", data={"membership": public_id(world, MILL)}), 404)


def test_a_token_is_shown_once_and_opens_the_api_by_its_scopes(world: AuthWorld) -> None:
    boss = world.signed_in()
    wanted = {"token_name": "weighbridge", "scopes": ["read"], "days": "30"}
    page = unescape(text_of(boss.post("/tokens", data=wanted)))
    key = re.search(r"circ_[\w-]{43}", page)
    assert key
    assert key[0] not in text_of(boss.get("/tokens"))
    program = world.browser()
    bearer = {"Authorization": f"Bearer {key[0]}"}
    assert program.get("/api/v1/agreements").status_code == 401
    assert program.get("/api/v1/agreements", headers=bearer).status_code == 200
    assert boss.get("/api/v1/agreements").status_code == 401  # no cookie opens the API
    posted = program.post("/api/v1/outputs", headers=bearer, json={})
    assert posted.status_code == 403
    assert "scope" in posted.get_json()["title"]
    token = re.search(r"/tokens/([0-9a-f]{32})/revocation", text_of(boss.get("/tokens")))
    assert token
    other = world.signed_in(MILL)
    text_of(other.post(token[0]), 404)
    assert boss.post(token[0]).status_code == 303
    assert program.get("/api/v1/agreements", headers=bearer).status_code == 401


def test_a_site_is_put_to_sleep_and_woken(world: AuthWorld) -> None:
    from registry import Registry  # noqa: PLC0415 - loaded only where it is used

    with writing(world.engine).begin() as session:
        works = session.scalars(select(Organisation).where(Organisation.name_en == "Works 1")).one()
        site = Registry(session).site(organisation=works)
        other = Registry(session).site(organisation=firm(session, 77))
    boss = world.signed_in()
    assert (
        boss.post(f"/members/sites/{site.public_id}/acts/sleep", data={"reason": "停产"}).status_code == 303
    )
    assert "Dormant" in text_of(boss.get("/members"))
    assert boss.post(f"/members/sites/{site.public_id}/acts/wake").status_code == 303
    text_of(boss.post(f"/members/sites/{other.public_id}/acts/sleep", data={"reason": "x"}), 404)


def test_permits_are_imported_by_the_authority(world: AuthWorld) -> None:
    import io  # noqa: PLC0415 - loaded only where it is used

    officer = world.signed_in(OFFICE)
    content = f"credit_code,permit_no\n{credit_code(501)},P-1\n{credit_code(999)},P-2\n"
    page = text_of(
        officer.post(
            "/verification/permits?lang=en",
            data={"file": (io.BytesIO(content.encode()), "permits.csv")},
            content_type="multipart/form-data",
        )
    )
    assert "0 verified now, 1 were before, 1 have not signed up" in page
    text_of(world.signed_in().post("/verification/permits"), 403)


def test_accounts_are_on_unless_the_operator_says_otherwise() -> None:
    assert read_config({}).accounts is True
    assert read_config({"CIRC_ACCOUNTS": "off"}).accounts is False
    for wrong in ({"CIRC_ACCOUNTS": "maybe"}, {"CIRC_PUBLIC_URL": "evil"}, {"CIRC_SMTP_URL": "http://x"}):
        with pytest.raises(BadSetting):
            read_config(wrong)
    assert "password" not in repr(Config(smtp_url="smtps://u:password@mail.example"))
