"""Procedures that are held already: what lists and grants change for a capacity window, and for one sender.

A grant for any sender without a limit opens the window to its region in the case. A grant for one sender or a
limited mass cannot be said there; it is used after solving, on the mass that the plan has placed (see
`matching.pairs.grant_use`). Whatever a list or grant does not clearly cover stays conditional.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from circularity.catalogue import operations
from circularity.catalogue.waste_codes import EVERYTHING, is_hazardous
from circularity.catalogue.waste_types import pattern_covers
from circularity.units import MISSING
from matching.case_tables import Cap
from matching.pairs.annual_caps import PricedCap

EFFECTIVE_LISTS = ("nominated", "agreed")


@dataclass(frozen=True, slots=True)
class Window:
    """What of a capacity window decides whether a list or grant is about it; days as ordinals or MISSING."""

    capacity: int
    facility: str
    waste_pattern: str
    operation: str
    offered_kg: int
    available_to_day: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A procedure granted to a facility for one sender ("" = any), up to `limit_kg` (MISSING = no limit)."""

    id: int
    facility: str
    organisation: str
    kind: str
    origin_region: str
    waste_pattern: str
    valid_from_day: int
    valid_to_day: int
    limit_kg: int

    @property
    def opens_to_all(self) -> bool:
        """Whether the case itself can say what this grant says."""
        return not self.organisation and self.limit_kg == MISSING


@dataclass(frozen=True, slots=True)
class Listing:
    """A whitelist entry in force on the day of asking."""

    public_id: str
    facility: str
    list_kind: str
    waste_pattern: str
    operation: str
    origins: tuple[str, ...]
    quota_kg: int
    ship_within_days: int


@dataclass(frozen=True, slots=True)
class Listed:
    """What the lists do to the windows of a case: by capacity row, and as caps for their quotas.

    `unused` names the entries that cannot be said in a case: a quota shared by several origins.
    """

    origins: dict[int, set[str]]
    ship_within_days: dict[int, int]
    quotas: tuple[PricedCap, ...]
    unused: tuple[str, ...]


def covers(pattern: str, line_pattern: str) -> bool:
    """Return whether a pattern covers everything that a line's pattern covers."""
    if EVERYTHING in (pattern, line_pattern):
        return pattern == EVERYTHING
    return pattern_covers(pattern, line_pattern)


def open_origins(windows: Iterable[Window], grants: Sequence[Grant], as_of_day: int) -> dict[int, set[str]]:
    """Return by capacity row the origins whose grants hold for all waste of the line to the window's end.

    Each grant opens what its kind of procedure is for: a record never stands in for an approval.
    """
    held: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        if grant.opens_to_all and grant.valid_from_day <= as_of_day:
            held[grant.facility].append(grant)
    origins: dict[int, set[str]] = {}
    for window in windows:
        granted: dict[str, set[str]] = defaultdict(set)
        for grant in held.get(window.facility, ()):
            if MISSING < window.available_to_day <= grant.valid_to_day and covers(
                grant.waste_pattern, window.waste_pattern
            ):
                granted[grant.kind].add(grant.origin_region)
        needed = [tuple(granted[kind]) for kind in _procedures_of(window)]
        held_from = {o for kind in needed for o in kind if all(o.startswith(every) for every in needed)}
        if held_from:
            origins[window.capacity] = held_from
    return origins


def _procedures_of(window: Window) -> tuple[str, ...]:
    """Return the kinds of procedure that waste of a window needs between provinces."""
    utilises = operations.get(window.operation).group == "utilisation"
    general = "general_record" if utilises else "general_approval"
    if window.waste_pattern == EVERYTHING:
        return ("hazardous_approval", general)
    return ("hazardous_approval",) if is_hazardous(window.waste_pattern) else (general,)


def listed_windows(windows: Sequence[Window], listings: Iterable[Listing]) -> Listed:
    """Return what entries of effective lists do; a quota binds one window, the one that offers most."""
    origins: dict[int, set[str]] = {}
    deadlines: dict[int, int] = {}
    quotas, unused = [], []
    at: dict[str, list[Window]] = defaultdict(list)
    for window in windows:
        at[window.facility].append(window)
    for listing in listings:
        meant = [window for window in at.get(listing.facility, ()) if _is_about(listing, window)]
        if not meant or listing.list_kind not in EFFECTIVE_LISTS:
            continue
        if listing.quota_kg != MISSING and listing.quota_kg < sum(window.offered_kg for window in meant):
            if len(listing.origins) > 1:
                unused.append(listing.public_id)
                continue
            meant = [max(meant, key=lambda window: (window.offered_kg, -window.capacity))]
            quotas.append(_quota(listing, meant[0]))
        for window in meant:
            origins.setdefault(window.capacity, set()).update(listing.origins)
            if listing.ship_within_days != MISSING:
                known = deadlines.get(window.capacity, listing.ship_within_days)
                deadlines[window.capacity] = min(known, listing.ship_within_days)
    return Listed(origins, deadlines, tuple(quotas), tuple(unused))


def _is_about(listing: Listing, window: Window) -> bool:
    """Say whether a listing is about a window of its facility."""
    return listing.operation == window.operation and covers(listing.waste_pattern, window.waste_pattern)


def _quota(listing: Listing, window: Window) -> PricedCap:
    (origin,) = listing.origins
    cap = Cap(f"quota:{listing.public_id}", listing.quota_kg, origin, (window.capacity,))
    return PricedCap(cap, "quota", listing.public_id, "")
