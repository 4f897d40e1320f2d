"""The public shape of refused loads and of what can be done with them."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.custody.manifests import CONVEYANCES
from web.api.codes import PUBLIC_ID
from web.api.quantities import Degrees, Tonnes, WholeNumber
from web.api.recommendations import RecommendationAnswer
from web.api.shapes import Answer, FacilityReference, Place
from web.api.transfer_schemas import CarrierCreate


class PlaceCreate(Schema):
    """Where the load stands, WGS-84 degrees."""

    lat = Degrees(required=True, attribute="lat_e7")
    lon = Degrees(required=True, attribute="lon_e7")


class RematchCreate(Schema):
    """One agreement with the next plant for each refused waste, and how the load gets there."""

    agreement_ids = List(String(validate=PUBLIC_ID), required=True, validate=Length(min=1, max=50))
    carriers = List(Nested(CarrierCreate), required=True, validate=Length(min=1, max=50))
    conveyance = String(required=True, validate=OneOf(CONVEYANCES))
    vehicle = String(validate=Length(max=60), load_default="")
    day = Date(required=True)
    place = Nested(PlaceCreate, metadata={"description": "left out: the gate that refused it"})


class RefusedLineAnswer(Answer):
    """What was refused of one waste."""

    number = WholeNumber(minimum=1, maximum=1000)
    waste_code = String()
    refused_t = Tonnes(attribute="refused_kg")


class RefusedAnswer(Answer):
    """A load that waits where it was refused, by line; `id` is the transfer's."""

    id = String()
    number = String()
    status = String()
    refused_by = Nested(FacilityReference)
    place = Nested(Place)
    lines = List(Nested(RefusedLineAnswer))


class TakingAgreementAnswer(Answer):
    """An agreement in force about this waste with another plant."""

    agreement_id = String()
    number = String()
    facility = Nested(FacilityReference)
    operation = String()
    valid_to = Date()
    left_t = Tonnes(attribute="left_kg", metadata={"description": "agreed and not shipped yet"})


class RefusedLineWithWaysAnswer(RefusedLineAnswer):
    """What was refused of one waste, and who could take it; `output` of an outlet is the load itself."""

    agreements = List(Nested(TakingAgreementAnswer))
    outlets = List(Nested(RecommendationAnswer), metadata={"description": "advice, best first"})


class RefusedWithWaysAnswer(RefusedAnswer):
    """A refused load with what can be done with it now."""

    lines = List(Nested(RefusedLineWithWaysAnswer))
