"""`circularity audit verify` and `audit head`: is the record of all acts whole, and how long is it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from circularity.audit import Anchor, ChainReport, verify_chain
from circularity.database import reading
from web.cli.database import database_option, open_database
from web.cli.refusal import Refused

MOST_SHOWN = 20


@click.group()
def audit() -> None:
    """Check that no act was edited, deleted, moved or cut off since it was written.

    \b
    Examples:
      circularity audit head --out head.json
      circularity audit verify --anchor head.json
    """


@audit.command()
@click.option("--anchor", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A head noted before; without one a cut tail is not found.")  # fmt: skip
@database_option
def verify(anchor: Path | None, database: str) -> None:
    """Walk the whole chain. Exit codes: 0 whole, 1 not, 2 unreadable."""
    noted = _noted(anchor) if anchor is not None else None
    report = _report(database, noted)
    if report.faults:
        click.echo(f"审计链不完整 · the audit chain is not whole: {len(report.faults)}")
        click.echo("\n".join(f"  {fault}" for fault in report.faults[:MOST_SHOWN]))
        sys.exit(1)
    click.echo(f"审计链完整 · the audit chain is whole: {report.head.events}  {report.head.digest}")
    if noted is None:
        click.echo(
            "未与外部记录的链首比对，末尾被截断无法发现 · no noted head: a cut tail would not be found"
        )
    else:
        click.echo(f"含外部记录的链首 · it contains the noted head: {noted.events}")


@audit.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where to note it; else it is printed.")  # fmt: skip
@database_option
def head(out: Path | None, database: str) -> None:
    """Note how many acts there are and the last digest, after checking the chain.

    Keep the file where nobody who can write to the database can write.
    """
    report = _report(database, None)
    if report.faults:
        raise Refused(
            f"审计链不完整，先 · the chain is not whole, first: circularity audit verify\n{report.faults[0]}"
        )
    if out is None:
        click.echo(report.head.as_text(), nl=False)
        return
    try:
        out.write_text(report.head.as_text(), encoding="utf-8")
    except OSError as error:
        raise Refused(f"无法写入 · cannot write {out}: {error.strerror}") from error
    click.echo(f"已记录 · noted: {out}  {report.head.events}")


def _report(database: str, noted: Anchor | None) -> ChainReport:
    engine = open_database(database)
    with reading(engine)() as session:
        return verify_chain(session, noted)


def _noted(file: Path) -> Anchor:
    try:
        return Anchor.of_text(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise Refused(f"不是链首记录 · {file}: {error}") from error
