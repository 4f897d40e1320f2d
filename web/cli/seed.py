"""`circularity seed`: the fictional Delta, or a generated one of any size."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from sqlalchemy import Engine, select

from circularity.database import writing
from circularity.organisations import Organisation
from seed.generate_delta import MAX_OUTPUTS, generate_delta
from seed.parties import Delta
from seed.story import play
from seed.tables import read_delta
from web.cli.database import database_option, open_database
from web.cli.progress import progress_bar
from web.cli.refusal import Refused

FICTIONAL = (
    "以上单位、许可与数量均为虚构，仅供演示 · "
    "all parties, permits and quantities are fictional, for show only"
)
REAL = (
    "库中有真实单位，演示数据不得混入；请用 --database 另建 · "
    "the database holds real parties, fictional ones do not go among them; name another with --database"
)
SCALE = (
    "规模：上海按公开统计总量，苏、浙、皖各约为本省统计的十分之一 · "
    "scale: Shanghai as in public statistics, each neighbour about a tenth of its own"
)


@click.command()
@click.option("--size", type=click.IntRange(1, MAX_OUTPUTS), help="Generate a Delta with so many outputs "
              "instead of loading the named one.")  # fmt: skip
@click.option("--random-seed", type=click.IntRange(0, 276), default=1, show_default=True,
              help="Which generated Delta; the same number always makes the same one.")  # fmt: skip
@database_option
def seed(size: int | None, random_seed: int, database: str) -> None:
    """Load a fictional Yangtze River Delta into the database, which is created where it lacks.

    Without --size: 60 named generators and 45 facilities with licences, whitelist entries, assays and a
    quarter's lots, counted from today. Loading the same again adds nothing. All of it is fictional.

    \b
    Examples:
      circularity seed
      circularity seed --size 1000 --random-seed 7 --database big.db
    """
    engine = open_database(database, create=True)
    delta = read_delta() if size is None else generate_delta(size, random_seed)
    lines = load(engine, delta)
    click.echo("\n".join(lines if size else [*lines, SCALE]))


def load(engine: Engine, delta: Delta, loads: int = 0) -> list[str]:
    """Play a Delta into the database unless it is there, and return what there is to say about it.

    With `loads` the quarter before today is told too, with about so many transfers and sheets. Raises
    Refused for a database with real parties: fictional permits must never stand among real ones.
    """
    with progress_bar() as tell, writing(engine).begin() as session:
        if session.scalar(select(Organisation.id).where(~Organisation.fictional).limit(1)):
            raise Refused(REAL)
        heard = (lambda told, total: tell("seed", told / total)) if tell else None
        played = play(session, delta, at=datetime.now(UTC), loads=loads, progress=heard)
    if not played:
        return ["演示数据已在库中，未重复载入 · the demo data are there already; nothing was added"]
    roles = [party.role for party in delta.parties]
    counts = (
        f"产废单位 generators {roles.count('generator')}，利用处置设施 facilities {roles.count('facility')}，"
        f"待处理批次 outputs {sum(flow.lots for flow in delta.flows)}，能力窗口 windows {len(delta.lines)}，"
        f"白名单 whitelist {len(delta.whitelist)}"
    )
    return [f"已载入 · loaded: {counts}", FICTIONAL]
