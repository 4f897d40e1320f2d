"""A case matched without a registry: tables or a workbook in, a proven plan out, nothing kept."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, ValidationError
from marshmallow.fields import Dict, Integer, List, Nested, Raw, String
from marshmallow.validate import Length

from web.api.blueprint import ApiBlueprint
from web.api.field_problems import bad_input
from web.api.file_bodies import WORKBOOK
from web.api.json_body import read_json
from web.api.shapes import Answer
from web.http_problems import Refusal
from web.tryout.runner import match_in_process

blp = ApiBlueprint("match", "Match a case of your own; nothing is stored.")


class Cell(Raw):
    """A cell of a table: a text or a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:  # noqa: ARG002 - the signature is the framework's
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValidationError("Not a valid string or number.")
        return format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value)


def _table(most: int, description: str, *, required: bool = False) -> List[Any]:
    row = Dict(
        keys=String(validate=Length(min=1, max=60)),
        values=Cell(metadata={"type": ["string", "number"]}),
        validate=Length(min=1, max=100),
    )
    return List(row, validate=Length(max=most), required=required, metadata={"description": description})


class CaseTables(Schema):
    """The tables of a case, as `circularity match` reads them; columns are described in the README."""

    outputs = _table(
        2_000, "output_id, waste_code, mass_t and, unless lanes are given, lat, lon, …", required=True
    )
    facilities = _table(500, "facility_id, lat, lon, region_code, …")
    capacities = _table(
        500, "capacity_id, facility_id, waste_pattern, operation, capacity_t, …", required=True
    )
    caps = _table(2_000, "cap_id, capacity_id, limit_t, origin_region")
    lanes = _table(20_000, "output_id, capacity_id, distance_km, cost_cny_per_t, limit_t")
    parameters = _table(100, "name, value")


class NoteAnswer(Answer):
    """Something understood or assumed when the case was read; `row` is the first one it is about."""

    sometimes = frozenset({"row", "column"})
    file = String()
    row = Integer()
    column = String()
    rule = String()
    zh = String()
    en = String()


class MatchAnswer(Answer):
    """The summary and the rows that `circularity match` writes; it is advice."""

    summary = Dict(keys=String(), values=Raw())
    plan = List(Dict(keys=String(), values=String()))
    unmatched = List(Dict(keys=String(), values=String()))
    prices = List(Dict(keys=String(), values=String()))
    notes = List(Nested(NoteAnswer))


@blp.compute("/match", MatchAnswer, body=CaseTables, other_content=WORKBOOK)
def match_case() -> dict[str, Any]:
    """Match a case, as JSON tables or as a workbook in the body, and prove the plan.

    Nothing is stored. Large cases are for the command line.
    """
    with TemporaryDirectory(prefix="circularity-match-") as folder:
        return dict(match_in_process(_kept(Path(folder)))["answer"])


def _kept(folder: Path) -> Path:
    """Put the body where the reader finds it, for as long as the request lasts."""
    body = request.get_data(cache=False)
    if request.mimetype == WORKBOOK:
        path = folder / "case.xlsx"
        path.write_bytes(body)
        return path
    if request.mimetype != "application/json":
        zh, en = (
            f"正文应为 application/json 或 {WORKBOOK}",
            f"the body must be application/json or {WORKBOOK}",
        )
        raise Refusal(415, "unsupported_media_type", zh, en)
    try:
        tables = CaseTables().load(read_json(body), unknown=RAISE)
    except ValidationError as error:
        raise bad_input(ValidationError({"json": error.messages}), error.data) from error
    for name, rows in tables.items():
        _write_table(folder / f"{name}.csv", rows)
    return folder


def _write_table(path: Path, rows: list[dict[str, str]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
