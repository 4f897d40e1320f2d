"""`circularity recommend`: the best outlets for one output, the best feed for one capacity window."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.acceptance import WORDS
from circularity.banding import Band
from circularity.catalogue import operations, waste_types
from circularity.database import reading
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.runs.stored import latest_run, unmatched_of_output
from circularity.units import (
    KG_PER_T,
    M_PER_KM,
    UCNY_PER_KG_PER_CNY_PER_T,
    divide_half_up,
    format_scaled,
    format_tonnes,
)
from matching.advice.recommending import Recommendation, feed_for_window, outlets_for_output
from matching.database.snapshot_live import LiveReceivers
from web.cli.database import database_option, open_database
from web.cli.loss_text import loss_cell, loss_values, priced_line
from web.cli.refusal import Refused
from web.cli.run_text import closing_lines
from web.cli.text_table import text_table

Posting = TypeVar("Posting", Output, CapacityWindow)
Function = TypeVar("Function", bound=Callable[..., Any])


def _options(function: Function) -> Function:
    """Give both commands the same options."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the advice as JSON."),
        click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True),
        database_option,
    ):
        function = option(function)
    return function


@click.group()
def recommend() -> None:
    """Best outlets for an output, best feed for a capacity window.

    An ID is the id that pages, API and `run` show; its first characters are enough where they are unique.
    The order is that of a run (utilisation, hierarchy, cost); it is advice and no promise of room.

    \b
    Examples:
      circularity recommend output 3f2a91
      circularity recommend window 77b0c4 --limit 5 --json
    """


@recommend.command("output")
@click.argument("public_id", metavar="ID")
@_options
def for_output(public_id: str, as_json: bool, limit: int, database: str) -> None:
    """The best lawful or conditional outlets for one output, and why the newest run left any of it."""
    engine = open_database(database)
    with reading(engine)() as session:
        output = _find(session, Output, public_id)
        found = outlets_for_output(LiveReceivers(), session, output, at=datetime.now(UTC), limit=limit)
        why = _why_unmatched(session, output)
        if as_json:
            click.echo(_json({"output": output.public_id, "unmatched": why}, found))
        else:
            head = [_output_line(output)]
            head += (
                [f"上次撮合未匹配 · left by the newest run: {why['change_zh']} · {why['change_en']}"]
                if why
                else []
            )
            _echo(head, found, [_receiver(r) for r in found], fictional=output.site.organisation.fictional)


@recommend.command("window")
@click.argument("public_id", metavar="ID")
@_options
def for_window(public_id: str, as_json: bool, limit: int, database: str) -> None:
    """The outputs that suit one capacity window best."""
    engine = open_database(database)
    with reading(engine)() as session:
        window = _find(session, CapacityWindow, public_id)
        found = feed_for_window(session, window, at=datetime.now(UTC), limit=limit)
        if as_json:
            click.echo(_json({"window": window.public_id}, found))
        else:
            organisation = window.line.entitlement.facility.site.organisation
            senders = [f"{r.output.site.organisation.name_zh} {r.output.waste_code}" for r in found]
            _echo([_window_line(window)], found, senders, fictional=organisation.fictional)


def _find(session: Session, model: type[Posting], beginning: str) -> Posting:
    """Return the one row whose public id begins so; raises Refused for none or several."""
    wanted = select(model).where(model.public_id.startswith(beginning, autoescape=True)).limit(2)
    rows = session.scalars(wanted).all() if beginning else []
    if len(rows) != 1:
        state = "不唯一 · is not unique" if rows else "不存在 · does not exist"
        raise Refused(f"{beginning!r} {state}")
    return rows[0]


def _why_unmatched(session: Session, output: Output) -> dict[str, str] | None:
    run = latest_run(session)
    left = unmatched_of_output(session, run, output) if run else None
    if left is None:
        return None
    return {
        "mass_t": format_tonnes(left.mass_kg),
        "reason": left.reason,
        "change_zh": left.change_zh,
        "change_en": left.change_en,
    }


def _echo(head: list[str], found: Sequence[Recommendation], others: list[str], *, fictional: bool) -> None:
    header = (
        "#",
        "对方 counterpart",
        "方式 operation",
        "手续 conditions",
        "最早 earliest",
        "km",
        "CNY/t",
        "t",
        "区域损失 region loses",
    )
    rows = [
        [
            str(number),
            other,
            f"{r.operation} {operations.get(r.operation).name_zh}",
            ", ".join(_condition(code) for code in r.conditions) or "无须先办 none first",
            r.earliest.isoformat(),
            "–" if r.distance_m is None else str(divide_half_up(r.distance_m, M_PER_KM)),
            _cost(r),
            _mass(r.mass),
            loss_cell(r.loss),
        ]
        for number, (r, other) in enumerate(zip(found, others, strict=True), start=1)
    ]
    table = text_table(header, rows, left=5) if rows else ["  没有合规去向 · no lawful counterpart"]
    said = {
        f"{f.zh} · {f.en} [{f.legal.document_zh} {f.legal.article_zh}]" for r in found for f in r.findings
    }
    said |= {priced_line(r.loss.run) for r in found if r.loss is not None}
    click.echo("\n".join([*head, *table, *(f"  - {line}" for line in sorted(said)), ""]))
    click.echo("\n".join(closing_lines(fictional=fictional)))


def _output_line(output: Output) -> str:
    waste = waste_types.find(output.waste_code, datetime.now(UTC).date())
    return (
        f"{output.site.organisation.name_zh}: {output.waste_code} {waste.name_zh} {waste.name_en}, "
        f"{format_tonnes(output.mass_kg)} t"
    )


def _window_line(window: CapacityWindow) -> str:
    line = window.line
    return (
        f"{line.entitlement.facility.site.organisation.name_zh}: {line.waste_pattern} "
        f"{line.operation} {operations.get(line.operation).name_zh}, {format_tonnes(window.offered_kg)} t"
    )


def _receiver(found: Recommendation) -> str:
    return found.window.line.entitlement.facility.site.organisation.name_zh


def _condition(code: str) -> str:
    return f"{WORDS[code].name_zh} {WORDS[code].name_en}"


def _cost(found: Recommendation) -> str:
    """Return the known cost per tonne, marked where somebody stated no price."""
    unknown = any(value is None for value in found.costs_ucny_per_kg.values())
    return f"{divide_half_up(found.cost_ucny_per_kg, UCNY_PER_KG_PER_CNY_PER_T):,}{'+?' if unknown else ''}"


def _mass(mass: int | Band) -> str:
    if isinstance(mass, Band):
        high = "" if mass.high_kg is None else f"{mass.high_kg // KG_PER_T:,}"
        return f"{mass.low_kg // KG_PER_T:,}–{high}"
    return f"{divide_half_up(mass, KG_PER_T):,}"


def _json(head: dict[str, Any], found: Sequence[Recommendation]) -> str:
    rows = [
        {
            "output": r.output.public_id,
            "window": r.window.public_id,
            "facility": _receiver(r),
            "generator": r.output.site.organisation.name_zh,
            "waste_code": r.output.waste_code,
            "operation": r.operation,
            "utilises": r.utilises,
            "offered_t": _mass_value(r.mass),
            "distance_km": None if r.distance_m is None else format_scaled(r.distance_m, M_PER_KM),
            "cost_cny_per_t": format_scaled(r.cost_ucny_per_kg, UCNY_PER_KG_PER_CNY_PER_T),
            "costs_unknown": sorted(name for name, value in r.costs_ucny_per_kg.items() if value is None),
            "conditions": list(r.conditions),
            "earliest": r.earliest.isoformat(),
            "latest": r.latest.isoformat() if r.latest else None,
            "region_loss": loss_values(r.loss),
        }
        for r in found
    ]
    return json.dumps({**head, "recommendations": rows}, ensure_ascii=False, indent=1)


def _mass_value(mass: int | Band) -> str | dict[str, str | None]:
    if isinstance(mass, Band):
        high = None if mass.high_kg is None else format_tonnes(mass.high_kg)
        return {"from": format_tonnes(mass.low_kg), "below": high}
    return format_tonnes(mass)
