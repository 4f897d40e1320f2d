"""Judges an OpenAPI 3.1 document, and bodies against its schemas, with no more than such documents use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "format", "pattern",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default", "description",
    "examples", "readOnly", "$ref", "contentMediaType", "title", "allOf", "anyOf", "oneOf", "const",
}  # fmt: skip
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (path, method, operation) of the whole document."""
    for path, described in document["paths"].items():
        for method in METHODS:
            if method in described:
                yield path, method, described[method]


def references(node: Any) -> Iterator[str]:
    """Yield every `$ref` anywhere in the document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a local reference; raises KeyError where it leads nowhere."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Yield everything that stands where a schema stands."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "schema" and isinstance(inner, dict):
                yield from _with_parts(inner)
            elif key == "schemas" and isinstance(inner, dict):
                for schema in inner.values():
                    yield from _with_parts(schema)
            else:
                yield from schemas(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from schemas(inner)


def _with_parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for part in schema.get("properties", {}).values():
        yield from _with_parts(part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _with_parts(schema[key])


def mismatches(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """Yield a sentence for every place where a value is not as its schema says."""
    schema = resolve(document, schema)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{at}: {value!r} is no {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not among {schema['enum']}"
    if isinstance(value, dict):
        yield from _object_mismatches(document, schema, value, at)
    elif isinstance(value, list) and "items" in schema:
        for k, member in enumerate(value):
            yield from mismatches(document, schema["items"], member, f"{at}[{k}]")
    elif isinstance(value, str):
        yield from _text_mismatches(schema, value, at)


def _object_mismatches(
    document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, inner in value.items():
        if name in known:
            yield from mismatches(document, known[name], inner, f"{at}.{name}")
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from mismatches(document, schema["additionalProperties"], inner, f"{at}.{name}")
        elif known:
            yield f"{at}: {name} is not described"


def _text_mismatches(schema: dict[str, Any], value: str, at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    readers = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}
    if schema.get("format") in readers:
        try:
            readers[schema["format"]](value)
        except ValueError:
            yield f"{at}: {value!r} is no {schema['format']}"


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])
