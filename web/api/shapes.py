"""What all answers share: nothing is null, what is unknown or not for the asker is left out."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, post_dump
from marshmallow.fields import Boolean, DateTime, Dict, Field, Float, Integer, List, Nested, String

from web.api.quantities import Quantity


class OnlyTrue(Field[bool]):
    """The JSON value true and nothing that Python takes for it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "boolean", "enum": [True]}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002 - the signature is the framework's
        if value is not True:
            raise ValidationError("Must be true.")
        return True


class NothingAsked(Schema):
    """Nothing needs to be said."""


class Answer(Schema):
    """The shape of an answer; every field is there but those named in `sometimes`, which may be left out."""

    sometimes: ClassVar[frozenset[str]] = frozenset()

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        """Describe the field as it is sent: required unless left out at times, quantities as text."""
        field_obj.required = field_name not in self.sometimes
        if isinstance(field_obj, Quantity):
            field_obj.metadata = {**field_obj.metadata, "type": "string"}

    @post_dump
    def _leave_out_nothing(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None}


def moment(description: str) -> DateTime:
    """Return a field for a moment, written in UTC as RFC 3339 has it."""
    return DateTime(format="iso", metadata={"description": description})


class Band(Answer):
    """A mass that is not disclosed: at least `from_t` and less than `to_t`, if there is one."""

    sometimes = frozenset({"to_t"})
    from_t = String()
    to_t = String()
    zh = String()
    en = String()


class OrganisationName(Answer):
    """An organisation by name; `fictional` marks a demo party."""

    name_zh = String()
    name_en = String()
    fictional = Boolean()


class Place(Answer):
    """A site: WGS-84 degrees and a GB/T 2260 region code of two to six digits."""

    id = String()
    name_zh = String()
    name_en = String()
    region_code = String()
    lat = Float()
    lon = Float()


class OutputReference(Answer):
    """An output as it is named in another answer."""

    id = String()
    waste_code = String()
    organisation = Nested(OrganisationName)
    region_code = String()


class FacilityReference(Answer):
    """A facility as it is named in another answer."""

    id = String()
    kind = String()
    organisation = Nested(OrganisationName)
    region_code = String()


class FieldProblem(Answer):
    """One mistake: which part of the request, which field, which rule, what was found."""

    file = String()
    row = Integer(allow_none=True)
    column = String(allow_none=True)
    rule = String()
    found = String()
    zh = String()
    en = String()


class Problem(Answer):
    """A problem document (RFC 9457); `type` is stable, the sentences may be reworded."""

    sometimes = frozenset({"facts", "errors"})
    type = String(metadata={"examples": ["urn:circularity:problem:bad_input"]})
    title = String()
    title_zh = String()
    status = Integer()
    facts = Dict()
    errors = List(Nested(FieldProblem))
