"""What is measured on every case, in the order in which it is told."""

from __future__ import annotations

from dataclasses import dataclass

from web.cli.benchmark.changes import one_percent_task, one_posting_task
from web.cli.benchmark.folder import folder_task
from web.cli.benchmark.product import plan_task, verify_task
from web.cli.benchmark.script import geodesic_task, networkx_task
from web.cli.benchmark.solvers import lemon_task, ortools_task
from web.cli.benchmark.task import Prepare


@dataclass(frozen=True)
class Part:
    """One row of the table: its key in JSON, what it is, and how it is prepared."""

    key: str
    en: str
    prepare: Prepare


PARTS = (
    Part("product", "product: arrays to verified plan", plan_task),
    Part("verify", "verify from arrays", verify_task),
    Part("folder", "folder to written, checked plan", folder_task),
    Part("one_posting", "one posting changed, from the plan before", one_posting_task),
    Part("one_percent", "1 % of the outputs changed, likewise", one_percent_task),
    Part("ortools", "bare OR-Tools, one flow", ortools_task),
    Part("lemon", "bare LEMON, one flow", lemon_task),
    Part("geodesic", "script: geopy pair by pair", geodesic_task),
    Part("networkx", "script: networkx simplex", networkx_task),
)
