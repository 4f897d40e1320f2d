"""One way to declare a reading view and one to declare a writing view, documentation included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import Response, current_app, jsonify, url_for
from flask_smorest import Blueprint
from marshmallow import Schema

from web.api.file_bodies import FILE_TYPES, FileBody, read_file, suffix_of_body
from web.api.paging import HEADERS, Paged
from web.api.requests import StrictParser
from web.api.shared_descriptions import KEY_PARAMETER, WRITTEN_HEADERS, documented, read_problems
from web.api.writing import (
    REPLAYED_HEADER,
    refuse_unless_told_apart,
    refuse_unless_writable,
    write,
    write_once,
)

View = TypeVar("View", bound=Callable[..., Any])
Act = TypeVar("Act", bound=Callable[..., dict[str, Any]])

PREFIX = "/api/v1"
OWN = "/organisations/<public_id:organisation_id>"
"""Below it stands what one party alone may read and do; `web.api.acting` says for whom a request acts."""


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A part of the API; the name of a view's function is its operationId."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, f"web.api.{name}", url_prefix=PREFIX, description=description)
        self.after_request(_keep_private)

    def read(
        self, rule: str, answer: type[Schema], *, many: bool = False, query: type[Schema] | None = None
    ) -> Callable[[View], View]:
        """Register a GET view: its query is checked, its answer shaped, tagged and, if Paged, paged.

        An address below OWN is a party's own: where parties are not told apart, nobody reads it. The view
        gets the loaded query (when there is one) and the path's values by name, and returns what `answer`
        shapes, for a paged list with the headers of `Paging`.
        """

        def declare(view: View) -> View:
            paged = query is not None and issubclass(query, Paged)
            shaped: Any = self.response(200, answer(many=many), headers=HEADERS if paged else None)(view)
            if query is not None:
                shaped = self.arguments(query, location="query")(shaped)
            shaped = _for_parties(shaped) if rule.startswith(OWN) else shaped
            self.get(rule)(
                documented(self, self.etag(shaped), read_problems(rule, query, own=rule.startswith(OWN)))
            )
            return view

        return declare

    def download(self, rule: str, *content_types: str, query: type[Schema]) -> Callable[[View], View]:
        """Register a GET view that answers with a file of one of these types: the Flask response."""

        def declare(view: View) -> View:
            shaped: Any = self.arguments(query, location="query")(view)
            binary = {"schema": {"type": "string", "format": "binary"}}
            content = dict.fromkeys(content_types, binary)
            response = {"description": "the file", "content": content}
            shaped = self.doc(responses={"200": response})(_for_parties(shaped))
            self.get(rule)(documented(self, shaped, read_problems(rule, query, own=rule.startswith(OWN))))
            return view

        return declare

    def create(
        self, rule: str, body: type[Schema], answer: type[Schema], *, located: str, by: str
    ) -> Callable[[Act], Act]:
        """Register a POST view that makes something and answers 201 with its address.

        The view gets a writing session, the loaded body and the path's values; it calls one verb and returns
        what `answer` shapes. `located` is the endpoint that reads it, `by` its path value, taken from `id`.
        """

        def declare(act: Act) -> Act:
            @wraps(act)
            def view(loaded: dict[str, Any], **path: str) -> Response:
                made = write_once(lambda session: dict(answer().dump(act(session, loaded, **path))))
                return _written(made, 201, located, path | {by: made[0]["id"]})

            shaped: Any = self.response(201, answer, headers=WRITTEN_HEADERS)(view)
            shaped = self.arguments(body, location="json")(shaped)
            shaped = self.doc(parameters=[KEY_PARAMETER])(shaped)
            self.post(rule)(documented(self, _guarded(shaped), (400, 403, 404, 409, 413, 415, 422)))
            return act

        return declare

    def upload(
        self, rule: str, answer: type[Schema], *, query: type[Schema], located: str, by: str
    ) -> Callable[[Act], Act]:
        """Register a POST view that takes a file as its body and answers 202 with the address of its job.

        The view gets a writing session, the loaded query, the file and the path's values.
        """
        return self._take_file(rule, answer, query, (located, by), FILE_TYPES, 202)

    def keep(
        self,
        rule: str,
        answer: type[Schema],
        *,
        query: type[Schema],
        located: str,
        by: str,
        types: Mapping[str, str],
        read: Callable[[FileBody], Any] = lambda file: file,
    ) -> Callable[[Act], Act]:
        """Register a POST view that keeps a file, or what `read` makes of it beforehand, and answers 201."""
        return self._take_file(rule, answer, query, (located, by), types, 201, read)

    def _take_file(
        self,
        rule: str,
        answer: type[Schema],
        query: type[Schema],
        located: tuple[str, str],
        types: Mapping[str, str],
        status: int,
        read: Callable[[FileBody], Any] = lambda file: file,
    ) -> Callable[[Act], Act]:
        endpoint, by = located

        def declare(act: Act) -> Act:
            @wraps(act)
            def view(loaded: dict[str, Any], **path: str) -> Response:
                file = read(read_file(types))
                made = write_once(lambda session: dict(answer().dump(act(session, loaded, file, **path))))
                return _written(made, status, endpoint, path | {by: made[0]["id"]})

            taken = {"content": {kind: {"schema": {}} for kind in types}, "required": True}
            shaped: Any = self.response(status, answer, headers=WRITTEN_HEADERS)(view)
            shaped = _of_type(self.arguments(query, location="query")(shaped), types)
            shaped = self.doc(parameters=[KEY_PARAMETER], requestBody=taken)(shaped)
            self.post(rule)(documented(self, _guarded(shaped), (400, 403, 404, 409, 413, 415, 422)))
            return act

        return declare

    def change(self, rule: str, body: type[Schema], answer: type[Schema]) -> Callable[[Act], Act]:
        """Register a PATCH view, which needs If-Match with the ETag of the state it changes.

        The view gets a writing session, the loaded body and the path's values; it must call `check_etag`.
        """

        def declare(act: Act) -> Act:
            @wraps(act)
            def view(loaded: dict[str, Any], **path: str) -> dict[str, Any]:
                return write(lambda session: act(session, loaded, **path))

            shaped: Any = self.response(200, answer)(view)
            shaped = self.etag(self.arguments(body, location="json")(shaped))
            self.patch(rule)(documented(self, _guarded(shaped), (400, 403, 404, 409, 413, 415, 422)))
            return act

        return declare

    def compute(
        self, rule: str, answer: type[Schema], *, body: type[Schema], other_content: str
    ) -> Callable[[View], View]:
        """Register a POST view that computes and keeps nothing; it reads its body itself.

        The body is documented as `body` in JSON, or as bytes of the type `other_content`.
        """

        def declare(view: View) -> View:
            content = {"application/json": {"schema": body}, other_content: {"schema": {}}}
            shaped: Any = self.response(200, answer)(view)
            shaped = self.doc(requestBody={"required": True, "content": content})(shaped)
            self.post(rule)(documented(self, shaped, (400, 413, 415, 422, 503)))
            return view

        return declare

    def _store_endpoint_docs(
        self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any
    ) -> None:
        """Add the operationId, by which generated clients name their functions."""
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for method, described in self._docs[endpoint].items():
            if method != "parameters":
                described.setdefault("manual_doc", {})["operationId"] = obj.__name__


def _written(made: tuple[dict[str, Any], bool], status: int, located: str, path: dict[str, Any]) -> Response:
    """Answer with what was made and where it is read: at `located`, with the path's values that it takes."""
    answer, replayed = made
    response = jsonify(answer)
    response.status_code = status
    taken = next(current_app.url_map.iter_rules(located)).arguments
    response.headers["Location"] = url_for(
        located, **{name: value for name, value in path.items() if name in taken}
    )
    if replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


def _guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse before the body is even read when writing is closed."""

    @wraps(view)
    def guarded(*args: Any, **path: Any) -> Any:
        refuse_unless_writable()
        return view(*args, **path)

    return guarded


def _of_type(view: Callable[..., Any], types: Mapping[str, str]) -> Callable[..., Any]:
    """Refuse a body of another type before anything else of the request is looked at."""

    @wraps(view)
    def guarded(*args: Any, **path: Any) -> Any:
        suffix_of_body(types)
        return view(*args, **path)

    return guarded


def _for_parties(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse what is one party's own where nobody can say who asks."""

    @wraps(view)
    def guarded(*args: Any, **path: Any) -> Any:
        refuse_unless_told_apart()
        return view(*args, **path)

    return guarded


def _keep_private(response: Response) -> Response:
    """Keep answers out of shared caches: what is disclosed will depend on who asks."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
