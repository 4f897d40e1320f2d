"""`circularity run`: the same word as `match`, on the database."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.database import reading
from circularity.errors import BadInput
from circularity.runs.stored import MatchingRun, latest_run
from matching.database.run import run_matching
from matching.engines.network_flow import NotProvenError
from matching.parameters import InvalidCase
from matching.plans.plan import PlanRefusedError
from web.cli.database import database_option, open_database
from web.cli.problems import show_problems
from web.cli.progress import progress_bar
from web.cli.refusal import Refused
from web.cli.run_text import closing_lines, run_lines, run_values

ACTOR = Actor("命令行 · command line", None, "system")


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True,
              help="So many for a region of millions of pairs; a smaller one needs no more than one.",
              )  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@database_option
def run(processes: int, as_json: bool, database: str) -> None:
    """Match everything posted in the database, verify the plan and store it as a run.

    A run is advice. Proposals of earlier runs that are still open are superseded. Exit codes: 0 done,
    1 own plan failed verification (nothing is stored), 2 bad input, 3 not proven.

    \b
    Examples:
      circularity run
      circularity run --json > run.json
      circularity run --processes 2
    """
    engine = open_database(database)
    match_all(engine, processes)
    with reading(engine)() as session:
        found = require_run(session)
        if as_json:
            click.echo(json.dumps(run_values(session, found), ensure_ascii=False, indent=1))
        else:
            lines = [*run_lines(session, found), "", *closing_lines(fictional=found.fictional)]
            click.echo("\n".join(lines))


def match_all(engine: Engine, processes: int = 1) -> None:
    """Run the matching with a progress bar where somebody watches; ends the command when it cannot."""
    try:
        with progress_bar() as tell:
            run_matching(engine, actor=ACTOR, at=datetime.now(UTC), progress=tell, processes=processes)
    except BadInput as error:
        show_problems(error, as_json=False)
        sys.exit(2)
    except (InvalidCase, OverflowError) as error:
        raise Refused(str(error)) from error
    except PlanRefusedError as error:
        click.echo("方案未通过自检，未保存 · the plan failed its own verification; nothing stored", err=True)
        click.echo("\n".join(f"  {fault}" for fault in error.faults), err=True)
        sys.exit(1)
    except NotProvenError as error:
        click.echo(f"未能证明最优 · not proven: {error}", err=True)
        sys.exit(3)


def require_run(session: Session) -> MatchingRun:
    """Return the newest run; raises Refused before the first."""
    found = latest_run(session)
    if found is None:
        raise Refused("还没有撮合 · there is no run yet. 先运行 · first: circularity run")
    return found
