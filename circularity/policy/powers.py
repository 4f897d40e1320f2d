"""Whether an authority holds a power: by its kind, level and region and by the waste, from the catalogue."""

from __future__ import annotations

from datetime import date

from circularity.catalogue.authority_powers import AuthorityPower, all_powers, powers
from circularity.catalogue.regions import prefix_of
from circularity.policy.acting import Acting
from circularity.policy.things import Thing


def holds(acting: Acting, power: str, thing: Thing | None, on: date) -> bool:
    """Tell whether an authority has a power over a thing on a day; without a thing, over any at all.

    Raises UnknownPower for a name that the catalogue does not have.
    """
    if not acting.is_authority:
        return False
    if thing is None:
        return any(row.power == power and row.holds(on) and _has_office(acting, row) for row in all_powers())
    asked = {place for bound_to in ("origin", "destination") for place in thing.places(bound_to)}
    return any(
        _has_office(acting, row) and _covers(acting, place) and _concerns(row, thing)
        for place in asked
        for row in powers(power, place, on)
        if place in thing.places(row.bound_to)
    )


def limited_to(acting: Acting, power: str, on: date) -> frozenset[str]:
    """Return the kinds of waste that an authority's power is limited to; none = all, or no such power."""
    held = [row for row in all_powers() if row.power == power and row.holds(on) and _has_office(acting, row)]
    return (
        frozenset()
        if any(not row.wastes for row in held)
        else frozenset().union(*(row.wastes for row in held))
    )


def _has_office(acting: Acting, row: AuthorityPower) -> bool:
    return acting.authority_kind in row.kinds and acting.authority_level in row.levels


def _covers(acting: Acting, place: str) -> bool:
    """Tell whether a place lies in the authority's region; the Delta body's region is all of it."""
    if acting.authority_level == "delta":
        return True
    prefix = prefix_of(acting.region_code)
    return bool(prefix) and place.startswith(prefix)


def _concerns(row: AuthorityPower, thing: Thing) -> bool:
    return not row.wastes or bool(thing.wastes & set(row.wastes))
