"""Every mistake in a request as an InputProblem: where, which rule, what was found, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from circularity.errors import BadInput, InputProblem

SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("Missing data", "missing", "缺少必填字段"),
    ("Unknown field", "unknown_field", "未知字段"),
    ("Field may not be null", "null", "不能为空值"),
    ("Invalid input type", "wrong_type", "应为 JSON 对象"),
    ("Not a valid string", "wrong_type", "应为文本"),
    ("Not a valid boolean", "wrong_type", "应为 true 或 false"),
    ("Not a valid list", "wrong_type", "应为数组"),
    ("Not a valid mapping", "wrong_type", "应为对象"),
    ("Not a valid date", "not_a_day", "应为日期，例如 2026-01-31"),
    ("Not a whole number", "not_a_number", "应为整数"),
    ("Not a number", "not_a_number", "应为数字，或十进制文本"),
    ("More decimals", "too_precise", "小数位数过多"),
    ("Out of range", "out_of_range", "超出范围"),
    ("Must be one of", "unknown_word", "不在允许的取值之内"),
    ("Must be true", "unknown_word", "应为 true"),
    ("Length must", "length", "长度不符合要求"),
    ("Shorter than", "length", "长度不足"),
    ("Longer than", "length", "超过最大长度"),
    ("Not a code", "malformed_code", "代码格式不正确"),
)
"""Beginning of an English sentence, stable rule, Chinese sentence."""

_LOCATIONS = {"json": "body", "query": "query", "headers": "header", "files": "form", "form": "form"}
_SHOWN = 80
_UNKNOWN = "Unknown field."


def bad_input(error: ValidationError, data: Any) -> BadInput:
    """Return all mistakes of a validation; `file` is the part of the request, `column` the field's path."""
    messages = error.messages if isinstance(error.messages, dict) else {"json": error.messages}
    problems = [
        _problem(_LOCATIONS.get(str(location), str(location)), path, sentence, data)
        for location, inner in messages.items()
        for path, sentence in _leaves(inner, ())
    ]
    return BadInput(problems)


def _leaves(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _leaves(inner, path if _adds_no_step(key, inner) else (*path, str(key)))
    elif isinstance(messages, (list, tuple)):
        for sentence in messages:
            yield from _leaves(sentence, path)
    else:
        yield path, str(messages)


def _adds_no_step(key: Any, inner: Any) -> bool:
    """Tell whether marshmallow's key is no field: a mapping's own keys and values are filed one deeper."""
    return key == "_schema" or (key in ("key", "value") and inner != [_UNKNOWN])


def _problem(place: str, path: tuple[str, ...], sentence: str, data: Any) -> InputProblem:
    rule, zh = next(
        ((rule, zh) for start, rule, zh in SENTENCES if sentence.startswith(start)), ("invalid", "取值无效")
    )
    column = ".".join(path) or None
    return InputProblem(place, None, column, rule, _found(data, path), zh, sentence)


def _found(data: Any, path: tuple[str, ...]) -> str:
    """Return what stood at the path, shortened; empty where nothing stood."""
    value = data
    for step in path:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return ""
    return repr(value)[:_SHOWN] if isinstance(value, str) else str(value)[:_SHOWN]
