"""`circularity user`: what the operator of an installation does about people."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity import sealed_texts
from circularity.accounts.memberships import add_member, memberships_of
from circularity.accounts.people import (
    LANGUAGES,
    User,
    checked_hash,
    disable_user,
    enable_user,
    register_user,
    require_user,
    seal_anew,
)
from circularity.accounts.second_factor import remove_second_factor
from circularity.accounts.sessions import end_sessions
from circularity.accounts.standings import (
    DEFAULT_KIND,
    begin_standing,
    is_authority,
    settle,
    standing_of,
)
from circularity.audit import Actor
from circularity.calendar_days import delta_day
from circularity.database import reading, writing
from circularity.errors import BadInput, CircularityError
from circularity.organisations import Organisation, register_organisation
from circularity.policy.acting import AUTHORITY_KINDS, MEMBERSHIPS
from web.cli.database import database_option, open_database
from web.cli.refusal import Refused

ACTOR = Actor("运营方命令行 · operator's command line", None, "system")
ONCE = "口令只显示这一次，请登录后修改 · the password is shown only now; change it after the first log-in"


@click.group()
def user() -> None:
    """People who sign in: add one, list them, stop one, take a lost second factor away.

    \b
    The first authority of an installation:
      circularity user add --mail a@b.example --name 李 --organisation 11310000… \\
        --new-authority 某市生态环境局 --region 310100
    """


@user.command()
@click.option("--mail", required=True)
@click.option("--name", required=True)
@click.option("--organisation", "credit_code", required=True, metavar="CREDIT_CODE")
@click.option("--role", type=click.Choice(MEMBERSHIPS), default="owner", show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option("--new-authority", metavar="NAME", help="Register this authority first.")
@click.option("--region", metavar="CODE", help="Its region; 2 to 6 digits.")
@click.option("--kind", type=click.Choice(AUTHORITY_KINDS), default=DEFAULT_KIND, show_default=True,
              help="What an authority is competent for.")  # fmt: skip
@database_option
def add(  # noqa: PLR0913 - one option each
    *,
    mail: str,
    name: str,
    credit_code: str,
    role: str,
    language: str,
    new_authority: str | None,
    region: str | None,
    kind: str,
    database: str,
) -> None:
    """Add a person to an organisation and print a password, once.

    An authority is verified by this; other organisations wait for their authority.
    """
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    hashed, at = checked_hash(password), datetime.now(UTC)
    with _telling(), writing(open_database(database)).begin() as session:
        if new_authority:
            register_organisation(
                session,
                actor=ACTOR,
                at=at,
                name_zh=new_authority,
                name_en="",
                credit_code=credit_code,
                roles=frozenset({"authority"}),
                region_code=region or "",
            )
        organisation = _organisation(session, credit_code)
        _let_stand(session, at, organisation, kind)
        person = register_user(
            session, actor=ACTOR, at=at, mail=mail, name=name, language=language, password_hash=hashed
        )
        add_member(session, actor=ACTOR, at=at, user=person, organisation=organisation, role=role)
    click.echo(f"{mail}    {password}\n{ONCE}")


@user.command(name="list")
@database_option
def list_people(database: str) -> None:
    """List everybody with what they act for."""
    at = datetime.now(UTC)
    with reading(open_database(database))() as session:
        for person in session.scalars(select(User).order_by(User.mail)):
            roles = ", ".join(
                f"{row.organisation.name_zh} {row.role_on(delta_day(at))}"
                for row in memberships_of(session, person, delta_day(at))
            )
            marks = ["TOTP"] if person.has_second_factor else []
            marks += ["停用 disabled"] if person.disabled_at else []
            click.echo("  ".join([person.mail, person.name, roles or "–", *marks]))


@user.command()
@click.argument("mail")
@click.option("--undo", is_flag=True, help="Let the person sign in again.")
@database_option
def disable(mail: str, undo: bool, database: str) -> None:
    """Let a person sign in no more, at once and everywhere."""
    at = datetime.now(UTC)
    with _telling(), writing(open_database(database)).begin() as session:
        person = require_user(session, mail)
        if undo:
            enable_user(session, actor=ACTOR, at=at, user=person)
        else:
            disable_user(session, actor=ACTOR, at=at, user=person)
            end_sessions(session, actor=ACTOR, at=at, user=person, because="disabled")
    click.echo(f"{mail}  {'已恢复 · enabled' if undo else '已停用 · disabled'}")


@user.command()
@click.argument("mail")
@database_option
def reset_totp(mail: str, database: str) -> None:
    """Take away a second factor whose telephone and recovery codes are lost."""
    at = datetime.now(UTC)
    with _telling(), writing(open_database(database)).begin() as session:
        person = require_user(session, mail)
        remove_second_factor(session, actor=ACTOR, at=at, user=person)
        end_sessions(session, actor=ACTOR, at=at, user=person, because="second_factor")
    click.echo(f"{mail}  动态口令已解除 · the second factor is gone")


@user.command()
@database_option
def rekey(database: str) -> None:
    """Seal the secrets of second factors anew, with the first of the keys in CIRC_DATA_KEYS.

    Put a new key in front of the old one, restart, run this, then drop the old one.
    """
    with _telling(), writing(open_database(database)).begin() as session:
        number = seal_anew(session, actor=ACTOR, at=datetime.now(UTC))
    click.echo(f"{number}  已用新密钥重新加密 · sealed with the newest key")


@user.command()
def new_key() -> None:
    """Print a new key for CIRC_DATA_KEYS."""
    click.echo(sealed_texts.new_key())


def _organisation(session: Session, credit_code: str) -> Organisation:
    code = credit_code.strip().upper()
    found = session.scalar(select(Organisation).where(Organisation.credit_code == code))
    if found is None:
        raise Refused(f"没有此单位 · no organisation has the credit code {credit_code}")
    return found


def _let_stand(session: Session, at: datetime, organisation: Organisation, kind: str) -> None:
    """Verify an authority, which nobody else can; let another organisation wait for its own."""
    if is_authority(organisation):
        begin_standing(session, actor=ACTOR, at=at, organisation=organisation, authority_kind=kind)
        by = ACTOR.name
        settle(session, actor=ACTOR, at=at, organisation=organisation, verified=True, reason="", by=by)
    elif standing_of(session, organisation) is None:
        begin_standing(session, actor=ACTOR, at=at, organisation=organisation)


@contextmanager
def _telling() -> Iterator[None]:
    """Turn a refusal into a message of the command."""
    try:
        yield
    except BadInput as error:
        told = "; ".join(f"{problem.zh} · {problem.en}" for problem in error.problems)
        raise Refused(told) from error
    except CircularityError as error:
        raise Refused(f"{error.zh} · {error.en}") from error
