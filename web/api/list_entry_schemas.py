"""The public shape of entries, quotas, appeals, rounds and receipts as those see them whom they concern."""

from __future__ import annotations

from types import MappingProxyType

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, Integer, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.catalogue.listing_rules import ground_words
from circularity.lifecycle import states
from web.api.named_acts import Takes
from web.api.paging import Paged
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer, FacilityReference, OrganisationName, moment

ENTRY_ACTS = MappingProxyType(
    {
        "suspend": Takes(("ground", "reason")),
        "resume": Takes(("reason",)),
        "delist": Takes(("reason",)),
        "blacklist": Takes(("reason",)),
        "raise": Takes(("mass_t", "document", "reason")),
    }
)
"""Act → what it takes; `raise` consents to mass above the quota, by a letter."""

APPEAL_ACTS = MappingProxyType(
    {"uphold": Takes(("answer",)), "dismiss": Takes(("answer",)), "withdraw": Takes()}
)

TEXT = Length(min=1, max=2000)
YEAR = {"minimum": 2000, "maximum": 2200}


class EntryQuery(Paged):
    """Which entries."""

    status = String(validate=OneOf(states("entry")))


class AppealQuery(Paged):
    """Which appeals."""

    status = String(validate=OneOf(states("appeal")))


class ReceiptsQuery(Paged):
    """Of which year."""

    year = WholeNumber(**YEAR, metadata={"description": "the year that is over unless said"})


class EntryChange(Schema):
    """One act of the receiving authority."""

    act = String(required=True, validate=OneOf(tuple(ENTRY_ACTS)))
    ground = String(validate=OneOf(ground_words()), metadata={"description": "of `suspend`"})
    reason = String(validate=Length(min=1, max=1000))
    mass_t = Tonnes(least=1, metadata={"description": "of `raise`: how much more"})
    document = String(validate=Length(min=1, max=500), metadata={"description": "of `raise`: the letter"})


class ListAppealCreate(Schema):
    """Why what was decided should be looked at again."""

    reason = String(required=True, validate=TEXT)


class ListAppealChange(Schema):
    """The authority's answer, or the withdrawal by who appealed."""

    act = String(required=True, validate=OneOf(tuple(APPEAL_ACTS)))
    answer = String(validate=TEXT, metadata={"description": "of `uphold` and `dismiss`"})


class RoundCreate(Schema):
    """The year of the list that is proposed."""

    year = WholeNumber(**YEAR, required=True)


class RoundChange(Schema):
    """Publish what was approved for the year, under one document."""

    act = String(required=True, validate=OneOf(("publish",)))
    document = String(required=True, validate=Length(min=1, max=500))


class ListEntryAnswer(Answer):
    """One entry with its quota; `left_t` is what can still be drawn of it, left out where it has none."""

    sometimes = frozenset({"quota_t", "left_t", "ship_within_days", "valid_from", "valid_to", "appeal_id"})
    id = String()
    facility = Nested(FacilityReference)
    list_kind = String()
    issuer_region = String()
    document = String()
    waste_pattern = String()
    operation = String()
    accepted_origins = List(String())
    status = String()
    legal_acts = List(String(), metadata={"description": "what is open to who asks"})
    quota_t = Tonnes(attribute="quota_kg")
    reserved_t = Tonnes(attribute="reserved_kg")
    committed_t = Tonnes(attribute="committed_kg")
    left_t = Tonnes(attribute="left_kg")
    ship_within_days = Integer()
    valid_from = Date()
    valid_to = Date()
    renewal_due = Boolean(metadata={"description": "it ends soon and nobody has asked for its renewal"})
    appeal_id = String(metadata={"description": "the appeal that waits for an answer"})


class QuotaMoveAnswer(Answer):
    """One line of a quota's book, and what was taken of the quota after it."""

    sometimes = frozenset({"agreement_id", "agreement_number"})
    at = moment("when it happened")
    kind = String()
    mass_t = Tonnes(attribute="mass_kg")
    taken_t = Tonnes(attribute="taken_kg")
    agreement_id = String()
    agreement_number = String()
    document = String()


class ListAppealAnswer(Answer):
    """One appeal against a refused application, or a suspended or delisted entry."""

    sometimes = frozenset({"application_id", "entry_id", "answered_at"})
    id = String()
    status = String()
    legal_acts = List(String(), metadata={"description": "what is open to who asks"})
    application_id = String()
    entry_id = String()
    organisation = Nested(OrganisationName)
    reason = String()
    answer = String()
    raised_at = moment("when it was raised")
    answered_at = moment("when it was answered")


class RoundRow(Answer):
    """One application of a round."""

    sometimes = frozenset({"entry_id"})
    application_id = String()
    number = String()
    status = String()
    entry_id = String()


class RoundAnswer(Answer):
    """The list of one year as far as it is: the applications that renew an entry for it."""

    id = String(metadata={"description": "the year"})
    year = Integer()
    applications = List(Nested(RoundRow))
    to_publish = Integer(metadata={"description": "applications that are approved and not yet published"})


class ListReceiptsAnswer(Answer):
    """What was received under one entry in a year, of one waste from one province; nothing: 0 t."""

    sometimes = frozenset({"quota_t", "province", "waste_code"})
    entry_id = String()
    facility = Nested(FacilityReference)
    document = String()
    waste_pattern = String()
    operation = String()
    quota_t = Tonnes(attribute="quota_kg")
    province = String()
    waste_code = String()
    received_t = Tonnes(attribute="mass_kg")
    number_of_loads = Integer()
