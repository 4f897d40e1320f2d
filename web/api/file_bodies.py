"""A file as the body of a request: of a type that no form of another origin can send, up to 50 MB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from circularity.safe_workbook import MAX_FILE_BYTES
from web.http_problems import Refusal

CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_TYPES = {CSV: "csv", WORKBOOK: "xlsx"}
"""Content type of a body → suffix of the file."""

PAPER_TYPES = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
"""The same for papers that people read."""


@dataclass(frozen=True)
class FileBody:
    """The bytes of a file and its suffix."""

    content: bytes
    suffix: str


def suffix_of_body(types: Mapping[str, str]) -> str:
    """Return the suffix of the body's type; raises Refusal (415) for a type that is not taken."""
    suffix = types.get(request.mimetype)
    if suffix is None:
        kinds = " / ".join(types)
        zh, en = f"正文应为 {kinds}", f"the body must be {kinds}"
        raise Refusal(415, "unsupported_media_type", zh, en)
    return suffix


def read_file(types: Mapping[str, str]) -> FileBody:
    """Return the body as a file; raises Refusal (415) for other types, and 413 beyond 50 MB."""
    suffix = suffix_of_body(types)
    request.max_content_length = MAX_FILE_BYTES
    return FileBody(request.get_data(cache=True), suffix)
