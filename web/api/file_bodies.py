"""A file as the body of a request: of a type that no page of another origin can send, up to 50 MB."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from circularity.safe_workbook import MAX_FILE_BYTES
from web.http_problems import Refusal

CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_TYPES = {CSV: "csv", WORKBOOK: "xlsx"}
"""Content type of a body → suffix of the file."""


@dataclass(frozen=True)
class FileBody:
    """The bytes of a file and its suffix."""

    content: bytes
    suffix: str


def read_file() -> FileBody:
    """Return the body as a file; raises Refusal (415) for other types, and 413 beyond 50 MB."""
    suffix = FILE_TYPES.get(request.mimetype)
    if suffix is None:
        kinds = " / ".join(FILE_TYPES)
        zh, en = f"正文应为 {kinds}", f"the body must be {kinds}"
        raise Refusal(415, "unsupported_media_type", zh, en)
    request.max_content_length = MAX_FILE_BYTES
    return FileBody(request.get_data(cache=True), suffix)
