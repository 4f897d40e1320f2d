"""The API's description is valid OpenAPI 3.1, complete, and true of what is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from openapi_document import KEYWORDS, TYPES, mismatches, operations, references, resolve, schemas


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


@pytest.fixture(scope="module")
def opened(databases: Databases) -> Iterator[World]:
    """A server opened for a trial, where a party's own papers can be read."""
    with databases.new() as url, world(url, api_write=True) as made:
        yield made


OWN = "/api/v1/organisations/"


def test_the_document_is_of_version_3_1_with_title_and_version(served: World) -> None:
    document = served.document()
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Circularity"
    assert document["info"]["version"] == "v1"


def test_every_reference_leads_somewhere(served: World) -> None:
    document = served.document()
    found = set(references(document))
    assert found
    for reference in found:
        assert resolve(document, {"$ref": reference})


def test_every_operation_has_a_name_of_its_own_a_summary_and_answers(served: World) -> None:
    listed = list(operations(served.document()))
    names = [operation["operationId"] for _, _, operation in listed]
    assert len(names) == len(set(names)) > 20
    for path, method, operation in listed:
        assert operation["summary"], (path, method)
        assert any(status.startswith("2") for status in operation["responses"]), (path, method)
        assert "default" in operation["responses"], (path, method)


def test_every_path_parameter_is_described_as_required(served: World) -> None:
    document = served.document()
    for path, described in document["paths"].items():
        named = {p["name"] for p in described.get("parameters", []) if p["in"] == "path" and p["required"]}
        assert named == set(re.findall(r"{(\w+)}", path)), path


def test_every_schema_uses_keywords_and_types_of_json_schema(served: World) -> None:
    for schema in schemas(served.document()):
        assert schema.keys() <= KEYWORDS, schema
        kinds = schema.get("type", [])
        assert set([kinds] if isinstance(kinds, str) else kinds) <= TYPES.keys(), schema
        assert "\\A" not in schema.get("pattern", ""), "JSON Schema knows ^ and $ only"


def test_every_address_of_the_api_is_described(served: World) -> None:
    document = served.document()
    described = {(path, method) for path, method, _ in operations(document)}
    for rule in served.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert (path, method.lower()) in described, f"{method} {path}"


def answers_as_described(
    asked: World, document: dict[str, Any], path: str, operation: dict[str, Any]
) -> None:
    answer = asked.client.get(asked.address(path))
    assert answer.status_code == 200, (path, answer.get_data(as_text=True))
    assert answer.headers["ETag"], path
    content = operation["responses"]["200"]["content"]
    assert answer.mimetype in content, path
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        assert list(mismatches(document, schema, answer.get_json())) == [], path


def test_every_documented_get_answers_as_its_schema_says(served: World, opened: World) -> None:
    document, asked = served.document(), 0
    for path, method, operation in operations(document):
        if method == "get":
            answers_as_described(opened, document, path, operation)
            if not path.startswith(OWN):
                answers_as_described(served, document, path, operation)
            asked += 1
    assert asked >= 38


def test_what_is_one_partys_own_is_read_by_nobody_where_parties_are_not_told_apart(served: World) -> None:
    asked = 0
    for path, method, operation in operations(served.document()):
        if method == "get" and path.startswith(OWN):
            answer = served.client.get(served.address(path))
            assert (answer.status_code, answer.get_json()["type"]) == (
                403,
                "urn:circularity:problem:party_unknown",
            )
            assert "403" in operation["responses"]
            asked += 1
    assert asked >= 10


def test_no_list_of_the_test_world_is_empty_so_that_its_rows_are_really_checked(opened: World) -> None:
    for path, method, operation in operations(opened.document()):
        if method == "get" and "X-Pagination" in operation["responses"]["200"].get("headers", {}):
            assert opened.client.get(opened.address(path)).get_json(), path


def test_problem_documents_are_as_described(served: World) -> None:
    document = served.document()
    problem = {"$ref": "#/components/schemas/Problem"}
    for address in ("/api/v1/outputs?page=x&colour=red", "/api/v1/outputs/" + "0" * 32, "/api/v1/nothing"):
        answer = served.client.get(address)
        assert answer.mimetype == "application/problem+json"
        assert list(mismatches(document, problem, answer.get_json())) == []


def test_the_reader_at_docs_loads_nothing_from_other_places(served: World) -> None:
    page = served.client.get("/docs")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "swagger-ui-bundle.js" in text
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text)
    assert "<script>" not in text, "the content policy allows no inline script"
