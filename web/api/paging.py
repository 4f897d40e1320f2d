"""Long lists in pages, described by the headers `X-Pagination` and `Link` (RFC 8288)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema
from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from web.api.quantities import WholeNumber

Row = TypeVar("Row")

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
LAST_PAGE = 2_000
"""Bounds what one request can make the database skip; who needs more narrows the question."""

HEADERS = {
    "X-Pagination": {
        "description": "total, total_pages, page, page_size, and next_page and previous_page where there are",
        "schema": {"type": "string", "contentMediaType": "application/json"},
    },
    "Link": {
        "description": "addresses of the first, prev, next and last page",
        "schema": {"type": "string"},
    },
}
"""How OpenAPI describes the headers of a paged answer."""


class Paged(Schema):
    """The query of a paged list; lists with filters extend it."""

    page = WholeNumber(minimum=1, maximum=LAST_PAGE, load_default=1, metadata={"description": "page, from 1"})
    page_size = WholeNumber(
        minimum=1, maximum=MAX_PAGE_SIZE, load_default=PAGE_SIZE, metadata={"description": "rows per page"}
    )


@dataclass(frozen=True)
class Paging:
    """Which page is asked for."""

    page: int
    page_size: int

    @classmethod
    def of(cls, query: dict[str, Any]) -> Paging:
        """Take the page out of a loaded `Paged` query."""
        return cls(query["page"], query["page_size"])

    def of_statement(self, session: Session, statement: Select[Row]) -> tuple[Sequence[Row], dict[str, str]]:
        """Return the page of an ordered statement and its headers."""
        counted = (
            statement.order_by(None).options().with_only_columns(func.count(), maintain_column_froms=True)
        )
        total = session.scalar(counted) or 0
        start = (self.page - 1) * self.page_size
        rows = session.scalars(statement.limit(self.page_size).offset(start)).unique().all()
        return rows, self.headers(total)

    def of_list(self, rows: Sequence[Row]) -> tuple[Sequence[Row], dict[str, str]]:
        """Return the page of a list that is in memory anyway, and its headers."""
        start = (self.page - 1) * self.page_size
        return rows[start : start + self.page_size], self.headers(len(rows))

    def headers(self, total: int) -> dict[str, str]:
        """Return the headers of this page of `total` rows."""
        pages = max(1, -(-total // self.page_size))
        described = {"total": total, "total_pages": pages, "page": self.page, "page_size": self.page_size}
        links = {"first": 1, "last": pages}
        if 1 < self.page <= pages:
            described["previous_page"] = links["prev"] = self.page - 1
        if self.page < pages:
            described["next_page"] = links["next"] = self.page + 1
        link = ", ".join(f'<{self._address(page)}>; rel="{rel}"' for rel, page in links.items())
        return {"X-Pagination": json.dumps(described), "Link": link}

    def _address(self, page: int) -> str:
        asked = {**request.args.to_dict(), "page": page, "page_size": self.page_size}
        return f"{request.path}?{urlencode(asked)}"
