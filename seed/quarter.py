"""A quarter goes by: the parties post, match, agree, ship, weigh, refuse, treat and keep their books.

Everything is one public verb after another, in the order of time; what has not ended by the story's today is
still under way.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.runs.stored import MatchingRun, Proposal
from matching.database.run import publish
from matching.database.said import rows_of
from matching.database.snapshot import parameters_at, read_snapshot
from matching.plans.plan import make_plan
from seed.agenda import Agenda
from seed.cast import Cast
from seed.opening import REGISTRAR
from seed.parties import Delta
from seed.postings import Span, a_generator_posts_its_lots, a_plant_offers_what_is_left_of_its_year
from seed.quarter_books import books_are_kept
from seed.quarter_contracts import a_contract_is_made
from seed.quarter_days import Quarter, moment
from seed.quarter_deals import a_proposal_is_answered, in_order
from seed.quarter_treatments import plants_treat
from seed.quarter_ways import as_suits, ways_of
from seed.shipping import Freight, shippings
from seed.stage import Stage
from seed.tables import read_contracts

_STEPS_PER_LOAD, _OTHER_STEPS = 4, 3_000


def steps_of(loads: int) -> int:
    """Return about how many steps a quarter with so many loads has."""
    return loads * _STEPS_PER_LOAD + _OTHER_STEPS


def a_quarter_goes_by(session: Session, cast: Cast, delta: Delta, loads: int) -> Iterator[None]:
    """Tell the quarter before today, and the days since, with about so many transfers and sheets."""
    quarter = Quarter.before(cast.today)
    cast.told_at = quarter.opening
    span = Span(quarter.first, quarter.yesterday, (quarter.today - quarter.first).days)
    for row, line in zip(delta.lines, cast.lines, strict=True):
        a_plant_offers_what_is_left_of_its_year(session, cast, row, line, span)
        yield
    for flow in delta.flows:
        a_generator_posts_its_lots(session, cast, flow, span)
        yield
    stage = Stage(session, cast, quarter, Agenda(cast.at))
    _shipped(stage, _matched(session, stage), loads)
    books_are_kept(stage, delta)
    plants_treat(stage)
    for _ in stage.agenda.play():
        yield


def _matched(session: Session, stage: Stage) -> list[Proposal]:
    """Match what is posted on the first day of the quarter, within the story's own transaction."""
    at = moment(stage.quarter.first, 7)
    snapshot = read_snapshot(session, parameters_at(at))
    plan = make_plan(snapshot.case)
    rows = rows_of(snapshot, plan)
    run: MatchingRun = publish(session, snapshot, plan, rows, actor=REGISTRAR, at=at).run
    return list(in_order(list(session.scalars(select(Proposal).filter_by(run_id=run.id)))))


def _shipped(stage: Stage, proposals: list[Proposal], loads: int) -> None:
    """Have proposals and contracts become deals, and each deal ship in its share of all loads."""
    contracts = read_contracts()
    freights = [Freight(row.output.waste_code, row.mass_kg, row.distance_m) for row in proposals]
    for proposal, freight, way in zip(proposals, freights, shippings(freights, loads), strict=True):
        stage.agenda.add(a_proposal_is_answered(stage, proposal, as_suits(stage, freight, way)))
    # Contracts go on beyond today, so they are what is under way now: they have their loads in any story.
    for contract, ships in zip(contracts, ways_of(stage, contracts), strict=True):
        stage.agenda.add(a_contract_is_made(stage, contract, ships))
