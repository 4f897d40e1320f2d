"""Matching runs: what was proposed for whom, what was left and why, what scarcity costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from circularity.party_listings import windows_seen
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.capacity_prices import CapacityPrice
from circularity.runs.changes import changes_of
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of
from web.api.blueprint import ApiBlueprint
from web.api.disclosure import PUBLIC
from web.api.lookups import by_public_id
from web.api.paging import Paged, Paging
from web.api.run_answers import (
    change_shown,
    price_shown,
    proposal_shown,
    run_shown,
    run_summarised,
    unmatched_shown,
)
from web.api.run_schemas import (
    PriceAnswer,
    ProposalAnswer,
    RunAnswer,
    RunChangeAnswer,
    RunSummary,
    UnmatchedAnswer,
)
from web.permission_check import may_tell, only_concerned
from web.session import read_session

blp = ApiBlueprint("runs", "Matching runs: advice with its proof, its reasons and its prices.")

Listed = tuple[Sequence[dict[str, Any]], dict[str, str]]

_PROPOSED = (
    joinedload(Proposal.output).joinedload(Output.site),
    joinedload(Proposal.window)
    .joinedload(CapacityWindow.line)
    .joinedload(EntitlementLine.entitlement)
    .joinedload(Entitlement.facility)
    .joinedload(Facility.site),
)
_LEFT = (joinedload(Unmatched.output).joinedload(Output.site), joinedload(Unmatched.nearest_window))


@blp.read("/runs", RunSummary, many=True, query=Paged)
def list_runs(query: dict[str, Any]) -> Listed:
    """List the runs, newest first."""
    wanted = select(MatchingRun).order_by(MatchingRun.id.desc())
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    return [run_summarised(run) for run in rows], headers


@blp.read("/runs/<public_id:run_id>", RunAnswer)
def get_run(run_id: str) -> dict[str, Any]:
    """Read one run with its levels, reasons, digests and notice."""
    return run_shown(read_session(), _run(run_id))


@blp.read("/runs/<public_id:run_id>/proposals", ProposalAnswer, many=True, query=Paged)
def list_proposals(query: dict[str, Any], run_id: str) -> Listed:
    """List what a run proposes, pair by pair."""
    wanted = select(Proposal).where(in_plan_of(_run(run_id), Proposal)).options(*_PROPOSED)
    # By a random id: an order by mass would tell what the bands hide.
    rows, headers = Paging.of(query).of_statement(read_session(), wanted.order_by(Proposal.public_id))
    return [proposal_shown(proposal) for proposal in rows], headers


@blp.read("/runs/<public_id:run_id>/unmatched", UnmatchedAnswer, many=True, query=Paged)
def list_unmatched(query: dict[str, Any], run_id: str) -> Listed:
    """List what a run left over, each with its reason."""
    wanted = select(Unmatched).where(in_plan_of(_run(run_id), Unmatched)).options(*_LEFT)
    rows, headers = Paging.of(query).of_statement(read_session(), wanted.order_by(Unmatched.output_id))
    return [unmatched_shown(left) for left in rows], headers


@blp.read("/runs/<public_id:run_id>/changes", RunChangeAnswer, many=True, query=Paged)
def list_changes(query: dict[str, Any], run_id: str) -> Listed:
    """List the pairs to which a run gave another mass than the run before, each with its cause."""
    rows, headers = Paging.of(query).of_statement(read_session(), changes_of(_run(run_id)))
    return [change_shown(change) for change in rows], headers


@blp.read("/runs/<public_id:run_id>/prices", PriceAnswer, many=True, query=Paged)
def list_prices(query: dict[str, Any], run_id: str) -> Listed:
    """List what one more tonne would do, of the asker's own windows and those of its region.

    A price tells of others too, so no owner can publish it; without accounts that cannot be told apart.
    """
    seen = only_concerned(windows_seen) or [CapacityWindow.visibility == PUBLIC]
    told = select(CapacityWindow.public_id).where(*seen)
    wanted = (
        select(CapacityPrice)
        .where(in_plan_of(_run(run_id), CapacityPrice), CapacityPrice.kind == "window")
        .where(CapacityPrice.subject_id.in_(told))
        .order_by(CapacityPrice.subject_id)
    )
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    wanted_windows = select(CapacityWindow).where(
        CapacityWindow.public_id.in_([price.subject_id for price in rows])
    )
    windows = {window.public_id: window for window in read_session().scalars(wanted_windows)}
    shown = [price for price in rows if may_tell(windows[price.subject_id], otherwise=True)]
    return [price_shown(price) for price in shown], headers


def _run(run_id: str) -> MatchingRun:
    return by_public_id(read_session(), MatchingRun, run_id)
