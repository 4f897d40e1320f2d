"""`circularity demo`: the whole promise in one command, on fictional data."""

from __future__ import annotations

import click

from circularity.database import reading
from circularity.rates.planned import planned_rates_by_region
from seed.tables import read_delta
from web.cli.account_lines import account_lines
from web.cli.database import database_option, open_database
from web.cli.demo_quarter import quarter_lines
from web.cli.run import match_all, require_run
from web.cli.run_text import closing_lines, rate_lines, run_lines
from web.cli.seed import SCALE, load
from web.cli.serve import accounts_are_wanted, address_options, serve_forever

LOADS = 2_300
"""About so many are asked for: what is too small to be split stays whole, so some 2,000 are told."""

OVER = (
    "演示季度已过，没有可撮合的批次；请用 --database 另建 · "
    "the quarter of these demo data is over and nothing is left to match; name a new file with --database"
)


@click.command()
@click.option("--serve/--no-serve", "then_serve", default=True, show_default=True,
              help="Serve the pages afterwards, or stop before.")  # fmt: skip
@click.option("--loads", type=click.IntRange(0, 20_000), default=LOADS, show_default=True,
              help="Transfers and sheets of the quarter that is told; 0 tells none.")  # fmt: skip
@address_options
@database_option
def demo(then_serve: bool, loads: int, host: str, port: int, database: str) -> None:
    """Load a fictional Delta with the quarter it has had, match what is posted, print the result and serve.

    The quarter goes from proposals over agreements, loads, receipts and treatments to the reported rates; the
    match is of what is posted today and gives the planned ones.

    The database is created where it lacks. The data are loaded once; doing it again runs a new match on
    what is there and duplicates nothing. Every party, permit and quantity is fictional. The accounts that
    it prints sign in as each role; with CIRC_ACCOUNTS=off, on 127.0.0.1, anybody acts as any party.

    \b
    Examples:
      circularity demo
      circularity demo --no-serve
      circularity demo --port 8080 --database demo.db
    """
    engine = open_database(database, create=True)
    click.echo("\n".join([*load(engine, read_delta(), loads), SCALE]))
    match_all(engine)
    with reading(engine)() as session:
        run = require_run(session)
        planned = [rate for group in planned_rates_by_region(session, run).values() for rate in group]
        over = [] if run.outputs else [OVER]
        lines = ["", *over, *run_lines(session, run), "", *rate_lines(planned), ""]
        lines += [*quarter_lines(session), ""]
        click.echo("\n".join([*lines, *closing_lines(fictional=run.fictional)]))
    if then_serve:
        accounts = account_lines(engine) if accounts_are_wanted() else []
        click.echo("\n".join(["", *accounts]))
        serve_forever(host, port, database, with_worker=True, open_here=True)
