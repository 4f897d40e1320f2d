"""JSON as it is taken from outside: exact numbers, no duplicate keys, no depth, no broken text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from web.http_problems import Refusal

MAX_DEPTH = 32
_MAX_DIGITS = 40


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text, numbers with a point or an exponent as Decimal.

    Raises Refusal (400) for anything that is no JSON of RFC 8259, for duplicate keys, for more than MAX_DEPTH
    levels and for texts with NUL or a lone surrogate, which no database can keep.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise _malformed("正文不是 UTF-8", "the body is not UTF-8") from None
    except ValueError:
        raise _malformed("正文不是 JSON", "the body is not JSON") from None
    for text in _texts(value):
        if "\0" in text or not _encodable(text):
            raise _malformed("文本含有无效字符", "a text contains NUL or a lone surrogate")
    return value


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of the value, keys included; refuses too many levels."""
    waiting = [(value, 1)]
    while waiting:
        current, level = waiting.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, dict):
            yield from current
            waiting.extend((inner, level + 1) for inner in current.values())
        elif isinstance(current, list):
            waiting.extend((inner, level + 1) for inner in current)
        if level > MAX_DEPTH:
            raise _too_deep()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keyed = dict(pairs)
    if len(keyed) < len(pairs):
        raise _malformed("对象中有重复的键", "an object names a key twice")
    return keyed


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS:
        _no_number(text)
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        _no_number(text)
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise _malformed("数字超出范围或不是数字", f"{text[:20]} is no number that can be meant")


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _too_deep() -> Refusal:
    return _malformed(f"JSON 嵌套超过 {MAX_DEPTH} 层", f"the JSON is nested deeper than {MAX_DEPTH} levels")


def _malformed(zh: str, en: str) -> Refusal:
    return Refusal(400, "malformed_body", zh, en)
