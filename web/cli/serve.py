"""`circularity serve`: pages and API with waitress, no other server needed."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, TypeVar

import click

from web.cli.database import database_option, database_url, open_database
from web.cli.refusal import Refused
from web.config import BadSetting, read_config

HOST, PORT, THREADS = "127.0.0.1", 8000, 8
LOOPBACK = (HOST, "localhost", "[::1]")
"""Names of one's own machine: a page elsewhere cannot reach it by a name that leads here."""

OPEN = (
    "已开放写入，尚无账户：任何能打开网页的人都可以任一单位的身份操作 · "
    "writing is open and there are no accounts: whoever opens the pages may act as any party"
)

Function = TypeVar("Function", bound=Callable[..., Any])


def address_options(function: Function) -> Function:
    """Give a command the options `--host` and `--port`."""
    host = click.option("--host", default=HOST, show_default=True, help="0.0.0.0 answers other machines too.")
    port = click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
    return host(port(function))


@click.command()
@address_options
@click.option("--worker/--no-worker", "with_worker", default=True, show_default=True,
              help="Do jobs beside it, or leave them to `circularity worker`.")  # fmt: skip
@database_option
def serve(host: str, port: int, with_worker: bool, database: str) -> None:
    """Serve the web pages and the API until Ctrl-C.

    \b
    Examples:
      circularity serve
      circularity serve --host 0.0.0.0 --port 8080 --database delta.db
    """
    open_database(database)
    serve_forever(host, port, database, with_worker=with_worker)


def serve_forever(host: str, port: int, database: str, *, with_worker: bool, open_here: bool = False) -> None:
    """Serve the application on an address and say which; raises Refused for a bad setting or a taken port.

    `open_here` opens writing, so that a demonstration can be played through, where nobody else reaches it.
    """
    # Flask and its extensions are the slowest thing to load here; `--help` does not wait for them.
    from waitress import create_server  # noqa: PLC0415 - loaded only where it is used

    from web.app import create_app  # noqa: PLC0415 - loaded only where it is used
    from web.cli.worker import worker_beside  # noqa: PLC0415 - loaded only where it is used

    try:
        settings = replace(read_config(), database_url=database_url(database))
        if not settings.trusted_hosts and {host, f"[{host}]"} & set(LOOPBACK):
            settings = replace(settings, trusted_hosts=LOOPBACK)
        if "CIRC_PUBLIC_URL" not in os.environ:
            shown = f"[{host}]" if ":" in host else host
            settings = replace(settings, public_url=f"http://{shown}:{port}")
        if open_here and host == HOST:
            settings = replace(settings, api_write=True)
        app = create_app(settings)
    except BadSetting as error:
        raise Refused(f"设置有误 · {error}") from error
    click.get_current_context().call_on_close(app.extensions["circularity.engine"].dispose)
    with _listening(host, port) as listening:
        server = create_server(app, sockets=[listening], threads=THREADS)
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"网页 · pages: http://{shown}:{port}/    停止 · stop: Ctrl-C")
        gc.freeze()  # to look for garbage in what is loaded for good stops every request for 0.1 s
        with worker_beside(database) if with_worker else nullcontext():
            server.run()


def accounts_are_wanted() -> bool:
    """Tell whether people sign in here; raises Refused for a bad setting."""
    try:
        return read_config().accounts
    except BadSetting as error:
        raise Refused(f"设置有误 · {error}") from error


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket; waitress would leave its own open when the port is taken."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        asked = f"无法监听 · cannot listen on {host}:{port} ({error})；换个端口 · try --port"
        raise Refused(asked) from error
