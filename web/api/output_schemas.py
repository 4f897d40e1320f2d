"""The public shape of outputs: what may be asked, what must be sent, what is answered."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, Dict, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.registry.outputs import STATUSES, VISIBILITIES
from web.api.codes import CODE_LENGTH, PROVINCE, PUBLIC_ID
from web.api.paging import Paged
from web.api.quantities import CnyPerTonne, Concentration, Kilometres, Tonnes, WholeNumber
from web.api.shapes import Answer, Band, OnlyTrue, OrganisationName, Place, moment

ANALYTE_LENGTH = Length(min=1, max=60)


class OutputQuery(Paged):
    """Which outputs; conditions add up."""

    waste_code = String(
        validate=CODE_LENGTH, metadata={"description": "full code, or a kind such as `SW06` or `HW34`"}
    )
    province = String(validate=PROVINCE, metadata={"description": "province of the site, such as `31`"})
    status = String(validate=OneOf(STATUSES))


class OutputCreate(Schema):
    """A lot to be posted at a registered site. Days are a closed interval, left out = unbounded."""

    site_id = String(required=True, validate=PUBLIC_ID)
    waste_code = String(required=True, validate=CODE_LENGTH)
    mass_t = Tonnes(required=True, least=1, attribute="mass_kg")
    available_from = Date(load_default=None, allow_none=True)
    available_to = Date(load_default=None, allow_none=True)
    allowed_operations = List(String(validate=CODE_LENGTH), validate=Length(max=50))
    max_distance_km = Kilometres(attribute="max_distance_m")
    max_net_cost_cny_per_t = CnyPerTonne(attribute="max_net_cost_ucny_per_kg")
    min_lot_t = Tonnes(attribute="min_lot_kg")
    price_cny_per_t = CnyPerTonne(
        attribute="price_ucny_per_kg", metadata={"description": "what the generator asks; negative: pays"}
    )
    storage_since = Date()
    status = String(validate=OneOf(STATUSES), metadata={"default": "waste"})
    plan_mass_t = Tonnes(
        attribute="plan_mass_kg",
        metadata={"description": "mass of this hazardous waste in the filed management plan"},
    )
    assays = Dict(
        keys=String(validate=ANALYTE_LENGTH),
        values=Concentration(),
        validate=Length(max=100),
        metadata={"description": "value by analyte, whose name carries its unit: `cl_mg_per_kg`"},
    )
    visibility = String(
        validate=OneOf(VISIBILITIES),
        metadata={
            "default": "parties",
            "description": "`public` discloses mass, price and assays to everybody",
        },
    )


class TermsChange(Schema):
    """What is to change of a lot's terms: what is left out stays, null makes it unknown or unbounded."""

    mass_t = Tonnes(least=1, attribute="mass_kg", metadata={"description": "at least what deals hold"})
    available_from = Date(allow_none=True)
    available_to = Date(allow_none=True)
    allowed_operations = List(String(validate=CODE_LENGTH), validate=Length(max=50))
    max_distance_km = Kilometres(attribute="max_distance_m", allow_none=True)
    max_net_cost_cny_per_t = CnyPerTonne(attribute="max_net_cost_ucny_per_kg", allow_none=True)
    min_lot_t = Tonnes(attribute="min_lot_kg", allow_none=True)
    price_cny_per_t = CnyPerTonne(attribute="price_ucny_per_kg", allow_none=True)
    storage_since = Date(allow_none=True)
    status = String(validate=OneOf(STATUSES))
    plan_mass_t = Tonnes(attribute="plan_mass_kg", allow_none=True)
    assays = Dict(keys=String(validate=ANALYTE_LENGTH), values=Concentration(), validate=Length(max=100))
    visibility = String(validate=OneOf(VISIBILITIES))


class OutputChange(TermsChange):
    """What is to change of a posted lot; `withdrawn` takes it out of future runs.

    The waste and the site stay: another waste is another lot.
    """

    withdrawn = OnlyTrue()


class OutputAnswer(Answer):
    """One posted lot; figures that its owner has not published are banded or left out."""

    sometimes = frozenset(
        {
            "available_from",
            "available_to",
            "withdrawn_at",
            "mass_t",
            "max_distance_km",
            "max_net_cost_cny_per_t",
            "min_lot_t",
            "price_cny_per_t",
            "storage_since",
            "plan_mass_t",
            "assays",
        }
    )
    id = String()
    organisation = Nested(OrganisationName)
    site = Nested(Place)
    waste_code = String()
    waste_name_zh = String()
    waste_name_en = String()
    waste_verified = Boolean(metadata={"description": "somebody has read this code in the official list"})
    hazardous = Boolean()
    status = String()
    visibility = String()
    available_from = Date()
    available_to = Date()
    allowed_operations = List(String(), metadata={"description": "empty: any lawful operation"})
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")
    max_distance_km = Kilometres(attribute="max_distance_m")
    max_net_cost_cny_per_t = CnyPerTonne(attribute="max_net_cost_ucny_per_kg")
    min_lot_t = Tonnes(attribute="min_lot_kg")
    price_cny_per_t = CnyPerTonne(attribute="price_ucny_per_kg")
    storage_since = Date()
    plan_mass_t = Tonnes(attribute="plan_mass_kg")
    assays = Dict(keys=String(), values=Concentration(metadata={"type": "string"}))
    posted_at = moment("when it was posted")
    withdrawn_at = moment("since when it is out of runs")
    version = WholeNumber(minimum=1, maximum=2**31)
