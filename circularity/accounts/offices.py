"""The office of an authority, its kind and level, and with it the powers that the catalogue gives it.

Routes ask policy about whoever asks; verbs ask here about the organisation they act for. Both read the same
table (`circularity.catalogue.authority_powers`), so an act is refused to the wrong office whoever calls.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from circularity.accounts.standings import DEFAULT_KIND, is_authority, level_of, standing_of
from circularity.catalogue.authority_powers import all_powers
from circularity.errors import NotAllowed
from circularity.organisations import Organisation
from circularity.policy.acting import ANONYMOUS, Acting
from circularity.policy.powers import holds
from circularity.policy.things import Thing


def kind_of_office(session: Session, organisation: Organisation) -> str | None:
    """Return the kind of an authority, ecology where nothing else is known; None for all others."""
    if not is_authority(organisation):
        return None
    standing = standing_of(session, organisation)
    return (standing.authority_kind if standing else "") or DEFAULT_KIND


def has_power(session: Session, organisation: Organisation, power: str, thing: Thing, on: date) -> bool:
    """Tell whether an organisation is an authority that has a power over a thing on a day."""
    return holds(_office_of(session, organisation), power, thing, on)


def require_power(session: Session, organisation: Organisation, power: str, thing: Thing, on: date) -> None:
    """Raise NotAllowed `no_power` unless an organisation has a power; the sentence says whose it is."""
    if has_power(session, organisation, power, thing, on):
        return
    row = next(row for row in all_powers() if row.power == power and row.holds(on))
    zh = f"本单位无此职权（{row.note_zh}）"
    en = f"this is not among the organisation's powers ({row.note_en})"
    raise NotAllowed("no_power", zh, en, power=power)


def _office_of(session: Session, organisation: Organisation) -> Acting:
    kind = kind_of_office(session, organisation)
    if kind is None:
        return ANONYMOUS
    return Acting(
        region_code=organisation.region_code,
        authority_kind=kind,
        authority_level=level_of(organisation),
    )
