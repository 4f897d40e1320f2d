"""Mails reach a real mail server, in both languages, and none is lost when it is down or refuses."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from auth_world import MILL, WORKS, AuthWorld, auth_world, text_of
from databases import Databases
from people import PASSWORD
from registry import credit_code

from circularity.database import reading
from web.auth import mail_carriers, mailing
from web.auth.mail_carriers import SmtpCarrier
from web.auth.outbox import Outbox

pytest.importorskip("aiosmtpd")
pytest.importorskip("cryptography")
from smtp_server import PASSWORD as MAIL_PASSWORD
from smtp_server import USER, Inbox, certificate, smtp_server

NEW = {
    "mail": "zhao@new.example", "password": "nine slow tortoises", "name": "赵", "name_zh": "新公司",
    "name_en": "New works", "credit_code": credit_code(700), "roles": ["generator"], "region_code": "310100",
}  # fmt: skip


@pytest.fixture(autouse=True)
def again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait a minute for the next attempt, nor twenty seconds for a server that says nothing."""
    monkeypatch.setattr(mailing, "AGAIN_S", 0.05)
    monkeypatch.setattr(mail_carriers, "SECONDS", 0.3)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as made:
        yield made


@pytest.fixture
def world(databases: Databases, tmp_path: Path, inbox: Inbox) -> Iterator[AuthWorld]:
    url = f"smtp://127.0.0.1:{inbox.port}"
    with (
        databases.new() as database,
        auth_world(database, tmp_path, smtp_url=url, mail_from="循环平台 <no-reply@circ.example>") as made,
    ):
        yield made


def until(what: Callable[[], Any]) -> Any:
    """Wait until something is so, five seconds at most."""
    deadline = time.monotonic() + 5
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found
    return found


def waiting(world: AuthWorld) -> list[Path]:
    return [path for path in (world.mails / "outgoing").glob("*") if path.is_file()]


def test_every_mail_of_accounts_arrives_in_both_languages(world: AuthWorld, inbox: Inbox) -> None:
    world.browser().post("/password/forgotten", data={"mail": WORKS})
    world.browser().post("/signup", data=NEW)
    world.browser().post("/signup", data=NEW | {"mail": MILL})
    boss = world.signed_in()
    boss.post("/members/invitations", data={"mail": "wu@works.example", "role": "reader"})
    for _ in range(5):
        world.browser().post("/login", data={"mail": MILL, "password": "wrong password"})
    until(lambda: len(inbox.taken) == 5)
    told = {str(mail["Subject"]): mail for mail in inbox.taken}
    wanted = {
        "重置口令 · Reset your password": (WORKS, "/password/new/"),
        "完成注册 · Finish signing up": ("zhao@new.example", "/signup/"),
        "您已有账户 · You have an account already": (MILL, "/login"),
        "邀请加入 · Invitation": ("wu@works.example", "/invitations/"),
        "登录已暂停 · Log-in paused": (MILL, "/password/forgotten"),
    }
    assert set(told) == {f"Circularity · {subject}" for subject in wanted}
    for subject, (to, path) in wanted.items():
        mail = told[f"Circularity · {subject}"]
        assert mail["To"] == to
        assert mail["From"] == "循环平台 <no-reply@circ.example>"
        assert mail["Message-ID"].endswith("@circ.example>")
        assert f"http://127.0.0.1:8000{path}" in mail.get_content()
    assert "新公司" in told["Circularity · 完成注册 · Finish signing up"].get_content()
    for raw in inbox.raw:
        assert raw.isascii()  # servers of seven bits take it
        assert max(map(len, raw.splitlines())) <= 998
    until(lambda: not waiting(world))


def test_the_link_that_arrived_resets_the_password(world: AuthWorld, inbox: Inbox) -> None:
    world.browser().post("/password/forgotten", data={"mail": WORKS})
    (mail,) = until(lambda: inbox.taken)
    link = mail.get_content().partition("http://127.0.0.1:8000")[2].split()[0]
    assert world.browser().post(link, data={"password": "nine slow tortoises"}).status_code == 303
    world.signed_in(WORKS, "nine slow tortoises")


def test_a_server_that_is_down_refuses_no_form_and_loses_no_mail(
    databases: Databases, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    url = f"smtp://127.0.0.1:{port}"
    with databases.new() as database, auth_world(database, tmp_path, smtp_url=url) as world:
        assert "Look into your mail" in text_of(
            world.browser().post("/password/forgotten", data={"mail": WORKS})
        )
        assert len(waiting(world)) == 1
        assert {path.stat().st_mode & 0o077 for path in waiting(world)} == {0}
        with smtp_server(port=port) as inbox:
            until(lambda: inbox.taken)
            until(lambda: not waiting(world))
    assert inbox.receivers == [[WORKS]]


def test_what_waited_when_the_process_ended_leaves_with_the_next(
    databases: Databases, tmp_path: Path, inbox: Inbox
) -> None:
    content = (
        b"From: a@circ.example\nTo: b@works.example\nSubject: x\nDate: Mon, 1 Jan 2035 00:00:00 +0000\n\nx\n"
    )
    outbox = Outbox(tmp_path / "mail" / "outgoing")
    outbox.put(content)
    outbox.put(content)
    next(outbox.take())  # the process died with this one in hand
    (left,) = (tmp_path / "mail" / "outgoing").glob("*.taken")
    import os  # noqa: PLC0415 - loaded only where it is used

    os.utime(left, (time.time() - 601,) * 2)
    with (
        databases.new() as database,
        auth_world(database, tmp_path, smtp_url=f"smtp://127.0.0.1:{inbox.port}") as world,
    ):
        until(lambda: len(inbox.taken) == 2)
        until(lambda: not waiting(world))


def test_a_mail_that_one_process_has_is_not_sent_by_another(tmp_path: Path) -> None:
    here, there = Outbox(tmp_path), Outbox(tmp_path)
    for _ in range(3):
        here.put(b"x")
    mine = [next(here.take())]
    theirs = list(there.take())
    assert len({path.name for path in mine + theirs}) == 3
    here.put_back(mine[0])
    assert len(list(there.take())) == 1


def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_laid_aside(
    world: AuthWorld, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.answer = "451 later"
    world.browser().post("/password/forgotten", data={"mail": WORKS})
    until(lambda: "not taken yet" in caplog.text)
    inbox.answer = "250 OK"
    until(lambda: inbox.taken)
    inbox.receiver_answer = "550 nobody of that name"
    world.browser().post("/password/forgotten", data={"mail": MILL})
    (aside,) = until(lambda: list((world.mails / "outgoing" / "undeliverable").glob("*.eml")))
    assert MILL in aside.read_text()
    until(lambda: not waiting(world))
    assert "/password/new/" not in caplog.text  # no key in any log


def test_a_server_that_says_nothing_is_left_after_its_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        carrier = SmtpCarrier(f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(OSError, match="timed out"):
            carrier.send(_mail(tmp_path))


def test_asking_for_an_unknown_address_leaves_the_same_traces_and_no_mail(
    world: AuthWorld, inbox: Inbox
) -> None:
    def rows() -> tuple[int, int]:
        from sqlalchemy import func, select  # noqa: PLC0415 - loaded only where it is used

        from circularity.accounts.links import OneTimeLink  # noqa: PLC0415 - loaded only where it is used
        from circularity.audit import AuditEvent  # noqa: PLC0415 - loaded only where it is used

        with reading(world.engine)() as session:
            links = session.scalar(select(func.count()).select_from(OneTimeLink)) or 0
            return links, session.scalar(select(func.count()).select_from(AuditEvent)) or 0

    grown = []
    for mail in (WORKS, "nobody@works.example", "no mail\r\nBcc: x@y.example"):
        before = rows()
        world.browser().post("/password/forgotten", data={"mail": mail})
        grown.append(tuple(after - was for after, was in zip(rows(), before, strict=True)))
    assert grown == [(1, 1)] * 3
    until(lambda: not waiting(world))
    assert inbox.receivers == [[WORKS]]


@pytest.fixture
def named_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `mail.example` be this machine."""
    real = socket.getaddrinfo

    def found(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "mail.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)


def _mail(folder: Path) -> Any:
    box = mailing.Mailbox(SmtpCarrier("smtp://127.0.0.1:9"), Outbox(folder), "循环 <a@circ.example>")
    return box._message(mailing.Mail("b@works.example", "题目 · subject", "正文\ntext\n"))


@pytest.mark.usefixtures("named_here")
def test_another_machines_server_is_spoken_to_by_tls_with_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_carriers, "SECONDS", 5)
    files = certificate(tmp_path, "mail.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    user = f"{quote(USER, safe='')}:{quote(MAIL_PASSWORD, safe='')}"
    with smtp_server(tls=files, auth=True) as inbox:
        SmtpCarrier(f"smtp://{user}@mail.example:{inbox.port}").send(_mail(tmp_path))
        assert inbox.peers_used_tls == [True]
        assert (inbox.taken[0]["Subject"], inbox.taken[0].get_content()) == ("题目 · subject", "正文\ntext\n")
        with pytest.raises(OSError, match=r"(?i)authentication|535"):
            SmtpCarrier(f"smtp://u:wrong@mail.example:{inbox.port}").send(_mail(tmp_path))


@pytest.mark.usefixtures("named_here")
def test_no_mail_goes_to_another_machine_without_tls_it_trusts(tmp_path: Path) -> None:
    files = certificate(tmp_path, "mail.example")
    with smtp_server(tls=files) as inbox, pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        SmtpCarrier(f"smtp://mail.example:{inbox.port}").send(_mail(tmp_path))
    with smtp_server() as plain, pytest.raises(OSError, match="STARTTLS"):
        SmtpCarrier(f"smtp://mail.example:{plain.port}").send(_mail(tmp_path))
    assert not inbox.taken + plain.taken


def test_many_browsers_at_once_post_each_mail_once(world: AuthWorld, inbox: Inbox) -> None:
    boss = world.signed_in()
    cookies = [cookie for cookie in [boss.get_cookie("circ_key")] if cookie]

    def invite(number: int) -> None:
        browser = world.browser()
        browser.set_cookie("circ_key", cookies[0].value)
        browser.post("/members/invitations", data={"mail": f"p{number}@works.example", "role": "reader"})

    threads = [Thread(target=invite, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(inbox.taken) == 8 and not waiting(world))
    assert sorted(to for (to,) in inbox.receivers) == [f"p{number}@works.example" for number in range(8)]
    assert PASSWORD not in str(inbox.raw)
