"""Reported rates: what the mass ledger shows for a period, against the target in force, with its coverage.

A reported rate rests on signed receipts and the generators' own books, a planned one (`utilisation`) on a
run. They are never mixed, and neither is an official statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from circularity.catalogue import targets
from circularity.catalogue.targets import Target
from circularity.rates.closing_outputs import Closing, closing_outputs
from circularity.rates.coverage import Coverage, coverage
from circularity.rates.formula import SCOPES, Rate, Sums, utilisation_rate
from circularity.rates.periods import Period, period_of
from circularity.rates.sums import BASES, Fold, folded, sums, sums_by
from circularity.rates.targets import known_targets

__all__ = ["LABEL_EN", "LABEL_ZH", "Report", "ScopeReport", "reported", "sums", "sums_by"]

LABEL_ZH, LABEL_EN = "申报利用率 · 平台口径", "reported rate · platform basis"


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """One scope of a report: the sums on both bases, the target, the lots that would close the gap to it.

    `accepted` counts mass as used when a utiliser accepts it (statistical), `treated` when it is treated
    (strict). `target_over`: its period has ended and no next one was entered.
    """

    scope: str
    accepted: Sums
    treated: Sums
    target: Target | None
    target_over: bool
    coverage: Coverage
    closing: tuple[Closing, ...]

    @property
    def rate(self) -> Rate:
        """The official formula at acceptance, which is what targets are measured by."""
        return utilisation_rate(self.accepted)

    @property
    def missing_kg(self) -> int:
        """Kilograms still to be utilised to reach the target; 0 when reached or without one."""
        return self.rate.missing_kg(self.target.rate_permille) if self.target else 0


@dataclass(frozen=True, slots=True)
class Report:
    """The reported rates of a region (a prefix, "" = the Delta) in a period, general and bulk."""

    period: Period
    region: str
    scopes: tuple[ScopeReport, ...]


def reported(
    session: Session,
    year: int,
    *,
    quarter: int | None = None,
    month: int | None = None,
    region: str = "",
    **narrowed: Any,
) -> Report:
    """Return the report of a year, a quarter or a month; the filters are those of `sums.folded`.

    Less than all waste of a region has neither a target nor a coverage of its own. Raises BadInput.
    """
    period = period_of(year, quarter=quarter, month=month)
    whole = not any(narrowed.values())
    folds = [Fold("", scope, basis) for scope in SCOPES for basis in BASES]
    found = folded(session, folds, first=period.first, last=period.last, region=region, **narrowed)
    counted = {
        (fold.scope, fold.basis): rows.get("", Sums()) for fold, rows in zip(folds, found, strict=True)
    }
    scopes, known = [], known_targets(session)
    for scope in SCOPES:
        accepted, treated = (counted[scope, basis] for basis in BASES)
        target, over = (
            targets.standing(scope, region, period.last, known) if region and whole else (None, False)
        )
        closing = (
            closing_outputs(
                session, utilisation_rate(accepted), target.rate_permille, scope=scope, region=region,
                first=period.first, last=period.last,
            )
            if target
            else []
        )  # fmt: skip
        covered = coverage(accepted.generated_kg, scope, region if whole else "", period.first, period.last)
        scopes.append(ScopeReport(scope, accepted, treated, target, over, covered, tuple(closing)))
    return Report(period, region, tuple(scopes))
