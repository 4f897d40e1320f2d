"""What tests ask with: a client that says of its forms where they come from, as every browser does."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

TELLING = ("Sec-Fetch-Site", "Origin", "Referer")


class Browser(FlaskClient):
    """A client whose requests come from our own pages, unless a test says where from, or that nothing is."""

    silent = False

    def open(self, *args: Any, headers: Any = None, **kwargs: Any) -> TestResponse:
        """Send a request."""
        told = Headers(headers)
        if not self.silent and not any(name in told for name in TELLING):
            told["Sec-Fetch-Site"] = "same-origin"
        return super().open(*args, headers=told, **kwargs)
