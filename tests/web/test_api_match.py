"""A case of one's own, matched over the API: the same plan as on the command line, and nothing kept."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from openapi_document import mismatches
from openpyxl import Workbook

from web.api.match import WORKBOOK
from web.tryout import runner

CASE: dict[str, Any] = {
    "outputs": [
        {"output_id": "ash", "waste_code": "900-001-S02", "mass_t": "100", "lat": 31.2, "lon": 121.4,
         "region_code": "310000"},
    ],
    "facilities": [{"facility_id": "kiln", "lat": 31.3, "lon": 121.4, "region_code": "310000"}],
    "capacities": [
        {"capacity_id": "kiln-1", "facility_id": "kiln", "waste_pattern": "SW02", "operation": "C2",
         "capacity_t": 60, "gate_fee_cny_per_t": 10},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def case(**changes: Any) -> dict[str, Any]:
    return deepcopy(CASE) | changes


def workbook(tables: dict[str, list[dict[str, Any]]]) -> bytes:
    """Return the tables as an XLSX."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        columns = list(rows[0])
        sheet.append(columns)
        for row in rows:
            sheet.append([row[column] for column in columns])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_case_of_tables_is_matched_and_proven_where_writing_is_closed(served: World) -> None:
    answer = served.client.post("/api/v1/match", json=CASE)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    done = answer.get_json()
    assert [(row["output_id"], row["capacity_id"], row["mass_t"]) for row in done["plan"]] == [
        ("ash", "kiln-1", "60")
    ]
    # 60 t at 10 CNY/t gate fee, and the transport on top
    assert float(done["plan"][0]["cost_gate_fee_cny"]) == 600
    assert [(row["mass_t"], row["reason"]) for row in done["unmatched"]] == [("40", "capacity")]
    assert done["summary"]["status"] == "optimal"
    assert done["summary"]["notice_zh"].startswith("撮合建议")
    document = served.document()
    schema = {"$ref": "#/components/schemas/MatchAnswer"}
    assert list(mismatches(document, schema, done)) == []


def test_a_workbook_and_the_same_tables_are_one_case(served: World) -> None:
    tables = served.client.post("/api/v1/match", json=CASE).get_json()
    book = served.client.post("/api/v1/match", data=workbook(CASE), content_type=WORKBOOK)
    assert book.status_code == 200, book.get_data(as_text=True)
    assert book.get_json()["summary"]["digest"] == tables["summary"]["digest"]


def test_nothing_is_kept(served: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for body, kind in ((workbook(CASE), WORKBOOK), (b"junk", WORKBOOK)):
        served.client.post("/api/v1/match", data=body, content_type=kind)
        assert list(tmp_path.iterdir()) == []


def test_every_mistake_of_a_case_is_told_with_its_place(served: World) -> None:
    wrong = case()
    wrong["outputs"][0] |= {"mass_t": "-3", "colour": "red"}
    answer = served.client.post("/api/v1/match", json=wrong)
    assert answer.status_code == 422
    told = {(error["file"], error["column"], error["rule"]) for error in answer.get_json()["errors"]}
    assert told == {("outputs.csv", "colour", "unknown_header"), ("outputs.csv", "mass_t", "negative")}


@pytest.mark.parametrize("body", [b"", b"junk", b"PK\x03\x04" + b"\0" * 200])
def test_a_workbook_that_is_none_is_refused(served: World, body: bytes) -> None:
    answer = served.client.post("/api/v1/match", data=body, content_type=WORKBOOK)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"


def test_tables_are_bounded_and_unknown_ones_refused(served: World) -> None:
    many = case(outputs=CASE["outputs"] * 2_001)
    answer = served.client.post("/api/v1/match", json=many)
    assert answer.status_code == 422
    assert [error["column"] for error in answer.get_json()["errors"]] == ["outputs"]
    answer = served.client.post("/api/v1/match", json=case(prices=[{"a": 1}], outputs=[{"a": [1]}]))
    assert {error["rule"] for error in answer.get_json()["errors"]} == {"unknown_field", "wrong_type"}


def test_another_type_of_body_is_refused(served: World) -> None:
    answer = served.client.post("/api/v1/match", data="output_id\n1", content_type="text/csv")
    assert answer.status_code == 415


def test_one_case_at_a_time_is_matched_and_the_next_is_asked_to_come_back(served: World) -> None:
    with runner._AT_ONCE:
        answer = served.client.post("/api/v1/match", json=CASE)
    assert answer.status_code == 503
    assert answer.get_json()["type"] == "urn:circularity:problem:busy"
    assert served.client.post("/api/v1/match", json=CASE).status_code == 200


def test_a_case_that_takes_too_long_is_stopped(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SECONDS", 0.01)
    answer = served.client.post("/api/v1/match", json=CASE)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "urn:circularity:problem:case_too_heavy"


def test_a_workbook_that_unpacks_to_far_more_than_it_weighs_is_refused(served: World) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    bomb = stream.getvalue()
    assert len(bomb) < 1_000_000
    answer = served.client.post("/api/v1/match", data=bomb, content_type=WORKBOOK)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "urn:circularity:problem:bad_input"


def test_the_process_for_strangers_cases_loads_neither_flask_nor_a_database() -> None:
    code = "import sys, web.tryout.process as _; print(sys.modules.keys() & {'flask', 'sqlalchemy'})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
