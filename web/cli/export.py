"""`circularity export`: what the database would match, as a case that anybody with the folder can check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np

from circularity.database import reading
from matching.case import Case
from matching.case_format.files import write_case
from matching.database.snapshot import DELTA_TIME, Snapshot, read_snapshot
from matching.parameters import InvalidCase, Parameters
from web.cli.database import database_option, open_database
from web.cli.refusal import Refused
from web.cli.run_text import FICTIONAL

CONFIDENTIAL = (
    "案例含各方未公开的数量与价格，不得离开运营单位 · "
    "the case holds volumes and prices that their owners keep to themselves: it stays with the operator"
)
NOTHING_OFFERED = (
    "其中没有任何去处：先运行 circularity demo，或用 --database 指明数据库 · "
    "no outlet is in it: run circularity demo first, or name another --database"
)


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@database_option
def export(target: Path, database: str) -> None:
    """Write what is posted and offered today as a case: a new folder of CSV files, or an .xlsx.

    Plants bear the names of their organisations; ids and what refers to them stay those of the database.
    Match a ledger of your own against its facilities with `match --facilities-from TARGET`. Procedures
    granted to one sender alone have no place in a case: there they still count as to be granted.

    \b
    Examples:
      circularity export delta-case
      circularity match ledger.xlsx --facilities-from delta-case
    """
    engine = open_database(database)
    today = datetime.now(UTC).astimezone(DELTA_TIME).date()
    with reading(engine)() as session:
        snapshot = read_snapshot(session, Parameters(as_of_day=today.toordinal()))
    try:
        write_case(named(snapshot), target)
    except (InvalidCase, FileExistsError) as error:
        raise Refused(str(error)) from error
    outputs, windows = snapshot.case.shape
    click.echo(f"已写出 · written: {target}  {outputs} × {windows}")
    if not windows:
        click.echo(NOTHING_OFFERED, err=True)
    click.echo(FICTIONAL if snapshot.fictional else CONFIDENTIAL)


def named(snapshot: Snapshot) -> Case:
    """Return the case with each plant under the name of its organisation, as its operator knows it.

    No rule asks who runs a plant, so nothing else changes; senders stay ids, because lines refer to them.
    """
    case = snapshot.case
    name_of = {
        int(row): snapshot.window_names[str(window)][0]
        for window, row in zip(case.capacities.capacity_id, case.capacities.facility, strict=True)
    }
    names = np.array([name_of[row] for row in range(len(case.facilities.facility_id))], dtype=str)
    return case.replace(facilities=replace(case.facilities, organisation=names))
