"""`circularity bench`: the product beside bare solvers and a plain script, on generated cases."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from matching.engines.network_flow import ENGINES
from seed.generate import TIGHTNESS_PERMILLE
from web.cli.benchmark.report import LEGEND, MEANING, case_lines, machine_line
from web.cli.benchmark.rounds import machine, measure_case
from web.cli.benchmark.standard_case import StandardCase
from web.cli.benchmark.task import Options


class Sizes(click.ParamType[list[tuple[int, int]]]):
    """Sizes such as `1000x100,10000x500`: outputs by capacities."""

    name = "SIZES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return pairs of outputs and capacities; fails the command for anything else."""
        if not isinstance(value, str):
            return value
        sizes = [tuple(size.strip().split("x")) for size in value.split(",")]
        if not all(len(size) == 2 and all(n.isdecimal() for n in size) for size in sizes):
            self.fail(f"{value!r} is no list such as 1000x100,10000x500", param, ctx)
        return [(int(outputs), int(capacities)) for outputs, capacities in sizes]


@click.command()
@click.option("--sizes", type=Sizes(), default="1000x100,10000x500", show_default=True,
              help="Outputs x capacities, comma-separated.")  # fmt: skip
@click.option("--groups", type=click.IntRange(1, 50), default=10, show_default=True,
              help="Waste groups: 10 make dense cases, 50 realistic ones.")  # fmt: skip
@click.option("--tightness", type=click.Choice([*TIGHTNESS_PERMILLE, "both"]), default="both",
              show_default=True, help="Capacity as posted, half as much again, or both.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 99), default=5, show_default=True)
@click.option("--engine", type=click.Choice(["auto", *sorted(ENGINES)]), default="auto", show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--naive", is_flag=True, help="Run the plain script whole also where it takes minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def bench(sizes: list[tuple[int, int]], groups: int, tightness: str, **chosen: Any) -> None:
    """Measure matching and verifying beside bare solvers and a plain script, in turns, on generated cases.

    Every part runs in a process of its own. Machines are noisy: compare the ratios of one call, not the
    seconds of two. 50000x2000 takes minutes and some gigabytes.

    \b
    Examples:
      circularity bench
      circularity bench --sizes 1000x100 --tightness tight --repeat 3
      circularity bench --sizes 10000x500 --naive --json
    """
    for size in sizes:
        if min(size[0], size[1] // 2) < groups:
            raise click.BadParameter(
                f"{size[0]}x{size[1]} is too small for {groups} groups", param_hint="--sizes"
            )
    options = Options(chosen["engine"], chosen["processes"], chosen["naive"])
    kinds = list(TIGHTNESS_PERMILLE) if tightness == "both" else [tightness]
    found: dict[str, Any] = {
        "machine": machine(),
        "engine": options.engine,
        "processes": options.processes,
        "cases": [],
    }
    if not chosen["as_json"]:
        click.echo(f"{machine_line(found['machine'])}\n{LEGEND}\n{MEANING}\n")
    for size in sizes:
        for kind in kinds:
            measured = measure_case(StandardCase(*size, groups, kind), options, chosen["repeat"], _tell)
            found["cases"].append(measured)
            if not chosen["as_json"]:
                click.echo("\n".join(case_lines(measured)))
    if chosen["as_json"]:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))


def _tell(doing: str) -> None:
    """Say on a terminal what is being done, on one line that the next message takes over."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{doing}", nl=False, err=True)
