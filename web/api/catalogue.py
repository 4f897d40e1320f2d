"""The catalogue: wastes and operations with their sources, and what is verified of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, Integer, String
from marshmallow.validate import Length, OneOf

from circularity.catalogue import operations, waste_types
from circularity.catalogue.operations import Operation
from circularity.catalogue.waste_types import WasteType
from circularity.errors import NotFound
from web.api.blueprint import ApiBlueprint
from web.api.codes import CODE_LENGTH
from web.api.paging import Paged, Paging
from web.api.shapes import Answer
from web.today import today

blp = ApiBlueprint("catalogue", "Wastes and operations, with sources.")

_ON = {"description": "as of this day; today when left out"}


class WasteQuery(Paged):
    """Which wastes; `name` asks which ones a name may mean, best first."""

    name = String(validate=Length(min=2, max=100))
    kind = String(validate=CODE_LENGTH, metadata={"description": "such as `SW06` or `HW34`"})
    hazardous = String(validate=OneOf(("true", "false")))
    on = Date(metadata=_ON)


class OnDay(Schema):
    """As of which day."""

    on = Date(metadata=_ON)


class Sourced(Answer):
    """A row of reference data: where it is from, how sure it is (H, M, L), when it holds."""

    sometimes = frozenset({"valid_from", "valid_to"})
    source = String()
    confidence = String()
    verified = Boolean(metadata={"description": "somebody has read this row in its source"})
    valid_from = Date()
    valid_to = Date()


class WasteAnswer(Sourced):
    """One code of the official lists, or a kind where `level` says so."""

    code = String()
    level = String()
    kind = String()
    name_zh = String()
    name_en = String()
    stream = String()
    hazardous = Boolean()
    hazard_properties = String(metadata={"description": "such as `C,T`; empty for general waste"})
    industrial = Boolean()
    bulk = Boolean()
    note = String()


class OperationAnswer(Sourced):
    """One way to use or dispose of waste; `rank` 1 is best in the hierarchy."""

    code = String()
    name_zh = String()
    name_en = String()
    group = String()
    rank = Integer()


@blp.read("/catalogue/wastes", WasteAnswer, many=True, query=WasteQuery)
def list_wastes(query: dict[str, Any]) -> tuple[Sequence[WasteType], dict[str, str]]:
    """List the kinds and codes of the official lists, or those that a name may mean."""
    on = query.get("on", today())
    found = waste_types.propose(query["name"], on) if "name" in query else waste_types.all_types(on)
    if "kind" in query:
        found = [waste for waste in found if waste.kind == query["kind"].upper()]
    if "hazardous" in query:
        found = [waste for waste in found if waste.hazardous == (query["hazardous"] == "true")]
    return Paging.of(query).of_list(found)


@blp.read("/catalogue/wastes/<string(maxlength=30):code>", WasteAnswer, query=OnDay)
def get_waste(query: dict[str, Any], code: str) -> WasteType:
    """Read one full code, at the level of its kind where the lists here lack it."""
    try:
        return waste_types.find(code, query.get("on", today()))
    except waste_types.MalformedCode:
        raise _unknown(code) from None


@blp.read("/catalogue/operations", OperationAnswer, many=True, query=OnDay)
def list_operations(query: dict[str, Any]) -> list[Operation]:
    """List the operations, best in the hierarchy first."""
    return operations.all_operations(query.get("on", today()))


def _unknown(code: str) -> NotFound:
    zh, en = "没有这一固废代码", "there is no such waste code"
    return NotFound("unknown_waste_code", zh, en, waste_code=code)
