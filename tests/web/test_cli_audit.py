"""`circularity audit`: the chain verified from the command line, and its head noted outside."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import Databases
from registry import Registry

from circularity.audit import Anchor
from circularity.database import create_engine_for, writing
from web.cli import main


def audit(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def acted(url: str, times: int = 3) -> None:
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        registry = Registry(session)
        for _ in range(times):
            registry.site()
    engine.dispose()


def test_a_whole_chain_is_verified_against_the_head_that_was_noted(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.new() as url:
        acted(url)
        noted = audit("head", "--out", tmp_path / "head.json", "--database", url)
        assert noted.exit_code == 0, noted.output
        assert Anchor.of_text((tmp_path / "head.json").read_text()).events == 6
        verified = audit("verify", "--anchor", tmp_path / "head.json", "--database", url)
        assert verified.exit_code == 0, verified.output
        assert "whole: 6" in verified.stdout
        assert "contains the noted head: 6" in verified.stdout


def test_without_a_noted_head_it_says_what_it_cannot_find(databases: Databases) -> None:
    with databases.new() as url:
        verified = audit("verify", "--database", url)
        assert (verified.exit_code, "a cut tail would not be found" in verified.stdout) == (0, True)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_events SET actor_name = '某人' WHERE position = 2", "event 2 was changed"),
        ("DELETE FROM audit_events WHERE position > 4", "noted outside"),
    ],
)
def test_an_edit_and_a_cut_tail_end_the_command_with_1(tmp_path: Path, statement: str, found: str) -> None:
    file = tmp_path / "x.db"
    assert CliRunner().invoke(main, ["init", "--database", str(file)]).exit_code == 0
    acted(f"sqlite:///{file}")
    assert audit("head", "--out", tmp_path / "head.json", "--database", file).exit_code == 0
    with sqlite3.connect(file) as raw:
        for event in ("UPDATE", "DELETE"):
            raw.execute(f"DROP TRIGGER audit_events_refuse_{event}")
        raw.execute(statement)
    raw.close()
    verified = audit("verify", "--anchor", tmp_path / "head.json", "--database", file)
    assert verified.exit_code == 1
    assert found in verified.stdout


def test_no_head_is_noted_of_a_chain_that_is_not_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    assert CliRunner().invoke(main, ["init", "--database", str(file)]).exit_code == 0
    acted(f"sqlite:///{file}")
    with sqlite3.connect(file) as raw:
        raw.execute("DROP TRIGGER audit_events_refuse_DELETE")
        raw.execute("DELETE FROM audit_events WHERE position = 1")
    raw.close()
    refused = audit("head", "--out", tmp_path / "head.json", "--database", file)
    assert refused.exit_code == 2
    assert not (tmp_path / "head.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"events": 1}',
        '{"events": -1, "digest": "x"}',
        '{"events": true, "digest": "x"}',
        "[" * 9999,
    ],
)
def test_a_file_that_notes_no_head_is_refused(databases: Databases, tmp_path: Path, text: str) -> None:
    (tmp_path / "head.json").write_text(text)
    with databases.new() as url:
        assert audit("verify", "--anchor", tmp_path / "head.json", "--database", url).exit_code == 2
