"""What leaves by the command line: proofs, checks and rates bear no mark of a confidential text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import Databases
from matrix_world import Matrix, matrix

from web.cli import main


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[tuple[Matrix, str]]:
    with databases.new() as url, matrix(url, accounts=True) as made:
        yield made, url


def printed(*arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """Return everything that a command says, its complaints too."""
    result: Result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code in codes, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def test_no_command_for_publication_prints_a_confidential_text(world: tuple[Matrix, str]) -> None:
    made, url = world
    commands = (
        ("rates", "--year", "2026"), ("rates", "--year", "2026", "--json"), ("planned-rates",),
        ("planned-rates", "--json"), ("audit", "verify"), ("audit", "head"), ("run",), ("run", "--json"),
    )  # fmt: skip
    for command in commands:
        told = printed(*command, "--database", url)
        assert told.strip(), command
        assert not [mark for mark in made.marks if mark in told], command


def test_a_plan_its_certificate_and_what_verify_says_bear_no_confidential_text(
    world: tuple[Matrix, str], tmp_path: Path
) -> None:
    """A case folder is its operator's; what is told about a party there is masses and places, never words."""
    made, url = world
    case, plan = tmp_path / "case", tmp_path / "plan"
    said = printed("export", str(case), "--database", url)
    said += printed("match", str(case), "--out", str(plan))
    said += printed("verify", str(case), str(plan))
    certificate = plan / "certificate.json"
    # a spoilt certificate is refused in words, and these give nothing away either
    certificate.write_text(certificate.read_text("utf-8").replace('"levels"', '"level"', 1), "utf-8")
    said += printed("verify", str(case), str(plan), codes=(1, 2))
    written = "".join(file.read_text("utf-8") for folder in (case, plan) for file in sorted(folder.iterdir()))
    assert "C2" in written
    assert not [mark for mark in made.marks if mark in said + written]


def test_what_verify_says_holds_no_figure_of_anybody(world: tuple[Matrix, str], tmp_path: Path) -> None:
    made, url = world
    case, plan = tmp_path / "case", tmp_path / "plan"
    printed("export", str(case), "--database", url)
    printed("match", str(case), "--out", str(plan))
    told = printed("verify", str(case), str(plan))
    figures = {figure for figure in made.figures if len(figure) > 4}
    assert figures
    assert not {figure for figure in figures if figure in told.replace(",", "").replace(".", "")}


def test_the_search_would_find_a_mark(world: tuple[Matrix, str]) -> None:
    made, _ = world
    assert len(made.marks) > 20
    assert all("canary" in mark for mark in made.marks)
