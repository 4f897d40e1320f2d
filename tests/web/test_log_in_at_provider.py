"""Logging in at an OpenID provider: what opens a session, what links an account, and what never does."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from auth_world import MILL, OFFICE, WORKS, AuthWorld, auth_world, text_of
from databases import Databases
from flask.testing import FlaskClient
from people import PASSWORD
from registry import credit_code
from sqlalchemy import select

from circularity.accounts.people import User, disable_user
from circularity.accounts.provider_identities import ProviderIdentity
from circularity.audit import Actor, verify_chain
from circularity.database import reading, writing
from web.app import create_app
from web.config import BadSetting, Config, read_config

pytest.importorskip("authlib")
from openid_provider import CLIENT, SECRET, OpenIdProvider, openid_provider

from web.provider_settings import Provider

Serve = Callable[..., AuthWorld]


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as made:
        yield made


@pytest.fixture
def serve(databases: Databases, provider: OpenIdProvider, tmp_path: Path) -> Iterator[Serve]:
    """Serve accounts beside the provider, with the settings that a test asks for."""
    opened: list[Any] = []

    def started(**settings: Any) -> AuthWorld:
        facts = {"title_zh": "某省法人登录", "title_en": "Legal-person log-in", **settings}
        known = Provider(name="zj", issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, **facts)
        fresh = databases.new()
        url = fresh.__enter__()
        world = auth_world(url, tmp_path, providers=(known,))
        opened.extend((fresh, world))
        return world.__enter__()

    yield started
    for made in reversed(opened):
        made.__exit__(None, None, None)


def sent(answer: Any) -> str:
    """Return where a browser is sent, which is at the provider."""
    assert answer.status_code == 303, answer.get_data(as_text=True)[-1500:]
    return str(answer.headers["Location"])


def at_provider(address: str) -> str:
    """Follow a browser to the provider and return the local address it comes back to."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    back = urlsplit(connection.getresponse().headers["Location"])
    connection.close()
    assert back.netloc == "127.0.0.1:8000"
    return f"{back.path}?{back.query}"


def came_back(browser: FlaskClient, next_page: str = "") -> Any:
    """Log in at the provider and return the answer to the browser that comes back."""
    return browser.get(at_provider(sent(browser.post("/login/with/zj", data={"next": next_page}))))


def linked(world: AuthWorld, mail: str = WORKS) -> FlaskClient:
    """Return a browser of somebody signed in who has just linked the provider."""
    browser = world.signed_in(mail)
    address = sent(browser.post("/account/providers/zj", data={"password": PASSWORD}))
    back = browser.get(at_provider(address))
    assert (back.status_code, back.headers["Location"]) == (303, "/account")
    return browser


def identities(world: AuthWorld) -> list[tuple[str, str]]:
    with reading(world.engine)() as session:
        return [(row.user.mail, row.subject) for row in session.scalars(select(ProviderIdentity))]


def test_a_linked_subject_opens_the_same_session_as_the_password(serve: Serve) -> None:
    world = serve()
    assert "Legal-person log-in" in text_of(linked(world).get("/account"))
    browser = world.browser()
    answer = came_back(browser, "/members")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/members")
    assert "Works 1" in text_of(browser.get("/members"))
    assert browser.post("/logout").status_code == 303
    assert browser.get("/members").status_code == 303
    with reading(world.engine)() as session:
        assert verify_chain(session).head


def test_the_buttons_are_there_in_both_languages_and_only_where_configured(
    serve: Serve, databases: Databases, tmp_path: Path
) -> None:
    world = serve()
    page = world.browser().get("/login?lang=zh").get_data(as_text=True)
    assert "用某省法人登录登录" in page
    assert "Log in with Legal-person log-in" in world.browser().get("/login?lang=en").get_data(as_text=True)
    with databases.new() as url, auth_world(url, tmp_path / "plain") as plain:
        assert "/login/with/" not in text_of(plain.browser().get("/login"))
        assert plain.browser().post("/login/with/zj").status_code == 404
        assert plain.browser().get("/login/with/zj?code=a&state=b").status_code == 404


def test_browsers_may_follow_our_form_to_the_provider(serve: Serve, provider: OpenIdProvider) -> None:
    policy = serve().browser().get("/login").headers["Content-Security-Policy"]
    assert f"form-action 'self' {provider.issuer};" in policy


def test_a_subject_of_nobody_opens_nothing_and_is_told_what_to_do(serve: Serve) -> None:
    world = serve()
    browser = world.browser()
    assert "linked to no account" in text_of(came_back(browser), 403)
    assert browser.get("/account").status_code == 303
    assert identities(world) == []


LIES: dict[str, dict[str, Any]] = {
    "wrong nonce": {"nonce": "0" * 64},
    "no nonce": {"nonce": None},
    "wrong audience": {"aud": "another client"},
    "several audiences, issued to another": {"aud": [CLIENT, "another"], "azp": "another"},
    "wrong issuer": {"iss": "http://127.0.0.1:1"},
    "expired": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": ["subject-1"]},
    "methods that are no list": {"amr": "mfa"},
}


def test_a_token_that_is_not_in_order_opens_nothing(serve: Serve, provider: OpenIdProvider) -> None:
    world = serve()
    linked(world)
    for name, lie in LIES.items():
        provider.claims = lie
        browser = world.browser()
        assert "could not be verified" in text_of(came_back(browser), 403), name
        assert browser.get("/account").status_code == 303, name
    provider.claims = {}
    assert came_back(world.browser()).status_code == 303


@pytest.mark.parametrize("how", ["unsigned", "signed_by_somebody_else"])
def test_a_token_without_the_providers_signature_opens_nothing(
    serve: Serve, provider: OpenIdProvider, how: str
) -> None:
    world = serve()
    linked(world)
    getattr(provider, how)()
    browser = world.browser()
    assert "could not be verified" in text_of(came_back(browser), 403)
    assert browser.get("/account").status_code == 303


def test_a_token_signed_with_our_own_secret_opens_nothing(serve: Serve, provider: OpenIdProvider) -> None:
    from joserfc import jwt  # noqa: PLC0415 - loaded only where it is used
    from joserfc.jwk import OctKey  # noqa: PLC0415 - loaded only where it is used

    world = serve()
    linked(world)
    key = OctKey.import_key(SECRET)
    provider.sign = lambda claims: jwt.encode({"alg": "HS256", "kid": provider.key.kid}, claims, key)
    assert "could not be verified" in text_of(came_back(world.browser()), 403)


def test_a_key_that_the_provider_has_just_exchanged_is_known(serve: Serve, provider: OpenIdProvider) -> None:
    world = serve()
    linked(world)
    provider.rotate()
    assert came_back(world.browser()).status_code == 303


def test_what_comes_back_to_another_browser_or_with_another_state_opens_nothing(serve: Serve) -> None:
    world = serve()
    linked(world)
    browser, other = world.browser(), world.browser()
    back = at_provider(sent(browser.post("/login/with/zj")))
    other.post("/login/with/zj")  # on its own way, with its own key
    for asker, address in ((other, back), (world.browser(), back), (browser, back[:-1] + "x")):
        assert "begin again" in text_of(asker.get(address), 403)
        assert asker.get("/account").status_code == 303
    for address in ("/login/with/zj", "/login/with/zj?code=a", "/login/with/zj?state=%00"):
        assert world.browser().get(address).status_code in (400, 403)


def test_a_code_opens_once(serve: Serve, provider: OpenIdProvider) -> None:
    world = serve()
    linked(world)
    browser = world.browser()
    back = at_provider(sent(browser.post("/login/with/zj")))
    key = browser.get_cookie("circ_attempt")
    assert key
    assert browser.get(back).status_code == 303
    thief = world.browser()
    thief.set_cookie("circ_attempt", key.value)
    asked = len(provider.asked)
    assert "begin again" in text_of(thief.get(back), 403)
    assert len(provider.asked) == asked  # refused by ourselves, not only there
    # a code that was spent elsewhere is refused by the provider, and told
    again = world.browser()
    spent = back.partition("code=")[2].partition("&")[0]
    fresh = at_provider(sent(again.post("/login/with/zj")))
    code = fresh.partition("code=")[2].partition("&")[0]
    assert "could not be verified" in text_of(again.get(fresh.replace(code, spent)), 403)


def test_somebody_who_breaks_off_at_the_provider_may_begin_again(serve: Serve) -> None:
    browser = serve().browser()
    back = at_provider(sent(browser.post("/login/with/zj")))
    state = back.partition("state=")[2]
    broken = browser.get(f"/login/with/zj?error=access_denied&error_description=%3Cscript%3E&state={state}")
    page = text_of(broken, 403)
    assert "broken off" in page
    assert "<script>" not in page


def test_a_provider_that_is_down_is_told_and_never_a_fault(serve: Serve, provider: OpenIdProvider) -> None:
    world = serve()
    linked(world)
    browser = world.browser()
    back = at_provider(sent(browser.post("/login/with/zj")))
    provider.status = 500
    assert "cannot be reached" in text_of(browser.get(back), 503)
    assert "cannot be reached" in text_of(world.browser().post("/login/with/zj"), 503)
    assert world.signed_in().get("/account").status_code == 200  # the password opens still


def test_a_provider_that_nobody_answers_for_is_told(databases: Databases, tmp_path: Path) -> None:
    away = Provider(name="zj", issuer="http://127.0.0.1:9", client_id=CLIENT)
    with databases.new() as url, auth_world(url, tmp_path, providers=(away,)) as world:
        assert "cannot be reached" in text_of(world.browser().post("/login/with/zj"), 503)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "https://evil.example/x", "file:///etc/passwd", ""]
)
def test_no_host_is_asked_but_the_configured_ones(
    serve: Serve, provider: OpenIdProvider, address: str
) -> None:
    world = serve()
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "issuer"):
        provider.metadata = {name: address}
        assert "cannot be reached" in text_of(world.browser().post("/login/with/zj"), 503), name
    assert set(provider.asked) == {"GET /.well-known/openid-configuration"}


def test_a_redirection_of_the_provider_is_not_followed(serve: Serve, provider: OpenIdProvider) -> None:
    world = serve()
    provider.answer = lambda *_: (302, "http://127.0.0.1:9/")  # type: ignore[method-assign]  # put in its place for the test
    assert "cannot be reached" in text_of(world.browser().post("/login/with/zj"), 503)


def test_linking_asks_for_the_password_and_the_same_person_in_the_same_browser(serve: Serve) -> None:
    world = serve()
    boss = world.signed_in()
    text_of(boss.post("/account/providers/zj", data={"password": "wrong password"}), 403)
    back = at_provider(sent(boss.post("/account/providers/zj", data={"password": PASSWORD})))
    boss.post("/logout")
    boss.post("/login", data={"mail": MILL, "password": PASSWORD})
    assert "begin again" in text_of(boss.get(back), 403)
    assert identities(world) == []
    assert world.browser().post("/account/providers/zj", data={"password": PASSWORD}).status_code == 401


def test_a_subject_belongs_to_one_account_until_its_person_takes_the_link_away(serve: Serve) -> None:
    world = serve()
    boss = linked(world)
    other = world.signed_in(MILL)
    back = at_provider(sent(other.post("/account/providers/zj", data={"password": PASSWORD})))
    assert "linked to another account" in text_of(other.get(back), 422)
    assert identities(world) == [(WORKS, "subject-1")]
    with reading(world.engine)() as session:
        row = session.scalars(select(ProviderIdentity.public_id)).one()
    assert other.post(f"/account/providers/{row}/removal").status_code == 404
    assert boss.post(f"/account/providers/{row}/removal").status_code == 303
    assert "linked to no account" in text_of(came_back(world.browser()), 403)


def test_a_disabled_person_is_answered_like_nobody(serve: Serve) -> None:
    world = serve()
    linked(world)
    with writing(world.engine).begin() as session:
        user = session.scalars(select(User).where(User.mail == WORKS)).one()
        disable_user(session, actor=Actor("test", None, "system"), at=user.registered_at, user=user)
    assert "linked to no account" in text_of(came_back(world.browser()), 403)


def test_an_authority_gives_its_code_besides(serve: Serve) -> None:
    world = serve()
    linked(world, OFFICE)
    browser = world.browser()
    answer = came_back(browser)
    assert answer.headers["Location"].startswith("/login/code")
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("settings", "claims", "enters"),
    [
        ({"strong_acr": frozenset({"loa3"})}, {"acr": "loa3"}, True),
        ({"strong_acr": frozenset({"loa3"})}, {"acr": "loa2"}, False),
        ({"strong_acr": frozenset({"loa3"})}, {}, False),
        ({"strong_amr": frozenset({"hwk"})}, {"amr": ["pwd", "hwk"]}, True),
        ({"strong_amr": frozenset({"hwk"})}, {"amr": ["pwd"]}, False),
        ({}, {"acr": "loa3", "amr": ["mfa"]}, False),
    ],
)
def test_a_second_factor_of_the_provider_counts_only_as_the_operator_says(
    serve: Serve, provider: OpenIdProvider, settings: Any, claims: Any, enters: bool
) -> None:
    world = serve(**settings)
    linked(world, OFFICE)
    provider.claims = claims
    browser = world.browser()
    came_back(browser)
    assert (browser.get("/verification").status_code == 200) is enters


@pytest.mark.parametrize(
    ("link", "claims", "who"),
    [
        ("mail", {"email": WORKS, "email_verified": True}, WORKS),
        ("mail", {"email": WORKS, "email_verified": False}, None),
        ("mail", {"email": WORKS, "email_verified": "true"}, None),
        ("mail", {"email": "nobody@works.example", "email_verified": True}, None),
        ("mail", {"email": OFFICE, "email_verified": True}, None),  # has a second factor
        ("person", {"email": WORKS, "email_verified": True}, None),
        ("credit_code", {"uscc": credit_code(501)}, WORKS),
        ("credit_code", {"uscc": credit_code(999)}, None),
        ("credit_code", {"uscc": credit_code(509)}, None),  # an authority
        ("credit_code", {"email": WORKS, "email_verified": True}, None),
    ],
)
def test_a_claim_links_only_where_the_operator_says_and_never_what_asks_for_more(
    serve: Serve, provider: OpenIdProvider, link: str, claims: Any, who: str | None
) -> None:
    world = serve(link=link, credit_code_claim="uscc" if link == "credit_code" else "")
    provider.claims = claims
    answer = came_back(world.browser())
    assert identities(world) == ([(who, "subject-1")] if who else [])
    assert answer.status_code == (303 if who else 403)
    if who:
        to, text = world.newest_mail()
        assert to == who
        assert "某省法人登录" in text
        assert "Legal-person log-in was linked" in text


def test_a_claim_does_not_link_a_second_subject(serve: Serve, provider: OpenIdProvider) -> None:
    world = serve(link="mail")
    linked(world)
    provider.subject, provider.claims = "subject-2", {"email": WORKS, "email_verified": True}
    assert "linked to no account" in text_of(came_back(world.browser()), 403)


def test_providers_are_set_from_outside_and_checked() -> None:
    good = {
        "CIRC_OIDC_PROVIDERS": "zj, sh", "CIRC_OIDC_ZJ_ISSUER": "https://id.zj.example",
        "CIRC_OIDC_ZJ_CLIENT_ID": "a", "CIRC_OIDC_ZJ_CLIENT_SECRET": "hidden secret",
        "CIRC_OIDC_ZJ_HOSTS": "keys.zj.example", "CIRC_OIDC_ZJ_STRONG_ACR": "loa3,loa4",
        "CIRC_OIDC_SH_ISSUER": "https://id.sh.example/realm", "CIRC_OIDC_SH_CLIENT_ID": "b",
    }  # fmt: skip
    zj, sh = read_config(good).providers
    assert zj.allows("https://keys.zj.example/jwks")
    assert not zj.allows("http://id.zj.example/")
    assert not zj.allows("https://id.sh.example/")
    assert zj.strong_acr == {"loa3", "loa4"}
    assert (sh.title("zh"), sh.link, sh.scopes) == ("sh", "person", "openid email")
    assert "hidden secret" not in repr(read_config(good))
    for name, value in {
        "CIRC_OIDC_PROVIDERS": "zj,zj", "CIRC_OIDC_ZJ_ISSUER": "http://id.zj.example",
        "CIRC_OIDC_ZJ_CLIENT_ID": "", "CIRC_OIDC_ZJ_LINK": "anything", "CIRC_OIDC_ZJ_SCOPES": "email",
        "CIRC_OIDC_ZJ_CREDIT_CODE_CLAIM": "uscc",
    }.items():  # fmt: skip
        with pytest.raises(BadSetting, match=name):
            read_config(good | {name: value})


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys  # noqa: PLC0415 - loaded only where it is used

    monkeypatch.setitem(sys.modules, "authlib", None)
    monkeypatch.delitem(sys.modules, "web.auth.provider_client", raising=False)
    monkeypatch.setitem(sys.modules, "authlib.common.errors", None)
    known = Provider(name="zj", issuer="https://id.zj.example", client_id=CLIENT)
    with pytest.raises(BadSetting, match=r"circularity\[oidc\]"):
        create_app(Config(database_url=f"sqlite:///{tmp_path / 'x.db'}", accounts=True, providers=(known,)))
