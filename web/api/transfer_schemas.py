"""The public shape of transfers: what may be asked, what must be sent, what is answered."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.custody.manifests import CONVEYANCES, METERINGS, SIGNERS, TRANSFER_STATES
from web.api.codes import CODE_LENGTH, NAME_LENGTH, PUBLIC_ID, SOURCE_LENGTH
from web.api.paging import Paged
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer, Band, OrganisationName, moment

ACTS = ("arrive", "cancel", "send_back", "take_back", "close")
_SHORT = Length(max=60)


class TransferQuery(Paged):
    """Which transfers; conditions add up."""

    status = String(validate=OneOf(TRANSFER_STATES))
    metering = String(validate=OneOf(METERINGS))


class LoadCreate(Schema):
    """One waste that leaves, wet; of a sheet the mass expected."""

    agreement_id = String(validate=PUBLIC_ID, metadata={"description": "left out: the transfer's agreement"})
    waste_code = String(required=True, validate=CODE_LENGTH)
    operation = String(required=True, validate=CODE_LENGTH)
    sent_t = Tonnes(required=True, least=1, attribute="sent_kg")
    sent_moisture_permille = WholeNumber(minimum=0, maximum=1000)
    packaging = String(validate=NAME_LENGTH)


class CarrierCreate(Schema):
    """One carrier, in the order of the way; hazardous waste needs a permit that covers it."""

    organisation_id = String(required=True, validate=PUBLIC_ID)
    vehicle = String(required=True, validate=_SHORT)
    permit = String(validate=_SHORT, load_default="")
    permitted = List(String(validate=CODE_LENGTH), validate=Length(max=50), load_default=list)


class TransferCreate(Schema):
    """A draft: a trip of one day, or a sheet, meter or survey of days within one month."""

    agreement_id = String(required=True, validate=PUBLIC_ID)
    lines = List(Nested(LoadCreate), required=True, validate=Length(min=1, max=50))
    carriers = List(Nested(CarrierCreate), validate=Length(max=50), load_default=list)
    metering = String(validate=OneOf(METERINGS), metadata={"default": "trip"})
    conveyance = String(required=True, validate=OneOf(CONVEYANCES))
    vehicle = String(validate=_SHORT)
    day = Date(required=True)
    day_to = Date()


class TransferRedraft(Schema):
    """What a draft is to say instead; lines and carriers as a whole, the others as they stand if left out."""

    agreement_id = String(validate=PUBLIC_ID)
    lines = List(Nested(LoadCreate), validate=Length(min=1, max=50))
    carriers = List(Nested(CarrierCreate), validate=Length(max=50))
    metering = String(validate=OneOf(METERINGS))
    conveyance = String(validate=OneOf(CONVEYANCES))
    vehicle = String(validate=_SHORT)
    day = Date()
    day_to = Date(allow_none=True, metadata={"description": "null: a day alone"})
    official_number = String(
        validate=Length(max=14), metadata={"description": "14 digits; empty takes out what was entered"}
    )


class SignatureCreate(Schema):
    """A signature as the sender or a carrier; the receiver signs within its verdict."""

    signer = String(required=True, validate=OneOf(SIGNERS[:2]))
    organisation_id = String(required=True, validate=PUBLIC_ID)
    person = String(required=True, validate=NAME_LENGTH)
    carriage = WholeNumber(minimum=1, maximum=1000, metadata={"description": "the carrier's number"})


class TransferChange(Schema):
    """One step, or the number of the national manifest, which is entered and never made here."""

    act = String(validate=OneOf(ACTS))
    reason = String(validate=SOURCE_LENGTH, metadata={"description": "why it is cancelled"})
    by = String(validate=OneOf(("generator", "carrier", "receiver")), metadata={"default": "receiver"})
    official_number = String(validate=Length(equal=14))


class TransferLineAnswer(Answer):
    """One waste of a transfer."""

    sometimes = frozenset({"sent_t", "sent_moisture_permille", "packaging"})
    number = WholeNumber(minimum=1, maximum=1000)
    waste_code = String()
    operation = String()
    hazardous = Boolean()
    sent_band = Nested(Band)
    sent_t = Tonnes(attribute="sent_kg")
    sent_moisture_permille = WholeNumber(minimum=0, maximum=1000)
    packaging = String()


class SignatureAnswer(Answer):
    """One signature: the digest seals the document and the signature before."""

    number = WholeNumber(minimum=1, maximum=10_000)
    revision = WholeNumber(minimum=0, maximum=10_000)
    signer = String()
    carriage = WholeNumber(minimum=0, maximum=1000)
    person = String()
    signed_at = moment("when it was signed")
    digest = String()


class TransferAnswer(Answer):
    """One transfer, no substitute for the national manifest; parties and weights are for its parties."""

    sometimes = frozenset(
        {
            "official_number",
            "agreement_id",
            "vehicle",
            "sender",
            "receiver",
            "signatures",
            "submitted_at",
            "arrived_at",
            "closed_at",
        }
    )
    id = String()
    number = String(metadata={"description": "ours（平台转移记录，不替代国家危险废物转移联单）"})
    official_number = String(metadata={"description": "14 digits of the national manifest"})
    agreement_id = String()
    status = String()
    legal_acts = List(String(), metadata={"description": "what may be done next, by whomever"})
    metering = String()
    conveyance = String()
    vehicle = String()
    sender = Nested(OrganisationName)
    receiver = Nested(OrganisationName)
    from_region = String()
    to_region = String()
    day_from = Date()
    day_to = Date()
    lines = List(Nested(TransferLineAnswer))
    signatures = List(Nested(SignatureAnswer))
    drafted_at = moment("when it was drafted")
    submitted_at = moment("when its sender signed")
    arrived_at = moment("when it stood at the receiver's gate")
    closed_at = moment("when it was closed")
    version = WholeNumber(minimum=1, maximum=2**31)
