"""A plant in Jiangsu that takes acid of Shanghai, and the authorities of both, for tests of the lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from deal_rows import Deal
from deal_world import DealWorld, terms
from registry import ACID, ACTOR, AT, JIANGSU, SHANGHAI, Registry, T

from circularity.custody.manifests import Transfer
from circularity.deals.contract import Agreement
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import EntitlementLine, Facility
from circularity.whitelist.applications import Application
from circularity.whitelist.deciding import approve, note_visit, publish, take_up
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.papers import hand_in
from circularity.whitelist.proposing import Wanted, apply_for, submit

PAPERS = ("entitlement", "capability", "compliance")
YEAR = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}


def pdf(text: str = "") -> bytes:
    """Return bytes that begin as a PDF does."""
    return b"%PDF-1.7 " + text.encode()


def wanted(**facts: Any) -> Wanted:
    """What the plant asks for: acid of Shanghai by R6 in 2026, without a quota."""
    defaults = {
        "list_kind": "nominated",
        "waste_pattern": "HW34",
        "operation": "R6",
        "accepted_origins": ("31",),
        "ship_within_days": 30,
        **YEAR,
    }
    return Wanted(**(defaults | facts))


@dataclass
class ListingWorld:
    """The plant, its licence for HW34, its province, the province of origin and a works there."""

    registry: Registry

    @cached_property
    def deals(self) -> DealWorld:
        """The same registry with deals in it."""
        return DealWorld(self.registry)

    @cached_property
    def works(self) -> Site:
        """A works in Shanghai."""
        return self.registry.site(SHANGHAI)

    @cached_property
    def line(self) -> EntitlementLine:
        """The line of the plant's licence, 100 kt a year."""
        facility = self.registry.facility(JIANGSU)
        licence = self.registry.licence(facility)
        self.registry.session.flush()
        facts = {"waste_pattern": "HW34", "operation": "R6", "annual_limit_kg": 100_000 * T}
        line = self.registry.line(entitlement=licence, **facts)
        self.registry.session.flush()
        return line

    @property
    def plant(self) -> Facility:
        """The plant."""
        return self.line.entitlement.facility

    @property
    def owner(self) -> Organisation:
        """Whose plant it is."""
        return self.plant.site.organisation

    @cached_property
    def jiangsu(self) -> Organisation:
        """The receiving province's authority."""
        return self._authority("320000")

    @cached_property
    def shanghai(self) -> Organisation:
        """The authority of the origin."""
        return self._authority("310000")

    def _authority(self, region: str) -> Organisation:
        made = self.registry.organisation(roles=frozenset({"authority"}), region_code=region)
        self.registry.session.flush()
        return made

    def act(self, **later: Any) -> dict[str, Any]:
        """Session, actor and moment of a step."""
        self.registry.session.flush()
        return {"session": self.registry.session, "actor": ACTOR, "at": AT + timedelta(**later)}

    def draft(self, by: Organisation | None = None, **facts: Any) -> Application:
        """Begin an application."""
        about = {"by": by or self.owner, "facility": self.plant}
        return apply_for(**self.act(), **about, wanted=wanted(**facts))

    def with_papers(self, application: Application, *kinds: str) -> Application:
        """Hand in the papers that a nominated list wants, or others."""
        for kind in kinds or PAPERS:
            about = {"application": application, "by": application.organisation}
            hand_in(**self.act(), **about, kind=kind, title=kind, content=pdf(kind))
        return application

    def submitted(self, *papers: str, **facts: Any) -> Application:
        """An application that has been handed in."""
        application = self.with_papers(self.draft(**facts), *papers)
        submit(**self.act(), application=application, by=application.organisation)
        return application

    def under_review(self, *papers: str, **facts: Any) -> Application:
        """An application that is reviewed and whose plant has been visited."""
        application = self.submitted(*papers, **facts)
        about = {"application": application, "by": self.jiangsu}
        take_up(**self.act(), **about)
        note_visit(**self.act(), **about, visited_on=AT.date(), findings="与申报一致 as applied")
        return application

    def approved(self, **facts: Any) -> Application:
        """An application that was approved."""
        application = self.under_review(**facts)
        approve(**self.act(), application=application, by=self.jiangsu, reasons="符合条件 fit")
        return application

    def listed(self, **facts: Any) -> WhitelistEntry:
        """An entry that came about by an application."""
        application = self.approved(**facts)
        return publish(**self.act(), application=application, by=self.jiangsu, document="苏环名单 1 号")

    def offered(self, tonnes: int = 10, **facts: Any) -> Agreement:
        """Offer acid of the works to the plant."""
        about = {"site": self.works, "line": self.line, "waste_code": ACID, "operation": "R6"}
        return self.deals.offered(tonnes, **(about | facts))

    def agreed(self, tonnes: int = 10, **facts: Any) -> Agreement:
        """Agree on acid of the works for the plant."""
        about = {"site": self.works, "line": self.line, "waste_code": ACID, "operation": "R6"}
        return self.deals.agreed(tonnes, **(about | facts))

    def approval(self) -> Any:
        """The origin approves of acid to the plant, for any sender and mass."""
        return self.registry.grant(self.plant, kind="hazardous_approval", waste_pattern="HW34")

    def at_the_gate(self, agreement: Agreement, tonnes: int) -> Transfer:
        """A load of a deal that has arrived at the plant."""
        carrier = self.registry.organisation(roles=frozenset({"carrier"}))
        self.registry.session.flush()
        deal = Deal(self.registry, self.works, self.plant, carrier, agreement)
        return deal.at_the_gate(tonnes)


__all__ = ["PAPERS", "ListingWorld", "pdf", "terms", "wanted"]
