"""Carriers: who takes a load over, in which order, and what a carrier of hazardous waste must show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.calendar_days import delta_day
from circularity.catalogue.waste_types import is_hazardous, pattern_covers
from circularity.custody.manifests import Carriage, Transfer
from circularity.custody.transfer_cells import cells_of
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.groups import post
from circularity.ledger.postings import Movement
from circularity.lifecycle import advance
from circularity.organisations import Organisation


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier as drafted: its vehicle, its dangerous-goods permit and the waste patterns that covers."""

    organisation: Organisation
    vehicle: str
    permit: str = ""
    permitted: tuple[str, ...] = ()


def carriages_of(checks: Checks, carriers: Sequence[Carrier]) -> list[Carriage]:
    """Return the carriers in their order, checked."""
    return [
        Carriage(
            number=number,
            organisation=carrier.organisation,
            vehicle=checks.text(f"carriers.{number}.vehicle", carrier.vehicle, maximum=60),
            permit=permit_text(checks, f"carriers.{number}.permit", carrier.permit, carrier.permitted),
        )
        for number, carrier in enumerate(carriers, 1)
    ]


def carrier_of(carriage: Carriage) -> Carrier:
    """Return a kept carrier as it was drafted."""
    permit, *permitted = carriage.permit.split(";")
    return Carrier(carriage.organisation, carriage.vehicle, permit, tuple(permitted))


def permit_text(checks: Checks, field: str, number: str, permitted: Sequence[str]) -> str:
    """Return a permit as it is kept: its number, then the patterns it covers, `;`-separated."""
    if ";" in number:
        checks.refuse(field, "separator", number, "许可证号不能含分号", "a permit's number has no semicolon")
    number = checks.text(field, number, maximum=100, required=bool(permitted))
    return ";".join([number, *(checks.waste_pattern(field, pattern) for pattern in sorted(set(permitted)))])


def permit_covers(permit: str, waste_code: str) -> bool:
    """Return whether a kept permit covers a waste."""
    number, *patterns = permit.split(";")
    return bool(number) and any(pattern_covers(pattern, waste_code) for pattern in patterns)


def require_fit(transfer: Transfer, carriage: Carriage) -> None:
    """Raise RuleBroken `carrier_unfit` unless the carrier may move every hazardous line (facts: waste_codes).

    That is the role of a carrier and a dangerous-goods permit whose class covers the waste.
    """
    hazardous = [line.waste_code for line in transfer.lines if is_hazardous(line.waste_code)]
    unfit = [
        code
        for code in hazardous
        if "carrier" not in carriage.organisation.roles or not permit_covers(carriage.permit, code)
    ]
    if unfit:
        zh = f"承运人没有覆盖 {', '.join(unfit)} 的危险货物运输许可"
        en = f"the carrier shows no dangerous-goods permit that covers {', '.join(unfit)}"
        raise RuleBroken("carrier_unfit", zh, en, carriage=carriage.number, waste_codes=unfit)


def take_over(session: Session, *, at: datetime, transfer: Transfer, carriage: Carriage) -> None:
    """Let the carrier whose turn it is pick up, or take over from the one before.

    Raises RuleBroken `illegal_step`, `not_their_turn`, `carrier_unfit`.
    """
    signed = {s.carriage for s in transfer.signatures if s.signer == "carrier"}
    act = "hand_over" if signed else "pick_up"
    advance(
        transfer,
        transfer.lifecycle,
        act,
        "carrier",
        {"carrier_fit": lambda: _fit(transfer, carriage, signed)},
    )
    if act == "hand_over":
        return
    transfer.picked_up_at = at
    book_pick_up(session, at=at, transfer=transfer, on_day=delta_day(at))


def book_pick_up(session: Session, *, at: datetime, transfer: Transfer, on_day: date) -> None:
    """Post that what was reserved is on its way; a re-matched load is that already."""
    movements = [
        Movement("sent", cell, mass_kg, transfer.sender_site_id, operation=line.operation)
        for line in transfer.lines
        for cell, mass_kg in cells_of(session, transfer, line, "reserved")
    ]
    post(
        session,
        event="transfer.picked_up",
        on_day=on_day,
        at=at,
        subject=transfer,
        movements=movements,
    )


def _fit(transfer: Transfer, carriage: Carriage, signed: set[int]) -> None:
    waiting = [c.number for c in transfer.carriages if c.number not in signed]
    if waiting[:1] != [carriage.number]:
        zh, en = "尚未轮到该承运人签收", "it is not this carrier's turn to sign"
        raise RuleBroken("not_their_turn", zh, en, carriage=carriage.number, waiting=waiting)
    require_fit(transfer, carriage)
