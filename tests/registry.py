"""A small registry for tests: say only what matters, everything else is filled with a neutral value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session
from stdnum.cn import uscc

from circularity.audit import Actor
from circularity.organisations import Organisation, Site, add_site, register_organisation
from circularity.registry.capacity import offer_capacity
from circularity.registry.declarations import declare_generation
from circularity.registry.entitlements import CapacityWindow, EntitlementLine, Facility
from circularity.registry.facilities import (
    add_entitlement_line,
    grant_entitlement,
    register_facility,
)
from circularity.registry.outputs import Output, post_output
from circularity.whitelist import list_facility, record_grant

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
"""Ten in the morning of 1 September 2026 in Shanghai."""

ACTOR = Actor("测试员 tester", None, "system")

SHANGHAI = (31.222, 121.458, "310100")
JIANGSU = (31.304, 120.595, "320500")
ANHUI = (31.353, 118.430, "340200")

FLY_ASH = "900-001-S02"
ACID = "398-007-34"
T = 1000


def credit_code(number: int) -> str:
    """Return a made-up credit code with a right check digit."""
    body = f"91310000DEM{number:06d}"
    return body + uscc.calc_check_digit(body)


@dataclass
class Registry:
    """Verbs with neutral values filled in; `act` holds actor and moment of all of them."""

    session: Session
    numbers: count[int] = field(default_factory=lambda: count(1))
    act: dict[str, Any] = field(default_factory=lambda: {"actor": ACTOR, "at": AT})

    def organisation(self, **facts: Any) -> Organisation:
        """Register an organisation."""
        number = next(self.numbers)
        defaults = {
            "name_zh": f"甲{number}公司",
            "name_en": f"Firm {number}",
            "credit_code": credit_code(number),
            "roles": frozenset({"generator"}),
            "region_code": "310100",
        }
        return register_organisation(self.session, **self.act, **(defaults | facts))

    def site(self, place: tuple[float, float, str] = SHANGHAI, **facts: Any) -> Site:
        """Add a site, of a new organisation unless one is given."""
        lat, lon, region = place
        defaults = {"name_zh": "厂区", "name_en": "works", "lat": lat, "lon": lon, "region_code": region}
        organisation = facts.pop("organisation", None) or self.organisation()
        return add_site(self.session, **self.act, organisation=organisation, **(defaults | facts))

    def output(self, tonnes: int = 100, waste_code: str = FLY_ASH, **facts: Any) -> Output:
        """Post a lot, at a new site in Shanghai unless `site` or `place` says otherwise."""
        site = facts.pop("site", None) or self.site(facts.pop("place", SHANGHAI))
        defaults = {
            "waste_code": waste_code,
            "mass_kg": tonnes * T,
            "available_from": date(2026, 9, 1),
            "available_to": date(2026, 12, 31),
        }
        return post_output(self.session, **self.act, site=site, **(defaults | facts))

    def declaration(self, site: Site, generated_t: int, **facts: Any) -> Any:
        """Declare fly ash of 2026, in tonnes."""
        tonnes = {name: facts.pop(name, 0) * T for name in ("own_utilised", "own_disposed", "elsewhere")}
        return declare_generation(
            self.session,
            **self.act,
            **({"waste_code": FLY_ASH, "year": 2026} | facts),
            site=site,
            generated_kg=generated_t * T,
            own_utilised_kg=tonnes["own_utilised"],
            own_disposed_kg=tonnes["own_disposed"],
            entrusted_elsewhere_utilised_kg=tonnes["elsewhere"],
        )

    def facility(self, place: tuple[float, float, str] = SHANGHAI, **facts: Any) -> Facility:
        """Register a facility at a new site."""
        site = facts.pop("site", None) or self.site(place)
        return register_facility(self.session, **self.act, site=site, **({"kind": "utiliser"} | facts))

    def line(
        self, facility: Facility | None = None, entitlement: Any = None, **facts: Any
    ) -> EntitlementLine:
        """Add a line for fly ash, on a new entitlement of a new facility unless given."""
        entitlement = entitlement or self.entitlement(facility)
        defaults = {"waste_pattern": "SW02", "operation": "C2", "annual_limit_kg": None}
        return add_entitlement_line(self.session, **self.act, entitlement=entitlement, **(defaults | facts))

    def entitlement(self, facility: Facility | None = None, **facts: Any) -> Any:
        """Grant an entitlement."""
        defaults = {
            "kind": "eia_approval",
            "number": f"EIA-{next(self.numbers)}",
            "issuer": "主管部门",
            "valid_from": date(2020, 1, 1),
            "valid_to": None,
            "source": "test",
        }
        facility = facility or self.facility()
        return grant_entitlement(self.session, **self.act, facility=facility, **(defaults | facts))

    def licence(self, facility: Facility, **facts: Any) -> Any:
        """Grant a hazardous-waste licence to the end of 2028."""
        return self.entitlement(facility, kind="hazardous_licence", valid_to=date(2028, 12, 31), **facts)

    def window(self, tonnes: int = 100, line: EntitlementLine | None = None, **facts: Any) -> CapacityWindow:
        """Offer capacity to the end of the year."""
        defaults = {
            "available_from": date(2026, 9, 1),
            "available_to": date(2026, 12, 31),
            "permitted_kg": tonnes * T,
        }
        return offer_capacity(self.session, **self.act, line=line or self.line(), **(defaults | facts))

    def listing(self, facility: Facility, **facts: Any) -> Any:
        """List a facility for waste acid from Shanghai."""
        defaults = {
            "list_kind": "agreed",
            "issuer_region": "32",
            "document": "名单",
            "waste_pattern": "HW34",
            "operation": "R6",
            "accepted_origins": ("31",),
            "quota_kg": None,
            "ship_within_days": 60,
            "valid_from": date(2026, 1, 1),
            "valid_to": date(2026, 12, 31),
        }
        return list_facility(self.session, **self.act, facility=facility, **(defaults | facts))

    def grant(self, facility: Facility, **facts: Any) -> Any:
        """Record the filing of fly ash from Shanghai, for any sender and any mass."""
        defaults = {
            "output_organisation": None,
            "kind": "general_record",
            "origin_region": "31",
            "waste_pattern": "SW02",
            "valid_from": date(2026, 1, 1),
            "valid_to": date(2026, 12, 31),
            "limit_kg": None,
        }
        return record_grant(self.session, **self.act, facility=facility, **(defaults | facts))
