"""The public shape of facilities, what entitles them, and the capacity they offer."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, Dict, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.registry.entitlements import ENTITLEMENT_KINDS, KINDS
from circularity.registry.outputs import VISIBILITIES
from web.api.codes import CODE_LENGTH, NAME_LENGTH, PROVINCE, PUBLIC_ID, SOURCE_LENGTH
from web.api.paging import Paged
from web.api.quantities import CnyPerTonne, Concentration, Kilometres, Tonnes, WholeNumber
from web.api.shapes import Answer, Band, FacilityReference, OnlyTrue, OrganisationName, Place, moment


class FacilityQuery(Paged):
    """Which facilities; conditions add up."""

    kind = String(validate=OneOf(KINDS))
    province = String(validate=PROVINCE, metadata={"description": "province of the site, such as `31`"})
    operation = String(validate=CODE_LENGTH, metadata={"description": "operation of a line, such as `R5`"})


class FacilityCreate(Schema):
    """A plant at a registered site. Its standing is for authorities to set, not for who registers it."""

    site_id = String(required=True, validate=PUBLIC_ID)
    kind = String(required=True, validate=OneOf(KINDS))
    annual_limit_t = Tonnes(attribute="annual_limit_kg")


class LineCreate(Schema):
    """One line of an entitlement; limits by analyte, whose name carries its unit."""

    waste_pattern = String(required=True, validate=CODE_LENGTH)
    operation = String(required=True, validate=CODE_LENGTH)
    annual_limit_t = Tonnes(load_default=None, allow_none=True, attribute="annual_limit_kg")
    limits_min = Dict(keys=String(validate=CODE_LENGTH), values=Concentration(), validate=Length(max=100))
    limits_max = Dict(keys=String(validate=CODE_LENGTH), values=Concentration(), validate=Length(max=100))
    gate_fee_cny_per_t = CnyPerTonne(attribute="gate_fee_ucny_per_kg")


class EntitlementCreate(Schema):
    """What lets a facility take waste, with its lines. Days are a closed interval, left out = unbounded."""

    kind = String(required=True, validate=OneOf(ENTITLEMENT_KINDS))
    number = String(required=True, validate=NAME_LENGTH)
    issuer = String(required=True, validate=NAME_LENGTH)
    valid_from = Date(load_default=None, allow_none=True)
    valid_to = Date(load_default=None, allow_none=True)
    annual_limit_t = Tonnes(attribute="annual_limit_kg")
    source = String(required=True, validate=SOURCE_LENGTH)
    lines = List(Nested(LineCreate), required=True, validate=Length(min=1, max=200))


class WindowCreate(Schema):
    """Capacity offered for a period on a line of an entitlement."""

    line_id = String(required=True, validate=PUBLIC_ID)
    available_from = Date(load_default=None, allow_none=True)
    available_to = Date(load_default=None, allow_none=True)
    permitted_t = Tonnes(required=True, attribute="permitted_kg")
    received_t = Tonnes(attribute="received_kg", metadata={"description": "taken outside the platform"})
    committed_t = Tonnes(attribute="committed_kg", metadata={"description": "promised elsewhere"})
    stop_days = WholeNumber(minimum=0, maximum=3660)
    gate_fee_cny_per_t = CnyPerTonne(
        attribute="gate_fee_ucny_per_kg", metadata={"description": "negative: the facility pays"}
    )
    max_distance_km = Kilometres(attribute="max_distance_m")
    visibility = String(validate=OneOf(VISIBILITIES), metadata={"default": "parties"})


class WindowChange(Schema):
    """What can be changed of a window here: it can be withdrawn from future runs."""

    withdrawn = OnlyTrue(required=True)


class WindowAnswer(Answer):
    """Capacity on offer; what its owner has not published is banded or left out."""

    sometimes = frozenset(
        {
            "available_from",
            "available_to",
            "offered_t",
            "permitted_t",
            "gate_fee_cny_per_t",
            "max_distance_km",
            "withdrawn_at",
        }
    )
    id = String()
    facility = Nested(FacilityReference)
    line_id = String()
    waste_pattern = String()
    operation = String()
    available_from = Date()
    available_to = Date()
    visibility = String()
    offered_band = Nested(Band)
    offered_t = Tonnes(attribute="offered_kg")
    permitted_t = Tonnes(attribute="permitted_kg")
    gate_fee_cny_per_t = CnyPerTonne(attribute="gate_fee_ucny_per_kg")
    max_distance_km = Kilometres(attribute="max_distance_m")
    posted_at = moment("when it was offered")
    withdrawn_at = moment("since when it is out of runs")
    version = WholeNumber(minimum=1, maximum=2**31)


class LineAnswer(Answer):
    """One line: which waste, by which operation, in which order of magnitude a year."""

    sometimes = frozenset({"annual_limit_band"})
    id = String()
    waste_pattern = String()
    operation = String()
    annual_limit_band = Nested(Band)
    windows = List(Nested(WindowAnswer))


class EntitlementAnswer(Answer):
    """One licence, approval, permit, scheme or statement, and where the platform learnt of it."""

    sometimes = frozenset({"valid_from", "valid_to", "annual_limit_band"})
    id = String()
    kind = String()
    number = String()
    issuer = String()
    valid_from = Date()
    valid_to = Date()
    source = String()
    annual_limit_band = Nested(Band)
    lines = List(Nested(LineAnswer))


class FacilitySummary(Answer):
    """A facility as a list shows it; any standing but "" keeps it out of runs."""

    id = String()
    kind = String()
    standing = String()
    taking_waste = Boolean()
    organisation = Nested(OrganisationName)
    site = Nested(Place)
    operations = List(String())


class FacilityAnswer(FacilitySummary):
    """A facility with all that entitles it and all it offers."""

    sometimes = frozenset({"annual_limit_band"})
    annual_limit_band = Nested(Band)
    entitlements = List(Nested(EntitlementAnswer))
    version = WholeNumber(minimum=1, maximum=2**31)
