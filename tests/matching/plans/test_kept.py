"""What was proposed before stays proposed, as far as no level before loses by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import ANHUI, AS_OF, SHANGHAI, capacity, case, output

from circularity.errors import BadInput
from matching.case import Case
from matching.case_format.files import read_case, write_case
from matching.plans.files import write_plan
from matching.plans.plan import Plan, make_plan
from matching.plans.verification import verify_written_plan


def two_equal_outlets(proposed: str = "") -> Case:
    """One output between two outlets that differ in nothing but their ids."""
    outlets = [capacity("A"), capacity("B")]
    return case([output("O")], outlets, proposals=[("O", proposed)] if proposed else [])


def placed(plan: Plan) -> dict[tuple[str, str], int]:
    arcs = plan.arcs
    outputs, capacities = plan.case.outputs.output_id, plan.case.capacities.capacity_id
    pairs = zip(outputs[arcs.output].tolist(), capacities[arcs.capacity].tolist(), strict=True)
    return dict(zip(pairs, plan.mass_kg.tolist(), strict=True))


def kept_kg(plan: Plan) -> int:
    return next(level.value for level in plan.levels if level.name == "kept_kg")


@pytest.mark.parametrize("proposed", ["A", "B"])
def test_among_equal_outlets_the_one_proposed_before_is_kept(proposed: str) -> None:
    plan = make_plan(two_equal_outlets(proposed))
    assert placed(plan) == {("O", proposed): 100_000}
    assert kept_kg(plan) == 100_000


def test_nothing_proposed_is_neutral() -> None:
    assert kept_kg(make_plan(two_equal_outlets())) == 0


def test_keeping_a_proposal_is_worth_no_cost() -> None:
    outlets = [capacity("NEAR", place=SHANGHAI), capacity("FAR", place=ANHUI)]
    plan = make_plan(case([output("O")], outlets, proposals=[("O", "FAR")]))
    assert placed(plan) == {("O", "NEAR"): 100_000}
    assert kept_kg(plan) == 0


def test_proposals_survive_writing_and_change_the_digest_only_where_there_are_any(tmp_path: Path) -> None:
    plain, proposed = two_equal_outlets(), two_equal_outlets("B")
    assert plain.digest().startswith("006edf276555aab4"), "as before there were proposals"
    assert proposed.digest() != plain.digest()
    for name in ("case", "case.xlsx"):
        write_case(proposed, tmp_path / name)
        for friendly in (False, True):
            assert read_case(tmp_path / name, friendly=friendly).case.digest() == proposed.digest()
    write_case(plain, tmp_path / "plain")
    assert not (tmp_path / "plain/proposals.csv").exists()


def test_verify_recomputes_what_was_kept(tmp_path: Path) -> None:
    write_case(two_equal_outlets("B"), tmp_path / "case")
    read = read_case(tmp_path / "case")
    reading = {"friendly": False, "only_lanes": False, "max_distance_m": None, "as_of": AS_OF.isoformat()}
    write_plan(make_plan(read.case), tmp_path / "plan", reading)
    assert not verify_written_plan(tmp_path / "case", tmp_path / "plan").faults
    (tmp_path / "case/proposals.csv").write_text("output_id,capacity_id\nO,A\n", encoding="utf-8")
    faults = verify_written_plan(tmp_path / "case", tmp_path / "plan", ignore_digests=True).faults
    assert any("kept_kg" in fault for fault in faults)


def test_problems_of_proposals_are_told_with_row_column_and_rule(tmp_path: Path) -> None:
    write_case(two_equal_outlets("B"), tmp_path / "case")
    rows = "output_id,capacity_id\nO,A\nX,A\nO,Y\nO,A\n"
    (tmp_path / "case/proposals.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_case(tmp_path / "case")
    told = [(problem.row, problem.column, problem.rule) for problem in refused.value.problems]
    assert told == [(3, "output_id", "unknown_output"), (4, "capacity_id", "unknown_capacity"),
                    (5, "output_id", "duplicate_row")]  # fmt: skip
