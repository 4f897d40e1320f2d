"""How refusals of HTTP itself (no such page, wrong method, body too large) read as problem documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException

TITLES: Mapping[int, tuple[str, str, str]] = {
    400: ("bad_request", "请求无法读取", "the request cannot be read"),
    403: ("not_allowed", "不允许此操作", "this is not allowed"),
    404: ("not_found", "未找到", "nothing is found at this address"),
    405: ("method_not_allowed", "此地址不支持该方法", "this address does not take this method"),
    406: ("not_acceptable", "无法以所要求的形式回答", "the answer cannot take the form asked for"),
    408: ("timeout", "请求超时", "the request took too long"),
    412: (
        "precondition_failed",
        "数据已被更改，请重新读取",
        "it has changed since it was read: read it again",
    ),
    413: ("too_large", "请求内容过大", "the request is too large"),
    414: ("address_too_long", "地址过长", "the address is too long"),
    415: ("unsupported_media_type", "不支持该内容类型", "this content type is not taken"),
    428: ("precondition_required", "需要 If-Match 标头", "an If-Match header is needed"),
    429: ("too_many_requests", "请求过多，请稍后再试", "too many requests: try again later"),
    431: ("headers_too_large", "标头过大", "the headers are too large"),
    500: ("internal_error", "服务器内部错误", "something went wrong on our side"),
    503: ("busy", "服务器繁忙，请稍后再试", "the server is busy: try again later"),
}
"""Status to stable code, Chinese and English title; the code ends the problem's type."""


class Refusal(HTTPException):
    """A refusal of HTTP with its own stable code and sentences."""

    def __init__(self, status: int, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = status
        self.problem_code = code
        self.zh = zh
        self.en = en


def problem_type(code: str) -> str:
    """Return the `type` of a problem; it identifies the reason and leads nowhere."""
    return f"urn:circularity:problem:{code}"


def http_problem(error: HTTPException) -> dict[str, Any]:
    """Return an error of HTTP as the fields of a problem document (RFC 9457)."""
    status = error.code or 500
    if isinstance(error, Refusal):
        code, zh, en = error.problem_code, error.zh, error.en
    else:
        code, zh, en = TITLES.get(status, (f"http_{status}", "请求被拒绝", error.name))
    return {"type": problem_type(code), "title": en, "title_zh": zh, "status": status}
