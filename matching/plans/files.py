"""A plan as a folder: plan, unmatched, prices, summary and certificate, written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from circularity.acceptance import CONDITIONS
from circularity.units import (
    KG_PER_T,
    M_PER_KM,
    MISSING,
    UCNY_PER_CNY,
    UCNY_PER_KG_PER_CNY_PER_T,
    format_date,
    format_scaled,
    format_tonnes,
)
from matching.plans.certificate import certificate_of, sha256_of
from matching.plans.plan import Plan
from matching.plans.summary import NOTICE_EN, NOTICE_ZH, summary

COMPONENTS = ("transport", "gate_fee", "price", "carbon")
PLAN_COLUMNS = (
    "output_id", "capacity_id", "mass_t", "distance_km", "cost_cny",
    *(f"cost_{component}_cny" for component in COMPONENTS), "conditions", "earliest_start",
)  # fmt: skip
UNMATCHED_COLUMNS = (
    "output_id", "mass_t", "reason", "nearest_capacity_id", "slack", "slack_unit", "change_zh", "change_en",
)  # fmt: skip
PRICE_COLUMNS = ("kind", "id", "used_t", "limit_t", "placed_t_per_t", "saving_cny_per_t", "basis")

PLAN_FILES = frozenset(
    ("plan.csv", "unmatched.csv", "prices.csv", "summary.json", "NOTICE.txt", "certificate.json")
)


def write_plan(plan: Plan, directory: Path, reading: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the plan's files through a temporary folder that replaces `directory`; return the summary.

    `reading` holds the options under which the case was read, so that a verifier reads it alike. Raises
    FileExistsError when `directory` exists and holds anything but a plan: nothing foreign is ever replaced.
    """
    _refuse_foreign(directory)
    files = plan_tables(plan)
    described = summary(plan, sha256_of(files["plan.csv"]))
    files["summary.json"] = canonical_json(described)
    files["NOTICE.txt"] = f"{NOTICE_ZH}\n{NOTICE_EN}\n".encode()
    files["certificate.json"] = canonical_json(certificate_of(plan, files, reading or {}))
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        if directory.exists():
            shutil.rmtree(directory)
        temporary.chmod(0o755)
        temporary.rename(directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return described


def _refuse_foreign(directory: Path) -> None:
    if not directory.exists():
        return
    names = {entry.name for entry in directory.iterdir()} if directory.is_dir() else {directory.name}
    if names and "certificate.json" not in names:
        raise FileExistsError(f"{directory} exists and holds no plan; choose another --out")
    if foreign := sorted(names - PLAN_FILES):
        raise FileExistsError(f"{directory} also holds {foreign[0]}; choose another --out")


def canonical_json(value: Any) -> bytes:
    """Return JSON in the one form that a plan folder uses, so that a rewritten file is seen."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def plan_tables(plan: Plan) -> dict[str, bytes]:
    """Return the three tables of a plan as CSV files, rows sorted by id."""
    return {
        "plan.csv": _csv(PLAN_COLUMNS, plan_rows(plan)),
        "unmatched.csv": _csv(UNMATCHED_COLUMNS, unmatched_rows(plan)),
        "prices.csv": _csv(PRICE_COLUMNS, price_rows(plan)),
    }


def plan_rows(plan: Plan) -> Iterable[Sequence[str]]:
    """Yield one row per pair that carries mass; unknown money stays empty and out of the sum."""
    arcs, outputs, capacities = plan.arcs, plan.case.outputs, plan.case.capacities
    for a in np.flatnonzero(plan.mass_kg).tolist():
        mass = int(plan.mass_kg[a])
        unknown = {c for c, flags in arcs.unknown.items() if flags[a]}
        parts = {c: mass * int(arcs.components[c][a]) for c in COMPONENTS if c not in unknown}
        distance = int(arcs.distance_m[a])
        yield (
            str(outputs.output_id[arcs.output[a]]),
            str(capacities.capacity_id[arcs.capacity[a]]),
            format_tonnes(mass),
            "" if distance == MISSING else format_scaled(distance, M_PER_KM),
            format_scaled(sum(parts.values()), UCNY_PER_CNY)
            if unknown < {"transport", "gate_fee", "price"}
            else "",
            *(format_scaled(parts[c], UCNY_PER_CNY) if c in parts else "" for c in COMPONENTS),
            ";".join(condition_codes(int(arcs.conditions[a]))),
            format_date(int(arcs.earliest_day[a])),
        )


def condition_codes(bits: int) -> list[str]:
    """Name the conditions whose bits are set."""
    return [code for k, code in enumerate(CONDITIONS) if bits >> k & 1]


def unmatched_rows(plan: Plan) -> Iterable[Sequence[str]]:
    """Yield one row per output that keeps mass, with its reason and the smallest change."""
    reasons, capacity_ids = plan.reasons, plan.case.capacities.capacity_id
    for k, i in enumerate(reasons.output.tolist()):
        nearest = int(reasons.nearest_capacity[k])
        slack = int(reasons.slack[k])
        yield (
            str(plan.case.outputs.output_id[i]),
            format_tonnes(int(reasons.mass_kg[k])),
            str(reasons.reason[k]),
            "" if nearest < 0 else str(capacity_ids[nearest]),
            "" if slack == MISSING else str(slack),
            str(reasons.slack_unit[k]),
            str(reasons.change_zh[k]),
            str(reasons.change_en[k]),
        )


def price_rows(plan: Plan) -> Iterable[Sequence[str]]:
    """Yield one row per capacity, then per cap, with what one more tonne would do."""
    n_capacities = plan.case.shape[1]
    for node, limit in enumerate(plan.tree.limit_kg.tolist()):
        yield (
            "capacity" if node < n_capacities else "cap",
            plan.case.limit_id(node),
            format_scaled(int(plan.load_kg[node]), KG_PER_T),
            format_scaled(int(limit), KG_PER_T),
            *_price(plan, node),
        )


def _price(plan: Plan, node: int) -> tuple[str, str, str]:
    """Return a limit's price and what it is: exact, at_most where lots or crossing caps bind, or unknown."""
    if node in plan.unpriced:
        return "", "", "unknown"
    basis = "at_most" if node in plan.priced_at_most else "exact"
    saving = format_scaled(int(plan.prices.saving_ucny_per_kg[node]), UCNY_PER_KG_PER_CNY_PER_T)
    return str(int(plan.prices.placed_per_kg[node])), saving, basis


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
