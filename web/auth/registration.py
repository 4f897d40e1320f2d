"""Every address of accounts, and what templates may ask about who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response

from circularity.accounts import passwords
from web.auth import (
    account,
    by_provider,
    entering,
    forgotten,
    invited,
    membership,
    program_keys,
    signing_up,
    verification,
)
from web.auth.identity import accounts_are_on, may_open, member_role, person, register_identity
from web.auth.mailing import register_mailing
from web.config import Config

SHOWN = (
    ("/login", "log_in", entering.show_log_in),
    ("/login/code", "code", entering.show_code),
    ("/login/with/<provider>", "come_back", by_provider.come_back),
    ("/signup", "sign_up", signing_up.show_sign_up),
    ("/signup/<key>", "finish_sign_up", signing_up.show_finish),
    ("/password/forgotten", "forgotten", forgotten.show_forgotten),
    ("/password/new/<key>", "new_password", forgotten.show_new_password),
    ("/invitations/<key>", "invitation", invited.show_invitation),
    ("/account", "account", account.show_account),
    ("/account/second-factor", "second_factor", account.show_second_factor),
    ("/members", "members", membership.show_members),
    ("/tokens", "tokens", program_keys.show_tokens),
    ("/verification", "verification", verification.show_verification),
)

DONE = (
    ("/login", "enter", entering.enter),
    ("/login/code", "enter_code", entering.enter_code),
    ("/login/with/<provider>", "go_to_provider", by_provider.go),
    ("/logout", "log_out", entering.log_out),
    ("/signup", "begin_sign_up", signing_up.sign_up),
    ("/signup/<key>", "make_sign_up", signing_up.finish),
    ("/password/forgotten", "ask_reset", forgotten.ask),
    ("/password/new/<key>", "set_password", forgotten.set_new),
    ("/invitations/<key>", "take_invitation", invited.take),
    ("/account/membership", "choose_membership", account.choose_membership),
    ("/account/password", "change_password", account.change_password),
    ("/account/second-factor", "begin_second_factor", account.begin_second_factor),
    ("/account/second-factor/confirmation", "confirm_second_factor", account.confirm_second_factor),
    ("/account/recovery-codes", "renew_recovery_codes", account.renew_recovery_codes),
    ("/account/providers/<provider>", "link_provider", by_provider.go_to_link),
    ("/account/providers/<link_id>/removal", "unlink_provider", by_provider.unlink),
    ("/members/invitations", "invite", membership.send_invitation),
    ("/members/invitations/<public_id>/withdrawal", "withdraw_invitation", membership.withdraw),
    ("/members/<public_id>/acts/<act>", "act_on_member", membership.act_on_member),
    ("/members/sites/<public_id>/acts/<act>", "act_on_site", membership.act_on_site),
    ("/tokens", "make_token", program_keys.make),
    ("/tokens/<public_id>/revocation", "revoke_token", program_keys.revoke),
    ("/verification/<public_id>", "decide", verification.decide_on),
    ("/verification/permits", "import_permits", verification.import_permits),
)


_ASKED = (
    accounts_are_on, may_open, member_role, person, by_provider.providers, by_provider.provider_title,
)  # fmt: skip


def register_accounts(app: Flask, config: Config) -> None:
    """Register who asks, how mails leave and, where people sign in, every page of accounts."""
    register_identity(app)
    app.context_processor(_frame)
    if not config.accounts:
        return
    register_mailing(app, config)
    by_provider.register_providers(app, config)
    passwords.prepare()
    auth = Blueprint("auth", __name__)
    for address, name, view in SHOWN:
        auth.add_url_rule(address, name, view)
    for address, name, act in DONE:
        auth.add_url_rule(address, name, act, methods=["POST"])
    auth.after_request(_keep_nowhere)
    app.register_blueprint(auth)


def _frame() -> dict[str, Any]:
    return {told.__name__: told for told in _ASKED}


def _keep_nowhere(response: Response) -> Response:
    """Let nothing of these pages stay in a cache: keys and codes stand on some of them."""
    response.headers["Cache-Control"] = "no-store"
    return response
