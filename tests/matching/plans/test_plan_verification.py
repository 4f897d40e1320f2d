"""A written plan against its case: what is forged or broken is refused or unreadable, never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import AS_OF

from circularity.acceptance.pairs import Pairs
from matching.case_format.files import read_case
from matching.flow.problem import COST_LEVEL, LEVELS
from matching.pairs.arcs import arcs_of, find_arcs
from matching.pairs.eligibility import listed_lawful, tables_of, with_distances
from matching.pairs.parts import prepare, whole
from matching.plans.files import write_plan
from matching.plans.metre_apart import arcs_as_stated
from matching.plans.plan import LevelValue, Plan, make_plan
from matching.plans.verification import UnreadablePlanError, verify_written_plan

READING: dict[str, Any] = {
    "as_of": AS_OF.isoformat(), "friendly": False, "only_lanes": False, "max_distance_m": None,
}  # fmt: skip


@pytest.fixture
def case_path(tmp_path: Path) -> Path:
    """5 t of ash, a near outlet at 10 CNY/t and a far one at 90, each with room for 10 t."""
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "outputs.csv").write_text(
        "output_id,lat,lon,waste_code,mass_t\nO,31.2,121.4,900-001-S02,5\n", encoding="utf-8"
    )
    (folder / "facilities.csv").write_text(
        "facility_id,lat,lon\nF,31.3,121.5\nG,31.4,121.7\n", encoding="utf-8"
    )
    (folder / "capacities.csv").write_text(
        "capacity_id,facility_id,waste_pattern,operation,capacity_t,gate_fee_cny_per_t\n"
        "NEAR,F,SW02,C2,10,10\nFAR,G,SW02,C2,10,90\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def plan(case_path: Path) -> Plan:
    return make_plan(read_case(case_path, friendly=False, as_of=AS_OF).case)


def a_metre_farther(plan: Plan) -> Plan:
    """Return the plan as a machine states it whose distances are a metre longer, costs and all."""
    arcs = arcs_as_stated(plan.case, plan.arcs, plan.arcs.distance_m + 1)
    cost = int((plan.mass_kg * arcs.cost_ucny_per_kg).sum())
    levels = list(plan.levels)
    levels[COST_LEVEL] = replace(levels[COST_LEVEL], value=cost, bound=cost)
    return replace(plan, arcs=arcs, levels=tuple(levels))


def test_a_plan_written_on_a_machine_whose_distances_differ_by_a_metre_is_verified_with_its_gap(
    case_path: Path, plan: Plan, tmp_path: Path
) -> None:
    write_plan(a_metre_farther(plan), tmp_path / "plan", READING)
    verification = verify_written_plan(case_path, tmp_path / "plan")
    assert (verification.faults, verification.gap_ucny) == ([], 0)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plan.csv", ",92.755,42.755,", ",1,1,"),
        ("plan.csv", AS_OF.isoformat(), "2020-01-01"),
        ("prices.csv", "capacity,NEAR,5,10,", "capacity,NEAR,5,90,"),
        ("prices.csv", "FAR,0,10,0,0", "FAR,0,10,1,0"),
        ("prices.csv", "FAR,0,10,0,0", "FAR,0,10,0,77"),
        ("summary.json", '"placed_t": "5"', '"placed_t": "50"'),
        ("summary.json", '"can_move_today_t": "5"', '"can_move_today_t": "4"'),
        ("summary.json", '"cost_cny": "', '"cost_cny": "1'),
    ],
)
def test_a_metre_of_difference_excuses_no_other_word_of_the_plan(
    case_path: Path, plan: Plan, tmp_path: Path, file: str, old: str, new: str
) -> None:
    write_plan(a_metre_farther(plan), tmp_path / "plan", READING)
    path = tmp_path / "plan" / file
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before, before
    faults = verify_written_plan(case_path, tmp_path / "plan", ignore_digests=True).faults
    assert [file in fault for fault in faults[:1]] == [True], faults


def test_a_metre_of_difference_excuses_no_reason_of_what_is_left(case_path: Path, tmp_path: Path) -> None:
    outputs = case_path / "outputs.csv"
    outputs.write_text(outputs.read_text(encoding="utf-8").replace(",5\n", ",25\n"), encoding="utf-8")
    plan = make_plan(read_case(case_path, friendly=False, as_of=AS_OF).case)
    write_plan(a_metre_farther(plan), tmp_path / "plan", READING)
    assert verify_written_plan(case_path, tmp_path / "plan").faults == []
    path = tmp_path / "plan" / "unmatched.csv"
    for old, new in [("capacity,", "waste_code,"), ("合规去处", "不合规去处"), ("more room", "less room")]:
        before = path.read_text(encoding="utf-8")
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        faults = verify_written_plan(case_path, tmp_path / "plan", ignore_digests=True).faults
        assert faults[:1] == ["unmatched.csv does not say what the case and the plan imply"], (old, faults)
        path.write_text(before, encoding="utf-8")


def test_a_metre_of_difference_is_no_licence_for_a_dear_plan(
    case_path: Path, plan: Plan, tmp_path: Path
) -> None:
    every = find_arcs(plan.case)
    (far,) = set(every.capacity.tolist()) - set(plan.arcs.capacity.tolist())
    only = listed_lawful(
        plan.case, with_distances(plan.case, Pairs(tables_of(plan.case), plan.arcs.output, np.array([far])))
    )
    arcs = arcs_of(plan.case, tables_of(plan.case), only, plan.arcs.excluded)
    mass = np.array([5_000])
    # potentials that make both pairs look equally good, at the expense of the limits' own arcs
    potentials = plan.prices.potentials.copy()
    potentials[COST_LEVEL] = [0, *every.cost_ucny_per_kg.tolist(), 0]
    sums = whole(prepare(plan.case)).problem(only).level_sums(mass)
    values = [level.value(total) for level, total in zip(LEVELS, sums, strict=True)]
    forged = replace(
        plan,
        arcs=replace(arcs, distance_m=arcs.distance_m + 1),
        mass_kg=mass,
        levels=tuple(
            LevelValue(level.name, v, level.unit, v) for level, v in zip(LEVELS, values, strict=True)
        ),
        prices=replace(plan.prices, potentials=potentials),
    )
    write_plan(forged, tmp_path / "plan", READING)
    assert "no metre explains that" in verify_written_plan(case_path, tmp_path / "plan").faults[0]


def test_a_cost_that_no_metre_explains_is_refused(case_path: Path, plan: Plan, tmp_path: Path) -> None:
    levels = list(plan.levels)
    levels[COST_LEVEL] = replace(levels[COST_LEVEL], value=-777, bound=-777)
    arcs = replace(plan.arcs, distance_m=plan.arcs.distance_m + 1)
    write_plan(replace(plan, arcs=arcs, levels=tuple(levels)), tmp_path / "plan", READING)
    faults = verify_written_plan(case_path, tmp_path / "plan").faults
    assert [fault.endswith("not -777; no metre explains that") for fault in faults] == [True]


def changed(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "certificate.json"
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    "breaking",
    [
        changed(files=[1]),
        changed(reading=[1]),
        changed(reading=READING | {"as_of": "yesterday"}),
        changed(reading=READING | {"max_distance_m": "5"}),
    ],
)
def test_a_certificate_that_says_nothing_usable_is_unreadable(
    breaking: Callable[[Path], None], case_path: Path, plan: Plan, tmp_path: Path
) -> None:
    write_plan(plan, tmp_path / "plan", READING)
    breaking(tmp_path / "plan")
    with pytest.raises(UnreadablePlanError):
        verify_written_plan(case_path, tmp_path / "plan")


@pytest.mark.parametrize(
    "breaking",
    [
        changed(levels=[{"value": 1e999}] * len(LEVELS)),
        changed(gap=7),
        lambda folder: (folder / "summary.json").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "summary.json").write_text("[]", encoding="utf-8"),
    ],
)
def test_content_that_cannot_be_read_is_refused_without_the_digests_too(
    breaking: Callable[[Path], None], case_path: Path, plan: Plan, tmp_path: Path
) -> None:
    write_plan(plan, tmp_path / "plan", READING)
    breaking(tmp_path / "plan")
    assert len(verify_written_plan(case_path, tmp_path / "plan", ignore_digests=True).faults) == 1


def test_a_plan_folder_with_somebodys_notes_is_not_replaced(plan: Plan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan", READING)
    write_plan(plan, tmp_path / "plan", READING)
    (tmp_path / "plan" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"also holds notes\.txt"):
        write_plan(plan, tmp_path / "plan", READING)
    assert (tmp_path / "plan" / "notes.txt").read_text(encoding="utf-8") == "mine"
