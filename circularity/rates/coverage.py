"""Coverage: how much of the official generation the platform knows, and whether a rate may stand first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from circularity.catalogue.official_generation import OfficialGeneration, last_known
from circularity.units import KG_PER_T

HEADLINE_PERMILLE = 800
"""A percentage stands first only where the platform knows this share of the official generation; below it,
and where none is known, tonnes do. Our choice: what is missing may not turn the rate over."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Generation on the platform in `days` of a year's `year_days`, kg, against the last official figure."""

    generated_kg: int
    days: int
    year_days: int
    official: OfficialGeneration | None

    @property
    def permille(self) -> tuple[int, int] | None:
        """Lowest and highest share in ‰, rounded down, not above 1000; None without an official figure."""
        if self.official is None:
            return None
        bounds = (self.official.generated_to_kg, self.official.generated_from_kg)
        low, high = (
            min(self.generated_kg * self.year_days * 1000 // (bound * self.days), 1000) for bound in bounds
        )
        return low, high

    @property
    def headlines_rate(self) -> bool:
        """Whether the percentage may stand first; by the lowest share that is possible."""
        return self.permille is not None and self.permille[0] >= HEADLINE_PERMILLE

    @property
    def sentence_zh(self) -> str:
        """The coverage in a Chinese sentence."""
        official, shares = self.official, self.permille
        if official is None or shares is None:
            return "平台未收录该区域和口径的官方产生量，覆盖率未知。"
        part = "" if self.days == self.year_days else f"，按 {self.days} 天折算"
        checked = "已核实" if official.verified else "未核实"
        return (
            f"平台掌握的产生量相当于最近一次官方产生量的 {_range(map(_percent, shares), ' 至 ')}"
            f"（{_range(_years(official), '–')} 年，{_range(_tonnes(official), ' 至 ')} t{part}；"
            f"{official.document_zh}，{checked}）。"
        )

    @property
    def sentence_en(self) -> str:
        """The coverage in an English sentence."""
        official, shares = self.official, self.permille
        if official is None or shares is None:
            return (
                "No official generation of this region and scope is known here, so the coverage is unknown."
            )
        part = "" if self.days == self.year_days else f", the share of {self.days} days"
        checked = "checked" if official.verified else "not checked"
        return (
            f"What the platform knows is {_range(map(_percent, shares), ' to ')} of the last official "
            f"generation ({_range(_years(official), '–')}, {_range(_tonnes(official), ' to ')} t{part}; "
            f"{official.document_en}, {checked})."
        )


def coverage(generated_kg: int, scope: str, region: str, first: date, last: date) -> Coverage:
    """Return the coverage of a period within one year; the Delta as a whole ("") has no official figure."""
    return Coverage(
        generated_kg=generated_kg,
        days=(last - first).days + 1,
        year_days=(date(first.year + 1, 1, 1) - date(first.year, 1, 1)).days,
        official=last_known(scope, region, first.year) if region else None,
    )


def _percent(permille: int) -> str:
    return f"{permille // 10}.{permille % 10} %"


def _years(official: OfficialGeneration) -> tuple[str, str]:
    return str(official.year_from), str(official.year_to)


def _tonnes(official: OfficialGeneration) -> tuple[str, str]:
    return f"{official.generated_from_kg // KG_PER_T:,}", f"{official.generated_to_kg // KG_PER_T:,}"


def _range(bounds: Iterable[str], to: str) -> str:
    """Return both bounds, or one where they are the same."""
    return to.join(dict.fromkeys(bounds))
