"""Reported rates and used capacity as plain values for JSON: percent and tonnes as decimal texts."""

from __future__ import annotations

from typing import Any

from circularity.rates.capacity_used import LineUse
from circularity.rates.formula import (
    FORMULA_VERSION,
    MASSES,
    Rate,
    Sums,
    disposal_rate,
    plain_ratio,
    storage_rate,
    utilisation_rate,
)
from circularity.rates.reported import LABEL_EN, Report, ScopeReport
from circularity.units import format_scaled, format_tonnes


def report_values(report: Report) -> list[dict[str, Any]]:
    """Return a report, one object for each scope."""
    return [
        {
            "scope": found.scope,
            "region": report.region,
            "from": report.period.first.isoformat(),
            "to": report.period.last.isoformat(),
            "label": LABEL_EN,
            "formula_version": FORMULA_VERSION,
            "headline": "rate" if found.coverage.headlines_rate else "tonnes",
            "acceptance": sums_values(found.accepted),
            "treatment": sums_values(found.treated),
            "organisations": len(found.accepted.organisations),
            "coverage": {"zh": found.coverage.sentence_zh, "en": found.coverage.sentence_en},
            "coverage_permille": found.coverage.permille,
            **_target_values(found),
        }
        for found in report.scopes
    ]


def sums_values(found: Sums) -> dict[str, Any]:
    """Return sums with every rate that follows from them."""
    return {
        "rate_percent": _percent(utilisation_rate(found)),
        "plain_ratio_percent": _percent(plain_ratio(found)),
        "disposal_rate_percent": _percent(disposal_rate(found)),
        "storage_rate_percent": _percent(storage_rate(found)),
        **{f"{name.removesuffix('_kg')}_t": format_tonnes(getattr(found, name)) for name in MASSES},
    }


def use_values(use: LineUse) -> dict[str, Any]:
    """Return a used limit."""
    return {
        "kind": use.kind,
        "facility": use.facility.public_id,
        "entitlement": use.entitlement.number if use.entitlement else None,
        "waste_pattern": use.line.waste_pattern if use.line else None,
        "operation": use.line.operation if use.line else None,
        "lines_together": [line.waste_pattern for line in use.group.lines] if use.group else None,
        "permitted_t": format_tonnes(use.permitted_kg),
        "received_t": format_tonnes(use.received_kg),
        "declared_t": format_tonnes(use.declared_kg),
        "warning_percent": use.warning,
        "full_on": use.full_on.isoformat() if use.full_on else None,
    }


def _target_values(found: ScopeReport) -> dict[str, Any]:
    target = found.target
    return {
        "target_percent": format_scaled(target.rate_permille, 10) if target else None,
        "target_document": target.document_zh if target else None,
        "target_period_to": target.period_to.isoformat() if target else None,
        "target_period_over": found.target_over,
        "missing_t": format_tonnes(found.missing_kg),
        "closing_outputs": [
            {
                "output": lot.unmatched.output.public_id,
                "waste_code": lot.unmatched.output.waste_code,
                "mass_t": format_tonnes(lot.unmatched.mass_kg),
                "reason": lot.unmatched.reason,
                "still_missing_t": format_tonnes(lot.still_missing_kg),
            }
            for lot in found.closing
        ],
    }


def _percent(rate: Rate) -> str | None:
    return None if rate.hundredths is None else format_scaled(rate.hundredths, 100)
