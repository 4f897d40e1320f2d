"""What a page may offer: judged by the same table and policy as the request that a form would send."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from circularity.policy.decisions import NOT_FOUND, Refused
from web.permission_check import asking, judged
from web.permissions import permission_of


def refusal_of(address: str, method: str = "POST") -> Refused | None:
    """Return why the asker's request to an address of ours would be refused; None where it would not.

    What the body of a form names is not known yet, and is asked when it is sent.
    """
    acting = asking()
    if acting is None:
        return None
    adapter = current_app.create_url_adapter(request)
    endpoint, pieces = _route(adapter, address, method) if adapter is not None else ("", {})
    permission = permission_of(method, endpoint)
    if permission is None:
        return NOT_FOUND
    verdict, _ = judged(acting, permission, pieces, {})
    return verdict if isinstance(verdict, Refused) else None


def _route(adapter: MapAdapter, address: str, method: str) -> tuple[str, dict[str, object]]:
    """Return endpoint and pieces of an address, no endpoint where it leads nowhere."""
    path = urlsplit(address).path.removeprefix(request.script_root)
    try:
        endpoint, pieces = adapter.match(path, method)
    except HTTPException:
        return "", {}
    return endpoint, dict(pieces)
