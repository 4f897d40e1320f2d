"""Limits per calendar year on lines, groups of lines, entitlements and facilities, as caps on windows.

A window may reach over New Year, so a year's limit cannot always be told apart from the next one's: windows
whose years touch share one limit. That never allows more than the law does. Caps of lines, entitlements and
facilities nest, because windows that share a year on a line share it on its entitlement and facility too; a
group of lines lies within its entitlement and may cross another group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from matching.case_tables import Cap

OPEN_YEARS = (0, 9999)
LEVELS = ("line", "entitlement", "facility")
GROUP = "group"
KINDS = ("line", GROUP, "entitlement", "facility")
"""What has a limit per calendar year, the narrowest first."""


Dealt = Mapping[tuple[str, str], Mapping[int, int]]
"""What deals have taken in kg, by year, of a kind of limit and its subject's public id."""


@dataclass(frozen=True, slots=True)
class Share:
    """One window's share of the limits above it, kg.

    `capacity` is its row among the case's capacities, None when it takes no part (withdrawn or over): what
    it has `taken_kg` counts all the same. `subjects` and `limits_kg` are those of LEVELS, None = no limit;
    `groups` are the limits that its line shares with others: public id and kg.
    """

    capacity: int | None
    years: tuple[int, int]
    taken_kg: int
    offered_kg: int
    subjects: tuple[str, str, str]
    limits_kg: tuple[int | None, int | None, int | None]
    groups: tuple[tuple[str, int], ...] = ()

    def limits_of(self, kind: str) -> Iterator[tuple[str, int]]:
        """Yield subject and limit in kg of one of KINDS, where there is any."""
        if kind == GROUP:
            yield from self.groups
            return
        level = LEVELS.index(kind)
        limit_kg = self.limits_kg[level]
        if limit_kg is not None:
            yield self.subjects[level], limit_kg


@dataclass(frozen=True, slots=True)
class PricedCap:
    """A cap with what it limits: line, group, entitlement, facility or quota, in which years ("" = any)."""

    cap: Cap
    kind: str
    subject_id: str
    years: str


def annual_caps(shares: Sequence[Share], dealt: Dealt = MappingProxyType({})) -> list[PricedCap]:
    """Return the caps that can bind, in kg; what windows and deals have taken already is off the limit."""
    caps = []
    for kind in KINDS:
        groups: dict[tuple[str, int], list[Share]] = defaultdict(list)
        for share in shares:
            for limited in share.limits_of(kind):
                groups[limited].append(share)
        for (subject, limit_kg), group in groups.items():
            for together in _touching(group):
                years = range(min(s.years[0] for s in together), max(s.years[1] for s in together) + 1)
                # No year may exceed its limit, and the new mass may fall in any of them.
                by_year = [kg for year, kg in dealt.get((kind, subject), {}).items() if year in years]
                limit = limit_kg - max(by_year, default=0)
                cap = _cap(kind, subject, together, limit)
                caps += [] if cap is None else [cap]
    return caps


def _cap(kind: str, subject: str, together: Sequence[Share], annual_limit_kg: int) -> PricedCap | None:
    members = tuple(share.capacity for share in together if share.capacity is not None)
    offered = sum(share.offered_kg for share in together if share.capacity is not None)
    limit = max(annual_limit_kg - sum(share.taken_kg for share in together), 0)
    if not members or offered <= limit:
        return None
    years = _years(together)
    cap_id = ":".join(part for part in (kind, subject, years) if part)
    return PricedCap(Cap(cap_id, limit, "", members), kind, subject, years)


def _touching(shares: Sequence[Share]) -> Iterator[list[Share]]:
    """Yield the shares in groups whose years overlap, directly or through others."""
    together: list[Share] = []
    last = 0
    for share in sorted(shares, key=lambda share: share.years):
        if together and share.years[0] > last:
            yield together
            together = []
        last = max(last, share.years[1]) if together else share.years[1]
        together.append(share)
    if together:
        yield together


def _years(together: Sequence[Share]) -> str:
    first = min(share.years[0] for share in together)
    last = max(share.years[1] for share in together)
    if last == OPEN_YEARS[1]:
        return ""
    return str(first) if first == last else f"{first}-{last}"
