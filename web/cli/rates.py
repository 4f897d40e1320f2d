"""`circularity rates` (reported, from the mass ledger) and `planned-rates` (of the newest run)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from circularity.calendar_days import delta_day
from circularity.catalogue.regions import PROVINCES
from circularity.catalogue.streams import all_streams
from circularity.database import reading
from circularity.errors import BadInput
from circularity.fields import Checks
from circularity.rates import planned_mass
from circularity.rates.capacity_used import capacity_used
from circularity.rates.planned import planned_rates_by_region
from circularity.rates.reported import Report, reported
from circularity.rates.sums import KEYS, sums_by
from circularity.totals import has_fiction
from web.cli.database import database_option, open_database
from web.cli.problems import show_problems
from web.cli.rates_text import NO_STATISTIC, report_lines, table_lines, use_lines
from web.cli.rates_values import report_values, sums_values, use_values
from web.cli.run import require_run
from web.cli.run_text import FICTIONAL, closing_lines, rate_lines, rate_values, stage_lines, stage_values


@click.command()
@click.option("--year", type=int, default=None, help="Calendar year; this year when left out.")
@click.option("--quarter", type=int, default=None, help="1 to 4.")
@click.option("--month", type=int, default=None, help="1 to 12.")
@click.option("--region", default=None, metavar="CODE",
              help="2 to 6 digits, such as 31 or 3301; the Delta and its provinces without.")  # fmt: skip
@click.option("--stream", type=click.Choice([stream.code for stream in all_streams()]), default=None,
              help="One stream.")  # fmt: skip
@click.option("--organisation", default=None, metavar="ID", help="One generator by its public id.")
@click.option("--by", "key", type=click.Choice(KEYS), default=None, help="Tell the sums apart as well.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@database_option
def rates(as_json: bool, database: str, region: str | None, key: str | None, **asked: Any) -> None:
    """Reported utilisation rates: what receipts and the generators' books show, against the targets.

    The official formula at acceptance, strictly at treatment, and the plain ratio of some cities; disposal
    and storage; the evidence, the coverage, the lots that would close a gap, the capacity used. Platform
    basis, no official statistic. Rates of a plan: `circularity planned-rates`.

    \b
    Examples:
      circularity rates --year 2026
      circularity rates --year 2026 --quarter 3 --region 31 --by stream
      circularity rates --year 2026 --json
    """
    engine = open_database(database)
    today = delta_day(datetime.now(UTC))
    asked["year"] = asked["year"] or today.year
    with reading(engine)() as session:
        try:
            found = [reported(session, region=place, **asked) for place in _regions(region)]
        except BadInput as error:
            show_problems(error, as_json=as_json)
            raise SystemExit(2) from error
        _show(session, found, key, asked, as_json=as_json)


def _regions(asked: str | None) -> tuple[str, ...]:
    """Return the prefix asked for, else the Delta and its provinces; raises BadInput."""
    if asked is None:
        return "", *PROVINCES
    checks = Checks("rates")
    region = checks.region("region", asked)
    checks.finish()
    return (region,)


def _show(
    session: Session, found: list[Report], key: str | None, asked: dict[str, Any], *, as_json: bool
) -> None:
    period, filters = found[0].period, {name: asked[name] for name in ("stream", "organisation")}
    table = (
        sums_by(session, key, first=period.first, last=period.last, region=found[0].region, **filters)
        if key
        else {}
    )
    uses = capacity_used(session, min(period.last, delta_day(datetime.now(UTC))))
    fictional = has_fiction(session)
    if as_json:
        values = {
            "year": period.year, "quarter": period.quarter, "month": period.month, **filters,
            "rates": [row for report in found for row in report_values(report)],
            "by": key, "table": {place: sums_values(row) for place, row in table.items()},
            "capacity_used": [use_values(use) for use in uses], "fictional": fictional,
        }  # fmt: skip
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))
        return
    lines = report_lines(found)
    lines += ["", *table_lines(key, table)] if key and table else []
    lines += [*use_lines(uses), "", NO_STATISTIC, *([FICTIONAL] if fictional else [])]
    click.echo("\n".join(lines))


@click.command("planned-rates")
@click.option("--by", "key", type=click.Choice(planned_mass.KEYS), default=None,
              help="Tell planned masses apart as well: agreed, accepted by one side, proposed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the rates as JSON.")
@database_option
def planned_rates(as_json: bool, database: str, key: str | None) -> None:
    """Planned utilisation rates of the newest run, by province, against the targets.

    Planned means: own use and use elsewhere as declared, plus what agreements hold for the year and what the
    run would place beyond them, over generation. Two rates: what can move today, and what can move after
    procedures. No official statistic. What was really received and used: `circularity rates`.

    \b
    Examples:
      circularity planned-rates
      circularity planned-rates --by stream --json
    """
    engine = open_database(database)
    with reading(engine)() as session:
        found = require_run(session)
        planned = [rate for group in planned_rates_by_region(session, found).values() for rate in group]
        table = planned_mass.masses_by_stage(session, found, key) if key else {}
        if as_json:
            values = {"run": found.public_id, "as_of": found.as_of.isoformat(),
                      "rates": rate_values(planned), "by": key, "table": stage_values(table),
                      "fictional": found.fictional}  # fmt: skip
            click.echo(json.dumps(values, ensure_ascii=False, indent=1))
        else:
            lines = rate_lines(planned) + (["", *stage_lines(key, table)] if key else [])
            click.echo("\n".join([*lines, "", *closing_lines(fictional=found.fictional)]))
