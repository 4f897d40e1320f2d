"""The public shape of matching runs: what was proposed, what was left and why, what scarcity costs."""

from __future__ import annotations

from marshmallow.fields import Boolean, Date, Dict, Integer, List, Nested, Raw, String

from web.api.quantities import CnyPerTonne, Kilometres, Tonnes
from web.api.shapes import Answer, Band, FacilityReference, OutputReference, moment


class LevelAnswer(Answer):
    """One level of the objective; `value` equal to `bound` is proven optimal. Exact integers in `unit`."""

    name = String()
    sometimes = frozenset({"value", "bound"})
    value = Raw(metadata={"type": "integer", "description": "left out where it would tell of too few"})
    unit = String()
    bound = Raw(metadata={"type": "integer"})
    proven = Boolean(metadata={"description": "whether value and bound are equal"})


class RunSummary(Answer):
    """One run. It is advice: it creates no duty and reserves nothing.

    Masses stand in bands; a single run tells those exactly that stand for enough organisations.
    """

    id = String()
    started_at = moment("when it was started")
    as_of = Date(metadata={"description": "the day as of which the rules were asked"})
    status = String(metadata={"description": "`optimal` or `bounded`"})
    engine = String()
    case_digest = String(metadata={"description": "SHA-256 over the case as it was matched"})
    certificate_digest = String()
    outputs = Integer()
    windows = Integer()
    supply_band = Nested(Band)
    placed_band = Nested(Band)
    can_move_today_band = Nested(Band)
    after_procedures_band = Nested(Band)
    unmatched_band = Nested(Band)
    fictional = Boolean(metadata={"description": "a party in it is a demo party"})
    notice_zh = String()
    notice_en = String()


class ReasonAnswer(Answer):
    """Mass left for one reason; no exact mass where too few organisations stand behind it."""

    sometimes = frozenset({"mass_t"})
    reason = String(metadata={"description": "a rule's code, or `capacity`"})
    zh = String()
    en = String()
    organisations = Integer()
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")


class RunAnswer(RunSummary):
    """A run with its levels, its reasons, and what it did not ask."""

    sometimes = frozenset({"supply_t", "placed_t", "can_move_today_t", "after_procedures_t", "unmatched_t"})
    supply_t = Tonnes(attribute="supply_kg")
    placed_t = Tonnes(attribute="placed_kg")
    can_move_today_t = Tonnes(attribute="can_move_today_kg")
    after_procedures_t = Tonnes(attribute="after_procedures_kg")
    unmatched_t = Tonnes(attribute="unmatched_kg")
    levels = List(Nested(LevelAnswer))
    parameters = Dict(keys=String(), values=Raw())
    reasons = List(Nested(ReasonAnswer))
    not_asked = List(String(), metadata={"description": "rules for which there were no data"})


class ConditionAnswer(Answer):
    """Something that must be met before a pair may ship."""

    code = String()
    zh = String()
    en = String()


class ProposalAnswer(Answer):
    """Mass proposed for one output and one window; costs only where both sides published theirs."""

    sometimes = frozenset(
        {
            "mass_t",
            "distance_km",
            "latest",
            "transport_cny_per_t",
            "gate_fee_cny_per_t",
            "price_cny_per_t",
            "carbon_cny_per_t",
            "cost_cny_per_t",
        }
    )
    id = String()
    output = Nested(OutputReference)
    facility = Nested(FacilityReference)
    window_id = String()
    operation = String()
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")
    distance_km = Kilometres(attribute="distance_m")
    conditions = List(Nested(ConditionAnswer), metadata={"description": "empty: can move today"})
    earliest = Date()
    latest = Date()
    status = String()
    transport_cny_per_t = CnyPerTonne(attribute="transport_ucny_per_kg")
    gate_fee_cny_per_t = CnyPerTonne(attribute="gate_fee_ucny_per_kg")
    price_cny_per_t = CnyPerTonne(attribute="price_ucny_per_kg")
    carbon_cny_per_t = CnyPerTonne(attribute="carbon_ucny_per_kg")
    cost_cny_per_t = CnyPerTonne(attribute="cost_ucny_per_kg")


class UnmatchedAnswer(Answer):
    """What a run left of one output, and why; the smallest change that would help only if published."""

    sometimes = frozenset({"mass_t", "change_zh", "change_en"})
    output = Nested(OutputReference)
    mass_band = Nested(Band)
    mass_t = Tonnes(attribute="mass_kg")
    reason = String()
    zh = String()
    en = String()
    change_zh = String()
    change_en = String()


class RunChangeAnswer(Answer):
    """A pair whose mass differs from the run before, and why; exact only where both sides published."""

    sometimes = frozenset({"before_t", "after_t"})
    kind = String(metadata={"description": "`new`, `changed` or `gone`"})
    output = Nested(OutputReference)
    facility = Nested(FacilityReference)
    window_id = String()
    before_band = Nested(Band)
    before_t = Tonnes(attribute="before_kg")
    after_band = Nested(Band)
    after_t = Tonnes(attribute="after_kg")
    cause = String()
    zh = String()
    en = String()


class PriceAnswer(Answer):
    """What one more tonne of a published window would do: tonnes placed more (0 or 1), CNY saved."""

    window_id = String()
    used_t = Tonnes(attribute="used_kg")
    limit_t = Tonnes(attribute="limit_kg")
    placed_t_per_t = Integer()
    saving_cny_per_t = CnyPerTonne(attribute="saving_ucny_per_kg")
