"""Hostile input is refused with a problem document, and never with a fault of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from openapi_document import operations
from sqlalchemy import func, select

from circularity.audit import AuditEvent
from circularity.database import Base, reading

JSON = "application/json"


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url, api_write=True) as made:
        yield made


def events(served: World) -> int:
    with reading(served.engine)() as session:
        return session.scalar(select(func.count()).select_from(AuditEvent)) or 0


def post(served: World, text: str | bytes, content_type: str = JSON) -> Any:
    """Post a text as a lot; return the answer, which must be a problem that left nothing behind."""
    before = events(served)
    body = text.replace("SITE", served.ids["site_id"]) if isinstance(text, str) else text
    answer = served.client.post("/api/v1/outputs", data=body, content_type=content_type)
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    assert events(served) == before
    return answer


def with_mass(mass: str) -> str:
    return f'{{"site_id": "SITE", "waste_code": "900-001-S02", "mass_t": {mass}}}'


@pytest.mark.parametrize(
    ("mass", "rule"),
    [
        ("1.0005", "too_precise"),
        ('"1.0005"', "too_precise"),
        ("1e-7", "too_precise"),
        ("0", "out_of_range"),
        ("-0", "out_of_range"),
        ("-5", "out_of_range"),
        ("1000000000", "out_of_range"),
        ("1e9", "out_of_range"),
        ("9223372036854775808", "out_of_range"),
        ("1e400", "out_of_range"),
        ("true", "not_a_number"),
        ("[1]", "not_a_number"),
        ("{}", "not_a_number"),
        ("null", "null"),
        ('"１２"', "not_a_number"),
        ('"1_000"', "not_a_number"),
        ('"1,5"', "not_a_number"),
        ('"1,000"', "not_a_number"),
        ('" 5"', "not_a_number"),
        ('"5\\n"', "not_a_number"),
        ('"NaN"', "not_a_number"),
        ('"Infinity"', "not_a_number"),
        ('"1e3"', "not_a_number"),
        ('"0x10"', "not_a_number"),
        ('""', "not_a_number"),
    ],
)
def test_a_mass_that_is_none_is_refused(served: World, mass: str, rule: str) -> None:
    answer = post(served, with_mass(mass))
    assert answer.status_code == 422
    assert [(e["column"], e["rule"]) for e in answer.get_json()["errors"]] == [("mass_t", rule)]


@pytest.mark.parametrize(
    "body",
    [
        with_mass("NaN"),
        with_mass("-Infinity"),
        with_mass("1" * 5_000),
        with_mass("1e" + "9" * 50),
        with_mass("0." + "1" * 200),
        "",
        "{",
        "not json",
        '{"site_id": "SITE",}',
        '{"mass_t": 1, "mass_t": 2}',
        "[" * 100_000,
        '{"assays":' * 20_000 + "1" + "}" * 20_000,
        "[" * 33 + "]" * 33,
        '{"waste_code": "a\\u0000b"}',
        '{"waste_code": "\\ud800"}',
        '{"\\udfff": 1}',
        b"\xff\xfe{\x00}\x00",
        b'{"waste_code": "' + b"\xc3\x28" + b'"}',
    ],
    ids=str,
)
def test_a_body_that_is_no_proper_json_is_refused(served: World, body: str | bytes) -> None:
    assert post(served, body).status_code in (400, 422)


@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "true", "[[]]"])
def test_json_that_is_no_object_is_refused(served: World, body: str) -> None:
    assert post(served, body).status_code == 422


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"],
)
def test_a_type_that_a_page_of_another_origin_can_send_is_refused(served: World, content_type: str) -> None:
    assert post(served, with_mass("1"), content_type).status_code == 415


def test_a_body_over_the_limit_is_refused(served: World) -> None:
    answer = post(served, with_mass('"' + "1" * 1_100_000 + '"'))
    assert answer.status_code == 413
    assert answer.get_json()["type"] == "urn:circularity:problem:too_large"


def test_no_column_of_a_table_can_be_set_from_outside_but_the_documented_ones(served: World) -> None:
    allowed = set(served.document()["components"]["schemas"]["OutputCreate"]["properties"])
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    for column in sorted(columns - allowed):
        answer = post(served, with_mass("1").replace("}", f', "{column}": 1}}'))
        assert (column, "unknown_field") in {
            (error["column"], error["rule"]) for error in answer.get_json()["errors"]
        }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("waste_code", '"999"'),
        ("waste_code", '"<script>alert(1)</script>"'),
        ("waste_code", "12"),
        ("available_from", '"2026-02-30"'),
        ("available_from", '"2026-01-01T00:00:00Z"'),
        ("available_from", "20260101"),
        ("allowed_operations", '"R5"'),
        ("allowed_operations", '["NOPE"]'),
        ("allowed_operations", "[" + '"R5",' * 60 + '"R5"]'),
        ("max_distance_km", "-1"),
        ("price_cny_per_t", "1.00001"),
        ("price_cny_per_t", "1e30"),
        ("assays", '{"Cl": 1}'),
        ("assays", '{"cl_mg_per_kg": "x"}'),
        ("assays", '{"cl_mg_per_kg": 0.0000001}'),
        ("visibility", '"everybody"'),
        ("site_id", '"0"'),
        ("site_id", '"' + "0" * 32 + '\\n"'),
    ],
)
def test_a_wrong_field_is_named(served: World, field: str, value: str) -> None:
    others = with_mass("1").replace(f'"{field}": "900-001-S02", ', "").replace(f'"{field}": "SITE", ', "")
    answer = post(served, others.replace("}", f', "{field}": {value}}}'))
    assert answer.status_code == 422
    assert all(str(error["column"]).startswith(field) for error in answer.get_json()["errors"])


def test_every_mistake_of_a_body_is_told_at_once_in_both_languages(served: World) -> None:
    answer = post(served, '{"mass_t": "x", "status": "gone", "colour": 1}')
    told = {error["column"]: error for error in answer.get_json()["errors"]}
    assert told.keys() == {"site_id", "waste_code", "mass_t", "status", "colour"}
    assert all(error["zh"] and error["en"] and error["file"] == "body" for error in told.values())


@pytest.mark.parametrize(
    "value", ["", "\0", "%", "_", "1e999", "-1", "' OR 1=1 --", "９", "\ud800", "x" * 5_000]
)
def test_no_query_makes_a_fault_of_ours(served: World, value: str) -> None:
    for path, method, operation in operations(served.document()):
        if method != "get":
            continue
        for parameter in operation.get("parameters", []):
            if parameter.get("in") != "query":
                continue
            query = {parameter["name"]: value.encode("utf-8", "surrogatepass")}
            answer = served.client.get(served.address(path), query_string=query)
            assert answer.status_code < 500, (path, parameter["name"])
            if answer.status_code >= 400:
                assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("piece", ["0", "..%2f..%2fetc", "' OR 1=1", "０" * 32, "F" * 32, "0" * 33])
def test_an_id_that_is_none_is_found_nowhere(served: World, piece: str) -> None:
    for kind in ("outputs", "facilities", "windows", "whitelist", "runs", "jobs", "organisations"):
        answer = served.client.get(f"/api/v1/{kind}/{piece}")
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"


def test_an_address_with_nul_is_refused(served: World) -> None:
    answer = served.client.get("/api/v1/outputs/%00")
    assert (answer.status_code, answer.get_json()["type"]) == (400, "urn:circularity:problem:broken_text")


def test_a_method_that_an_address_does_not_take_is_a_problem_document(served: World) -> None:
    answer = served.client.delete("/api/v1/outputs")
    assert answer.status_code == 405
    assert answer.get_json()["type"] == "urn:circularity:problem:method_not_allowed"


def test_reading_changes_nothing(served: World) -> None:
    before = events(served)
    for path, method, _ in operations(served.document()):
        if method == "get":
            served.client.get(served.address(path))
    assert events(served) == before
