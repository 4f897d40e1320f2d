"""A run's result as files: its plan and what it left, row by row, as far as the asker is told of them.

They hold what the run's page shows, all of it: masses as numbers where both sides are told, else their bands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

from flask import Response
from flask_babel import gettext

from circularity.organisations import Site
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal, Unmatched, proposals_of_run, unmatched_of_run
from circularity.units import (
    KG_PER_T,
    M_PER_KM,
    UCNY_PER_KG_PER_CNY_PER_T,
    format_scaled,
)
from web.formats import operation_name, region_name, waste_name
from web.language import said
from web.pages.csv_answer import csv_answer
from web.pages.disclosure import band, is_told, tells_all, told_change
from web.pages.runs import find_run
from web.session import read_session
from web.words import word

Row = TypeVar("Row")

_AT_ONCE = 2_000
"""Rows read at once: a run may hold many more than a server should keep."""


def download_plan(public_id: str) -> Response:
    """Send what the run proposes, pair by pair."""
    session, told = read_session(), tells_all()
    run = find_run(session, public_id)
    header = (
        *_output_header(), gettext("Facility"), gettext("Region"), gettext("Operation"), gettext("Mass (t)"),
        gettext("Distance (km)"), gettext("Cost (CNY/t)"), gettext("First day"), gettext("Last day"),
        gettext("Conditions"), "output_id", "window_id",
    )  # fmt: skip
    rows = _all(
        lambda limit, offset: proposals_of_run(session, run, limit=limit, offset=offset, heaviest_first=told)
    )
    return csv_answer("plan.csv", header, map(_pair, rows))


def download_unmatched(public_id: str) -> Response:
    """Send what the run left over, with its reasons."""
    session, told = read_session(), tells_all()
    run = find_run(session, public_id)
    header = (
        *_output_header(), gettext("Unmatched (t)"), gettext("Reason"), gettext("What would help"),
        "output_id",
    )  # fmt: skip
    rows = _all(
        lambda limit, offset: unmatched_of_run(session, run, limit=limit, offset=offset, heaviest_first=told)
    )
    return csv_answer("unmatched.csv", header, map(_left, rows))


def _all(load: Callable[[int, int], Sequence[Row]]) -> Iterator[Row]:
    """Yield every row, part by part; `load` takes limit and offset."""
    offset, part = 0, load(_AT_ONCE, 0)
    while part:
        yield from part
        offset += len(part)
        part = load(_AT_ONCE, offset) if len(part) == _AT_ONCE else ()


def _pair(proposal: Proposal) -> Sequence[object]:
    output, window = proposal.output, proposal.window
    cost = proposal.cost_ucny_per_kg if is_told(output, window) else None
    return (
        *_output(output),
        *_place(window.line.entitlement.facility.site),
        operation_name(proposal.operation),
        _mass(proposal.mass_kg, output, window),
        _number(proposal.distance_m, M_PER_KM),
        _number(cost, UCNY_PER_KG_PER_CNY_PER_T),
        proposal.earliest,
        proposal.latest,
        "、".join(word("rule", code) for code in proposal.conditions),
        output.public_id,
        window.public_id,
    )


def _left(left: Unmatched) -> Sequence[object]:
    return (
        *_output(left.output),
        _mass(left.mass_kg, left.output),
        word("rule", left.reason),
        told_change(left),
        left.output.public_id,
    )


def _output_header() -> tuple[str, ...]:
    return gettext("Waste"), gettext("Waste code"), gettext("From"), gettext("Region")


def _output(output: Output) -> tuple[str, ...]:
    return waste_name(output.waste_code), output.waste_code, *_place(output.site)


def _place(site: Site) -> tuple[str, str]:
    return said(site.organisation), region_name(site.region_code)


def _mass(mass_kg: int, *sides: Output | CapacityWindow) -> Decimal | str | None:
    return _number(mass_kg, KG_PER_T) if is_told(*sides) else band(mass_kg)


def _number(value: int | None, scale: int) -> Decimal | None:
    """Return an exact number, which a spreadsheet may sum."""
    return None if value is None else Decimal(format_scaled(value, scale))
