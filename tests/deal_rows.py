"""An agreement that stands, and what is shipped on it, for tests of transfers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from registry import ACID, ACTOR, AT, FLY_ASH, SHANGHAI, Registry, T

from circularity.columns import new_public_id
from circularity.custody.carriers import Carrier
from circularity.custody.drafting import Load, draft_transfer
from circularity.custody.manifests import Signature, Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt
from circularity.custody.signatures import sign
from circularity.custody.transfers import arrive
from circularity.deals.contract import Agreement, Offer
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import EntitlementLine, Facility

DAY = date(2026, 9, 1)


@dataclass
class Deal:
    """A works, a carrier and a plant with an agreement, and the verbs that move its mass."""

    registry: Registry
    works: Site
    plant: Facility
    carrier: Organisation
    agreement: Agreement

    @property
    def act(self) -> dict[str, Any]:
        """Session, actor and moment."""
        return {"session": self.registry.session, **self.registry.act}

    def draft(self, tonnes: int = 30, **facts: Any) -> Transfer:
        """Draft a trip of one line, unless the facts say otherwise."""
        agreement = facts.pop("agreement", self.agreement)
        load = Load(agreement.waste_code, agreement.operation, tonnes * T)
        defaults: dict[str, Any] = {
            "agreement": agreement,
            "sender_site": agreement.site,
            "lines": [load],
            "carriers": [Carrier(self.carrier, "沪A12345", "危货310001", ("HW34",))],
            "conveyance": "vehicle",
            "day": DAY,
        }
        if facts.get("metering", "trip") != "trip":
            defaults["carriers"] = []
        return draft_transfer(**self.act, **(defaults | facts))

    def sign(self, transfer: Transfer, signer: str, carriage: int = 0, **facts: Any) -> Signature:
        """Sign as the party that the transfer names."""
        organisations = {
            "sender": transfer.sender_site.organisation,
            "receiver": transfer.facility.site.organisation,
        }
        if signer == "carrier":
            carriage = carriage or 1
            organisations["carrier"] = transfer.carriages[carriage - 1].organisation
        defaults = {"organisation": organisations[signer], "person": "张三"}
        return sign(**self.act, transfer=transfer, signer=signer, carriage=carriage, **(defaults | facts))

    def at_the_gate(self, tonnes: int = 30, **facts: Any) -> Transfer:
        """A trip that has arrived."""
        transfer = self.draft(tonnes, **facts)
        self.sign(transfer, "sender")
        self.sign(transfer, "carrier")
        arrive(**self.act, transfer=transfer)
        return transfer


def decided(deal: Deal, transfer: Transfer, accepted: int, refused: int) -> Receipt:
    """The receiver weighs and decides, in tonnes."""
    receive(**deal.act, transfer=transfer, weighed={1: Weighed((accepted + refused) * T)})
    reason = "含水率过高" if refused else ""
    return decide(
        **deal.act,
        transfer=transfer,
        organisation=transfer.facility.site.organisation,
        person="李四",
        verdicts={1: Verdict(accepted * T, refused * T, reason)},
    )[0]


def deal(registry: Registry, tonnes: int = 100, waste_code: str = FLY_ASH, **facts: Any) -> Deal:
    """A works in Shanghai and a plant with an agreement about `tonnes` to the end of the year."""
    works = facts.pop("works", None) or registry.site(SHANGHAI)
    carrier = registry.organisation(roles=frozenset({"carrier"}))
    line = facts.pop("line", None) or _line(registry, waste_code, facts.pop("kind", "utiliser"))
    made = agreement(registry, works, line, waste_code, tonnes, **facts)
    return Deal(registry, works, line.entitlement.facility, carrier, made)


def agreement(
    registry: Registry, site: Site, line: EntitlementLine, waste_code: str, tonnes: int = 100, **facts: Any
) -> Agreement:
    """An agreement that both sides have confirmed, with its one offer."""
    made = Agreement(
        public_id=new_public_id(),
        number=f"XY-20260901-{next(registry.numbers):06d}",
        source="direct",
        document="",
        site=site,
        line=line,
        facility=line.entitlement.facility,
        waste_code=waste_code,
        operation=line.operation,
        offer_number=1,
        shipped_kg=0,
        status="agreed",
        begun_at=AT,
        agreed_at=AT,
    )
    offer = {
        "number": 1,
        "made_by": "generator",
        "made_at": AT,
        "lot": "regular",
        "mass_kg": tonnes * T,
        "cadence": "once",
        "period_mass_kg": tonnes * T,
        "valid_from": DAY - timedelta(days=31),
        "valid_to": date(2026, 12, 31),
        "price_kind": "fixed",
        "price": {"fixed": None},
        "settles": "received",
        "reference_moisture_permille": None,
        "note": "",
    }
    made.offers = [Offer(**(offer | facts))]
    registry.session.add(made)
    registry.session.flush()
    return made


def _line(registry: Registry, waste_code: str, kind: str) -> EntitlementLine:
    facility = registry.facility(kind=kind)
    if waste_code == ACID:
        licence = registry.licence(facility)
        return registry.line(entitlement=licence, waste_pattern="HW34", operation="R6")
    return registry.line(facility)


__all__ = ["ACID", "ACTOR", "AT", "DAY", "Deal", "agreement", "deal"]
