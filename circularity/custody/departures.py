"""A transfer leaves its sender: what must hold before, and what the ledger then says.

Mass that a site has not booked yet is booked as generated when it leaves; old stock leaves first.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.calendar_days import delta_day
from circularity.custody.carriers import require_fit
from circularity.custody.grouping import fractions_of, grouped_cells, grouped_kg
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.metered import sent_total_kg
from circularity.custody.not_shipped import count_back
from circularity.custody.transfer_cells import cells_of
from circularity.custody.weighed_sums import nothing_weighed, require_weighed
from circularity.deals.agreements import in_force, ship
from circularity.deals.contract import Agreement
from circularity.deals.procedures import missing_conditions
from circularity.deals.still_lawful import held_kinds, require_lawful, rules_of
from circularity.errors import RuleBroken
from circularity.ledger.balances import held
from circularity.ledger.frozen_months import require_open
from circularity.ledger.groups import post
from circularity.ledger.postings import Cell, Movement
from circularity.lifecycle import advance
from circularity.units import format_tonnes


def leave(session: Session, *, at: datetime, transfer: Transfer) -> None:
    """Submit a draft: ask the law, count it on its agreements, post its mass.

    A trip's mass is reserved until pick-up; a sheet's is on its way at once. A re-matched load is on the road
    already: nothing is posted, and the transfer that was refused is settled by it. A sheet is asked as of its
    last day, on which it counts: what left in time is not late because its sheet is signed afterwards.

    Raises RuleBroken `illegal_step`, `not_in_force`, `other_waste`, `unlawful`, `procedure_missing`,
    `period_not_over`, `nothing_weighed`, `not_as_ticketed`, `carrier_unfit`, `more_than_agreed`,
    `fractions_missing`, `rest_not_taken`, `month_closed`.
    """
    if transfer.status == "draft":
        _weigh(session, transfer, at)
    on_day = delta_day(at) if transfer.lifecycle == "transfer" else transfer.day_to
    advance(
        transfer,
        transfer.lifecycle,
        "submit",
        "generator",
        {"may_leave": lambda: _require_may_leave(session, transfer, on_day)},
    )
    transfer.submitted_at = at
    if transfer.refused_transfer is not None:
        _take_over(session, transfer, transfer.refused_transfer)
        return
    if transfer.lifecycle == "sheet":
        for line in transfer.lines:
            require_open(session, transfer.sender_site_id, line.waste_code, on_day)
    book_departure(session, at=at, transfer=transfer, on_day=on_day)


def book_departure(session: Session, *, at: datetime, transfer: Transfer, on_day: date) -> None:
    """Post what a submitted transfer takes, for a day; what the site has not booked yet is generated."""
    site_id, moves, carried = transfer.sender_site_id, [], []
    trip = transfer.lifecycle == "transfer"
    event, leg = ("transfer.submitted", "reserved") if trip else ("sheet.sent", "sent")
    for line in transfer.lines:
        parts, missing_kg = _from_stock(session, line)
        if missing_kg:
            fresh = Cell(site_id, line.waste_code, on_day.year)
            carried.append(Movement("generated", fresh, missing_kg, site_id))
            parts = [*parts, (fresh, missing_kg)]
        moves += [Movement(leg, cell, mass_kg, site_id, operation=line.operation) for cell, mass_kg in parts]
    for name, movements in (("generation.carried", carried), (event, moves)):
        post(session, event=name, on_day=on_day, at=at, subject=transfer, movements=movements)


def _weigh(session: Session, transfer: Transfer, at: datetime) -> None:
    """Hold each line to what the sender weighed; a sheet, whose period must be over, only expected it."""
    sheet = transfer.lifecycle == "sheet"
    if sheet and transfer.day_to > delta_day(at):
        zh, en = "期间尚未结束，不能签署", "the period is not over, so its sheet is not signed"
        raise RuleBroken("period_not_over", zh, en, day_to=transfer.day_to)
    for line in transfer.lines:
        rows_kg = sent_total_kg(session, line)
        if sheet:
            if not rows_kg:
                raise nothing_weighed(line.number)
            line.sent_kg = rows_kg
        require_weighed(line.number, line.sent_kg, rows_kg)


def _require_may_leave(session: Session, transfer: Transfer, on: date) -> None:
    """The guard `may_leave`; counters are taken in the order of agreements.

    A carrier that could not take over later is refused now, while the draft can still be made anew.
    """
    for carriage in transfer.carriages:
        require_fit(transfer, carriage)
    for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
        agreement = line.agreement
        _require_in_force(session, transfer, agreement)
        if (line.waste_code, line.operation) != (agreement.waste_code, agreement.operation):
            zh = f"协议 {agreement.number} 约定 {agreement.waste_code} {agreement.operation}"
            en = f"agreement {agreement.number} is about {agreement.waste_code} {agreement.operation}"
            raise RuleBroken("other_waste", zh, en, line=line.number, agreement=agreement.number)
        _require_granted(session, agreement, line.sent_kg, on)
        ship(session, agreement, line.sent_kg)


def _require_in_force(session: Session, transfer: Transfer, agreement: Agreement) -> None:
    if not all(in_force(session, agreement, day) for day in (transfer.day_from, transfer.day_to)):
        zh = f"协议 {agreement.number} 当日不在有效期内"
        en = f"agreement {agreement.number} is not in force on these days"
        raise RuleBroken("not_in_force", zh, en, agreement=agreement.number)


def _require_granted(session: Session, agreement: Agreement, mass_kg: int, on: date) -> None:
    """Nothing leaves before its procedures are granted; what is unlawful is refused with its rules."""
    broken = rules_of(session, agreement, on).broken
    require_lawful(broken(held_kinds(agreement, on)))
    waiting = missing_conditions(session, agreement, on, mass_kg, broken)
    if waiting:
        zh = f"协议 {agreement.number} 须先办结：{'、'.join(waiting)}"
        en = f"agreement {agreement.number} waits for {', '.join(waiting)}"
        if (assay := waiting.get("assay")) is not None:  # of which analytes nobody could guess
            zh, en = f"{zh}（{assay.zh}）", f"{en} ({assay.en})"
        raise RuleBroken("procedure_missing", zh, en, agreement=agreement.number, kinds=tuple(waiting))


def _from_stock(session: Session, line: TransferLine) -> tuple[list[tuple[Cell, int]], int]:
    """Return the cells that a line takes and what has to be booked as generated, kg.

    A grouped line takes what its loads brought and nothing else; any other takes the site's own waste, old
    stock first, never what the site stores for others.
    """
    if fractions_of(session, line):
        parts = grouped_cells(session, line)
        if sum(mass_kg for _, mass_kg in parts) != line.sent_kg or grouped_kg(session, line) != line.sent_kg:
            zh = f"第 {line.number} 行的归集量与重量不符"
            en = f"what is grouped onto line {line.number} is not its mass"
            raise RuleBroken("fractions_missing", zh, en, line=line.number, sent_kg=line.sent_kg)
        return parts, 0
    missing_kg, parts = line.sent_kg, []
    site_id = line.transfer.sender_site_id
    for cell, has_kg in held(session, "on_site", site_id, line.waste_code):
        if cell.origin_site_id == site_id and missing_kg:
            parts.append((cell, min(has_kg, missing_kg)))
            missing_kg -= parts[-1][1]
    return parts, missing_kg


def _take_over(session: Session, transfer: Transfer, refused: Transfer) -> None:
    """Settle the refused transfer by this one, which must take all that it left on the road."""

    def taken_over() -> None:
        for line in refused.lines:
            rest_kg = sum(mass_kg for _, mass_kg in cells_of(session, refused, line))
            taken_kg = sum(row.sent_kg for row in transfer.lines if row.waste_code == line.waste_code)
            if rest_kg != taken_kg:
                rest_t, taken_t = format_tonnes(rest_kg), format_tonnes(taken_kg)
                zh = f"{line.waste_code} 途中有 {rest_t} 吨，新转移接收 {taken_t} 吨"
                en = f"{rest_t} t of {line.waste_code} are on the road, the new transfer takes {taken_t} t"
                raise RuleBroken("rest_not_taken", zh, en, rest_kg=rest_kg, taken_kg=taken_kg)
            count_back(session, line, rest_kg)

    advance(refused, refused.lifecycle, "rematch", "generator", {"rest_taken_over": taken_over})
