"""`circularity user`, and the accounts of the demonstration."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from people import enrolled
from registry import ACTOR, AT, Registry, credit_code
from sqlalchemy import Engine, func, select

from circularity.accounts.logging_in import finish_with_code, log_in
from circularity.accounts.people import User, require_user
from circularity.accounts.standings import Standing
from circularity.database import create_engine_for, writing
from circularity.errors import NotAllowed
from web.cli import main
from web.cli.account_lines import MADE_BEFORE, account_lines

MAIL = "li@bureau.example"


def run(database_url: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["user", *words, "--database", database_url])


def added(database_url: str) -> str:
    """Add the first authority and return the printed password."""
    facts = ["--mail", MAIL, "--name", "李", "--organisation", credit_code(1)]
    done = run(database_url, "add", *facts, "--new-authority", "某市生态环境局", "--region", "310100")
    assert done.exit_code == 0, done.output
    found = re.search(rf"{MAIL}    (\S+)", done.output)
    assert found
    return found[1]


def test_the_first_authority_is_made_by_the_operator_and_can_sign_in(database_url: str) -> None:
    password = added(database_url)
    engine = create_engine_for(database_url)
    assert log_in(engine, mail=MAIL, password=password, address="x", at=AT).key
    with writing(engine)() as session:
        standing = session.scalars(select(Standing)).one()
        assert (standing.verification, standing.authority_kind) == ("verified", "ecology")
    engine.dispose()
    listed = run(database_url, "list").output
    assert f"{MAIL}  李  某市生态环境局 owner" in listed
    assert password not in listed


def test_a_person_is_stopped_and_let_in_again(database_url: str) -> None:
    password = added(database_url)
    engine = create_engine_for(database_url)
    assert run(database_url, "disable", MAIL).exit_code == 0
    with pytest.raises(NotAllowed):
        log_in(engine, mail=MAIL, password=password, address="x", at=AT)
    assert "disabled" in run(database_url, "list").output
    assert run(database_url, "disable", MAIL, "--undo").exit_code == 0
    assert log_in(engine, mail=MAIL, password=password, address="x", at=AT).key
    assert run(database_url, "reset-totp", MAIL).exit_code == 0
    engine.dispose()


def test_secrets_are_sealed_anew_with_a_key_that_the_command_prints(database_url: str) -> None:
    key = CliRunner().invoke(main, ["user", "new-key"]).output.strip()
    assert len(Fernet(key).encrypt(b"x")) > 80
    added(database_url)
    engine = create_engine_for(database_url)
    with writing(engine).begin() as session:
        enrolled(session, require_user(session, MAIL))
        secret = require_user(session, MAIL).totp_secret
    done = run(database_url, "rekey")
    assert (done.exit_code, done.output[0]) == (0, "1"), done.output
    with writing(engine)() as session:
        assert require_user(session, MAIL).totp_secret == secret
    engine.dispose()


def test_what_cannot_be_done_is_said(database_url: str) -> None:
    wrong = ["--mail", "no mail", "--name", "x", "--organisation", credit_code(1)]
    assert "no organisation has the credit code" in run(database_url, "add", *wrong).output
    added(database_url)
    done = run(database_url, "add", *wrong)
    assert (done.exit_code, "no mail address" in done.output) == (2, True)
    assert "no such person" in run(database_url, "disable", "nobody@x.example").output


def test_the_demonstration_has_one_account_for_each_role_printed_once(engine: Engine) -> None:
    with writing(engine).begin() as session:
        registry = Registry(session)
        registry.organisation(fictional=True)
        registry.organisation(fictional=True, roles=frozenset({"facility"}))
        registry.organisation(fictional=True, roles=frozenset({"carrier"}))
        stores = registry.organisation(fictional=True, roles=frozenset({"facility"}))
        registry.facility(site=registry.site(organisation=stores), kind="collector")
    printed = "\n".join(account_lines(engine))
    password = re.search(r"(\w{6}-\w{6}-\w{6})", printed)
    assert password
    for mail in ("generator", "operator", "reader", "driver", "facility", "carrier", "collector"):
        opened = log_in(engine, mail=f"{mail}@demo.example", password=password[1], address=mail, at=AT)
        assert not opened.waits_for_code
    codes = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", printed)
    waiting = log_in(engine, mail="officer@demo.example", password=password[1], address="o", at=AT)
    assert waiting.waits_for_code
    assert finish_with_code(engine, key=waiting.key, code=codes[0], address="o", at=AT)
    assert account_lines(engine) == [MADE_BEFORE]
    with writing(engine)() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 10
        assert set(session.scalars(select(Standing.verification))) == {"verified"}
    assert ACTOR.kind == "system"
