"""How codes and ids are written in requests, before anybody looks them up."""

from __future__ import annotations

from typing import Any

from marshmallow.validate import Length, Regexp

from circularity.fields import Checks

# The length as well, because `$` of a Python expression lets a line break pass.
PUBLIC_ID = [
    Length(equal=32, error="Not a code: 32 hexadecimal digits are wanted."),
    Regexp("^[0-9a-f]{32}$", error="Not a code: 32 hexadecimal digits are wanted."),
]
PROVINCE = [
    Length(equal=2, error="Not a code: two digits of a province are wanted."),
    Regexp("^[1-8][0-9]$", error="Not a code: two digits of a province are wanted."),
]
CODE_LENGTH = Length(min=1, max=30)
NAME_LENGTH = Length(min=1, max=200)
SOURCE_LENGTH = Length(min=1, max=1000)


def verb_arguments(body: dict[str, Any]) -> dict[str, Any]:
    """Return a loaded body as arguments of a verb, without the ids that the view has looked up."""
    return {name: value for name, value in body.items() if not name.endswith("_id")}


def waste_pattern_of(text: str) -> str:
    """Return the canonical code, kind or `*` of a query's `waste_code`; raises BadInput for anything else."""
    checks = Checks("query")
    pattern = checks.waste_pattern("waste_code", text)
    checks.finish()
    return pattern


def operation_of(text: str) -> str:
    """Return the canonical operation of a query; raises BadInput for none."""
    checks = Checks("query")
    operation = checks.operation("operation", text)
    checks.finish()
    return operation
