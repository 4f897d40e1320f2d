"""The public shape of entitlements as their facility and its authority see them, and of their changes."""

from __future__ import annotations

from types import MappingProxyType

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.lifecycle import states
from circularity.whitelist.entitlement_changes import CHANGES
from web.api.codes import CODE_LENGTH, PUBLIC_ID
from web.api.named_acts import Takes
from web.api.paging import Paged
from web.api.quantities import Tonnes
from web.api.shapes import Answer, FacilityReference, OrganisationName, moment

TEXT = Length(min=1, max=1000)

CHANGE_ACTS = MappingProxyType(
    {"confirm": Takes(("answer",)), "refuse": Takes(("answer",)), "withdraw": Takes()}
)

CHANGE_KINDS = MappingProxyType(
    {
        "annual_limit": Takes(may=("annual_limit_t",)),
        "line_limit": Takes(("line_id",), ("annual_limit_t",)),
        "validity": Takes(may=("valid_from", "valid_to")),
        "new_line": Takes(("waste_pattern", "operation"), ("annual_limit_t",)),
        "new_group": Takes(("line_ids", "annual_limit_t")),
        "group_limit": Takes(("group_id",), ("annual_limit_t",)),
    }
)
"""Kind of change → what it takes; a limit or a day that is left out is none."""


class ChangeQuery(Paged):
    """Which changes."""

    status = String(validate=OneOf(states("entitlement_change")))


class EntitlementChangeCreate(Schema):
    """One change that is asked for, on the ground of a document, with the facts that its kind takes."""

    kind = String(required=True, validate=OneOf(CHANGES))
    document = String(required=True, validate=TEXT)
    reason = String(required=True, validate=TEXT)
    annual_limit_t = Tonnes()
    line_id = String(validate=PUBLIC_ID)
    group_id = String(validate=PUBLIC_ID)
    line_ids = List(String(validate=PUBLIC_ID), validate=Length(min=2, max=200))
    valid_from = Date()
    valid_to = Date()
    waste_pattern = String(validate=CODE_LENGTH)
    operation = String(validate=CODE_LENGTH)


class EntitlementChangeAct(Schema):
    """The authority confirms or refuses, the facility withdraws."""

    act = String(required=True, validate=OneOf(tuple(CHANGE_ACTS)))
    answer = String(validate=TEXT, metadata={"description": "of `confirm` and `refuse`"})


class OutsideChange(Schema):
    """What a window's share was used for outside the platform, and why it is stated anew."""

    received_t = Tonnes(required=True, attribute="received_kg")
    committed_t = Tonnes(required=True, attribute="committed_kg")
    reason = String(required=True, validate=TEXT)


class OwnLineAnswer(Answer):
    """One line with its limit."""

    sometimes = frozenset({"annual_limit_t"})
    id = String()
    waste_pattern = String()
    operation = String()
    annual_limit_t = Tonnes(attribute="annual_limit_kg")


class LineGroupAnswer(Answer):
    """Lines that share a limit; without one it has been lifted."""

    sometimes = frozenset({"annual_limit_t"})
    id = String()
    line_ids = List(String())
    annual_limit_t = Tonnes(attribute="annual_limit_kg")


class OwnWindowAnswer(Answer):
    """One window with what it took outside the platform."""

    sometimes = frozenset({"available_from", "available_to"})
    id = String()
    line_id = String()
    available_from = Date()
    available_to = Date()
    permitted_t = Tonnes(attribute="permitted_kg")
    received_t = Tonnes(attribute="received_kg")
    committed_t = Tonnes(attribute="committed_kg")
    offered_t = Tonnes(attribute="offered_kg")
    withdrawn = Boolean()


class OwnEntitlementAnswer(Answer):
    """One entitlement with the limits of its lines, of lines together and of the whole, and its windows."""

    sometimes = frozenset({"valid_from", "valid_to", "annual_limit_t"})
    id = String()
    facility = Nested(FacilityReference)
    kind = String()
    number = String()
    issuer = String()
    valid_from = Date()
    valid_to = Date()
    annual_limit_t = Tonnes(attribute="annual_limit_kg")
    lines = List(Nested(OwnLineAnswer))
    groups = List(Nested(LineGroupAnswer))
    windows = List(Nested(OwnWindowAnswer))


class LimitsAnswer(Answer):
    """What a change says: only the facts of its kind."""

    sometimes = frozenset(
        {"annual_limit_t", "valid_from", "valid_to", "waste_pattern", "operation", "line_ids"}
    )
    annual_limit_t = Tonnes(attribute="annual_limit_kg")
    valid_from = String()
    valid_to = String()
    waste_pattern = String()
    operation = String()
    line_ids = List(String())


class EntitlementChangeAnswer(Answer):
    """One change of an entitlement: what was before, what is wanted, what the authority answered."""

    sometimes = frozenset({"line_id", "group_id", "answered_at"})
    id = String()
    entitlement_id = String()
    kind = String()
    status = String()
    line_id = String()
    group_id = String()
    before = Nested(LimitsAnswer)
    wanted = Nested(LimitsAnswer)
    document = String()
    reason = String()
    answer = String()
    asked_by = Nested(OrganisationName)
    asked_at = moment("when it was asked for")
    answered_at = moment("when it was answered")
