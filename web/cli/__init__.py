"""The words of the circularity command; each sub-command is loaded only when it is called.

So `circularity match` starts without Flask and SQLAlchemy, and `--help` without the solvers.
"""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "match": ("web.cli.match:match", "Match a case (folder or Excel) and prove the plan. No database."),
    "verify": ("web.cli.verify:verify", "Check a written plan against its case, independently."),
    "demo": ("web.cli.demo:demo", "Load the fictional Delta, match it, print the rates and serve it."),
    "init": ("web.cli.database:init", "Create or upgrade the database."),
    "seed": ("web.cli.seed:seed", "Load the fictional Delta, or a generated one of any size."),
    "run": ("web.cli.run:run", "Match everything in the database and store the verified result."),
    "planned-rates": ("web.cli.rates:planned_rates", "Planned utilisation rates of the newest run."),
    "rates": ("web.cli.rates:rates", "Reported utilisation rates against the targets."),
    "recommend": (
        "web.cli.recommend:recommend",
        "Best outlets for an output, best feed for a capacity window.",
    ),
    "export": ("web.cli.export:export", "Write what the database would match as a case for `match`."),
    "serve": ("web.cli.serve:serve", "Serve the web pages and the API."),
    "bench": ("web.cli.bench:bench", "Measure the product beside bare solvers and a plain script."),
    "worker": ("web.cli.worker:worker", "Do the jobs that pages and API ask for."),
    "audit": ("web.cli.audit:audit", "Verify the audit chain, and note its head outside the database."),
    "user": ("web.cli.user:user", "Add, list and stop people who sign in."),
    "catalogue": ("web.cli.catalogue:catalogue", "Import official waste lists into the catalogue."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the command names in the order of a first day with the product."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is the framework's
        """Return the command, imported now, or None for an unknown word."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the signature is the framework's
        """List the commands with their one-line descriptions without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(package_name="circularity")
def main() -> None:
    """Find every tonne of solid waste a lawful, near and useful outlet, and prove it.

    First steps: `circularity demo` shows everything on fictional data; `circularity match CASE` matches
    your own folder or Excel file and writes a proven plan beside it.
    """
