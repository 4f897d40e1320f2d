"""Refused mass: sent back and taken back by its sender, or re-matched from where it is.

Until then it stays in transit. A re-matched load leaves on a new transfer, whose submission settles the one
that was refused; when that falls through, the load can still be sent back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue.tolerances import tolerance
from circularity.custody import grouping
from circularity.custody.carriers import Carrier
from circularity.custody.drafting import Load, draft_transfer
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.not_shipped import count_back
from circularity.custody.transfer_cells import cells_of
from circularity.deals.contract import Agreement
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.groups import post
from circularity.ledger.postings import Cell, Movement
from circularity.lifecycle import advance, next_step
from circularity.shares import split
from circularity.units import format_tonnes

_TWO_SCALES_KG = 100
"""So much two weighbridges may differ by at any mass: a few divisions of 20 kg each."""

REFUSED = ("refused", "partly_accepted")
"""States in which refused mass waits where it was refused."""


def refused_of(session: Session, transfer: Transfer) -> list[tuple[TransferLine, int]]:
    """Return what waits of each line where it was refused, kg; a line of which nothing does is left out."""
    if transfer.status not in REFUSED:
        return []
    waits = [(line, sum(kg for _, kg in cells_of(session, transfer, line))) for line in transfer.lines]
    return [(line, mass_kg) for line, mass_kg in waits if mass_kg]


def send_back(session: Session, *, actor: Actor, at: datetime, transfer: Transfer, who: str) -> None:
    """Set the refused mass on its way home; `who` is receiver, carrier or generator."""
    locked(session, transfer)
    advance(transfer, transfer.lifecycle, "send_back", who)
    record(session, actor, at, "transfer.sent_back", transfer, {"by": who})


def take_back(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    weighed_kg: Mapping[int, int] | None = None,
) -> None:
    """Take what came back on site again; `weighed_kg` by line number, None or absent: all that was refused.

    A difference goes to variance. The agreement counts the mass as not shipped, never more than was sent;
    grouped loads have their parts back. Raises BadInput, RuleBroken `illegal_step`, `nothing_refused`,
    `more_than_refused`.
    """
    checks = Checks("transfer")
    weighed = {n: checks.kilograms(f"lines.{n}", kg) for n, kg in (weighed_kg or {}).items()}
    checks.finish()
    locked(session, transfer)
    advance(transfer, transfer.lifecycle, "take_back", "generator")
    movements: list[Movement] = []
    rests: dict[int, int] = {}
    for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
        parts = cells_of(session, transfer, line)
        rests[line.number] = sum(mass_kg for _, mass_kg in parts)
        _require_possible(line, rests[line.number], weighed.get(line.number, 0), delta_day(at))
        back_kg = count_back(session, line, rests[line.number])
        if back_kg:
            grouping.release(session, line, back_kg)
        movements += _home(line, parts, weighed.get(line.number, rests[line.number]))
    post(
        session,
        event="transfer.returned",
        on_day=delta_day(at),
        at=at,
        subject=transfer,
        movements=movements,
    )
    facts = {"refused_kg": _texts(rests), "weighed_kg": _texts(weighed)}
    record(session, actor, at, "transfer.taken_back", transfer, facts)


def rematch_refused(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    agreements: Sequence[Agreement],
    carriers: Sequence[Carrier],
    conveyance: str,
    vehicle: str,
    day: date,
    place: tuple[float, float] | None = None,
) -> Transfer:
    """Draft a trip that takes all refused mass on from where it is, by default the gate that refused it.

    One agreement per refused waste. Its sender's signature re-matches the refused transfer. Raises RuleBroken
    `illegal_step`, `no_agreement`, and what `draft_transfer` raises.
    """
    locked(session, transfer)
    next_step(transfer.lifecycle, transfer.status, "rematch", "generator")
    by_waste = {agreement.waste_code: agreement for agreement in agreements}
    loads = []
    for line, rest_kg in refused_of(session, transfer):
        agreement = _require_agreement(by_waste, line)
        load = Load(line.waste_code, agreement.operation, rest_kg, packaging=line.packaging)
        loads.append(replace(load, agreement=agreement))
    gate = transfer.facility.site
    main = loads[0].agreement if loads else None
    return draft_transfer(
        session,
        actor=actor,
        at=at,
        agreement=main or transfer.agreement,
        sender_site=transfer.sender_site,
        lines=loads,
        carriers=carriers,
        conveyance=conveyance,
        vehicle=vehicle,
        day=day,
        place=place or (gate.latitude, gate.longitude),
        refused_transfer=transfer,
    )


def _require_possible(line: TransferLine, rest_kg: int, weighed_kg: int, on: date) -> None:
    """Refuse a weight that is no difference of two scales any more: nobody corrects it afterwards."""
    if weighed_kg and not rest_kg:
        zh, en = f"第 {line.number} 行没有被拒收的重量", f"nothing of line {line.number} was refused"
        raise RuleBroken("nothing_refused", zh, en, line=line.number)
    allowed = tolerance(line.transfer.metering, line.waste_code, on)
    if weighed_kg > rest_kg + _TWO_SCALES_KG and allowed.judge(rest_kg, weighed_kg) == "report":
        back_t, refused_t = format_tonnes(weighed_kg), format_tonnes(rest_kg)
        zh = f"第 {line.number} 行拒收 {refused_t} 吨，不可能运回 {back_t} 吨：请核对重量"
        en = f"{refused_t} t of line {line.number} were refused, {back_t} t cannot have come back: check it"
        raise RuleBroken("more_than_refused", zh, en, line=line.number, refused_kg=rest_kg)


def _home(line: TransferLine, parts: Sequence[tuple[Cell, int]], weighed_kg: int) -> list[Movement]:
    """Return the moves that bring a line home: an excess first, then what came, then what is missing."""
    rest_kg = sum(mass_kg for _, mass_kg in parts)
    cells, left = [cell for cell, _ in parts], [mass_kg for _, mass_kg in parts]
    movements = []
    for leg, mass_kg in (
        ("over", max(weighed_kg - rest_kg, 0)),
        ("returned", weighed_kg),
        ("short", max(rest_kg - weighed_kg, 0)),
    ):
        for k, share in enumerate(split(mass_kg, left)):
            left[k] += share if leg == "over" else -share
            movements.append(Movement(leg, cells[k], share, line.transfer.sender_site_id))
    return movements


def _require_agreement(by_waste: Mapping[str, Agreement], line: TransferLine) -> Agreement:
    agreement = by_waste.get(line.waste_code)
    if agreement is None:
        zh, en = f"{line.waste_code} 没有新的协议", f"there is no new agreement about {line.waste_code}"
        raise RuleBroken("no_agreement", zh, en, waste_code=line.waste_code)
    return agreement


def _texts(masses: Mapping[int, int]) -> dict[str, int]:
    return {str(number): kg for number, kg in masses.items()}
