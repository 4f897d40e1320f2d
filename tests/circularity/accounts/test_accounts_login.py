"""Logging in: who is let in, who is not and learns nothing from it, how long it lasts and what ends it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from argon2 import Type, extract_parameters
from people import ACT, PASSWORD, code_of, enrolled, firm, member, person
from registry import ACTOR, AT
from sqlalchemy import Engine, event, select

from circularity.accounts import logging_in
from circularity.accounts.keys import digest
from circularity.accounts.logging_in import finish_with_code, log_in
from circularity.accounts.memberships import change_role
from circularity.accounts.passwords import hash_password, is_guessed_first, is_outdated, is_right
from circularity.accounts.people import User, checked_hash, disable_user, set_password
from circularity.accounts.second_factor import remove_second_factor
from circularity.accounts.sessions import IDLE, LONGEST, UserSession, end_sessions, note_use, session_of
from circularity.accounts.throttles import LONGEST_PAUSE, TooManyAttemptsError
from circularity.audit import AuditEvent, verify_chain
from circularity.database import writing
from circularity.errors import BadInput, NotAllowed

MAIL, HERE = "li@works.example", "192.0.2.7"
SECOND = timedelta(seconds=1)
WRONG = "not the password"


@pytest.fixture
def people(engine: Engine) -> Engine:
    """A database in which Li can log in."""
    with writing(engine).begin() as session:
        person(session, MAIL)
    return engine


def enter(
    engine: Engine, mail: str = MAIL, password: str = PASSWORD, at: datetime = AT, address: str = HERE
) -> logging_in.Opened:
    return log_in(engine, mail=mail, password=password, address=address, at=at)


def refusal(engine: Engine, mail: str = MAIL, password: str = WRONG, at: datetime = AT) -> NotAllowed:
    with pytest.raises(NotAllowed) as refused:
        enter(engine, mail, password, at)
    return refused.value


def is_in(engine: Engine, key: str, at: datetime = AT) -> bool:
    with writing(engine)() as session:
        found = session_of(session, key, at)
        return found is not None and not found.waits_for_code


def test_the_right_password_opens_a_session_of_which_only_a_digest_is_kept(people: Engine) -> None:
    opened = enter(people, " LI@works.example ")
    assert not opened.waits_for_code
    assert is_in(people, opened.key)
    assert not is_in(people, opened.key[:-1])
    with writing(people)() as session:
        kept = session.scalars(select(UserSession)).one()
        assert kept.key_digest == digest(opened.key)
        assert opened.key not in {getattr(kept, column.key) for column in UserSession.__table__.columns}
        assert verify_chain(session).faults == ()


def test_unknown_wrong_and_disabled_get_one_answer(people: Engine) -> None:
    with writing(people).begin() as session:
        disable_user(session, **ACT, user=person(session, "wang@works.example"))
    answers = [
        refusal(people),
        refusal(people, "nobody@works.example", PASSWORD),
        refusal(people, "wang@works.example", PASSWORD),
        refusal(people, "\ud800\0", "\ud800\0"),
    ]
    assert {(answer.code, answer.zh, answer.en, str(answer.facts)) for answer in answers} == {
        ("wrong_credentials", "邮箱或口令不对", "mail address or password is wrong", "{}")
    }


@contextmanager
def heard(engine: Engine) -> Iterator[list[str]]:
    """Note every statement that reaches the database."""
    said: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    yield said
    event.remove(engine, "before_cursor_execute", hear)


def test_an_unknown_address_costs_the_same_work(people: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(
        logging_in, "is_right", lambda kept, text: compared.append(kept) or is_right(kept, text)
    )
    work = []
    for mail in (MAIL, "nobody@works.example"):
        with heard(people) as said:
            refusal(people, mail)
        work.append(said)
    assert work[0] == work[1]
    assert len(compared) == 2
    assert compared[1] == ""  # is_right then compares with a hash that nobody's password made


def test_the_fifth_wrong_attempt_pauses_the_account_and_each_further_one_longer(people: Engine) -> None:
    for _ in range(5):
        assert refusal(people).code == "wrong_credentials"
    paused = refusal(people, password=PASSWORD)
    assert isinstance(paused, TooManyAttemptsError)
    assert paused.facts == {"seconds": 31}
    later = AT + timedelta(seconds=31)
    assert refusal(people, at=later).code == "wrong_credentials"
    assert refusal(people, at=later).facts == {"seconds": 61}
    assert is_in(people, enter(people, at=later + 61 * SECOND).key, later + 61 * SECOND)
    for _ in range(4):
        assert refusal(people, at=later + 62 * SECOND).code == "wrong_credentials"  # it was forgiven
    assert is_in(people, enter(people, at=later + 63 * SECOND).key, later + 63 * SECOND)


def test_a_pause_is_never_longer_than_its_bound(people: Engine) -> None:
    at = AT
    for _ in range(20):
        at += LONGEST_PAUSE
        assert refusal(people, at=at).code == "wrong_credentials"
    assert refusal(people, at=at).facts == {"seconds": int(LONGEST_PAUSE.total_seconds()) + 1}


def test_an_unknown_account_is_paused_like_a_known_one(people: Engine) -> None:
    told = {mail: [str(refusal(people, mail)) for _ in range(6)] for mail in (MAIL, "nobody@works.example")}
    assert told[MAIL] == told["nobody@works.example"]


def test_one_network_address_cannot_try_many_accounts(people: Engine) -> None:
    for number in range(30):
        if number % 10 == 0:
            enter(people)  # an own account in between forgives nothing but its own attempt
        assert refusal(people, f"p{number}@works.example").code == "wrong_credentials"
    assert refusal(people, "p31@works.example").code == "too_many_attempts"
    assert enter(people, address="192.0.2.8").key


def test_of_many_guesses_at_once_no_more_than_five_are_looked_at(
    people: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(logging_in, "is_right", lambda _kept, text: bool(looked.append(text)))
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda guess: refusal(people, password=str(guess)).code, range(16)))
    assert len(looked) == 5
    assert answers.count("too_many_attempts") == 11


def test_a_session_ends_when_it_is_idle_and_when_it_is_old(people: Engine) -> None:
    key = enter(people).key
    assert is_in(people, key, AT + IDLE - SECOND)
    assert not is_in(people, key, AT + IDLE)
    at = AT
    while at < AT + LONGEST - IDLE:
        at += IDLE - SECOND
        with writing(people).begin() as session:
            note_use(session, session.scalars(select(UserSession)).one().id, at)
    assert is_in(people, key, AT + LONGEST - SECOND)
    assert not is_in(people, key, AT + LONGEST)


@pytest.mark.parametrize("change", ["password", "role", "disabled"])
def test_another_password_another_role_and_disabling_end_every_session(engine: Engine, change: str) -> None:
    with writing(engine).begin() as session:
        works = firm(session)
        member(session, works, "boss@works.example")
        member(session, works, MAIL, "operator")
    keys = [enter(engine).key, enter(engine).key]
    assert all(is_in(engine, key) for key in keys)
    with writing(engine).begin() as session:
        user = session.scalars(select(User).where(User.mail == MAIL)).one()
        if change == "password":
            set_password(session, **ACT, user=user, password_hash=hash_password("another quiet heron"))
            assert end_sessions(session, **ACT, user=user, because="password") == 2
        elif change == "role":
            from circularity.accounts.memberships import Membership  # noqa: PLC0415 - loaded only where it is used

            row = session.scalars(select(Membership).where(Membership.user_id == user.id)).one()
            change_role(session, **ACT, member=row, role="reader")
        else:
            disable_user(session, **ACT, user=user)
    assert not any(is_in(engine, key) for key in keys)


def test_a_password_changed_while_it_is_compared_lets_nobody_in(
    people: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(kept: str, _text: str) -> bool:
        with writing(people).begin() as session:
            user = session.scalars(select(User)).one()
            set_password(session, **ACT, user=user, password_hash=hash_password("another quiet heron"))
        return bool(kept)

    monkeypatch.setattr(logging_in, "is_right", slow)
    assert refusal(people, password=PASSWORD).code == "wrong_credentials"


def test_a_hash_of_older_parameters_is_made_anew(people: Engine) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415 - loaded only where it is used

    with writing(people).begin() as session:
        weak = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(PASSWORD)
        session.scalars(select(User)).one().password_hash = weak
    enter(people)
    with writing(people)() as session:
        kept = session.scalars(select(User)).one().password_hash
    assert is_outdated(weak)
    assert not is_outdated(kept)
    assert kept.startswith("$argon2id$")


def test_with_a_second_factor_the_password_alone_lets_nobody_in(people: Engine) -> None:
    with writing(people).begin() as session:
        user = session.scalars(select(User)).one()
        enrolled(session, user, AT - timedelta(minutes=5))
        secret = user.totp_secret
    opened = enter(people)
    assert opened.waits_for_code
    assert not is_in(people, opened.key)
    code = code_of(secret, AT)
    key = finish_with_code(people, key=opened.key, code=f"{code[:3]} {code[3:]}", address=HERE, at=AT)
    assert is_in(people, key)
    assert key != opened.key
    again = enter(people)
    with pytest.raises(NotAllowed, match="wrong or used"):
        finish_with_code(people, key=again.key, code=code, address=HERE, at=AT + 10 * SECOND)
    with pytest.raises(NotAllowed, match="log in again"):
        finish_with_code(people, key=opened.key, code=code, address=HERE, at=AT)


def test_a_code_sent_by_many_at_once_lets_one_in(people: Engine) -> None:
    with writing(people).begin() as session:
        user = session.scalars(select(User)).one()
        enrolled(session, user, AT - timedelta(minutes=5))
        code = code_of(user.totp_secret, AT)
    keys = [enter(people).key for _ in range(4)]

    def finish(key: str) -> bool:
        try:
            finish_with_code(people, key=key, code=code, address=HERE, at=AT)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(4) as crowd:
        assert sum(crowd.map(finish, keys)) == 1


def test_codes_are_guessed_five_times_only(people: Engine) -> None:
    with writing(people).begin() as session:
        enrolled(session, session.scalars(select(User)).one(), AT - timedelta(minutes=5))
    key = enter(people).key
    codes = []
    for _ in range(6):
        with pytest.raises(NotAllowed) as refused:
            finish_with_code(people, key=key, code="000000", address=HERE, at=AT)
        codes.append(refused.value.code)
    assert codes == ["wrong_code"] * 5 + ["too_many_attempts"]


def test_a_recovery_code_lets_in_once(people: Engine) -> None:
    with writing(people).begin() as session:
        codes = enrolled(session, session.scalars(select(User)).one(), AT - timedelta(minutes=5))
    assert len(set(codes)) == 10
    lower = codes[3].lower()
    assert is_in(people, finish_with_code(people, key=enter(people).key, code=lower, address=HERE, at=AT))
    with pytest.raises(NotAllowed):
        finish_with_code(people, key=enter(people).key, code=codes[3], address=HERE, at=AT)
    with writing(people).begin() as session:
        remove_second_factor(session, **ACT, user=session.scalars(select(User)).one())
    assert not enter(people).waits_for_code


@pytest.mark.parametrize(
    "password",
    ["short", "qwerty123456", "Password1234!", "123456789012", "abcabcabcabc", "aaaaaaaaaaaaa",
     "qwertyuiop12", "circularity1", "lixiaoming88", "x" * 129, "seven\0quiet herons", "12345678901234"],
)  # fmt: skip
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(BadInput):
        checked_hash(password, ("lixiaoming", "li@works.example"))


@pytest.mark.parametrize(
    "password",
    ["seven quiet herons", "七只安静的苍鹭在长江边过冬", "lowercase only here", "x7 éé tqv8 wkz"],
)
def test_length_counts_and_no_rule_of_composition_does(password: str) -> None:
    assert is_right(checked_hash(password), password)
    assert not is_guessed_first(password)


def test_what_is_written_of_people_names_no_mail_and_no_key(people: Engine) -> None:
    opened = enter(people)
    with writing(people)() as session:
        facts = " ".join(row.facts_json + row.actor_name for row in session.scalars(select(AuditEvent)))
    assert MAIL not in facts
    assert opened.key not in facts
    assert "argon2" not in facts
    assert ACTOR.name in facts


def test_the_parameters_in_use_are_as_strong_as_recommended() -> None:
    """OWASP's least: 19 MiB, 2 rounds, 1 lane. Asked in a process of its own: tests hash with less."""
    script = "from circularity.accounts.passwords import hash_password; print(hash_password('x'))"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    found = extract_parameters(told.strip())
    assert (found.type, found.memory_cost >= 19_456, found.time_cost >= 2) == (Type.ID, True, True)
