"""The stages of the hazardous-waste ledger follow a batch, and come back as the months that they are of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deal_rows import DAY, Deal, deal, decided
from registry import ACID, Registry, T
from test_official_forms import ACT, filed, imported, month_of

from circularity.custody.manifests import Transfer
from circularity.custody.refusals import send_back, take_back
from circularity.custody.sheets import Imported
from circularity.custody.transfers import arrive
from circularity.forms.hazardous_stages import hazardous_stages
from circularity.ledger.generator_months import Use, close_month
from circularity.ledger.months import LedgerMonth


@pytest.fixture
def acid(registry: Registry) -> Deal:
    """A works with 12 t of waste acid in September, of which 5 t left for a licensed plant."""
    told = deal(registry, waste_code=ACID)
    output = {"plan_mass_kg": 100 * T, "available_from": DAY, "available_to": date(2026, 12, 31)}
    told.agreement.output = registry.output(100, ACID, site=told.works, **output)
    registry.session.flush()
    transfer = told.draft(5)
    told.sign(transfer, "sender")
    told.sign(transfer, "carrier")
    facts = {"waste_code": ACID, "uses": [Use("own_utilised", "R6", 4 * T)]}
    month_of(registry, told.works, 12, 12 - 5 - 4, **facts)
    return told


def test_the_hazardous_stages_follow_a_batch(acid: Deal) -> None:
    made, into, out, own, entrusted = (
        sheet.rows for sheet in hazardous_stages(acid.registry.session, acid.works, 2026)
    )
    assert [(row["批次编码"], row["数量(吨)"], row["类别"]) for row in made] == [
        ("HWCS20260930001", "12", "HW34")
    ]
    assert into[0]["上游批次编码"] == "HWCS20260930001"
    assert [(row["批次编码"], row["利用处置方式"]) for row in own] == [("HWZXLY20260930001", "R6 再生酸或碱")]
    assert [(row["批次编码"], row["许可证编号"]) for row in entrusted] == [
        ("HWWWLY20260901001", acid.agreement.line.entitlement.number)
    ]
    assert [row["去向批次编码"] for row in out] == ["HWZXLY20260930001", "HWWWLY20260901001"]


def test_the_hazardous_stages_come_back_as_a_month(acid: Deal, tmp_path: Path) -> None:
    registry, session = acid.registry, acid.registry.session
    file = filed(tmp_path, hazardous_stages(session, acid.works, 2026))
    assert imported(registry, acid.works, file) == Imported(0, 2)  # the month, and the load that left
    other = registry.site()
    assert imported(registry, other, file) == Imported(1, 0)
    month = session.query(LedgerMonth).filter_by(site_id=other.id).one()
    assert (month.generated_kg, month.stored_kg) == (12 * T, 3 * T)
    assert [(use.kind, use.mass_kg) for use in month.uses] == [
        ("own_utilised", 4 * T),
        ("entrusted_utilised", 5 * T),
    ]


def test_stages_of_a_closed_month_and_of_one_that_only_transfers_tell_are_known(
    acid: Deal, tmp_path: Path
) -> None:
    registry, session = acid.registry, acid.registry.session
    month = session.query(LedgerMonth).one()
    close_month(session, **ACT, month=month)
    registry.act["at"] = datetime(2026, 10, 7, 2, tzinfo=UTC)
    october = acid.draft(2, day=date(2026, 10, 7))
    acid.sign(october, "sender")
    acid.sign(october, "carrier")
    stages = hazardous_stages(session, acid.works, 2026)
    assert [row["时间"] for row in stages[-1].rows] == ["2026-09-01", "2026-10-07"]
    assert imported(registry, acid.works, filed(tmp_path, stages)) == Imported(added=0, ignored=3)
    assert (month.status, session.query(LedgerMonth).count()) == ("closed", 1)


def test_a_load_that_came_home_again_is_still_the_load_that_left(acid: Deal, tmp_path: Path) -> None:
    """The stages tell what left, the ledger what stayed away: 5 t, of which 2 t came back refused."""
    session = acid.registry.session
    load = session.query(Transfer).one()
    arrive(**acid.act, transfer=load)
    decided(acid, load, 3, 2)
    send_back(**acid.act, transfer=load, who="receiver")
    take_back(**acid.act, transfer=load)
    month = session.query(LedgerMonth).one()
    month_of(
        acid.registry, acid.works, 12, 12 - 3 - 4, waste_code=ACID, uses=[Use("own_utilised", "R6", 4 * T)]
    )
    close_month(session, **ACT, month=month)
    stages = hazardous_stages(session, acid.works, 2026)
    assert [row["数量(吨)"] for row in stages[-1].rows] == ["5"]
    assert imported(acid.registry, acid.works, filed(tmp_path, stages)) == Imported(added=0, ignored=2)


def test_stages_that_say_something_else_of_a_closed_month_are_refused(acid: Deal, tmp_path: Path) -> None:
    session = acid.registry.session
    close_month(session, **ACT, month=session.query(LedgerMonth).one())
    stages = hazardous_stages(session, acid.works, 2026)
    stages[0].rows[0]["数量(吨)"] = "13"
    (problem,) = imported(acid.registry, acid.works, filed(tmp_path, stages)).problems
    assert (problem.rule, problem.file) == ("illegal_step", "台账.xlsx!产生环节")
