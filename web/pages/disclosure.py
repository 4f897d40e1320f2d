"""What a page tells a reader it does not know: everything while every party is fictional, else only what
its owners published.

With real parties the pages follow the API: masses in bands, money and conditions of trade left out, unless
both sides of a pair published theirs.
"""

from __future__ import annotations

from flask import g
from flask_babel import gettext

from circularity.banding import Band, band_of
from circularity.rates.planned import PlannedRate
from circularity.rates.told_planned import RATE, STAGES
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.runs.stored import Unmatched
from circularity.totals import has_real_parties
from web.formats import DASH, exact_tonnes, tonnes
from web.language import said
from web.session import read_session


def tells_all() -> bool:
    """Tell whether everything may be shown: only while every party in the database is fictional."""
    if "tells_all" not in g:
        g.tells_all = not has_real_parties(read_session())
    return bool(g.tells_all)


def is_told(*sides: Output | CapacityWindow) -> bool:
    """Tell whether the figures of an output, a window, or a pair of both may be shown as they are."""
    return all(side.visibility == "public" for side in sides) or tells_all()


def told_mass(mass_kg: int, *sides: Output | CapacityWindow) -> tuple[str, str]:
    """Return (tonnes, title) of a mass: exact where all its sides may be told, else its band."""
    return _shown(mass_kg if is_told(*sides) else band_of(mass_kg))


def told_total(mass_kg: int) -> str:
    """Return the tonnes of a sum that nobody in particular publishes, as a band unless all may be told."""
    return _shown(mass_kg if tells_all() else band_of(mass_kg))[0]


def band(mass_kg: int) -> str:
    """Return the band of a mass in tonnes."""
    return _shown(band_of(mass_kg))[0]


def told_limit(mass_kg: int | None) -> str:
    """Return the tonnes of an entitlement's limit, its band, or a dash where there is none."""
    return DASH if mass_kg is None else told_total(mass_kg)


def told_quota(quota_kg: int | None) -> str:
    """Return a white-list quota; how large it is concerns its authority, that there is one everybody."""
    if quota_kg is None:
        return str(gettext("none"))
    return tonnes(quota_kg) if tells_all() else str(gettext("yes"))


def told_change(unmatched: Unmatched) -> str:
    """Return the change that would place an output; it tells of both sides, so both must be told."""
    window = unmatched.nearest_window
    sides = [unmatched.output] if window is None else [unmatched.output, window]
    return said(unmatched, "change") if is_told(*sides) else ""


def is_withheld(rate: PlannedRate) -> bool:
    """Tell whether too few, or nearly one alone, stand behind a rate to show its figures."""
    return RATE not in rate.told and not tells_all()


def tells_stages(rate: PlannedRate) -> bool:
    """Tell whether enough stand behind own use and each stage of a rate's planned mass to tell them apart."""
    return STAGES in rate.told or tells_all()


TOLD = (
    tells_all, is_told, told_mass, told_total, band, told_limit, told_quota, told_change, is_withheld,
    tells_stages,
)  # fmt: skip
"""What templates may call."""


def _shown(mass: int | Band) -> tuple[str, str]:
    if isinstance(mass, int):
        return tonnes(mass), exact_tonnes(mass)
    words = f"{tonnes(mass.low_kg)}–{tonnes(mass.high_kg)}" if mass.high_kg else f"≥ {tonnes(mass.low_kg)}"
    return words, f"{words} t"
