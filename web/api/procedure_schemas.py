"""The public shape of procedures: drafts, filings, decisions, and their forms field by field."""

from __future__ import annotations

from types import MappingProxyType

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, Dict, List, Nested, String
from marshmallow.validate import Length, OneOf

from circularity.deals.filings import FILED, MAX_TEXT
from circularity.lifecycle import states
from web.api.codes import CODE_LENGTH
from web.api.named_acts import Takes
from web.api.paging import Paged
from web.api.quantities import Tonnes
from web.api.shapes import Answer

ACTS = MappingProxyType(
    {
        "fill": Takes(("filled",)),
        "file": Takes(may=("document",)),
        "recall": Takes(),
        "reopen": Takes(),
        "consent": Takes(("document",)),
        "grant": Takes(("document",), ("valid_to", "limit_t")),
        "refuse": Takes(("reasons",)),
    }
)
"""Act → what it takes: the first four are the sender's, then the receiving province's and the decider's."""


class FilingQuery(Paged):
    """Which procedures."""

    status = String(validate=OneOf(states("procedure")))
    waiting = Boolean(
        truthy={"true"}, falsy={"false"}, load_default=False,
        metadata={"description": "only what waits for this authority"},
    )  # fmt: skip


class FilingCreate(Schema):
    """Which procedure a deal needs; the draft that waits already is answered again."""

    kind = String(required=True, validate=OneOf(FILED))


class FilingChange(Schema):
    """One step, with the facts that it takes."""

    act = String(required=True, validate=OneOf(tuple(ACTS)))
    filled = Dict(
        keys=String(validate=CODE_LENGTH),
        values=String(validate=Length(max=MAX_TEXT)),
        validate=Length(min=1, max=100),
        metadata={"description": "of `fill`: texts by field; an empty one empties its field"},
    )
    document = String(validate=Length(min=1, max=200))
    valid_to = Date(metadata={"description": "of `grant`: the last day that the rule allows unless said"})
    limit_t = Tonnes(metadata={"description": "of `grant`: what is still to be shipped unless said"})
    reasons = String(validate=Length(min=1, max=MAX_TEXT))


class FilingField(Answer):
    """One field of the form; without `text` it is still empty."""

    sometimes = frozenset({"text"})
    field = String()
    name_zh = String()
    name_en = String()
    typed = Boolean(metadata={"description": "the sender fills it; all others the platform knows or not"})
    text = String()


class FilingAnswer(Answer):
    """One procedure of a deal; `legal_acts` are open to who asks. The form replaces no official filing."""

    sometimes = frozenset(
        {"filed_on", "expected_on", "granted_on", "grant_id", "valid_to", "limit_t", "document", "consent"}
    )
    id = String()
    agreement_id = String()
    kind = String()
    status = String()
    legal_acts = List(String())
    authority_zh = String()
    authority_en = String()
    filed_on = Date()
    expected_on = Date()
    late = Boolean()
    consent_missing = Boolean()
    consent = String()
    document = String()
    reasons = String()
    granted_on = Date()
    grant_id = String()
    valid_to = Date()
    limit_t = Tonnes(attribute="limit_kg")
    fields_of_form = List(Nested(FilingField))
    not_official = String()
