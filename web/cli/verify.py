"""`circularity verify`: check a written plan against its case, independently of the engines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from circularity.errors import BadInput
from circularity.units import M_PER_KM, UCNY_PER_CNY, format_scaled
from matching.plans.verification import UnreadablePlanError, verify_written_plan
from web.cli.problems import show_problems


@click.command()
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.argument("plan", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--ignore-digests", is_flag=True, help="Skip the integrity check; judge the content alone.")
def verify(case: Path, plan: Path, ignore_digests: bool) -> None:
    """Check the PLAN folder against the CASE it was made from.

    Checks integrity, lawfulness, feasibility, values and optimality. Exit codes: 0 verified, 1 refused
    (with the list of what is wrong), 2 unreadable.
    """
    try:
        verification = verify_written_plan(case, plan, ignore_digests=ignore_digests)
    except BadInput as error:
        show_problems(error, as_json=False)
        sys.exit(2)
    except UnreadablePlanError as error:
        click.echo(f"无法读取 · unreadable: {error}", err=True)
        sys.exit(2)
    if verification.faults:
        click.echo("未通过 · refused:")
        click.echo("\n".join(f"  {fault}" for fault in verification.faults))
        sys.exit(1)
    if verification.gap_ucny:
        gap = format_scaled(verification.gap_ucny, UCNY_PER_CNY)
        click.echo(f"本机距离计算相差 1 m 以内；方案与最低成本的差距不超过 {gap} 元")
        click.echo(f"distances differ by a metre here; the plan is within {gap} CNY of the least cost")
    click.echo(_conditions(plan))
    proven_zh, proven_en = (
        ("有界（差距已证明）", "bounded (its gaps are proven)")
        if verification.bounded
        else ("最优", "optimal")
    )
    click.echo(f"已核验：完整、合规预检、可行、数值一致、{proven_zh}")
    click.echo(f"verified: intact, lawful by pre-check, feasible, worth what it says, {proven_en}")


def _conditions(plan: Path) -> str:
    """Say how the case was read: a plan is optimal under these conditions, and they may narrow it."""
    reading = json.loads((plan / "certificate.json").read_text(encoding="utf-8"))["reading"]
    said = [f"as of {reading['as_of']}"]
    if reading["only_lanes"]:
        said.append("--only-lanes")
    if reading["max_distance_m"] is not None:
        said.append(f"--max-distance {format_scaled(reading['max_distance_m'], M_PER_KM)}")
    if reading.get("facilities_from"):
        said.append(f"--facilities-from {reading['facilities_from']}")
    return f"核验条件 · verified under: {', '.join(said)}"
