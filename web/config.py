"""What can be set from outside, read once from `CIRC_*` variables and checked before anything starts."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from web.provider_settings import Provider, read_providers

DEFAULT_DATABASE_URL = "sqlite:///instance/circularity.db"
"""The embedded database, below the folder in which the command is started."""


_TEXTS = (
    "database_url", "queue_url", "secret_key", "tiles_url", "tiles_attribution",
    "public_url", "mail_folder", "smtp_url", "mail_from",
)  # fmt: skip


class BadSetting(ValueError):
    """A variable has a value that cannot work; the message names it."""


@dataclass(frozen=True)
class Config:
    """Settings of one running application.

    `queue_url` is where jobs are announced to workers; empty means beside the database. `secret_key` signs
    the cookie that remembers the language; where none is set each process makes its own and a restart
    forgets the choice. `tiles_url` is an optional online map below the facilities, as
    `https://host/{z}/{x}/{y}.png`; empty means the built-in outlines only. `max_body_bytes` bounds what a
    request may send. `trusted_hosts` are the names that the server answers to
    (`.example.cn` = with all below it); a request in another name is refused. Empty means any name.

    `accounts`: people sign in, and programs show a token. Without them visitors choose freely for whom they
    act, and `api_write` opens writing to anybody: for a trial on one's own machine only. `public_url` begins
    the addresses in mails. Mails go into `mail_folder` unless `smtp_url` names a server, as
    `smtp://user:password@host:587` or `smtps://…`. `providers` are further ways to log in (see
    `web.provider_settings`).
    """

    database_url: str = DEFAULT_DATABASE_URL
    queue_url: str = ""
    secret_key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    tiles_url: str = ""
    tiles_attribution: str = ""
    max_body_bytes: int = 1_000_000
    secure_cookies: bool = False
    api_write: bool = False
    trusted_hosts: tuple[str, ...] = ()
    accounts: bool = False
    public_url: str = "http://127.0.0.1:8000"
    mail_folder: str = "instance/mail"
    smtp_url: str = field(default="", repr=False)
    mail_from: str = "Circularity <no-reply@localhost>"
    providers: tuple[Provider, ...] = ()

    def __post_init__(self) -> None:
        if len(self.secret_key) < 32:
            raise BadSetting("CIRC_SECRET_KEY must have at least 32 characters")
        if self.tiles_url and urlsplit(self.tiles_url).scheme != "https":
            raise BadSetting("CIRC_TILES_URL must begin with https://")
        if urlsplit(self.public_url).scheme not in ("http", "https") or not urlsplit(self.public_url).netloc:
            raise BadSetting("CIRC_PUBLIC_URL must begin with https:// or http:// and name a host")
        if self.smtp_url and urlsplit(self.smtp_url).scheme not in ("smtp", "smtps"):
            raise BadSetting("CIRC_SMTP_URL must begin with smtp:// or smtps://")
        if self.max_body_bytes <= 0:
            raise BadSetting("CIRC_MAX_BODY_BYTES must be positive")

    @property
    def tiles_origin(self) -> str:
        """Return scheme and host of the online tiles, with a leading `*` for Leaflet's `{s}`, or ""."""
        if not self.tiles_url:
            return ""
        parts = urlsplit(self.tiles_url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


def read_config(environment: Mapping[str, str] | None = None) -> Config:
    """Return the settings of `CIRC_*` variables; raises BadSetting."""
    given = os.environ if environment is None else environment
    texts = {name: given[f"CIRC_{name.upper()}"] for name in _TEXTS if given.get(f"CIRC_{name.upper()}")}
    size = given.get("CIRC_MAX_BODY_BYTES", "1000000")
    if not size.isascii() or not size.isdigit():
        raise BadSetting("CIRC_MAX_BODY_BYTES must be a whole number of bytes")
    return Config(
        **texts,
        max_body_bytes=int(size),
        secure_cookies=given.get("CIRC_SECURE_COOKIES") == "1",
        api_write=_truth(given, "CIRC_API_WRITE"),
        trusted_hosts=_names(given.get("CIRC_TRUSTED_HOSTS", "")),
        accounts=_are_accounts_on(given),
        providers=_providers(given),
    )


def _are_accounts_on(given: Mapping[str, str]) -> bool:
    """Return whether people sign in: on unless it is said otherwise, because off is for a trial only."""
    text = given.get("CIRC_ACCOUNTS", "on").strip().lower()
    if text not in ("on", "off"):
        raise BadSetting("CIRC_ACCOUNTS must be on or off")
    return text == "on"


def _providers(given: Mapping[str, str]) -> tuple[Provider, ...]:
    try:
        return read_providers(given)
    except ValueError as error:
        raise BadSetting(str(error)) from None


def _truth(given: Mapping[str, str], name: str) -> bool:
    """Return a switch, off when unset; a word that is neither on nor off is no switch to guess about."""
    text = given.get(name, "").strip().lower()
    if text in ("1", "true", "0", "false", ""):
        return text in ("1", "true")
    raise BadSetting(f"{name} must be true or false")


def _names(text: str) -> tuple[str, ...]:
    """Return names separated by commas; a name with a scheme, a path or a blank is none."""
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if any(not re.fullmatch(r"\.?[\w.-]+|\[[0-9a-fA-F:]+\]", name, re.ASCII) for name in names):
        raise BadSetting("CIRC_TRUSTED_HOSTS must be names separated by commas, without port or scheme")
    return names
