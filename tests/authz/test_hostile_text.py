"""Hostile text in every field of every form and every JSON body is refused or shown as text.

The forms are those that the pages really show, the bodies those that the OpenAPI document describes.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from databases import Databases
from matrix_world import Matrix, matrix
from openapi_document import operations, resolve
from routes import address_of, cells

SCRIPT = "<script>alert(1)</script>"
SHOWN = f"{SCRIPT}\"'><img src=x onerror=alert(1)>=1+1@SUM(A1)\u202e\u2066{{{{7*7}}}}%s"
TEXTS = {"shown": SHOWN, "nul": "a\0b", "huge number": "9" * 400, "digits": "１２"}
LONE_SURROGATE = b"%ED%A0%80"


class Forms(HTMLParser):
    """The forms of a page: (address, {field: value})."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the fields between a form's tags."""
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = facts.get("method") == "post"
            if self._open:
                self.found.append((facts.get("action", ""), {}))
        elif self._open and tag in ("input", "select", "textarea") and "name" in facts:
            if facts.get("type") != "file":
                self.found[-1][1].setdefault(facts["name"], facts.get("value", ""))
        elif self._open and tag == "option" and self.found[-1][1]:
            last = list(self.found[-1][1])[-1]
            self.found[-1][1][last] = self.found[-1][1][last] or facts.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        self._open = self._open and tag != "form"


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=False) as made:
        yield made


def forms(world: Matrix) -> dict[str, dict[str, str]]:
    """Return the fields of every form that any page shows to the party one acts for, by address."""
    found: dict[str, dict[str, str]] = {}
    for cell in cells(world):
        if cell[0] == "GET" and not cell[1].rule.startswith("/api/"):
            with world.client.get(address_of(world, cell, world.own)) as answer:
                if answer.mimetype == "text/html":
                    parser = Forms()
                    parser.feed(answer.get_data(as_text=True))
                    found |= {
                        action or address_of(world, cell, world.own): form for action, form in parser.found
                    }
    return {address: form for address, form in found.items() if address != "/acting"}


@pytest.mark.parametrize(("party", "side"), [("works", "generator"), ("plant", "facility")])
def test_no_field_of_any_form_makes_a_fault_or_a_script(world: Matrix, party: str, side: str) -> None:
    world.choose(party, side)
    found = forms(world)
    assert len(found) >= 5
    for address, form in found.items():
        for field in form:
            for name, text in TEXTS.items():
                answer = world.client.post(address, data=form | {field: text})
                assert answer.status_code < 500, (address, field, name)
                assert SCRIPT not in answer.get_data(as_text=True), (address, field)
                if name == "nul":
                    assert answer.status_code == 400, (address, field)
            raw = field.encode() + b"=" + LONE_SURROGATE
            answer = world.client.post(address, data=raw, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (address, field, "lone surrogate")


def test_ten_megabytes_are_refused_by_every_form_and_body(world: Matrix) -> None:
    world.choose("works", "generator")
    for cell in cells(world):
        address = address_of(world, cell, world.own)
        if cell[0] != "GET":
            sent = (
                {"json": {"a": "x" * 10**7}} if address.startswith("/api/") else {"data": {"a": "x" * 10**7}}
            )
            answer = world.client.open(address, method=cell[0], **sent)
            assert 400 <= answer.status_code < 500, (address, answer.status_code)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_query_of_any_page_makes_a_fault_or_a_script(world: Matrix, text: str) -> None:
    world.choose("works", "generator")
    names = (
        "q",
        "page",
        "status",
        "role",
        "province",
        "month",
        "like",
        "side",
        "stream",
        "lang",
        "year",
        "renews",
    )
    for cell in cells(world):
        if cell[0] == "GET":
            query = dict.fromkeys(names, text)
            with world.client.get(address_of(world, cell, world.own), query_string=query) as answer:
                assert answer.status_code < 500, cell[1].rule
                if answer.mimetype == "text/html":
                    assert SCRIPT not in answer.get_data(as_text=True), cell[1].rule


def samples(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return a value that is like a schema, every property filled."""
    schema = resolve(document, schema)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return {name: samples(document, inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [samples(document, schema.get("items", {}))]
    by_format = {"date": "2026-09-01", "date-time": "2026-09-01T00:00:00Z"}
    return {"integer": 1, "number": 1, "boolean": True}.get(
        kind, by_format.get(schema.get("format", ""), "x")
    )


def hostile(value: Any, text: Any) -> Iterator[Any]:
    """Yield the value once for each of its leaves, with that leaf replaced."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ({**value, name: bad} for bad in hostile(inner, text))
    elif isinstance(value, list):
        for inner in value:
            yield from ([bad] for bad in hostile(inner, text))
    yield text


def test_no_field_of_any_body_makes_a_fault(world: Matrix) -> None:
    document = dict(world.client.get("/openapi.json").get_json())
    asked, texts = 0, [SHOWN, "a\0b", "\ud800", "9" * 400, 10**30, -1, [], {}, None]
    addresses = {cell[1].rule: address_of(world, cell, world.own) for cell in cells(world)}
    by_path = {
        "/".join("{}" if "<" in part else part for part in rule.split("/")): at
        for rule, at in addresses.items()
    }
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if method == "get" or "application/json" not in content:
            continue
        address = by_path["/".join("{}" if "{" in part else part for part in path.split("/"))]
        sample = samples(document, content["application/json"]["schema"])
        for text in texts:
            for body in hostile(sample, text):
                answer = world.client.open(
                    address, method=method.upper(), json=body, headers={"If-Match": "x"}
                )
                asked += 1
                assert answer.status_code < 500, (method, path, body)
                if answer.status_code >= 400:
                    assert answer.mimetype == "application/problem+json", (method, path)
    assert asked > 500
