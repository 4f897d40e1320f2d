"""A run on the database: what it stores, what it supersedes, and that it stores nothing unproven."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from registry import ACTOR, ANHUI, AT, JIANGSU, Registry
from sqlalchemy import Engine, select

from circularity.audit import AuditEvent, verify_chain
from circularity.database import reading, writing
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.capacity_prices import prices_of_run
from circularity.runs.stored import (
    MatchingRun,
    Proposal,
    all_runs,
    count_proposals,
    in_plan_of,
    latest_run,
    proposals_of_facility,
    proposals_of_output,
    proposals_of_run,
    reasons_of_run,
    unmatched_of_output,
    unmatched_of_run,
)
from matching.database import run as run_module
from matching.database import said as rows_module
from matching.database.run import run_matching
from matching.database.run_rows import LAYOUTS
from matching.plans import plan as plan_module
from matching.plans.plan import PlanRefusedError


def registered(engine: Engine, story: Callable[[Registry], Any]) -> Any:
    """Let a story happen in the database and return what it returned."""
    with writing(engine).begin() as session:
        return story(Registry(session))


def scarce(registry: Registry) -> tuple[Any, Any, Any]:
    """100 t and 50 t of fly ash near one plant in Shanghai that takes 120 t."""
    near, far = registry.output(100), registry.output(50, place=(31.30, 121.60, "310100"))
    return near, far, registry.window(120)


def test_a_run_stores_what_it_placed_and_what_it_left(engine: Engine) -> None:
    _, _, window = registered(engine, scarce)
    key = run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, key)
        assert (run.supply_kg, run.placed_kg, run.unmatched_kg) == (150_000, 120_000, 30_000)
        assert (run.can_move_today_kg, run.status, run.outputs, run.windows) == (120_000, "optimal", 2, 1)
        assert (run.as_of, run.started_at, run.started_by) == (date(2026, 9, 1), AT, ACTOR.name)
        assert sum(p.mass_kg for p in proposals_of_run(session, run)) == 120_000
        assert {p.window.public_id for p in proposals_of_run(session, run)} == {window.public_id}
        assert count_proposals(session, run) == 2
        assert reasons_of_run(session, run) == [("capacity", 1, 30_000)]
        assert run.levels["levels"][0] == {
            "name": "placed_kg",
            "value": 120_000,
            "unit": "kg",
            "bound": 120_000,
            "gap": 0,
        }


def test_the_mass_of_every_output_is_proposed_or_left_to_the_kilogram(engine: Engine) -> None:
    near, far, _ = registered(engine, scarce)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        for output in (near, far):
            placed = sum(p.mass_kg for p in proposals_of_output(session, run, output))
            left = unmatched_of_output(session, run, output)
            assert placed + (left.mass_kg if left else 0) == output.mass_kg


def test_a_full_plant_is_named_in_the_reason_and_has_a_price(engine: Engine) -> None:
    _, _, window = registered(engine, scarce)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        (left,) = unmatched_of_run(session, run)
        firm = window.line.entitlement.facility.site.organisation
        assert firm.name_zh in left.change_zh
        assert firm.name_en in left.change_en
        assert window.public_id not in left.change_zh + left.change_en
        assert left.nearest_window is not None
        (price,) = prices_of_run(session, run, scarce_only=True)
        assert (price.kind, price.subject_id, price.placed_per_kg) == ("window", window.public_id, 1)
        assert (price.used_kg, price.limit_kg) == (120_000, 120_000)


def test_an_output_nobody_may_take_is_left_with_the_rule_and_its_count(engine: Engine) -> None:
    def gypsum_only(registry: Registry) -> Any:
        for _ in range(3):
            registry.window(1, registry.line(waste_pattern="SW06"))
        return registry.output()

    output = registered(engine, gypsum_only)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        left = unmatched_of_output(session, run, output)
        assert left is not None
        assert (left.reason, left.mass_kg, left.excluded) == ("waste_code", 100_000, {"waste_code": 3})


def test_a_pair_across_provinces_is_proposed_with_its_condition_and_first_day(engine: Engine) -> None:
    def crossing(registry: Registry) -> None:
        registry.output(10)
        registry.window(10, registry.line(registry.facility(ANHUI)))

    registered(engine, crossing)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        (proposal,) = proposals_of_run(session, run)
        assert proposal.conditions == ("general_record",)
        assert proposal.earliest > run.as_of
        assert (run.placed_kg, run.can_move_today_kg) == (10_000, 0)


def test_a_senders_grant_splits_its_pair_into_now_and_later(engine: Engine) -> None:
    def with_grant(registry: Registry) -> Any:
        output = registry.output(100)
        facility = registry.facility(JIANGSU)
        registry.window(100, registry.line(facility))
        return registry.grant(facility, output_organisation=output.site.organisation, limit_kg=30_000)

    grant = registered(engine, with_grant)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        later, now = proposals_of_run(session, run)
        assert (now.mass_kg, now.conditions, now.grant_id) == (30_000, (), grant.id)
        assert (later.mass_kg, later.conditions, later.grant_id) == (70_000, ("general_record",), None)
        assert (run.placed_kg, run.can_move_today_kg) == (100_000, 30_000)


def test_costs_are_stored_by_part_and_unknown_money_stays_unknown(engine: Engine) -> None:
    def priced(registry: Registry) -> None:
        registry.output(10, price_ucny_per_kg=7_000)
        registry.window(10)

    registered(engine, priced)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        (proposal,) = proposals_of_run(session, run)
        assert (proposal.price_ucny_per_kg, proposal.gate_fee_ucny_per_kg) == (-7_000, None)
        assert proposal.transport_ucny_per_kg is not None
        assert proposal.cost_ucny_per_kg == proposal.transport_ucny_per_kg - 7_000
        assert proposal.cost_ucny == 10_000 * proposal.cost_ucny_per_kg


def rows_in_force(engine: Engine, key: int) -> list[str]:
    """The rows of every table that belong to a run, sorted, without what tells rows apart in time."""
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, key)
        return sorted(
            str((name, [getattr(row, column) for column in (*layout.key, *layout.values)]))
            for name, layout in LAYOUTS.items()
            for row in session.scalars(select(layout.model).where(in_plan_of(run, layout.model)))
        )


def proposals_by_window(engine: Engine) -> dict[int, list[tuple[Any, ...]]]:
    """Of every proposal ever made: status, kg, the first run with it and the first without, by window."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    with reading(engine)() as session:
        for p in session.scalars(select(Proposal).order_by(Proposal.window_id, Proposal.id)):
            facts = (p.status, p.mass_kg, p.run_id, p.until_run_id)
            found.setdefault(p.window_id, []).append(facts)
    return found


def test_a_second_run_keeps_what_it_says_again_and_ends_what_it_does_not(engine: Engine) -> None:
    def story(registry: Registry) -> Any:
        registry.window(120)
        registry.window(50, registry.line(waste_pattern="SW06"))
        registry.output(20, waste_code="900-099-S06")
        return registry.output(100), registry.output(50, place=(31.30, 121.60, "310100"))

    near, _ = registered(engine, story)
    first = run_matching(engine, actor=ACTOR, at=AT)
    said = rows_in_force(engine, first)
    with writing(engine).begin() as session:
        withdraw_output(session, actor=ACTOR, at=AT, output=session.get_one(Output, near.id))
    second = run_matching(engine, actor=ACTOR, at=AT)
    ash, gypsum = proposals_by_window(engine).values()
    assert gypsum == [("open", 20_000, first, None)], "its row and its public id stay"
    assert sorted(ash) == [
        ("open", 50_000, second, None),
        ("superseded", 20_000, first, second),
        ("superseded", 100_000, first, second),
    ]
    assert rows_in_force(engine, first) == said, "the first run still says what it said"
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        assert run.figures["changes"] == {"kept": 1, "renewed": 0, "new": 0, "changed": 1, "gone": 1}
        assert [run.id for run in all_runs(session)] == [second, first]


def test_a_run_that_says_the_same_again_writes_no_row(engine: Engine) -> None:
    registered(engine, scarce)
    first = run_matching(engine, actor=ACTOR, at=AT)
    second = run_matching(engine, actor=ACTOR, at=AT)
    assert rows_in_force(engine, second) == rows_in_force(engine, first)
    with reading(engine)() as session:
        for layout in LAYOUTS.values():
            begun = session.scalars(select(layout.model.run_id).distinct()).all()
            assert begun == [first], layout.model.__tablename__
        assert session.get_one(MatchingRun, second).figures["changes"]["kept"] == 2


@pytest.mark.parametrize("status", ["declined", "expired", "agreed"])
def test_a_pair_whose_proposal_is_over_is_proposed_anew_and_the_old_one_stays_over(
    engine: Engine, status: str
) -> None:
    registered(engine, scarce)
    first = run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        over, other = session.scalars(select(Proposal).order_by(Proposal.id))
        over.status, mass_kg, kept = status, over.mass_kg, other.public_id
    second = run_matching(engine, actor=ACTOR, at=AT)
    ((old, stays, new),) = proposals_by_window(engine).values()
    assert old == (status, mass_kg, first, second)
    assert (stays[0], stays[3]) == ("open", None)
    assert new == ("open", mass_kg, second, None)
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, second)
        assert run.figures["changes"] == {"kept": 1, "renewed": 1, "new": 0, "changed": 0, "gone": 0}
        assert kept in {p.public_id for p in proposals_of_run(session, run)}


def test_a_proposal_under_negotiation_is_kept_with_its_deal_and_never_superseded(engine: Engine) -> None:
    _, far, _ = registered(engine, scarce)
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        for proposal in session.scalars(select(Proposal)):
            proposal.status = "countered"
    second = run_matching(engine, actor=ACTOR, at=AT)
    assert {row[0] for rows in proposals_by_window(engine).values() for row in rows} == {"countered"}
    with writing(engine).begin() as session:
        withdraw_output(session, actor=ACTOR, at=AT, output=session.get_one(Output, far.id))
    third = run_matching(engine, actor=ACTOR, at=AT)
    (rows,) = proposals_by_window(engine).values()
    assert {row[0] for row in rows} == {"countered"}, "what it ends stays under way"
    assert sorted(row[3] or 0 for row in rows) == [0, third]
    assert second < third


def test_the_same_registry_gives_the_same_case_digest_on_the_same_day(engine: Engine) -> None:
    registered(engine, scarce)
    keys = [run_matching(engine, actor=ACTOR, at=AT) for _ in range(3)]
    with reading(engine)() as session:
        first, second, third = (session.get_one(MatchingRun, key) for key in keys)
        assert first.case_digest != second.case_digest, "only the second finds proposals to keep"
        assert second.case_digest == third.case_digest
        assert second.certificate_digest == third.certificate_digest


def test_publishing_is_one_event_in_the_chain(engine: Engine) -> None:
    registered(engine, scarce)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        event = session.query(AuditEvent).filter_by(action="run.published").one()
        assert event.facts["placed_kg"] == 120_000
        assert event.facts["superseded_proposals"] == 0
        assert verify_chain(session).faults == ()


def test_a_plan_that_does_not_verify_is_not_stored(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(engine, scarce)
    monkeypatch.setattr(plan_module, "claim_faults", lambda *_: ["a kilogram too many"])
    with pytest.raises(PlanRefusedError, match="a kilogram too many"):
        run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        assert latest_run(session) is None
        assert session.query(AuditEvent).filter_by(action="run.published").count() == 0


def test_nothing_of_a_run_is_stored_when_publishing_fails(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(engine, scarce)
    monkeypatch.setattr(rows_module, "price_rows", lambda *_: {("nonsense", "", ""): (0, 0, 0, 0)})
    with pytest.raises(Exception, match="capacity_prices"):
        run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        assert latest_run(session) is None
        assert session.query(Proposal).count() == 0


def test_no_transaction_is_open_while_the_engine_works(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(engine, scarce)
    solve = run_module.make_plan
    connections_in_use = []

    def watched(*arguments: Any, **options: Any) -> Any:
        pool: Any = engine.pool
        connections_in_use.append(pool.checkedout())
        return solve(*arguments, **options)

    monkeypatch.setattr(run_module, "make_plan", watched)
    run_matching(engine, actor=ACTOR, at=AT)
    assert connections_in_use == [0]


def test_whoever_watches_hears_every_phase(engine: Engine) -> None:
    registered(engine, scarce)
    heard: list[str] = []
    run_matching(engine, actor=ACTOR, at=AT, progress=lambda phase, _: heard.append(phase))
    assert heard[0] == "snapshot"
    assert heard[-1] == "publish"
    assert {"prepare", "match"} <= set(heard)


def test_a_run_over_an_empty_registry_is_an_empty_run(engine: Engine) -> None:
    registered(engine, lambda _: None)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        assert (run.supply_kg, run.placed_kg, run.fictional) == (0, 0, False)


def test_proposals_of_a_facility_span_all_its_windows(engine: Engine) -> None:
    def two_lines(registry: Registry) -> Any:
        facility = registry.facility()
        registry.window(10, registry.line(facility))
        registry.window(10, registry.line(facility, waste_pattern="SW06"))
        registry.output(10)
        registry.output(10, waste_code="900-099-S06")
        return facility

    facility = registered(engine, two_lines)
    run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        assert [p.mass_kg for p in proposals_of_facility(session, run, facility)] == [10_000, 10_000]
