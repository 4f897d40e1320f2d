"""Sending mail: kept in an outbox before the form is answered, then taken away beside the requests.

How long a mail server takes tells nobody whether an address is known, and a mail server that is down refuses
no form and loses no mail: it is tried again until it answers, for a day.
"""

from __future__ import annotations

import logging
import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr, parsedate_to_datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import cast

from flask import Flask, current_app

from web.auth.mail_carriers import Carrier, FolderCarrier, SmtpCarrier, UndeliverableError
from web.auth.outbox import Outbox
from web.config import Config

log = logging.getLogger(__name__)

AGAIN_S = 60.0
"""After how long a mail is tried again that was not taken."""

GIVEN_UP_AFTER = timedelta(days=1)
"""The longest that any link in a mail is good, but for invitations, which can be sent anew."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of plain text; without a receiver it is kept and dropped, which takes as long as any other."""

    to: str
    subject: str
    text: str


NO_MAIL = Mail("", "-", "-" * 200)
"""Takes the place of a mail to an address that nobody has here."""


class Mailbox:
    """Mails on their way."""

    def __init__(self, carrier: Carrier, outbox: Outbox, sender: str) -> None:
        self._carrier, self._outbox, self._sender = carrier, outbox, sender
        self._lock, self._posted = Lock(), Event()
        self._thread: Thread | None = None

    def post(self, mail: Mail) -> None:
        """Keep a mail and have it taken away beside the request."""
        self._outbox.put(bytes(self._message(mail)))
        self.resume()

    def resume(self) -> None:
        """Let the mails that wait be taken away, those of an earlier process among them."""
        with self._lock:
            self._posted.set()
            if self._thread is None:
                self._thread = Thread(target=self._work, name="mail", daemon=True)
                self._thread.start()

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, mail.to, mail.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].rpartition("@")[2])
        message.set_content(mail.text, cte="base64")  # Chinese passes servers that know seven bits only
        return message

    def _work(self) -> None:
        """Send until nothing waits; a thread that ends is followed by another at the next mail."""
        while True:
            self._posted.clear()
            for taken in self._outbox.take():
                self._send(taken)
            with self._lock:
                if not self._posted.is_set() and self._outbox.is_empty():
                    self._thread = None
                    return
            self._posted.wait(AGAIN_S)

    def _send(self, taken: Path) -> None:
        """Send one mail; a failure is logged without its text, which holds a key."""
        message = message_from_bytes(taken.read_bytes(), policy=policy.default)
        try:
            if message["To"]:
                self._carrier.send(message)
            taken.unlink()
        except UndeliverableError:
            log.exception("a mail will never be taken: %s", message["Subject"])
            self._outbox.give_up(taken)
        except (OSError, smtplib.SMTPException):
            old = datetime.now(UTC) - parsedate_to_datetime(message["Date"]) > GIVEN_UP_AFTER
            log.exception("a mail was not taken%s: %s", " in a day" if old else " yet", message["Subject"])
            (self._outbox.give_up if old else self._outbox.put_back)(taken)


def register_mailing(app: Flask, config: Config) -> None:
    """Choose how mails leave, and let go what an earlier process has left."""
    folder = Path(config.mail_folder)
    carrier: Carrier = SmtpCarrier(config.smtp_url) if config.smtp_url else FolderCarrier(folder)
    outbox = Outbox(folder / "outgoing")
    mailbox = Mailbox(carrier, outbox, config.mail_from)
    app.extensions["circularity.mailbox"] = mailbox
    if not outbox.is_empty():
        mailbox.resume()


def post(mail: Mail) -> None:
    """Send a mail of this application."""
    cast(Mailbox, current_app.extensions["circularity.mailbox"]).post(mail)
