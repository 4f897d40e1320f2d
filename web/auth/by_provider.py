"""Logging in at a provider, and linking such a log-in to an account: out by a form, back by an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from secrets import compare_digest
from typing import Protocol, cast

from flask import Flask, current_app, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from circularity.accounts.people import User
from circularity.accounts.provider_attempts import (
    ProviderAttempt,
    Secrets,
    begin_again,
    begin_attempt,
    secrets_of,
    use_attempt,
)
from circularity.accounts.provider_identities import Told, enter, link_identity, unlink_identity
from circularity.accounts.throttles import Counted, TooManyAttemptsError, count_attempt, forgive
from circularity.database import writing
from circularity.errors import NotAllowed, NotFound
from web.auth.account import prove, show_account, signed_in
from web.auth.cookie import attempt_of_browser, drop_attempt, keep_attempt
from web.auth.entering import let_in, show_log_in, wanted_page
from web.auth.forms import Answer, attempt_form, change, network_address
from web.auth.identity import identity, person
from web.auth.mailing import post
from web.auth.mails import linked_mail, public_address
from web.config import BadSetting, Config
from web.language import language
from web.provider_settings import Provider
from web.session import engine

FORM = "provider"
_CLIENTS = "circularity.providers"


class Client(Protocol):
    """What talks to one provider (see `provider_client`)."""

    provider: Provider

    def address(self, secrets: Secrets, redirect_uri: str, language: str) -> str:
        """Return where to send the browser."""

    def prove(self, code: str, secrets: Secrets, redirect_uri: str) -> Told:
        """Return what a code proves."""


def register_providers(app: Flask, config: Config) -> None:
    """Make a client for each configured provider. Raises BadSetting where the extra is not installed."""
    if not config.providers:
        app.extensions[_CLIENTS] = {}
        return
    try:
        from web.auth.provider_client import ProviderClient  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise BadSetting('CIRC_OIDC_PROVIDERS needs pip install "circularity[oidc]"') from error
    app.extensions[_CLIENTS] = {provider.name: ProviderClient(provider) for provider in config.providers}


def providers() -> list[Provider]:
    """Return the configured providers, in the operator's order."""
    return [client.provider for client in _clients().values()]


def provider_title(name: str) -> str:
    """Return what a provider is called to this reader; one that is configured no more by its short name."""
    found = _clients().get(name)
    return found.provider.title(language()) if found is not None else name


def go(provider: str) -> Answer:
    """Send a browser to a provider to log in there."""
    client = _client(provider)

    def act(at: datetime) -> Answer:
        with writing(engine()).begin() as session:
            seconds = count_attempt(session, at, (_counted(),))
        if seconds:
            raise TooManyAttemptsError(seconds)
        return _sent(client, at, None, wanted_page())

    return attempt_form("log-in", act, show_log_in)


def go_to_link(provider: str) -> Answer:
    """Send a browser to a provider to link that log-in; the password is asked for first."""
    client = _client(provider)

    def act(at: datetime) -> Answer:
        user = signed_in().user
        prove(user, at)
        return _sent(client, at, user, url_for("auth.account"))

    return attempt_form(FORM, act, show_account)


def come_back(provider: str) -> Answer:
    """Let a browser in that comes back from a provider, or link what it has proven there."""
    client, key = _client(provider), attempt_of_browser()
    secrets = secrets_of(key)

    def act(at: datetime) -> Answer:
        if not compare_digest(request.args.get("state", "").encode(), secrets.state.encode()):
            raise begin_again()
        with writing(engine()).begin() as session:
            attempt = use_attempt(session, at=at, provider=provider, key=key)
        if request.args.get("iss", client.provider.issuer) != client.provider.issuer:
            raise begin_again()
        if not request.args.get("code"):
            zh, en = "您在登录服务处取消了登录", "the log-in was broken off at the provider"
            raise NotAllowed("broken_off", zh, en)
        told = client.prove(request.args["code"][:4000], secrets, _address_here(provider))
        return _link(told, attempt, at) if attempt.user_id is not None else _enter(told, attempt, at)

    form, show = (FORM, show_account) if person() is not None else ("log-in", show_log_in)
    return drop_attempt(current_app.make_response(attempt_form(form, act, show)))


def unlink(link_id: str) -> Answer:
    """Take a link away: there is a password always."""

    def verb(session: Session, at: datetime) -> str:
        found = signed_in()
        user = session.get_one(User, found.user.id)
        unlink_identity(session, actor=found.actor, at=at, user=user, public_id=link_id)
        return url_for("auth.account")

    return change(FORM, verb, show_account)


def _sent(client: Client, at: datetime, user: User | None, back: str) -> Response:
    name = client.provider.name
    with writing(engine()).begin() as session:
        mine = session.get_one(User, user.id) if user is not None else None
        key = begin_attempt(session, at=at, provider=name, user=mine, back=back)
    address = client.address(secrets_of(key), _address_here(name), language())
    return keep_attempt(redirect(address, 303), key)


def _enter(told: Told, attempt: ProviderAttempt, at: datetime) -> Response:
    with writing(engine()).begin() as session:
        forgive(session, (_counted(),))
        entered = enter(session, at=at, told=told)
    if entered.newly_linked is not None:
        title = _client(told.provider).provider
        post(linked_mail(entered.newly_linked.mail, title.title("zh"), title.title("en")))
    return let_in(entered.opened, at, attempt.back)


def _link(told: Told, attempt: ProviderAttempt, at: datetime) -> Response:
    """Link for the person who asked for it, and only in a browser in which that person is signed in still."""
    found = identity()
    if found is None or found.user.id != attempt.user_id:
        raise begin_again()
    with writing(engine()).begin() as session:
        user = session.get_one(User, found.user.id)
        link_identity(session, actor=found.actor, at=at, user=user, told=told)
    return redirect(attempt.back, 303)


def _clients() -> Mapping[str, Client]:
    return cast("Mapping[str, Client]", current_app.extensions[_CLIENTS])


def _client(name: str) -> Client:
    found = _clients().get(name)
    if found is None:
        raise NotFound("unknown_provider", "没有此登录方式", "there is no such log-in")
    return found


def _address_here(provider: str) -> str:
    return public_address(url_for("auth.come_back", provider=provider))


def _counted() -> Counted:
    return Counted("address", network_address())
