"""`circularity match` and `verify` as a person meets them: a folder in, a proven folder out."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import ANHUI, JIANGSU, SHANGHAI, capacity, case, output
from click.testing import CliRunner, Result
from published_instances import instance

from matching.case_format.files import read_case, write_case
from matching.engines.solve import solve
from matching.pairs.parts import build_problem
from matching.plans.certificate import certificate_digest
from web.cli import main

FILES = ["NOTICE.txt", "certificate.json", "plan.csv", "prices.csv", "summary.json", "unmatched.csv"]


def circularity(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def case_folder(tmp_path: Path) -> Path:
    """Eight outputs of three places before six capacities, two of them under one cap."""
    rng = random.Random(5)
    places = [SHANGHAI, JIANGSU, ANHUI]
    outputs = [
        output(
            f"O{k}",
            rng.randint(5, 40),
            rng.choice(["900-001-S02", "312-001-S01"]),
            place=places[k % 3],
            max_distance_km=rng.choice([None, 300]),
        )
        for k in range(8)
    ]
    capacities = [
        capacity(
            f"C{k}",
            rng.randint(5, 30),
            rng.choice(["SW02", "SW01", "*"]),
            rng.choice(["C2", "R5", "D1"]),
            place=places[k % 3],
            gate_fee_cny_per_t=rng.randint(-20, 20),
        )
        for k in range(6)
    ]
    built = case(outputs, capacities, caps=[("PLANT", 20, ["C0", "C1"], "")])
    folder = tmp_path / "case"
    write_case(built, folder)
    return folder


def test_the_terminal_says_where_each_output_goes(case_folder: Path) -> None:
    told = circularity("match", case_folder).stdout.split("去向 · where it goes")[1]
    with (case_folder.with_name("case-plan") / "plan.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        assert re.search(rf"{row['output_id']} +\S+ +{row['capacity_id']} .* {row['mass_t']} ", told), row


def test_a_folder_becomes_a_verified_plan_beside_it(case_folder: Path) -> None:
    result = circularity("match", case_folder)
    assert result.exit_code == 0, result.output
    plan = case_folder.with_name("case-plan")
    assert sorted(path.name for path in plan.iterdir()) == FILES
    assert "撮合建议" in result.output
    assert "Matching advice" in result.output
    checked = circularity("verify", case_folder, plan)
    assert checked.exit_code == 0, checked.output


def test_a_plan_with_a_gap_is_written_and_verified_and_the_command_says_so(tmp_path: Path) -> None:
    """Two lots of 4 t want 7 t of room: a flow would place 7 t, whole lots 4 t."""
    built = case([output("A", 4, min_lot_t=4), output("B", 4, min_lot_t=4)], [capacity("C", 7)])
    write_case(built, tmp_path / "lots")
    result = circularity("match", tmp_path / "lots", "--seconds", "5")
    assert result.exit_code == 3, result.output
    assert "差 gap 3000" in result.output
    assert "求解器称 solver says 4000" in result.output
    assert "2 output(s) have a minimum lot" in result.output
    checked = circularity("verify", tmp_path / "lots", tmp_path / "lots-plan")
    assert checked.exit_code == 0, checked.output
    assert "bounded (its gaps are proven)" in checked.output


def test_the_summary_accounts_for_every_tonne(case_folder: Path) -> None:
    described = json.loads(circularity("match", case_folder, "--json").output)
    posted = read_case(case_folder).case.outputs.mass_kg.sum() / 1000
    assert float(described["placed_t"]) + float(described["unmatched_t"]) == posted
    assert float(described["can_move_today_t"]) + float(described["after_procedures_t"]) == float(
        described["placed_t"]
    )
    assert sum(float(row["mass_t"]) for row in described["by_reason"]) == float(described["unmatched_t"])
    assert {level["name"] for level in described["levels"]} >= {"placed_kg", "cost"}


def test_json_without_out_writes_nothing(case_folder: Path) -> None:
    assert circularity("match", case_folder, "--json").exit_code == 0
    assert [path.name for path in case_folder.parent.iterdir()] == ["case"]


@pytest.mark.parametrize("name", FILES)
def test_verify_refuses_any_changed_file(case_folder: Path, tmp_path: Path, name: str) -> None:
    circularity("match", case_folder, "--out", tmp_path / "plan")
    path = tmp_path / "plan" / name
    path.write_bytes(path.read_bytes() + b" ")
    result = circularity("verify", case_folder, tmp_path / "plan")
    assert result.exit_code == 1
    assert f"{name} was changed" in result.output


def test_verify_refuses_a_changed_case(case_folder: Path, tmp_path: Path) -> None:
    circularity("match", case_folder, "--out", tmp_path / "plan")
    outputs = case_folder / "outputs.csv"
    outputs.write_text(outputs.read_text().replace("O0,", "O9,", 1))
    result = circularity("verify", case_folder, tmp_path / "plan")
    assert result.exit_code == 1
    assert "not the one this plan was made from" in result.output


def plan_table(plan: Path, name: str) -> tuple[list[str], list[dict[str, str]]]:
    """Return a table's columns and rows."""
    reader = csv.DictReader(io.StringIO((plan / name).read_text()))
    rows = list(reader)
    return list(reader.fieldnames or []), rows


def write_table(plan: Path, name: str, columns: list[str], rows: list[dict[str, str]]) -> None:
    """Write a table back in the form that the plan uses."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (plan / name).write_text(text.getvalue())


def test_of_200_mutants_none_passes_even_without_digests(case_folder: Path, tmp_path: Path) -> None:
    """Kilograms moved to another pair, dropped, added or swapped. The optimum is unique, so each is worse."""
    circularity("match", case_folder, "--out", tmp_path / "plan")
    plan, rng = tmp_path / "plan", random.Random(200)
    originals = {path.name: path.read_bytes() for path in plan.iterdir()}
    built = read_case(case_folder).case
    problem = build_problem(built)
    best = problem.level_sums(solve(problem, "networkx").mass_kg)
    names = built.capacities.capacity_id.tolist()
    tried = 0
    while tried < 200:
        columns, rows = plan_table(plan, "plan.csv")
        _, unmatched = plan_table(plan, "unmatched.csv")
        mutated = mutate(rng, rows, unmatched, names)
        if mutated:
            write_table(plan, "plan.csv", columns, rows)
            write_table(plan, "unmatched.csv", list(unmatched[0]), unmatched)
            result = circularity("verify", case_folder, plan, "--ignore-digests")
            assert result.exit_code == 1, f"a {mutated} passed: {result.output}"
            tried += 1
        for name, content in originals.items():
            (plan / name).write_bytes(content)
    certificate = json.loads(originals["certificate.json"])
    stated = [level["value"] for level in certificate["levels"]]
    assert [abs(v) for v in stated] == [abs(v) for v in best], "what the mutants were worse than"


def mutate(
    rng: random.Random, rows: list[dict[str, str]], unmatched: list[dict[str, str]], names: list[str]
) -> str:
    """Change the tables in place by one plausible fraud and name it; "" where nothing changed."""
    kind = rng.choice(["move", "drop", "add", "redirect", "shift"])
    row = rng.choice(rows)
    step = rng.choice([0.001, 1, 3])
    mass = float(row["mass_t"])
    if kind in ("move", "shift") and mass > step:
        other = rng.choice([r for r in rows if r is not row])
        row["mass_t"] = f"{mass - step:.3f}".rstrip("0").rstrip(".")
        other["mass_t"] = f"{float(other['mass_t']) + step:.3f}".rstrip("0").rstrip(".")
        return kind
    if kind == "drop" and unmatched:
        rows.remove(row)
        unmatched[0]["mass_t"] = f"{float(unmatched[0]['mass_t']) + mass:.3f}".rstrip("0").rstrip(".")
        return kind
    if kind == "add" and unmatched and float(unmatched[0]["mass_t"]) > step:
        row["mass_t"] = f"{mass + step:.3f}".rstrip("0").rstrip(".")
        unmatched[0]["mass_t"] = f"{float(unmatched[0]['mass_t']) - step:.3f}".rstrip("0").rstrip(".")
        return kind
    if kind == "redirect" and row["capacity_id"] != (target := rng.choice(names)):
        row["capacity_id"] = target
        return kind
    return ""


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("plan.csv", lambda t: re.sub(r",20\d\d-", ",1999-", t, count=1)),
        ("prices.csv", lambda t: t.replace("capacity,C0,", "capacity,C9,", 1)),
        ("unmatched.csv", lambda t: t.replace("capacity", "distance", 1)),
        ("summary.json", lambda t: t.replace('"placed_t": "', '"placed_t": "1', 1)),
    ],
)
def test_tables_that_say_something_else_are_refused_without_digests(
    case_folder: Path, tmp_path: Path, name: str, change: Any
) -> None:
    circularity("match", case_folder, "--out", tmp_path / "plan")
    path = tmp_path / "plan" / name
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    result = circularity("verify", case_folder, tmp_path / "plan", "--ignore-digests")
    assert result.exit_code == 1, result.output


def test_a_distance_a_metre_off_is_stated_as_a_gap_and_not_refused(
    case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine may compute a distance a metre apart: here every distance grows by one."""
    circularity("match", case_folder, "--out", tmp_path / "plan")
    from matching.pairs import eligibility  # noqa: PLC0415 - patched where it is used

    exact = eligibility.pair_distances_m
    monkeypatch.setattr(eligibility, "pair_distances_m", lambda *a: exact(*a) + 1)
    result = circularity("verify", case_folder, tmp_path / "plan")
    assert result.exit_code == 0, result.output
    assert "CNY of the least cost" in result.output
    monkeypatch.setattr(eligibility, "pair_distances_m", lambda *a: exact(*a) + 100)
    assert circularity("verify", case_folder, tmp_path / "plan").exit_code == 1


def test_a_certificate_resealed_after_a_lie_is_still_refused(case_folder: Path, tmp_path: Path) -> None:
    circularity("match", case_folder, "--out", tmp_path / "plan")
    path = tmp_path / "plan" / "certificate.json"
    certificate = json.loads(path.read_text())
    certificate["potentials"][0][0] -= 5
    certificate["certificate_digest"] = certificate_digest(certificate)
    path.write_text(json.dumps(certificate, ensure_ascii=False, indent=1) + "\n")
    result = circularity("verify", case_folder, tmp_path / "plan")
    assert result.exit_code == 1
    assert "could be improved" in result.output


def test_what_is_no_plan_is_unreadable(case_folder: Path) -> None:
    assert circularity("verify", case_folder, case_folder).exit_code == 2


def test_row_order_workbook_and_processes_give_the_same_plan(case_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shuffled"
    folder.mkdir()
    for path in case_folder.iterdir():
        head, *rows = path.read_text().splitlines()
        random.Random(1).shuffle(rows)
        (folder / path.name).write_text("\n".join([head, *rows]) + "\n")
    book = tmp_path / "book.xlsx"
    write_case(read_case(case_folder).case, book)
    plans = []
    for source, options in [(case_folder, []), (folder, ["--processes", 2]), (book, ["--strict"])]:
        out = tmp_path / f"plan-{len(plans)}"
        assert circularity("match", source, "--out", out, *options).exit_code == 0
        plans.append([(out / name).read_bytes() for name in ("plan.csv", "unmatched.csv", "prices.csv")])
    assert plans[0] == plans[1] == plans[2]


def test_only_lanes_works_with_ids_code_mass_capacity_and_lanes_alone(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "outputs.csv").write_text("output_id,waste_code,mass_t\nA,900-001-S02,10\nB,900-001-S02,10\n")
    (folder / "facilities.csv").write_text("facility_id\nF\n")
    (folder / "capacities.csv").write_text("capacity_id,facility_id,capacity_t\nC,F,15\n")
    (folder / "lanes.csv").write_text("output_id,capacity_id,cost_cny_per_t\nA,C,9\nB,C,4\n")
    described = json.loads(circularity("match", folder, "--only-lanes", "--json").output)
    assert described["placed_t"] == "15"
    assert described["cost_cny"] == "85", "10 t × 4 + 5 t × 9"


def test_bad_input_lists_every_problem_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "outputs.csv").write_text(
        "output_id,waste_code,mass_t,lat,lon\nA,999,-5,31.2,121.4\nA,900-001-S02,NaN,121.4,31.2\n"
    )
    (folder / "facilities.csv").write_text("facility_id,lat,lon\nF,31.2,121.4\n")
    (folder / "capacities.csv").write_text(
        "capacity_id,facility_id,waste_pattern,operation,capacity_t\nC,F,SW02,C2,1000000000\n"
    )
    result = circularity("match", folder, "--json")
    assert result.exit_code == 2
    problems = json.loads(result.output)["problems"]
    assert {p["row"] for p in problems if p["file"].endswith("outputs.csv")} == {2, 3}
    assert len(problems) >= 6, "code, negative, NaN, swapped, duplicate id, 10^9 t"
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_verify_says_under_which_conditions_a_plan_is_optimal(case_folder: Path) -> None:
    circularity("match", case_folder, "--max-distance", "250.5", "--as-of", "2026-09-01")
    said = circularity("verify", case_folder, f"{case_folder}-plan").output
    assert "verified under: as of 2026-09-01, --max-distance 250.5" in said


def test_a_plan_is_verified_from_another_folder_when_both_cases_lie_side_by_side(
    case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_bytes((case_folder / "outputs.csv").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert circularity("match", "ledger.csv", "--facilities-from", case_folder.name).exit_code == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    checked = circularity("verify", ledger, tmp_path / "ledger-plan")
    assert checked.exit_code == 0, checked.output


def test_a_ledger_without_the_other_side_is_told_how_to_name_it(case_folder: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_bytes((case_folder / "outputs.csv").read_bytes())
    result = circularity("match", ledger)
    assert result.exit_code == 2
    assert "--facilities-from" in result.output
    assert circularity("match", ledger, "--facilities-from", case_folder).exit_code == 0


def test_without_regions_the_tonnes_of_today_are_said_to_be_unsure(case_folder: Path) -> None:
    assert "may be too much" not in circularity("match", case_folder).output
    for path in (case_folder / "outputs.csv", case_folder / "facilities.csv"):
        head, *rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        column = head.index("region_code")
        kept = [[*row[:column], "", *row[column + 1 :]] for row in rows]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *kept])
    result = circularity("match", case_folder)
    assert result.exit_code == 0
    assert "may be too much" in result.output


def test_the_command_that_checks_a_plan_is_printed_ready_to_run(case_folder: Path) -> None:
    said = circularity("match", case_folder).output
    assert f"circularity verify {case_folder} {case_folder}-plan" in said


def test_help_names_parameters_as_the_sheet_does() -> None:
    said = " ".join(circularity("match", "--help").output.split())
    assert "transport_cny_per_t_km=0.45, detour=1.3" in said
    assert "emission_kg_per_t_km=0.078" in said


def test_why_lists_the_lawful_outlets_and_what_the_next_best_costs(tmp_path: Path) -> None:
    lanes = [
        {"output": "O", "capacity": "NEAR", "cost_cny_per_t": 9},
        {"output": "O", "capacity": "NEXT", "cost_cny_per_t": 12.5},
    ]
    built = case([output("O", 7)], [capacity("NEAR", 5), capacity("NEXT", 1)], lanes=lanes)
    write_case(built, tmp_path / "case")
    result = circularity("match", tmp_path / "case", "--why", "O")
    answer = result.stdout.split("lawful outlets 2")[1].splitlines()
    assert answer[2].split()[0] == "NEAR"
    assert "12.5" in answer[3], "the next best costs 12.5 CNY/t"
    assert "unmatched 1 t" in answer[4]
    assert circularity("match", tmp_path / "case", "--why", "X").exit_code == 2


def test_a_foreign_folder_is_never_replaced(case_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "letters"
    target.mkdir()
    (target / "letter.txt").write_text("dear")
    assert circularity("match", case_folder, "--out", target).exit_code == 2
    assert (target / "letter.txt").read_text() == "dear"


def test_match_loads_neither_flask_nor_sqlalchemy(case_folder: Path) -> None:
    script = (
        "import sys; from web.cli import main\n"
        f"try: main(['match', {str(case_folder)!r}, '--json'])\n"
        "except SystemExit as done: assert done.code in (0, None), done.code\n"
        "print({'flask', 'sqlalchemy'} & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip().endswith("set()")


def test_the_real_plants_of_the_delta_end_in_a_verified_plan(tmp_path: Path) -> None:
    plants = instance("delta_assets/case")
    result = circularity("match", plants, "--out", tmp_path / "plan", "--json")
    assert result.exit_code == 0, result.output
    described = json.loads(result.output)
    assert described["placed_t"] == "61242240", "capacity is what is scarce: all of it is used"
    assert circularity("verify", plants, tmp_path / "plan").exit_code == 0
