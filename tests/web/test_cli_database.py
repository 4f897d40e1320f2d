"""`init`, `seed`, `serve` and `catalogue import`, and how commands find their database."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest
import waitress
from click.testing import CliRunner

from circularity.audit import Actor
from circularity.database import reading, writing
from circularity.organisations import Organisation, register_organisation
from web.cli import COMMANDS, main
from web.cli.database import database_url


def circularity(*arguments, **options):
    return CliRunner(**options).invoke(main, [str(argument) for argument in arguments])


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize("command", [*COMMANDS, "catalogue import", "recommend output"])
def test_help_of_every_command_ends_well(command):
    result = circularity(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


@pytest.mark.parametrize(
    "command",
    ["init", "seed", "run", "rates", "planned-rates", "recommend", "demo", "serve", "catalogue import"],
)
def test_help_teaches_by_example(command):
    text = circularity(*command.split(), "--help").stdout
    assert f"circularity {command}" in text[text.index("Examples:") :]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("a/b.db", "sqlite:///a/b.db"),
        ("/a/b.db", "sqlite:////a/b.db"),
        ("postgresql://h/n", "postgresql://h/n"),
    ],
)
def test_a_file_is_named_by_its_path_and_a_server_by_its_url(typed, url):
    assert database_url(typed) == url


def test_init_makes_the_folder_and_may_be_repeated(tmp_path):
    file = tmp_path / "new" / "c.db"
    assert circularity("init", "--database", file).exit_code == 0
    assert circularity("init", "--database", file).exit_code == 0
    assert file.exists()


def test_the_database_may_come_from_the_environment(tmp_path):
    file = tmp_path / "env.db"
    circularity("init", env={"CIRC_DATABASE_URL": f"sqlite:///{file}"})
    assert file.exists()


@pytest.mark.parametrize("command", ["run", "rates", "planned-rates", "serve"])
def test_a_missing_database_is_refused_and_not_made(command, tmp_path):
    result = circularity(command, "--database", tmp_path / "none.db")
    assert result.exit_code == 2
    assert "circularity init" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path):
    file = tmp_path / "notes.db"
    file.write_text("these are notes, not a database\n" * 100)
    result = circularity("run", "--database", file)
    assert result.exit_code == 2
    assert "cannot open" in result.stderr


def test_an_empty_file_has_another_version(tmp_path):
    file = tmp_path / "empty.db"
    file.touch()
    result = circularity("run", "--database", file)
    assert result.exit_code == 2
    assert "circularity init" in result.stderr


def test_init_brings_an_empty_database_to_the_newest_schema_and_may_be_repeated(databases):
    with databases.new(migrated=False) as url:
        assert "circularity init" in circularity("run", "--database", url).stderr
        for _ in range(2):
            assert circularity("init", "--database", url).exit_code == 0
        assert circularity("run", "--database", url).exit_code == 0


def test_an_unknown_kind_of_database_is_refused():
    result = circularity("init", "--database", "oracle9://nowhere")
    assert result.exit_code == 2


def test_seeding_a_size_twice_adds_nothing(database_url):
    arguments = ("seed", "--size", 20, "--random-seed", 5, "--database", database_url)
    assert "outputs 20" in circularity(*arguments).stdout
    assert "nothing was added" in circularity(*arguments).stdout


@pytest.mark.parametrize("arguments", [("--size", 0), ("--size", "many"), ("--random-seed", 277)])
def test_sizes_and_numbers_out_of_range_are_refused(arguments, tmp_path):
    result = circularity("seed", *arguments, "--database", tmp_path / "s.db")
    assert result.exit_code == 2
    assert not (tmp_path / "s.db").exists()


@pytest.mark.parametrize("command", [("seed",), ("demo", "--no-serve")])
def test_fictional_parties_never_go_among_real_ones(command, engine, database_url):
    with writing(engine).begin() as session:
        register_organisation(
            session,
            actor=Actor("test", None, "system"),
            at=datetime(2026, 9, 1, tzinfo=UTC),
            name_zh="真实单位",
            name_en="",
            credit_code="91110000600037341L",
            roles=frozenset({"generator"}),
            region_code="310000",
        )
    result = circularity(*command, "--database", database_url)
    assert result.exit_code == 2
    assert "real parties" in result.stderr
    with reading(engine)() as session:
        assert session.query(Organisation).count() == 1


def test_serve_says_its_address_before_it_serves(database_url, monkeypatch):
    served = []

    class Server:
        def run(self):
            served.append("run")

    def create_server(app, sockets, threads):
        served.append((app.extensions["circularity.config"].database_url, threads > 1))
        served.append(sockets[0].getsockname())
        return Server()

    monkeypatch.setattr(waitress, "create_server", create_server)
    port = free_port()
    result = circularity("serve", "--port", port, "--no-worker", "--database", database_url)
    assert served == [(database_url, True), ("127.0.0.1", port), "run"]
    assert f"http://127.0.0.1:{port}/" in result.stdout


def test_a_taken_port_is_refused_with_advice(database_url):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = circularity("serve", "--port", taken.getsockname()[1], "--database", database_url)
    assert result.exit_code == 2
    assert "--port" in result.stderr


def test_an_official_list_is_taken_in(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("废物代码,废物名称\n900-012-S17,废电池\n", encoding="utf-8")
    result = circularity("catalogue", "import", file, "--into", tmp_path / "taken")
    assert result.exit_code == 0, result.output
    assert "imported 1" in result.stdout
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["waste_types.csv"]


def test_a_bad_list_is_refused_with_its_rows_and_nothing_is_written(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("废物代码,废物名称\n900-012-S17,废电池\n900-12,什么\n", encoding="utf-8")
    result = circularity("catalogue", "import", file, "--into", tmp_path / "taken")
    assert result.exit_code == 2
    assert "list.csv:3:" in result.stderr
    assert not (tmp_path / "taken").exists()
