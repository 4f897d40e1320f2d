"""`circularity init`, and how every command that needs the database finds and opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from circularity.database import UnsafeDatabase, create_engine_for, is_current, upgrade
from circularity.sealed_texts import KeyMissing
from web.cli.refusal import Refused
from web.config import DEFAULT_DATABASE_URL

Function = TypeVar("Function", bound=Callable[..., Any])


def database_option(function: Function) -> Function:
    """Give a command the option `--database`, a file or a URL; CIRC_DATABASE_URL stands behind it."""
    return click.option(
        "--database",
        envvar="CIRC_DATABASE_URL",
        default=DEFAULT_DATABASE_URL,
        show_default=True,
        show_envvar=True,
        metavar="FILE|URL",
        help="File of the embedded database, or postgresql://user@host/name.",
    )(function)


def database_url(text: str) -> str:
    """Return the URL of what somebody typed; a text without `://` is the path of an SQLite file."""
    return text if "://" in text else f"sqlite:///{text}"


def open_database(text: str, *, create: bool = False) -> Engine:
    """Return an engine on a database of the newest schema.

    The engine is disposed of when the command ends. With `create` the file, its folder and the schema are
    made where they lack. Raises Refused when the database cannot be opened, is not there, or has another
    schema.
    """
    try:
        return _open(database_url(text), create)
    except (SQLAlchemyError, UnsafeDatabase, KeyMissing, ImportError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise Refused(f"数据库无法打开 · cannot open the database {text}: {reason}") from error


def _open(url: str, create: bool) -> Engine:
    parsed = make_url(url)
    file = None
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        file = Path(str(parsed.database))
    if file is not None and create:
        file.parent.mkdir(parents=True, exist_ok=True)
    if file is not None and not create and not file.exists():
        raise Refused(f"没有数据库 · there is no database {file}. 先运行 · first: circularity init")
    engine = create_engine_for(url)
    click.get_current_context().call_on_close(engine.dispose)
    if create:
        upgrade(engine)
    elif not is_current(engine):
        raise Refused("数据库版本不符 · the database has another version. 先运行 · first: circularity init")
    return engine


@click.command()
@database_option
def init(database: str) -> None:
    """Create the database, or bring an older one to the newest version. Doing it twice changes nothing.

    \b
    Examples:
      circularity init
      circularity init --database delta.db
      CIRC_DATABASE_URL=postgresql://circ@db/circ circularity init
    """
    engine = open_database(database, create=True)
    shown = engine.url.render_as_string(hide_password=True)
    click.echo(f"数据库就绪 · the database is ready: {shown}")
    click.echo("下一步 · next: circularity seed  |  circularity demo")
