"""Bad input on the terminal: every problem with its file, row, column, rule and what was found."""

from __future__ import annotations

import json

import click

from circularity.errors import BadInput


def show_problems(error: BadInput, *, as_json: bool) -> None:
    """Print the problems to stderr, or as JSON to stdout where the caller asked for JSON."""
    if as_json:
        problems = [problem.as_dict() for problem in error.problems]
        click.echo(json.dumps({"status": "bad_input", "problems": problems}, ensure_ascii=False, indent=1))
        return
    click.echo(f"{error.zh} · {error}", err=True)
    for problem in error.problems:
        place = ":".join(
            str(part) for part in (problem.file, problem.row, problem.column) if part is not None
        )
        click.echo(f"  {place} [{problem.rule}] {problem.zh} · {problem.en} ({problem.found!r})", err=True)
    click.echo("没有写入任何内容。 · Nothing was written.", err=True)
