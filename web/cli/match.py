"""`circularity match`: a case in, a proven plan out, without any database."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import click

from circularity.errors import BadInput
from circularity.units import M_PER_KM, MISSING, NotAQuantity, format_scaled, parse_scaled
from matching.case_format.columns import PARAMETER_ROWS
from matching.case_format.files import ReadCase, read_case
from matching.case_format.kinds import NUMBERS
from matching.engines.network_flow import ENGINES, NotProvenError
from matching.engines.side_solve import LIMIT_S
from matching.near_optimal.alternatives import ALLOWANCE_PERMILLE, NotOfferedError, alternatives
from matching.near_optimal.words import alternative_values
from matching.parameters import InvalidCase, Parameters
from matching.plans.files import write_plan
from matching.plans.plan import Plan, PlanRefusedError, make_plan
from matching.plans.summary import summary
from web.cli.alternatives_text import alternatives_text
from web.cli.placement_text import placement_lines
from web.cli.plan_text import plan_text
from web.cli.problems import show_problems
from web.cli.progress import progress_bar
from web.cli.why_text import why_lines

_OWN: dict[str, Any] = {f.name: f.default for f in fields(Parameters)}
DEFAULTS = ", ".join(
    f"{row.name}={format_scaled(_OWN[row.field], NUMBERS[row.kind].scale)}"
    if row.kind in NUMBERS and _OWN[row.field] != MISSING
    else row.name
    for row in PARAMETER_ROWS
)

OTHER_SIDE = (
    "表中只有自己的废物？用 --facilities-from 案例 补上去处 · "
    "only your own wastes? Take the outlets from another case: --facilities-from CASE"
)


class Kilometres(click.ParamType[int]):
    """A distance typed in kilometres with at most three decimals, as whole metres."""

    name = "KM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return metres; fails the command for anything but a non-negative number."""
        if isinstance(value, int):
            return value
        try:
            return parse_scaled(value, M_PER_KM, minimum=0, maximum=10**9)
        except NotAQuantity as error:
            self.fail(f"{value!r} is no distance in km ({error.rule})", param, ctx)


@click.command(
    epilog=f"A case's sheet `parameters` (columns name, value) may set, with these defaults: {DEFAULTS}. "
    "Exit codes: 0 done, 1 own plan failed verification, 2 bad input, 3 not proven (written with its gap)."
)
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the plan [default: CASE-plan].")
@click.option("--facilities-from", type=click.Path(exists=True, path_type=Path),
              help="Take facilities and capacities from this case; CASE needs only outputs.")  # fmt: skip
@click.option("--only-lanes", is_flag=True, help="Consider only the pairs named in the sheet `lanes`.")
@click.option("--max-distance", type=Kilometres(), help="Consider no pair farther apart than this.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Ask the rules as of this day [today].")
@click.option("--engine", type=click.Choice(["auto", *sorted(ENGINES)]), default="auto", show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=0), default=LIMIT_S, show_default=True,
              help="Search so long in each part that minimum lots or crossing caps bind.")  # fmt: skip
@click.option("--friendly/--strict", default=None, help="Read people's Excel, or insist on the exact format "
              "[friendly for a file, strict for a folder].")  # fmt: skip
@click.option("--why", metavar="OUTPUT_ID", help="Also print this output's lawful outlets, best first.")
@click.option("--alternatives", "with_alternatives", is_flag=True,
              help="Also print plans that travel less, spread the load or need fewer partners.")  # fmt: skip
@click.option("--allowance", type=click.IntRange(0, 100), default=ALLOWANCE_PERMILLE // 10, show_default=True,
              metavar="PERCENT", help="How much more than the optimum alternatives may cost.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON; write only with --out.")
def match(case: Path, **chosen: Any) -> None:
    """Match the outputs of CASE to lawful outlets, prove the optimum, explain the rest.

    CASE is a folder of CSV files or one XLSX with the sheets outputs, facilities, capacities and, if you
    have them, caps, lanes, parameters. Only ids, waste codes, masses and coordinates (or lanes) are needed.

    \b
    Examples:
      circularity match my-case
      circularity match ledger.xlsx --facilities-from delta --out plan
      circularity match my-case --only-lanes --json
    """
    try:
        _match(case, chosen)
    except BadInput as error:
        show_problems(error, as_json=chosen["as_json"])
        if not chosen["facilities_from"] and any(found.rule == "missing_sheet" for found in error.problems):
            click.echo(OTHER_SIDE, err=True)
        sys.exit(2)
    except (InvalidCase, OverflowError, FileExistsError) as error:
        click.echo(f"错误 · {error}", err=True)
        sys.exit(2)
    except PlanRefusedError as error:
        click.echo("方案未通过自检，未写入 · the plan failed its own verification; nothing written", err=True)
        click.echo("\n".join(f"  {fault}" for fault in error.faults), err=True)
        sys.exit(1)
    except NotProvenError as error:
        click.echo(f"未能证明最优 · not proven: {error}", err=True)
        sys.exit(3)


def _match(case: Path, chosen: dict[str, Any]) -> None:
    friendly, as_of, facilities_from = chosen["friendly"], chosen["as_of"], chosen["facilities_from"]
    options: dict[str, Any] = {
        "friendly": friendly if friendly is not None else case.is_file(),
        "only_lanes": chosen["only_lanes"],
        "max_distance_m": chosen["max_distance"],
        "as_of": as_of.date() if as_of else None,
        "facilities_from": facilities_from,
    }
    read = read_case(case, **options)
    if chosen["why"] and chosen["why"] not in read.case.outputs.output_id:
        raise click.BadParameter(f"{chosen['why']} is no output of this case", param_hint="--why")
    with progress_bar() as progress:
        plan = make_plan(
            read.case,
            engine=chosen["engine"],
            processes=chosen["processes"],
            progress=progress,
            limit_s=chosen["seconds"],
        )
    reading = {
        **options,
        "as_of": date.fromordinal(read.case.parameters.as_of_day).isoformat(),
        "facilities_from": str(facilities_from) if facilities_from else None,
    }
    target = chosen["out"] or (None if chosen["as_json"] else default_target(case))
    described = write_plan(plan, target, reading) if target else summary(plan)
    allowance = chosen["allowance"] * 10
    told = _alternatives(plan, allowance, chosen["engine"]) if chosen["with_alternatives"] else None
    if told is not None and chosen["as_json"]:
        described = {**described, "alternatives": told}
    placed = [] if chosen["as_json"] else placement_lines(plan)
    _show(described, read, case, target, placed, as_json=chosen["as_json"])
    if told is not None and not chosen["as_json"]:
        click.echo("\n" + alternatives_text(told, allowance))
    if chosen["why"] and not chosen["as_json"]:
        click.echo("\n" + "\n".join(why_lines(plan, chosen["why"])))
    if plan.status != "optimal":
        sys.exit(3)


def _alternatives(plan: Plan, allowance_permille: int, engine: str) -> list[dict[str, Any]] | None:
    """Return the near-optimal alternatives as values; None, with a note, where there are none to offer."""
    try:
        return [alternative_values(plan, found) for found in alternatives(plan, allowance_permille, engine)]
    except (NotOfferedError, NotProvenError, ArithmeticError) as error:
        # the plan itself stands, and may be written already
        click.echo(f"注 · note {error}", err=True)
        return None


def default_target(case: Path) -> Path:
    """Return the plan folder beside a case: CASE-plan."""
    return case.with_name(f"{case.stem if case.is_file() else case.name}-plan")


def _show(
    described: dict[str, Any],
    read: ReadCase,
    case: Path,
    target: Path | None,
    placed: list[str],
    *,
    as_json: bool,
) -> None:
    notes = [
        f"{':'.join(str(part) for part in (note.file, note.row, note.column) if part)} "
        f"[{note.rule}] {note.zh} · {note.en}"
        for note in read.notes
    ]
    if as_json:
        click.echo(json.dumps({**described, "notes": notes}, ensure_ascii=False, indent=1))
        return
    for note in notes:
        click.echo(f"注 · note {note}", err=True)
    click.echo("\n".join([plan_text(described), *placed]))
    check = shlex.join(["circularity", "verify", str(case), str(target)])
    click.echo(f"\n方案目录 · plan folder: {target}\n核验 · check it: {check}")
