"""`circularity worker`: does the jobs that pages and API ask for, beside any number of others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import click

from circularity.jobs import LEASE
from web.cli.database import database_option, database_url, open_database
from web.cli.refusal import Refused
from web.config import BadSetting, read_config
from web.jobs import open_queue, queue_url
from web.worker import serve_queue


@click.command()
@click.option("--lease", type=click.FloatRange(1, 3600), default=LEASE.total_seconds(), show_default=True,
              metavar="SECONDS", help="A job without a sign of life for so long is taken by another worker.",
              )  # fmt: skip
@click.option("--until-stdin-ends", is_flag=True, help="Stop when whoever started it has gone.")
@database_option
def worker(lease: float, until_stdin_ends: bool, database: str) -> None:
    """Do jobs until Ctrl-C: matching runs and imports that pages and API ask for.

    `circularity serve` starts one of its own. Start more, on any machine that reaches the database; the
    queue is in it, or where CIRC_QUEUE_URL says (postgresql://…, redis://…, sqlite:///file).

    \b
    Examples:
      circularity worker
      CIRC_QUEUE_URL=redis://queue circularity worker --database postgresql://circ@db/circ
    """
    engine = open_database(database)
    try:
        configured = read_config().queue_url
    except BadSetting as error:
        raise Refused(f"设置有误 · {error}") from error
    if until_stdin_ends:
        Thread(target=_end_with_stdin, daemon=True).start()
    click.echo("等待任务 · waiting for jobs    停止 · stop: Ctrl-C")
    serve_queue(engine, open_queue(queue_url(database_url(database), configured)), timedelta(seconds=lease))


@contextmanager
def worker_beside(database: str) -> Iterator[None]:
    """Run a worker in a process of its own, which ends with this one however this one ends."""
    command = [sys.executable, "-m", "web.cli", "worker", "--until-stdin-ends", "--database", database]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        yield
    finally:
        if started.stdin:
            started.stdin.close()
        started.wait()


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
