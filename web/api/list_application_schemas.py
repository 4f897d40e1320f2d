"""The public shape of applications for a place on a white list, their papers, notes and consents."""

from __future__ import annotations

from types import MappingProxyType

from marshmallow import Schema
from marshmallow.fields import Date, Integer, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.catalogue.listing_rules import paper_kinds
from circularity.lifecycle import states
from circularity.whitelist import LIST_KINDS
from web.api.codes import CODE_LENGTH, NAME_LENGTH, PUBLIC_ID
from web.api.named_acts import Takes
from web.api.paging import Paged
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer, FacilityReference, OrganisationName, moment

ACTS = MappingProxyType(
    {
        "edit": Takes(("wanted",)),
        "submit": Takes(may=("answer",)),
        "withdraw": Takes(),
        "take_up": Takes(),
        "ask_more": Takes(("missing",)),
        "visit": Takes(("visited_on", "findings")),
        "consent": Takes(("document",)),
        "approve": Takes(("reasons",)),
        "refuse": Takes(("reasons",)),
        "publish": Takes(("document",)),
    }
)
"""Act → what it takes; the first three are the applicant's, `consent` a province of origin's."""

TEXT = Length(min=1, max=2000)


class ApplicationQuery(Paged):
    """Which applications."""

    status = String(validate=OneOf(states("application")))


class WantedCreate(Schema):
    """What the entry is asked to say. Days are a closed interval; no quota = not limited by the list."""

    list_kind = String(required=True, validate=OneOf(LIST_KINDS))
    waste_pattern = String(required=True, validate=CODE_LENGTH)
    operation = String(required=True, validate=CODE_LENGTH)
    accepted_origins = List(
        String(validate=CODE_LENGTH),
        required=True,
        validate=Length(min=1, max=50),
        metadata={"description": "prefixes of region codes, such as `31`"},
    )
    valid_from = Date(required=True)
    valid_to = Date(required=True)
    quota_t = Tonnes(attribute="quota_kg", least=1)
    ship_within_days = WholeNumber(minimum=1, maximum=3660)


class ApplicationCreate(Schema):
    """For which facility, and what for; `renews_id` is the entry that it carries on."""

    facility_id = String(required=True, validate=PUBLIC_ID)
    renews_id = String(validate=PUBLIC_ID)
    wanted = Nested(WantedCreate, required=True)


class ApplicationChange(Schema):
    """One step with an application, by the side whose step it is, with the facts that this step takes."""

    act = String(required=True, validate=OneOf(tuple(ACTS)))
    wanted = Nested(WantedCreate, metadata={"description": "of `edit`: all wishes anew"})
    answer = String(validate=Length(max=2000), metadata={"description": "of `submit`"})
    missing = String(validate=TEXT, metadata={"description": "of `ask_more`"})
    visited_on = Date(metadata={"description": "of `visit`"})
    findings = String(validate=TEXT, metadata={"description": "of `visit`"})
    document = String(
        validate=Length(min=1, max=500), metadata={"description": "of `consent` and `publish`: its number"}
    )
    reasons = String(validate=TEXT, metadata={"description": "of `approve` and `refuse`"})


class PaperQuery(Schema):
    """What the file in the body is."""

    kind = String(required=True, validate=OneOf(paper_kinds()))
    title = String(required=True, validate=NAME_LENGTH)


class ListPaperAnswer(Answer):
    """One file that was handed in; the same bytes again are the same paper."""

    id = String()
    kind = String()
    title = String()
    media_type = String()
    size_bytes = Integer()
    sha256 = String()
    handed_in_at = moment("when it was handed in")


class ListNoteAnswer(Answer):
    """A site visit, a question of the authority, an answer to it."""

    kind = String()
    organisation = Nested(OrganisationName)
    on_day = Date()
    text = String()


class ListConsentAnswer(Answer):
    """A province of origin has agreed, by a document."""

    province = String()
    organisation = Nested(OrganisationName)
    document = String()
    given_at = moment("when it was given")


class ListLackAnswer(Answer):
    """One thing that is still missing; `code` is `paper.<kind>` or the rule that is not met."""

    code = String()
    zh = String()
    en = String()


class ListApplicationAnswer(Answer):
    """One application as those see it whom it concerns; `legal_acts` are open to who asks."""

    sometimes = frozenset(
        {"quota_t", "ship_within_days", "renews_id", "entry_id", "submitted_at", "decided_at", "published_at"}
    )
    id = String()
    number = String()
    status = String()
    legal_acts = List(String())
    facility = Nested(FacilityReference)
    applicant = Nested(OrganisationName)
    list_kind = String()
    waste_pattern = String()
    operation = String()
    accepted_origins = List(String())
    quota_t = Tonnes(attribute="quota_kg")
    ship_within_days = Integer()
    valid_from = Date()
    valid_to = Date()
    renews_id = String()
    entry_id = String()
    missing = String(
        metadata={"description": "what the authority wants before it goes on, empty for nothing"}
    )
    reasons = String()
    papers = List(Nested(ListPaperAnswer))
    notes = List(Nested(ListNoteAnswer))
    consents = List(Nested(ListConsentAnswer))
    lacks = List(Nested(ListLackAnswer), metadata={"description": "what must be there before it is complete"})
    wanting_consent = List(String(), metadata={"description": "provinces whose consent is still missing"})
    begun_at = moment("when it was begun")
    submitted_at = moment("when it was last handed in")
    decided_at = moment("when it was decided")
    published_at = moment("when its entry was published")
