"""What takes mails away: a folder by default, an SMTP server where one is named."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from urllib.parse import unquote, urlsplit

SECONDS = 20
"""How long a mail server may take for each of its answers."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class UndeliverableError(Exception):
    """The mail server will never take this mail: its address or its text is refused for good."""


class Carrier(Protocol):
    """What takes a mail away."""

    def send(self, message: EmailMessage) -> None:
        """Take the mail away. Raises UndeliverableError; OSError or smtplib.SMTPException = try again."""


class FolderCarrier:
    """Writes each mail as a file, readable to this user alone, because mails hold keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write the mail under the moment it was sent at."""
        write_mail(self._folder, bytes(message))


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
            if self._url.scheme == "smtp" and host not in LOOPBACK:
                server.starttls(context=tls)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            try:
                server.send_message(message)
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                if _is_for_good(error):
                    raise UndeliverableError(str(error)) from error
                raise


def write_mail(folder: Path, content: bytes) -> None:
    """Write a mail as a file of its own, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{token_hex(4)}.eml"
    partial = folder / f"{name}.part"
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.replace(folder / name)


def _is_for_good(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> bool:
    """Tell whether the server's codes are all of the kind that repeating does not help (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    return all(code >= 500 for code, _ in error.recipients.values())
