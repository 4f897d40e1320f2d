"""As whom an organisation acts on a list: for its own facility, as a proposer, as an office with a power.

Who has which power is data (`circularity.accounts.offices`); here it is asked about a facility and the
origins that it takes waste from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from circularity.accounts.offices import has_power, require_power
from circularity.errors import NotAllowed
from circularity.organisations import Organisation
from circularity.policy.things import Thing
from circularity.registry.entitlements import Facility

NOMINATE, SUSPEND, CONSENT = "whitelist.nominate", "whitelist.suspend", "whitelist.consent"
PROPOSE, READ, CONFIRM = "whitelist.propose", "confidential.read", "entitlement.confirm"


def decides_on(
    session: Session, organisation: Organisation, facility: Facility, on: date, power: str = NOMINATE
) -> bool:
    """Tell whether an organisation has a power over what a facility takes, as an authority of its region."""
    return has_power(session, organisation, power, _about(facility), on)


def require_office(
    session: Session, organisation: Organisation, facility: Facility, on: date, power: str = NOMINATE
) -> None:
    """Raise NotAllowed `no_power` for anybody but an office with a power over what a facility takes."""
    require_power(session, organisation, power, _about(facility), on)


def nominates(session: Session, organisation: Organisation, on: date) -> bool:
    """Tell whether an organisation puts facilities of its own region on a list."""
    return has_power(
        session, organisation, NOMINATE, Thing(kind="Facility", destination=organisation.region_code), on
    )


def consents(session: Session, organisation: Organisation, origins: Sequence[str], on: date) -> bool:
    """Tell whether an organisation consents for one of these provinces of origin, two digits each."""
    return has_power(session, organisation, CONSENT, _from(organisation, origins), on)


def sees(
    session: Session, organisation: Organisation, facility: Facility, on: date, origins: Sequence[str] = ()
) -> bool:
    """Tell whether an organisation may read what is not published of a facility: its own, or its region's."""
    owns = organisation.id == facility.site.organisation_id
    return owns or has_power(session, organisation, READ, _about(facility, origins), on)


def require_partner(session: Session, organisation: Organisation, origins: Sequence[str], on: date) -> str:
    """Return the two digits of the province of origin that an authority consents for; refuse any other."""
    require_power(session, organisation, CONSENT, _from(organisation, origins), on)
    return organisation.region_code[:2]


def proposer(
    session: Session, organisation: Organisation, facility: Facility, on: date, origins: Sequence[str] = ()
) -> str:
    """Return as whom an organisation asks: receiver for its own facility, proposer for an authority.

    Raises NotAllowed `not_your_facility` for all others.
    """
    if organisation.id == facility.site.organisation_id:
        return "receiver"
    if has_power(session, organisation, PROPOSE, _about(facility, origins), on):
        return "proposer"
    zh = "只有设施所属单位或移出地、接受地的主管部门可以申报"
    en = "only the facility's own organisation or an authority of either region applies"
    raise NotAllowed("not_your_facility", zh, en)


def _from(organisation: Organisation, origins: Sequence[str]) -> Thing:
    """Return what waits for the consent of an organisation's own province, if that is among the origins."""
    own = organisation.region_code[:2]
    return Thing(kind="Application", further_origins=frozenset({own} & {each[:2] for each in origins}))


def _about(facility: Facility, origins: Sequence[str] = ()) -> Thing:
    return Thing(kind="Facility", destination=facility.site.region_code, further_origins=frozenset(origins))
