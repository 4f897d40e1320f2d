"""A command that cannot go on says why and ends with exit code 2, without a traceback."""

from __future__ import annotations

from typing import IO, Any

import click


class Refused(click.ClickException):
    """What was asked cannot be done as asked; the message is what to do about it."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message to stderr."""
        click.echo(f"错误 · error: {self.format_message()}", err=file is None, file=file)
