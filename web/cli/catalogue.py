"""`circularity catalogue import`: official lists replace what the catalogue knows only from memory."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from circularity.catalogue.imports import import_official_list
from circularity.catalogue.overlay import FOLDER_VARIABLE
from circularity.errors import BadInput
from web.cli.problems import show_problems
from web.cli.refusal import Refused


@click.group()
def catalogue() -> None:
    """Reference data: waste lists, with their source and whether somebody has checked them."""


@catalogue.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), envvar=FOLDER_VARIABLE,
              show_envvar=True, default=Path("instance/catalogue"), show_default=True,
              help="Folder of the imported lists.")  # fmt: skip
@click.option("--source", help="Name of the document [default: the file's name].")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="First day of this edition.")
def import_list(file: Path, into: Path, source: str | None, valid_from: datetime | None) -> None:
    """Take in an official list of waste codes (CSV or XLSX with code and name, Chinese or English headers).

    Every row is checked; one bad row and nothing is written. Imported codes count as verified.

    \b
    Examples:
      circularity catalogue import 固体废物分类与代码目录.xlsx
      circularity catalogue import hw2025.csv --source "国家危险废物名录(2025年版)" --valid-from 2025-01-01
    """
    day = valid_from.date() if valid_from else None
    try:
        report = import_official_list(file, into, source=source, valid_from=day)
    except BadInput as error:
        show_problems(error, as_json=False)
        sys.exit(2)
    except OSError as error:
        raise Refused(f"无法写入 · cannot write to {into}: {error}") from error
    click.echo(
        f"已导入 · imported {report.rows}：替换 replaced {report.replaced}，新增 added {report.added}，"
        f"保留 kept {report.kept} → {report.path}"
    )
    click.echo(f"使其生效 · to use it everywhere: export {FOLDER_VARIABLE}={into.resolve()}")
