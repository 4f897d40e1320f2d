"""A process that makes deals and moves mass, one transaction a step, telling each once it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from deal_rows import Deal
from deal_world import DealWorld, act
from registry import Registry, T
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.transfers import arrive
from circularity.database import create_engine_for, writing
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, confirm
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import EntitlementLine


@dataclass(frozen=True)
class Parties:
    """Keys of the rows that all deals are between."""

    works: int
    line: int
    carrier: int


def work(url: str, parties: Parties, tell: Connection) -> None:
    """Go on until killed; `tell` gets (step, public id) after each commit."""
    engine = create_engine_for(url)
    for _ in count():
        for step, public_id in one_deal(engine, parties):
            tell.send((step, public_id))


def one_deal(engine: Engine, parties: Parties) -> Iterator[tuple[str, str]]:
    """Play a deal to the verdict on its one load; give (step, public id) after each commit."""
    offered = _in_one(engine, parties, lambda deal: _offer(deal, parties))
    yield "offered_by_generator", offered

    def agreed(deal: Deal, verb: Any, side: str) -> str:
        agreement = _find(deal.registry.session, Agreement, offered)
        verb(deal.registry.session, **act(), agreement=agreement, side=side)
        return offered

    yield "accepted_by_facility", _in_one(engine, parties, lambda deal: agreed(deal, accept, "facility"))
    yield "agreed", _in_one(engine, parties, lambda deal: agreed(deal, confirm, "generator"))
    moved = _in_one(engine, parties, lambda deal: _submit(deal, offered))
    yield "submitted", moved
    for state, step in (("picked_up", _pick_up), ("arrived", _arrive), ("accepted", _accept)):
        yield state, _in_one(engine, parties, lambda deal, step=step: step(deal, moved))  # type: ignore[misc]  # deliberately untyped


def _in_one(engine: Engine, parties: Parties, step: Callable[[Deal], str]) -> str:
    with writing(engine).begin() as session:
        works, line = session.get_one(Site, parties.works), session.get_one(EntitlementLine, parties.line)
        carrier = session.get_one(Organisation, parties.carrier)
        # What a step deals with is found by it; the world needs only its parties.
        deal = Deal(Registry(session), works, line.entitlement.facility, carrier, agreement=None)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
        return step(deal)


def _find(session: Session, model: type[Any], public_id: str) -> Any:
    return session.scalars(select(model).filter_by(public_id=public_id)).one()


def _offer(deal: Deal, parties: Parties) -> str:
    line = deal.registry.session.get_one(EntitlementLine, parties.line)
    return DealWorld(deal.registry).offered(30, site=deal.works, line=line).public_id


def _submit(deal: Deal, agreement_id: str) -> str:
    agreement = _find(deal.registry.session, Agreement, agreement_id)
    transfer = deal.draft(30, agreement=agreement)
    deal.sign(transfer, "sender")
    return transfer.public_id


def _pick_up(deal: Deal, transfer_id: str) -> str:
    deal.sign(_find(deal.registry.session, Transfer, transfer_id), "carrier")
    return transfer_id


def _arrive(deal: Deal, transfer_id: str) -> str:
    transfer = _find(deal.registry.session, Transfer, transfer_id)
    arrive(**deal.act, transfer=transfer)
    receive(**deal.act, transfer=transfer, weighed={1: Weighed(30 * T - 40)})
    return transfer_id


def _accept(deal: Deal, transfer_id: str) -> str:
    transfer = _find(deal.registry.session, Transfer, transfer_id)
    plant = transfer.facility.site.organisation
    verdict = {1: Verdict(30 * T - 40)}
    decide(**deal.act, transfer=transfer, organisation=plant, person="李四", verdicts=verdict)
    return transfer_id
