"""Secrets of second factors lie sealed: in every row, with a key that is not in the database."""

from __future__ import annotations

import stat
from pathlib import Path

import pyotp
import pytest
import sqlalchemy
from databases import Databases
from people import enrolled, person
from registry import ACTOR, AT
from sqlalchemy import Engine, text

from circularity import database
from circularity.accounts.people import User, seal_anew
from circularity.accounts.second_factor import take_code
from circularity.database import create_engine_for, upgrade, writing
from circularity.sealed_texts import SETTING, KeyMissing, new_key
from web.app import create_app
from web.config import BadSetting, Config

CLEAR = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def own_dialects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each engine its own keys, as each process has them; other tests share what is compiled."""
    monkeypatch.setattr(database, "create_engine", sqlalchemy.create_engine)


def stored(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT totp_secret FROM users")).scalar_one())


def enrol(engine: Engine) -> str:
    with writing(engine).begin() as session:
        user = person(session)
        enrolled(session, user)
        return user.totp_secret


def opened(engine: Engine) -> str:
    with writing(engine)() as session:
        return session.get_one(User, 1).totp_secret


def test_no_secret_can_be_read_in_the_database(engine: Engine) -> None:
    secret = enrol(engine)
    assert len(secret) == 32
    assert stored(engine).startswith("sealed:")
    assert secret not in stored(engine)
    assert opened(engine) == secret


def test_equal_secrets_do_not_look_alike(engine: Engine) -> None:
    secret = enrol(engine)
    before = stored(engine)
    with writing(engine).begin() as session:
        seal_anew(session, actor=ACTOR, at=AT)
    assert stored(engine) != before
    assert opened(engine) == secret


def test_a_code_opens_as_before(engine: Engine) -> None:
    secret = enrol(engine)
    with writing(engine).begin() as session:
        user = session.get_one(User, 1)
        user.totp_step = 0
        session.flush()
        take_code(session, actor=ACTOR, at=AT, user=user, code=pyotp.TOTP(secret).at(AT))


def test_keys_are_exchanged_without_losing_a_secret(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = new_key(), new_key()
    monkeypatch.setenv(SETTING, old)
    first = create_engine_for(database_url)
    secret = enrol(first)
    monkeypatch.setenv(SETTING, f"{new}, {old}")
    both = create_engine_for(database_url)
    with writing(both).begin() as session:
        assert seal_anew(session, actor=ACTOR, at=AT) == 1
    monkeypatch.setenv(SETTING, new)
    last = create_engine_for(database_url)
    assert opened(last) == secret
    with pytest.raises(KeyMissing, match=SETTING):
        opened(first)
    for engine in (first, both, last):
        engine.dispose()


def test_what_lay_in_the_clear_is_sealed_by_the_migration(databases: Databases) -> None:
    with databases.new(migrated=False) as url:
        engine = create_engine_for(url)
        upgrade(engine, "0023")
        with engine.begin() as connection:
            moment = "2026-01-01T00:00:00.000000+00:00"
            facts = {"id": 1, "public_id": "a", "mail": "a@b.example", "name": "a", "language": "zh",
                     "password_hash": "", "totp_secret": CLEAR, "totp_pending": "", "totp_step": 0,
                     "registered_at": moment, "password_changed_at": moment}  # fmt: skip
            names = ", ".join(facts)
            places = ", ".join(f":{name}" for name in facts)
            connection.execute(text(f"INSERT INTO users ({names}) VALUES ({places})"), facts)  # noqa: S608 - the names are our own
        upgrade(engine)
        assert CLEAR not in stored(engine)
        with engine.connect() as connection:
            assert connection.execute(User.__table__.select()).one().totp_secret == CLEAR
        engine.dispose()


def test_an_embedded_database_makes_its_key_beside_it_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SETTING)
    url = f"sqlite:///{tmp_path / 'own.db'}"
    engine = create_engine_for(url)
    upgrade(engine)
    secret = enrol(engine)
    key = tmp_path / "own.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = create_engine_for(url)
    assert opened(again) == secret
    key.write_text(new_key())
    lost = create_engine_for(url)
    with pytest.raises(KeyMissing):
        opened(lost)
    for made in (engine, again, lost):
        made.dispose()


def test_nobody_signs_in_on_a_server_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")  # the driver is an extra
    monkeypatch.delenv(SETTING)
    url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    with pytest.raises(BadSetting, match=SETTING):
        create_app(Config(database_url=url, accounts=True))
    monkeypatch.setenv(SETTING, "no key")
    with pytest.raises(ValueError, match=SETTING):
        create_engine_for(url)
