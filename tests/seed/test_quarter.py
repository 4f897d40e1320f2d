"""The told quarter: everything that happens in it has happened, and the books are in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import pytest
from quarter_world import AT, TODAY
from sqlalchemy import func, select, true

from circularity.audit import AuditEvent, verify_chain
from circularity.custody.amendments import Correction
from circularity.custody.manifests import Signature, Transfer, TransferLine
from circularity.custody.meter_figures import COUNTERS
from circularity.custody.overdue import overdue
from circularity.custody.reception import Fraction, Receipt, Treatment
from circularity.custody.seals import verify_signatures
from circularity.custody.weighings import METERS, MeterReading, Ticket
from circularity.custody.weight_differences import weight_differences
from circularity.database import Base, reading
from circularity.deals.contract import Agreement
from circularity.deals.gaps import gaps
from circularity.ledger.balances import faults
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.ledger.months import LedgerMonth, StockSurvey
from circularity.ledger.non_reporters import non_reporters
from circularity.organisations import Site
from circularity.rates.capacity_used import capacity_used
from circularity.rates.reported import reported
from circularity.registry.entitlements import Facility
from circularity.runs.stored import Proposal
from seed.quarter_days import Quarter
from web.cli.demo_quarter import quarter_lines


def statuses(session, model):
    return dict(session.execute(select(model.status, func.count()).group_by(model.status)).all())


def count(session, *conditions):
    return session.scalar(select(func.count()).where(*conditions))


def test_the_ledger_has_no_fault_and_the_chain_is_unbroken(each):
    assert count(each, MassGroup.event == "receipt.accepted") >= 1
    assert faults(each) == []
    assert verify_chain(each).faults == ()


def test_the_chain_tells_in_the_order_of_time(each):
    moments = each.scalars(select(AuditEvent.moment).order_by(AuditEvent.position)).all()
    early = [moment for moment, before in zip(moments[1:], moments, strict=False) if moment < before]
    assert early == []
    assert datetime.fromisoformat(moments[-1]) <= AT


def test_telling_it_twice_changes_nothing(told):
    def rows():
        with reading(told.engine)() as session:
            return {name: session.scalar(select(func.count()).select_from(table))
                    for name, table in Base.metadata.tables.items()}  # fmt: skip

    before = rows()
    assert not told.play(AT + timedelta(days=1))
    assert rows() == before


def test_the_reported_rate_is_what_the_moves_add_up_to(session):
    """Own use, outside contracts and receipts of Shanghai's general waste, summed move by move."""
    quarter = Quarter.before(TODAY)
    found = reported(session, 2026, quarter=quarter.number, region="31").scopes[0].accepted
    target = MassAccount.__table__.alias()

    def moved(kind):
        rows = session.execute(
            select(MassMove.mass_kg, MassGroup.reverses_id)
            .join(MassGroup, MassMove.group_id == MassGroup.id)
            .join(target, MassMove.target_id == target.c.id)
            .join(Site, target.c.origin_site_id == Site.id)
            .where(target.c.kind == kind, target.c.waste_code.regexp_match("S[0-9]+$"))
            .where(MassGroup.on_day.between(quarter.first, quarter.last), Site.region_code.like("31%"))
        )
        return sum(kg for kg, reverses in rows if reverses is None)

    def taken_back(kind):
        source = MassAccount.__table__.alias()
        return session.scalar(
            select(func.coalesce(func.sum(MassMove.mass_kg), 0))
            .join(MassGroup, MassMove.group_id == MassGroup.id)
            .join(source, MassMove.source_id == source.c.id)
            .join(Site, source.c.origin_site_id == Site.id)
            .where(source.c.kind == kind, source.c.waste_code.regexp_match("S[0-9]+$"))
            .where(MassGroup.on_day.between(quarter.first, quarter.last), Site.region_code.like("31%"))
            .where(MassGroup.reverses_id.is_not(None))
        )

    own, outside = (moved(kind) - taken_back(kind) for kind in ("own_utilised", "off_platform_utilised"))
    evidence = found.by_evidence
    assert evidence["own_use"] == own > 0
    assert evidence["declared"] == outside > 0
    assert 0 < evidence["receipts"] <= moved("received") - taken_back("received")
    assert found.utilised_kg == sum(evidence.values())
    assert found.utilised_kg < found.generated_kg + found.utilised_old_kg


def test_what_the_terminal_says_is_the_reported_rate_labelled_so(session):
    text = "\n".join(quarter_lines(session))
    rate = reported(session, 2026, quarter=3, region="31").scopes[0].rate
    shown = next(line for line in text.splitlines() if line.strip().startswith("上海市 Shanghai"))
    assert "reported rate · platform basis" in text
    assert "planned" not in text
    assert f"{rate.hundredths / 100:.2f} %" in shown
    assert "evidence" in text
    assert "coverage" in text


def test_proposals_became_agreements_and_some_were_declined(session):
    found = statuses(session, Proposal)
    assert found["agreed"] > found["declined"] > 0
    deals = statuses(session, Agreement)
    assert {"agreed", "suspended", "ended", "declined", "offered_by_generator"} <= deals.keys()


def test_loads_end_in_every_way(session):
    assert {"closed", "submitted"} <= statuses(session, Transfer).keys()
    apart = weight_differences(session, true())
    assert [each.judged for each in apart if each.permille >= 50]
    assert count(session, Receipt.verdict == "refused") >= 1
    assert count(session, Receipt.verdict == "partly_accepted") >= 1
    assert count(session, MassGroup.event == "transfer.returned") >= 1
    assert count(session, Transfer.refused_transfer_id.is_not(None)) >= 1
    assert statuses(session, Correction).get("approved", 0) >= 1
    assert overdue(session, TODAY)


def test_sheets_have_tickets_and_a_hazardous_load_its_official_number(session):
    assert count(session, Ticket.id.is_not(None)) > 50
    numbers = session.scalars(select(Transfer.official_number).where(Transfer.official_number.is_not(None)))
    assert all(len(number) == 14 for number in numbers.all())
    assert count(session, Transfer.official_number.is_not(None)) >= 1


def test_every_signature_still_seals_what_stands(each):
    assert count(each, Signature.id.is_not(None)) >= 1
    assert [fault for row in each.scalars(select(Transfer)) for fault in verify_signatures(row)] == []


def test_three_months_are_closed_and_one_is_a_second_revision(session):
    closed = session.execute(
        select(LedgerMonth.month, func.count())
        .where(LedgerMonth.status == "closed")
        .group_by(LedgerMonth.month)
    ).all()
    assert {month for month, _ in closed} >= {7, 8, 9}
    assert count(session, LedgerMonth.revision == 2, LedgerMonth.status == "closed") == 1
    assert non_reporters(session, 2026, 10)


def test_stock_was_surveyed_and_loads_were_treated_with_residues(session):
    assert count(session, StockSurvey.surveyed_on == date(2025, 12, 31)) > 5
    assert count(session, StockSurvey.surveyed_on == date(2026, 9, 30)) >= 1
    assert count(session, Treatment.residue_kg > 0, Treatment.loss_kg > 0) >= 1


def test_some_agreements_are_near_a_gap(session):
    kinds = {gap.kind for gap in gaps(session, TODAY)}
    assert {"agreement", "entitlement"} <= kinds


def test_a_collector_stores_loads_of_several_and_they_leave_as_one(session):
    grouped = defaultdict(list)
    for fraction in session.scalars(select(Fraction)):
        grouped[fraction.line].append(fraction)
    assert len(grouped) >= 2
    assert all(line.sent_kg == sum(part.mass_kg for part in parts) for line, parts in grouped.items())
    senders = [{part.receipt.line.transfer.sender_site_id for part in parts} for parts in grouped.values()]
    assert max(len(sites) for sites in senders) > 1
    assert any(part.mass_kg < part.receipt.accepted_kg for parts in grouped.values() for part in parts)
    assert {line.transfer.sender_site.region_code for line in grouped} == {"310120"}
    assert "closed" in {line.transfer.status for line in grouped}


def test_a_collector_still_stores_loads_for_others_today(session):
    left_kg = Receipt.accepted_kg - Receipt.forwarded_kg - Receipt.treated_kg
    collector = session.scalars(select(Facility).filter_by(kind="collector")).one()
    stored = session.scalars(select(Receipt).where(Receipt.facility_id == collector.id, left_kg > 0)).all()
    assert len(stored) >= 2
    on_site = select(MassAccount).filter_by(kind="on_site", holder_site_id=collector.site_id)
    held = session.scalars(on_site).all()
    assert collector.site_id not in {account.origin_site_id for account in held}
    assert sum(row.accepted_kg - row.forwarded_kg for row in stored) == sum(row.balance_kg for row in held)


def test_some_trips_carry_several_wastes_each_under_its_own_deal(session):
    lines = Counter(session.scalars(select(TransferLine.transfer_id)).all())
    shared = [session.get(Transfer, key) for key, found in lines.items() if found > 1]
    assert len(shared) >= 3
    for transfer in shared:
        assert len({line.waste_code for line in transfer.lines}) == len(transfer.lines)
        assert len({line.agreement.id for line in transfer.lines}) == len(transfer.lines)
    assert "closed" in {transfer.status for transfer in shared}


def test_one_yearly_limit_is_so_full_that_it_is_warned_of(session):
    warned = [use for use in capacity_used(session, TODAY) if use.warning]
    assert [(use.entitlement.number, use.line.waste_pattern, use.warning) for use in warned] == [
        ("DEMO-SH-EIA-026", "SW03", 80)
    ]
    assert warned[0].received_kg <= warned[0].permitted_kg


def test_every_kind_of_meter_is_read_and_counters_run_on(session):
    readings = session.scalars(select(MeterReading).order_by(MeterReading.read_at)).all()
    assert {row.kind for row in readings} == set(METERS)
    last = {}
    for row in readings:
        if row.kind != "draught":
            before, after = (row.figures[name] for name in COUNTERS)
            assert before == last.get(row.meter, before) < after
            last[row.meter] = after
    assert len(last) >= 2
    assert len(readings) > len(last) + 1


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 22), date(2026, 7, 1), date(2026, 9, 30)),
        (date(2027, 1, 10), date(2026, 7, 1), date(2026, 9, 30)),
        (date(2027, 1, 20), date(2026, 10, 1), date(2026, 12, 31)),
        (date(2027, 4, 16), date(2027, 1, 1), date(2027, 3, 31)),
    ],
)
def test_the_quarter_is_the_last_one_whose_books_can_be_closed(today, first, last):
    quarter = Quarter.before(today)
    assert (quarter.first, quarter.last) == (first, last)
    assert len(quarter.over_months()) >= 3
