"""Who may do what about a list: an authority of the receiving province decides, others propose.

Each function raises NotAllowed; the sentence says who could.
"""

from __future__ import annotations

from circularity.catalogue.regions import prefix_of
from circularity.errors import NotAllowed
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility

AUTHORITY = "authority"


def covers(authority: Organisation, region_code: str) -> bool:
    """Return whether an organisation is an authority whose region holds a place."""
    return AUTHORITY in authority.roles and region_code.startswith(prefix_of(authority.region_code))


def decides_on(organisation: Organisation, facility: Facility) -> bool:
    """Return whether an organisation may decide on a facility's entries: an authority of its region."""
    return covers(organisation, facility.site.region_code)


def require_receiving(organisation: Organisation, facility: Facility) -> None:
    """Refuse anybody but an authority of the receiving province in whose region the facility lies."""
    if not decides_on(organisation, facility):
        zh = "只有接受地(设施所在地)的主管部门可以列入、暂停、恢复或移出"
        en = "only an authority of the receiving region lists, suspends, resumes and delists"
        raise NotAllowed("not_the_receiving_authority", zh, en)


def require_partner(organisation: Organisation, origins: tuple[str, ...]) -> str:
    """Return the two digits of the province of origin that an authority speaks for; refuse any other."""
    province = organisation.region_code[:2]
    if AUTHORITY not in organisation.roles or province not in {origin[:2] for origin in origins}:
        zh = "只有移出地的主管部门可以表示同意"
        en = "only an authority of a province of origin gives its consent"
        raise NotAllowed("not_an_origin", zh, en)
    return province


def proposer(organisation: Organisation, facility: Facility) -> str:
    """Return as whom an organisation asks: receiver for its own facility, proposer for an authority."""
    if organisation.id == facility.site.organisation_id:
        return "receiver"
    if AUTHORITY in organisation.roles:
        return "proposer"
    zh = "只有设施所属单位或主管部门可以申报"
    en = "only the facility's own organisation or an authority applies"
    raise NotAllowed("not_your_facility", zh, en)
