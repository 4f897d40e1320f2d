"""What an act named in a body takes: each act its own facts, none missing and none that it does not mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from circularity.errors import BadInput, InputProblem


@dataclass(frozen=True, slots=True)
class Takes:
    """The fields of a body that one act needs, and those it may have besides."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


def facts_of(body: Mapping[str, Any], acts: Mapping[str, Takes]) -> dict[str, Any]:
    """Return the facts for the act that a body names; raises BadInput naming every field at once."""
    takes = acts[body["act"]]
    given = {name: value for name, value in body.items() if name != "act"}
    missing = [name for name in takes.needs if given.get(name) in (None, "")]
    foreign = sorted(given.keys() - {*takes.needs, *takes.may})
    problems = [
        *_problems(missing, "empty", "缺少必填项", "this act wants it"),
        *_problems(foreign, "not_meant", "此操作不用该字段", "this act does not take it"),
    ]
    if problems:
        raise BadInput(problems)
    return given


def _problems(fields: Iterable[str], rule: str, zh: str, en: str) -> list[InputProblem]:
    return [InputProblem("body", None, name, rule, "", zh, en) for name in fields]
