"""Plans with lots and crossing caps, from case to files and back: lawful, explained, honest about gaps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import ANHUI, AS_OF, capacity, case, output

from matching.case_format.files import read_case
from matching.flow.problem import LEVELS, TIE_LEVEL
from matching.pairs.parts import prepare
from matching.plans.files import price_rows, write_plan
from matching.plans.plan import Plan, make_plan
from matching.plans.summary import summary
from matching.plans.verification import verify_written_plan
from matching.proof.dual_bound import LevelBound
from matching.proof.verify import check

READING: dict[str, Any] = {
    "as_of": AS_OF.isoformat(), "friendly": False, "only_lanes": True, "max_distance_m": None,
}  # fmt: skip


def test_a_quota_over_two_outlets_binds_their_sum_to_the_kilogram() -> None:
    plan = make_plan(
        case(
            [output("FROM-AH", 30, place=ANHUI), output("FROM-SH", 5)],
            [capacity("A", 10, accepts_from="34"), capacity("B", 20, accepts_from="34")],
            caps=[("quota", 12.345, ["A", "B"], "34")],
        )
    )
    assert (plan.placed_kg, plan.status) == (12_345 + 5_000, "optimal")
    assert plan.load_kg[2] == 12_345
    assert (
        plan.reasons.change_zh[0] == "2 个合规去处的可用能力已排满；最近的 A 再有 17.655 t 能力、限额即可接收"
    )


def test_caps_that_cross_share_out_so_that_most_is_placed() -> None:
    """One and two cross on B; whatever goes to B counts against both, so B stays empty."""
    plan = make_plan(
        case(
            [output("O", 100)],
            [capacity("A", 10), capacity("B", 10), capacity("C", 10)],
            caps=[("one", 10, ["A", "B"], ""), ("two", 10, ["B", "C"], "")],
        )
    )
    assert (plan.mass_kg.tolist(), plan.status) == ([10_000, 10_000], "optimal")
    assert plan.load_kg.tolist() == [10_000, 0, 10_000, 10_000, 10_000]


def test_a_lot_keeps_its_output_back_and_the_words_say_what_would_help() -> None:
    plan = make_plan(
        case(
            [output("O", 10, min_lot_t=10), output("P", 2, min_lot_t=5)], [capacity("A", 4), capacity("B", 6)]
        )
    )
    assert plan.placed_kg == 0
    assert plan.reasons.reason.tolist() == ["lot", "lot"]
    assert plan.reasons.slack.tolist() == [6_000, 3_000]
    assert plan.reasons.change_en.tolist() == [
        "its minimum lot of 10 t fits nowhere: A, the nearest with room, takes 4 t; "
        "with a lot of 4 t, or 6 t more room there, it would go",
        "the 2 t left are less than its minimum lot of 5 t; "
        "with a lot of 2 t A, the nearest with room, would take it",
    ]
    assert "最小批量降到 4 t，或该处再有 6 t 能力即可接收" in plan.reasons.change_zh[0]


def test_an_output_with_a_lot_before_full_outlets_waits_for_capacity() -> None:
    plan = make_plan(case([output("BIG", 10), output("LOT", 4, min_lot_t=4)], [capacity("A", 10)]))
    reasons = dict(zip(plan.case.outputs.output_id[plan.reasons.output], plan.reasons.reason, strict=True))
    assert reasons in ({"LOT": "capacity"}, {"BIG": "capacity"})


def test_prices_are_left_open_only_where_lots_or_crossing_caps_leave_a_proof_to_bounds() -> None:
    """The lot O fits nowhere, P is a flow; the lot Q fits: the flow alone is proof, and its price a bound."""
    plan = make_plan(
        case(
            [
                output("O", 10, min_lot_t=10),
                output("P", 10, waste_code="900-002-S01"),
                output("Q", 5, waste_code="900-001-S03", min_lot_t=5),
                output("R", 5, waste_code="900-001-S03"),
            ],
            [
                capacity("A", 4),
                capacity("B", 6, waste_pattern="SW01"),
                capacity("C", 9, waste_pattern="SW03"),
            ],
        )
    )
    names = plan.case.capacities.capacity_id
    assert [str(names[node]) for node in sorted(plan.unpriced)] == ["A"]
    assert [str(names[node]) for node in sorted(plan.priced_at_most)] == ["C"]
    assert [row[4:] for row in price_rows(plan)] == [
        ("", "", "unknown"),
        ("1", "0", "exact"),
        ("1", "0", "at_most"),
    ]
    described = summary(plan)
    assert (described["limits_without_price"], described["limits_priced_at_most"]) == (1, 1)
    assert "min_lot" not in described["not_asked"]
    assert [row["why_en"] for row in described["engines"]] == [
        "limits nest and lots may be divided",
        "1 output(s) have a minimum lot",
        "1 output(s) have a minimum lot",
    ]


def test_a_price_where_lots_bind_is_what_a_kilogram_is_worth_at_most() -> None:
    """One kilogram of room more, solved again, places no more than the price says."""
    rng = np.random.default_rng(15)
    compared = 0
    for k in range(80):
        plan = make_plan(built := random_case(rng, k))
        tables = built.capacities
        for node in sorted(plan.priced_at_most & set(range(4))):
            more = replace(tables, capacity_kg=tables.capacity_kg + (np.arange(4) == node))
            better = make_plan(built.replace(capacities=more))
            changes = [
                int(after.value - before.value) * (1 if level.maximise else -1)
                for level, before, after in zip(LEVELS, plan.levels, better.levels, strict=True)
            ]
            assert changes[:TIE_LEVEL] <= (-plan.prices.change[:, node]).tolist()
            compared += 1
    assert compared > 25


@pytest.fixture
def with_gap(tmp_path: Path) -> Path:
    """Lots of 4, 4 and 3 t and 1 t of a fourth, for 6 and 5 t of room, 10 together: lots leave a tonne."""
    folder = tmp_path / "case"
    folder.mkdir()
    sheets = {
        "outputs": ["output_id,waste_code,mass_t,min_lot_t", "L1,900-001-S02,4,4", "L2,900-001-S02,4,4",
                    "L3,900-001-S02,3,3", "N,900-001-S02,1,", "F,900-002-S01,9,"],
        "facilities": ["facility_id", "F"],
        "capacities": ["capacity_id,facility_id,waste_pattern,operation,capacity_t", "A,F,SW02,C2,6",
                       "B,F,SW02,C2,5", "Z,F,SW01,C2,5"],
        "caps": ["cap_id,capacity_id,limit_t", "one,A,10", "one,B,10", "two,A,11", "two,Z,11"],
        "lanes": ["output_id,capacity_id,cost_cny_per_t",
                  *(f"{o},{c},{ord(o[-1]) + 3 * (c == 'B')}" for o in ("L1", "L2", "L3", "N") for c in "AB"),
                  "F,Z,1"],
    }  # fmt: skip
    for name, rows in sheets.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def plan(with_gap: Path) -> Plan:
    return make_plan(read_case(with_gap, friendly=False, as_of=AS_OF, only_lanes=True).case)


def test_a_plan_with_a_gap_is_written_verified_and_says_how_large_the_gap_is(
    with_gap: Path, plan: Plan, tmp_path: Path
) -> None:
    described = write_plan(plan, tmp_path / "plan", READING)
    assert plan.status == described["status"] == "bounded"
    placed = described["levels"][0]
    assert placed["value"] < placed["bound"]
    assert placed["gap"] == described["gap"] == placed["bound"] - placed["value"]
    assert placed["solver_bound"] == placed["value"], "the solver says that no more can be placed"
    assert [part["why_en"] for part in described["bounded_parts"]] == [
        "3 output(s) have a minimum lot; caps cross: two"
    ]
    verification = verify_written_plan(with_gap, tmp_path / "plan")
    assert (verification.faults, verification.bounded) == ([], True)


def certificate_with(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        path = folder / "certificate.json"
        certificate = json.loads(path.read_text(encoding="utf-8"))
        change(certificate)
        path.write_text(json.dumps(certificate), encoding="utf-8")

    return forge


def all_proven(certificate: dict[str, Any]) -> None:
    for level in certificate["levels"]:
        level["bound"] = level["value"]
    certificate["gap"] = 0


def tighter(certificate: dict[str, Any]) -> None:
    certificate["bounded"][0]["levels"][0]["bound"] += 1


def set_in_level(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(certificate: dict[str, Any]) -> None:
        certificate["bounded"][0]["levels"][0][key] = value

    return change


@pytest.mark.parametrize(
    "forgery",
    [
        certificate_with(all_proven),
        certificate_with(tighter),
        certificate_with(lambda c: c.update(bounded=[])),
        certificate_with(lambda c: c.update(bounded=c["bounded"] * 2)),
        certificate_with(lambda c: c["bounded"][0]["levels"].pop()),
        certificate_with(lambda c: c["bounded"][0].update(outputs=["F"])),
        certificate_with(lambda c: c["bounded"][0].update(limits=[])),
        certificate_with(lambda c: c["bounded"][0].update(outputs=["nobody"])),
        certificate_with(set_in_level("denominator", 0)),
        certificate_with(set_in_level("denominator", -1)),
        certificate_with(set_in_level("crossing_caps", [-1])),
        certificate_with(set_in_level("crossing_caps", [10**40])),
        certificate_with(set_in_level("crossing_caps", [1.5])),
        certificate_with(set_in_level("levels_before", [1])),
        certificate_with(set_in_level("potentials", [])),
        certificate_with(set_in_level("potentials", [2**70])),
        certificate_with(set_in_level("solver_bound", 10**12)),
    ],
)
def test_a_forged_proof_is_refused(
    forgery: Callable[[Path], None], with_gap: Path, plan: Plan, tmp_path: Path
) -> None:
    write_plan(plan, tmp_path / "plan", READING)
    forgery(tmp_path / "plan")
    assert verify_written_plan(with_gap, tmp_path / "plan", ignore_digests=True).faults != []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("summary.json", '"status": "bounded"', '"status": "optimal"'),
        ("summary.json", '"limits_without_price": 5', '"limits_without_price": 0'),
        ("prices.csv", "capacity,B,4,5,,,unknown", "capacity,B,4,5,1,0,at_most"),
        ("unmatched.csv", ",lot,", ",capacity,"),
    ],
)
def test_files_that_say_more_than_the_proof_are_refused(
    with_gap: Path, plan: Plan, tmp_path: Path, file: str, old: str, new: str
) -> None:
    write_plan(plan, tmp_path / "plan", READING)
    path = tmp_path / "plan" / file
    before = path.read_text(encoding="utf-8")
    assert old in before, before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    faults = verify_written_plan(with_gap, tmp_path / "plan", ignore_digests=True).faults
    assert [file in fault for fault in faults[:1]] == [True], faults


def random_case(rng: np.random.Generator, k: int) -> Any:
    """A case of lanes with ties of cost, lots, nested and crossing caps."""
    outputs = [
        output(
            f"O{i}",
            int(rng.integers(1, 9)),
            place=None,
            **({"min_lot_t": int(rng.integers(1, 9))} if lot else {}),
        )
        for i, lot in enumerate((rng.random(5) < (0.6 if k % 2 else 0.0)).tolist())
    ]
    names = ["A", "B", "C", "D"]
    capacities = [capacity(name, int(rng.integers(2, 10)), place=None) for name in names]
    drawn = [rng.choice(names, rng.integers(2, 4), replace=False).tolist() for _ in range(k % 4)]
    caps = [(f"K{n}", int(rng.integers(2, 12)), members, "") for n, members in enumerate(drawn)]
    lanes = [
        {"output": f"O{i}", "capacity": name, "cost_cny_per_t": int(rng.integers(0, 4))}
        for i in range(5)
        for name in names
        if rng.random() < 0.7
    ]
    return case(outputs, capacities, caps, lanes, only_lanes=True)


def test_of_mutated_plans_each_is_refused_unless_it_is_as_good() -> None:
    rng = np.random.default_rng(77)
    refused = as_good = bounded = 0
    for k in range(40):
        built = random_case(rng, k)
        plan = make_plan(built)
        prepared = prepare(built)
        assert check(prepared, plan.claim) == []
        bounded += bool(plan.claim.bounds)
        for _ in range(12 if plan.mass_kg.size else 0):
            mass, unmatched = plan.mass_kg.copy(), plan.unmatched_kg.copy()
            for _ in range(2):
                arc, kg = int(rng.integers(len(mass))), int(rng.integers(-3, 4)) * 500
                mass[arc] += kg
                unmatched[plan.arcs.output[arc]] -= kg
            mutant = replace(plan.claim, mass_kg=mass, unmatched_kg=unmatched)
            faults = check(prepared, mutant)
            same = mass.tolist() == plan.mass_kg.tolist()
            assert same == (faults == []), f"case {k}: {faults}"
            refused, as_good = refused + (not same), as_good + same
    assert refused > 300
    assert bounded > 10


def test_a_claim_with_bounds_nobody_needs_is_refused() -> None:
    built = case([output("O", 10)], [capacity("A", 4)])
    plan = make_plan(built)
    stray: dict[int, tuple[LevelBound, ...]] = {0: ()}
    assert check(prepare(built), replace(plan.claim, bounds=stray)) != []


def test_rows_in_another_order_and_more_processes_give_the_same_plan() -> None:
    rng = np.random.default_rng(5)
    for k in range(6):
        built = random_case(rng, k)
        plan = make_plan(built)
        again = make_plan(built, engine="ortools", processes=2)
        assert plan.mass_kg.tolist() == again.mass_kg.tolist()
        assert [v.value for v in plan.levels] == [v.value for v in again.levels]
