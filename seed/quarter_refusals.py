"""Where refused loads of the told quarter go: home again, or on to another plant from the gate."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from circularity.calendar_days import delta_day
from circularity.catalogue.waste_types import pattern_covers
from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.refusals import rematch_refused, send_back, take_back
from circularity.custody.signatures import sign
from circularity.custody.transfer_cells import cells_of
from circularity.custody.transfers import arrive, close
from circularity.deals.contract import Agreement
from circularity.deals.direct import agree_directly
from circularity.deals.offers import accept, confirm
from circularity.deals.still_lawful import verdict_of
from circularity.deals.terms import Terms
from circularity.registry.entitlements import EntitlementLine
from seed.agenda import Thread
from seed.quarter_days import DAY
from seed.stage import Stage, doing


def a_refused_load_goes_on(stage: Stage, transfer: Transfer, at: datetime) -> Thread:
    """Send refused loads on and home in turns; where no other plant may take one it goes home out of turn."""
    turn = stage.told["sent on"] <= stage.told["sent home"]
    line = _another_line(stage, transfer, at) if turn else None
    stage.told["sent home" if line is None else "sent on"] += 1
    if line is None:
        yield from _goes_home(stage, transfer, at)
    else:
        yield from _goes_on(stage, transfer, line, at)


def _goes_home(stage: Stage, transfer: Transfer, at: datetime) -> Thread:
    session, sender = stage.session, transfer.sender_site.organisation
    send_back(session, **doing(transfer.facility.site.organisation, at), transfer=transfer, who="receiver")
    yield (at := at + timedelta(hours=20))
    take_back(session, **doing(sender, at), transfer=transfer)
    if transfer.official_number is not None or not transfer.lines[0].waste_code[-3:].isdigit():
        close(session, **doing(sender, at), transfer=transfer)


def _another_line(stage: Stage, transfer: Transfer, at: datetime) -> EntitlementLine | None:
    """Return a line of another plant that may take the waste today without any procedure."""
    code, today = transfer.lines[0].waste_code, delta_day(at)
    lines = stage.session.scalars(select(EntitlementLine).order_by(EntitlementLine.id))
    for line in lines:
        taker = line.entitlement.facility
        elsewhere = taker.id != transfer.facility_id and taker.kind != "collector"
        if elsewhere and pattern_covers(line.waste_pattern, code) and not verdict_of(
            stage.session, site=transfer.sender_site, waste_code=code, line=line, operation=line.operation,
            on=today, days=(today, today + 7 * DAY),
        ):  # fmt: skip
            return line
    return None


def _goes_on(stage: Stage, transfer: Transfer, line: EntitlementLine, at: datetime) -> Thread:
    """Agree with the other plant at once, and let the load leave from the gate where it stands."""
    session, sender = stage.session, transfer.sender_site.organisation
    taker = line.entitlement.facility.site.organisation
    agreement = _agreed_at_once(stage, transfer, line, at)
    yield (at := at + timedelta(hours=1))
    carrier = stage.carrier(agreement.waste_code, agreement.site.region_code)
    onward = rematch_refused(
        session, **doing(sender, at), transfer=transfer, agreements=[agreement], carriers=[carrier],
        conveyance="vehicle", vehicle=carrier.vehicle, day=delta_day(at),
    )  # fmt: skip
    for signer, who in (("sender", sender), ("carrier", carrier.organisation)):
        sign(
            session, **doing(who, at), transfer=onward, signer=signer, organisation=who,
            person="值班员 · on duty", carriage=int(signer == "carrier"),
        )  # fmt: skip
    yield (at := at + timedelta(hours=5))
    arrive(session, **doing(taker, at), transfer=onward)
    weighed_kg = onward.lines[0].sent_kg
    receive(session, **doing(taker, at), transfer=onward, weighed={1: Weighed(weighed_kg)})
    decide(
        session, **doing(taker, at), transfer=onward, organisation=taker, person="收货员 · receiving clerk",
        verdicts={1: Verdict(weighed_kg)},
    )  # fmt: skip


def _agreed_at_once(stage: Stage, transfer: Transfer, line: EntitlementLine, at: datetime) -> Agreement:
    session, today = stage.session, delta_day(at)
    sender, taker = transfer.sender_site.organisation, line.entitlement.facility.site.organisation
    rest_kg = sum(mass_kg for _, mass_kg in cells_of(session, transfer, transfer.lines[0]))
    agreement = agree_directly(
        session,
        **doing(sender, at),
        site=transfer.sender_site,
        line=line,
        terms=Terms(
            rest_kg, today, today + 7 * DAY, lot="trial", note=f"拒收后再撮合 · re-matched {transfer.number}"
        ),
        waste_code=transfer.lines[0].waste_code,
        operation=line.operation,
        side="generator",
    )
    accept(session, **doing(taker, at), agreement=agreement, side="facility")
    confirm(session, **doing(sender, at), agreement=agreement, side="generator")
    return agreement
