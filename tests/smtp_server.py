"""A real SMTP server on loopback that keeps what it is given, with TLS and passwords where wanted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "circ@mail.example", "p:ss/w@rd"


@dataclass
class Inbox:
    """What the server took, and what it says to the next ones."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    answer: str = "250 OK"
    receiver_answer: str = "250 OK"
    peers_used_tls: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the server's word
        self, _s: Any, _x: Any, envelope: Any, address: str, _o: Any
    ) -> str:
        """Take a receiver, or refuse it as told."""
        if self.receiver_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.receiver_answer

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the name is the library's
        """Take a mail, or refuse it as told."""
        if self.answer.startswith("250"):
            self.raw.append(envelope.content)
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
            self.receivers.append(envelope.rcpt_tos)
            self.peers_used_tls.append(session.ssl is not None)
        return self.answer


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a key and a certificate for a name, which signs itself, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "mail.pem", folder / "mail.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    return files


@contextmanager
def smtp_server(
    *, tls: tuple[Path, Path] | None = None, auth: bool = False, port: int = 0
) -> Iterator[Inbox]:
    """Serve on loopback, on a free port unless one is named."""
    inbox = Inbox()
    options: dict[str, Any] = {"hostname": "mail.example"}
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {"authenticator": _known, "auth_required": True, "auth_require_tls": tls is not None}
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(inbox, loop=loop, **options), "127.0.0.1", port)
    )
    inbox.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_settle(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _settle() -> None:
    """Let connections that are being closed come to their end."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)
