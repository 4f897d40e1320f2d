"""A served platform where people sign in: firms, an authority, and what their browsers send."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from people import PASSWORD, code_of, enrolled, firm, member, verified
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from circularity.accounts.people import User
from circularity.database import create_engine_for, writing
from web.app import create_app
from web.config import Config

WORKS, MILL, OFFICE = "boss@works.example", "boss@mill.example", "officer@office.example"


@dataclass
class AuthWorld:
    """The application, its database and the folder of its mails."""

    app: Flask
    engine: Engine
    mails: Path

    def browser(self) -> FlaskClient:
        """Return a browser that nobody has signed in with."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    def signed_in(self, mail: str = WORKS, password: str = PASSWORD) -> FlaskClient:
        """Return a browser in which somebody gave the password, and the code where one is set up."""
        client = self.browser()
        answer = client.post("/login", data={"mail": mail, "password": password})
        assert answer.status_code == 303, answer.get_data(as_text=True)[-1500:]
        if "/login/code" in answer.headers["Location"]:
            with writing(self.engine)() as session:
                secret = session.scalars(select(User.totp_secret).where(User.mail == mail)).one()
            self.forget_codes()
            answer = client.post("/login/code", data={"code": code_of(secret, datetime.now(UTC))})
            assert answer.status_code == 303
        return client

    def forget_codes(self) -> None:
        """Let the code of this half minute be taken once more: tests do not wait for the next."""
        with writing(self.engine).begin() as session:
            for user in session.scalars(select(User)):
                user.totp_step = 0

    def newest_mail(self, number: int = 1) -> tuple[str, str]:
        """Return receiver and text of the newest mail, once so many have come."""
        deadline = time.monotonic() + 5
        while len(found := sorted(self.mails.glob("*.eml"))) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(found) == number
        mail = message_from_bytes(found[-1].read_bytes(), policy=policy.default)
        return str(mail["To"]), mail.get_content()

    def link(self, number: int = 1) -> str:
        """Return the local path of the newest mail's link."""
        found = re.search(r"http://127\.0\.0\.1:8000(/\S+)", self.newest_mail(number)[1])
        assert found
        return found[1]


def text_of(answer: TestResponse, status: int = 200) -> str:
    """Return the text of an answer, having checked its status."""
    assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True)[-1500:])
    return answer.get_data(as_text=True)


@contextmanager
def auth_world(url: str, folder: Path, **settings: Any) -> Iterator[AuthWorld]:
    """Serve the database at `url` with two verified firms of one owner each, and an authority over them."""
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        for number, mail in enumerate((WORKS, MILL), start=1):
            member(session, verified(session, firm(session, number)), mail)
        authority = firm(session, 9, roles=frozenset({"authority"}), region_code="310000")
        officer = member(session, verified(session, authority, "ecology"), OFFICE)
        enrolled(session, officer.user, datetime.now(UTC) - timedelta(minutes=5))
    config = Config(
        database_url=url, secret_key="s" * 32, accounts=True, mail_folder=str(folder / "mail"), **settings
    )
    app = create_app(config)
    try:
        yield AuthWorld(app, engine, folder / "mail")
    finally:
        app.extensions["circularity.engine"].dispose()
        engine.dispose()
