"""Sending mail: into a folder by default, by SMTP where a server is named.

Mails leave after the commit, from one thread beside the request: how long a mail server takes tells nobody
whether an address is known, and a mail server that is down refuses no form.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from secrets import token_hex
from typing import Protocol, cast
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app

from web.config import Config

log = logging.getLogger(__name__)
SECONDS = 20
"""How long a mail server may take."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of plain text."""

    to: str
    subject: str
    text: str


class Carrier(Protocol):
    """What takes a mail away."""

    def send(self, message: EmailMessage) -> None:
        """Take the mail away, or raise OSError or smtplib.SMTPException."""


class FolderCarrier:
    """Writes each mail as a file, readable to this user alone, because mails hold keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write the mail under the moment it was sent at."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{token_hex(4)}.eml"
        partial = self._folder / f"{name}.part"
        partial.touch(mode=0o600)
        partial.write_bytes(bytes(message))
        partial.replace(self._folder / name)


class SmtpCarrier:
    """Hands mails to a server, `smtps://` or `smtp://` with STARTTLS; `user:password@` where it asks."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def send(self, message: EmailMessage) -> None:
        """Hand over one mail; a server that offers no TLS gets it only where it is this machine itself."""
        host, tls = self._url.hostname or "", ssl.create_default_context()
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=SECONDS, context=tls)
        else:
            server = smtplib.SMTP(host, self._url.port or 587, timeout=SECONDS)
        with server:
            if self._url.scheme == "smtp" and host not in ("localhost", "127.0.0.1", "::1"):
                server.starttls(context=tls)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            server.send_message(message)


class Mailbox:
    """Mails on their way."""

    def __init__(self, carrier: Carrier, sender: str) -> None:
        self._carrier, self._sender = carrier, sender
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")

    def post(self, mail: Mail) -> Future[None]:
        """Send a mail beside the request; a failure is logged without its text, which holds a key."""
        return self._thread.submit(self._send, mail)

    def _send(self, mail: Mail) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, mail.to, mail.subject
        message["Date"], message["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid()
        message.set_content(mail.text)
        try:
            self._carrier.send(message)
        except (OSError, smtplib.SMTPException):
            log.exception("a mail was not sent: %s", mail.subject)


def register_mailing(app: Flask, config: Config) -> None:
    """Choose how mails leave."""
    by_smtp = bool(config.smtp_url)
    carrier: Carrier = SmtpCarrier(config.smtp_url) if by_smtp else FolderCarrier(Path(config.mail_folder))
    app.extensions["circularity.mailbox"] = Mailbox(carrier, config.mail_from)


def post(mail: Mail) -> None:
    """Send a mail of this application."""
    cast(Mailbox, current_app.extensions["circularity.mailbox"]).post(mail)
