"""What mails say, in Chinese and English, and addresses in them.

Addresses begin with the configured `public_url`, never with the host that a request names: whoever forges
that header would get the key.
"""

from __future__ import annotations

from typing import cast

from flask import current_app, url_for

from web.auth.mailing import Mail
from web.config import Config

_END = (
    "如非本人操作，请忽略本邮件；您的账户没有变化。",
    "If this was not you, ignore this mail: nothing has changed.",
)


def reset_mail(to: str, key: str) -> Mail:
    """Return the mail with a link for a new password."""
    return _mail(
        to,
        ("重置口令", "Reset your password"),
        "请在 30 分钟内打开以下链接设置新口令，链接只能使用一次：",
        "Open this link within 30 minutes to set a new password; it works once:",
        _address("auth.new_password", key),
    )


def sign_up_mail(to: str, key: str, organisation: str) -> Mail:
    """Return the mail that finishes a sign-up."""
    return _mail(
        to,
        ("完成注册", "Finish signing up"),
        f"请在 24 小时内打开以下链接，完成“{organisation}”的注册：",
        f"Open this link within 24 hours to finish signing up {organisation}:",
        _address("auth.finish_sign_up", key),
    )


def known_mail(to: str) -> Mail:
    """Return what an address is told that signed up before."""
    return _mail(
        to,
        ("您已有账户", "You have an account already"),
        "有人用此邮箱注册新单位。此邮箱已有账户：请登录，或重置口令；登录后可再注册单位。",
        "Somebody signed up an organisation with this address, which has an account already: log in, or "
        "reset the password; once signed in you can sign up another organisation.",
        public_address(url_for("auth.log_in")),
    )


def invitation_mail(to: str, key: str, organisation: str) -> Mail:
    """Return the mail that invites somebody into an organisation."""
    return _mail(
        to,
        ("邀请加入", "Invitation"),
        f"“{organisation}”邀请您加入。请在 7 天内打开以下链接：",
        f"{organisation} invites you. Open this link within 7 days:",
        _address("auth.invitation", key),
    )


def paused_mail(to: str) -> Mail:
    """Return what somebody is told whose password was guessed at until the account was paused."""
    return _mail(
        to,
        ("登录已暂停", "Log-in paused"),
        "您的账户多次输入错误口令，登录已暂停片刻。如为本人操作，请稍后再试或重置口令；如非本人操作，账户未被进入：",
        "A wrong password was given for your account several times: log-in pauses for a while. If it was "
        "you, try again later or reset the password; if not, nobody got in:",
        public_address(url_for("auth.forgotten")),
        end=(),
    )


def linked_mail(to: str, title_zh: str, title_en: str) -> Mail:
    """Return what somebody is told whose account a provider's claim has linked."""
    return _mail(
        to,
        ("新的登录方式", "A new log-in"),
        f"“{title_zh}”的登录已与您的账户关联，并已登录。如非本人操作，请立即修改口令，并在“账户”中取消关联：",
        f"A log-in of {title_en} was linked to your account and has logged in. If this was not you, change "
        "the password at once and take the link away under Account:",
        public_address(url_for("auth.account")),
        end=(),
    )


def public_address(path: str) -> str:
    """Return the address of a page of ours as others reach it."""
    return _public() + path


def _mail(
    to: str, subject: tuple[str, str], zh: str, en: str, address: str, end: tuple[str, ...] = _END
) -> Mail:
    text = "\n".join((zh, en, "", address, "", *end)).rstrip() + "\n"
    return Mail(to, f"Circularity · {subject[0]} · {subject[1]}", text)


def _address(endpoint: str, key: str) -> str:
    return public_address(url_for(endpoint, key=key))


def _public() -> str:
    return cast(Config, current_app.extensions["circularity.config"]).public_url.rstrip("/")
