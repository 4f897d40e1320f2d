"""The public shape of deals: terms, steps, procedures, gaps."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.columns import MAX_AMOUNT
from circularity.deals.contract import CADENCES, LOTS, PRICE_KINDS, PROCEDURES, SIDES, WEIGHTS
from circularity.lifecycle import states
from web.api.codes import CODE_LENGTH, NAME_LENGTH, PUBLIC_ID, SOURCE_LENGTH
from web.api.paging import Paged
from web.api.quantities import CnyPerTonne, Tonnes, WholeNumber
from web.api.shapes import Answer, Band, OrganisationName, moment

ACTS = ("accept", "confirm", "decline", "ask_to_end", "withdraw_end", "end")


def _side() -> String:
    return String(required=True, validate=OneOf(SIDES), metadata={"description": "for which side"})


class AgreementQuery(Paged):
    """Which deals."""

    status = String(validate=OneOf(states("agreement")))


class GapQuery(Paged):
    """How far to look ahead."""

    within_days = WholeNumber(minimum=0, maximum=3660, load_default=45)


class PriceStep(Schema):
    """A unit price from this mass of the deal on."""

    from_t = Tonnes(required=True)
    cny_per_t = CnyPerTonne(required=True)


class DealPrice(Schema):
    """What the receiver pays (negative: what it charges), of the kind and with the fields that kind needs.

    `fixed`: `cny_per_t`, left out while it is open. `stepped`: `steps`, the first from 0 t. `formula`: its
    text, `base_cny_per_t` at the index's `reference`, and the share of the base that follows the index.
    """

    kind = String(required=True, validate=OneOf(PRICE_KINDS))
    cny_per_t = CnyPerTonne()
    steps = List(Nested(PriceStep), validate=Length(min=1, max=50))
    formula = String(validate=Length(max=500))
    base_cny_per_t = CnyPerTonne()
    index = String(validate=NAME_LENGTH)
    reference = WholeNumber(
        minimum=1, maximum=MAX_AMOUNT, metadata={"description": "quoted when the base holds"}
    )
    share_permille = WholeNumber(minimum=0, maximum=1000)


class TermsCreate(Schema):
    """What one side puts forward; `valid_from` and `valid_to` are a closed interval of days."""

    mass_t = Tonnes(required=True, least=1, attribute="mass_kg")
    valid_from = Date(required=True)
    valid_to = Date(required=True)
    lot = String(validate=OneOf(LOTS), metadata={"default": "regular"})
    cadence = String(validate=OneOf(CADENCES), metadata={"default": "once"})
    period_mass_t = Tonnes(least=1, attribute="period_mass_kg", metadata={"description": "per cadence"})
    price = Nested(DealPrice, required=True)
    settles = String(validate=OneOf(WEIGHTS), metadata={"description": "whose weight is owed for"})
    reference_moisture_permille = WholeNumber(minimum=0, maximum=1000)
    note = String(validate=SOURCE_LENGTH)


class AgreementCreate(Schema):
    """A deal that no run proposed; with `document`, a contract made outside and brought in."""

    side = _side()
    site_id = String(required=True, validate=PUBLIC_ID)
    line_id = String(required=True, validate=PUBLIC_ID)
    output_id = String(validate=PUBLIC_ID)
    window_id = String(validate=PUBLIC_ID)
    waste_code = String(required=True, validate=CODE_LENGTH)
    operation = String(required=True, validate=CODE_LENGTH)
    document = String(validate=NAME_LENGTH)
    terms = Nested(TermsCreate, required=True)


class ProposalResponse(Schema):
    """An answer to a proposal: without terms it is accepted as it is, and reserved for a time."""

    side = _side()
    terms = Nested(TermsCreate)


class ProposalDecline(Schema):
    """A proposal is declined without a reason."""

    side = _side()
    act = String(required=True, validate=OneOf(("decline",)))


class OfferCreate(Schema):
    """Other terms: in the place of one's own offer, or against the other side's."""

    side = _side()
    terms = Nested(TermsCreate, required=True)


class AgreementChange(Schema):
    """One step of one side; to end before time needs the other side to have asked for it."""

    side = _side()
    act = String(required=True, validate=OneOf(ACTS))


class ProcedureCreate(Schema):
    """A procedure filed (`filed_on`), granted (`grant_id`), or shown by a document (`granted_on`)."""

    kind = String(validate=OneOf(PROCEDURES), metadata={"description": "not needed with a grant"})
    filed_on = Date()
    granted_on = Date()
    document = String(validate=NAME_LENGTH)
    grant_id = String(validate=PUBLIC_ID)
    mass_t = Tonnes(
        least=1,
        attribute="mass_kg",
        metadata={"description": "of a limited grant; else all that is left"},
    )


class PriceStepAnswer(Answer):
    """A unit price from this mass of the deal on."""

    from_t = Tonnes()
    cny_per_t = CnyPerTonne()


class DealPriceAnswer(Answer):
    """What the receiver pays; negative: what it charges."""

    sometimes = frozenset(
        {"cny_per_t", "steps", "formula", "base_cny_per_t", "index", "reference", "share_permille"}
    )
    kind = String()
    cny_per_t = CnyPerTonne()
    steps = List(Nested(PriceStepAnswer))
    formula = String()
    base_cny_per_t = CnyPerTonne()
    index = String()
    reference = WholeNumber(minimum=1, maximum=MAX_AMOUNT)
    share_permille = WholeNumber(minimum=0, maximum=1000)


class OfferAnswer(Answer):
    """Terms that one side put forward."""

    sometimes = frozenset({"reference_moisture_permille"})
    number = WholeNumber(minimum=1, maximum=10_000)
    made_by = String()
    made_at = moment("when it was made")
    mass_t = Tonnes(attribute="mass_kg")
    period_mass_t = Tonnes(attribute="period_mass_kg")
    lot = String()
    cadence = String()
    valid_from = Date()
    valid_to = Date()
    price = Nested(DealPriceAnswer)
    settles = String()
    reference_moisture_permille = WholeNumber(minimum=0, maximum=1000)
    note = String()


class ProcedureAnswer(Answer):
    """One procedure that the deal waits for or holds."""

    sometimes = frozenset({"filed_on", "expected_on", "granted_on", "grant_id"})
    id = String()
    kind = String()
    filed_on = Date()
    expected_on = Date()
    granted_on = Date()
    grant_id = String()
    document = String()


class AgreementAnswer(Answer):
    """One deal; parties, prices and exact masses are for its parties alone."""

    sometimes = frozenset(
        {
            "mass_t", "shipped_t", "generator", "receiver", "document", "offers", "procedures", "missing",
            "expires_at", "agreed_at", "ended_at", "end_asked_by",
        }
    )  # fmt: skip
    id = String()
    number = String()
    source = String()
    status = String()
    legal_acts = List(String())
    waste_code = String()
    operation = String()
    from_region = String()
    to_region = String()
    valid_from = Date()
    valid_to = Date()
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")
    shipped_t = Tonnes(attribute="shipped_kg")
    generator = Nested(OrganisationName)
    receiver = Nested(OrganisationName)
    document = String()
    offers = List(Nested(OfferAnswer))
    procedures = List(Nested(ProcedureAnswer))
    missing = List(String(), metadata={"description": "without these procedures nothing may leave today"})
    end_asked_by = List(String())
    begun_at = moment("when the first offer was made")
    expires_at = moment("until when the offer or the reservation stands")
    agreed_at = moment("when both sides had agreed")
    ended_at = moment("when it ended")
    version = WholeNumber(minimum=1, maximum=2**31)


class GapAnswer(Answer):
    """Days of a deal that nothing covers; without `last` there is no end in sight."""

    sometimes = frozenset({"last"})
    agreement_id = String()
    agreement_number = String()
    kind = String()
    first = Date()
    last = Date()
