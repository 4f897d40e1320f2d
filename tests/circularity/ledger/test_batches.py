"""The batches of a hazardous month: told stage by stage, adding up to its figures, moving no mass."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from registry import ACID, ACTOR, FLY_ASH, Registry, T

from circularity.audit import AuditEvent
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.batches import Batch, batches_at, tell_batches
from circularity.ledger.generator_months import Use, close_month, drop_month, reverse_month, write_month
from circularity.ledger.handling import Handling
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site

ACT: dict[str, Any] = {"actor": ACTOR, "at": datetime(2026, 12, 5, 2, 0, tzinfo=UTC)}
DRUMS = Handling("桶", "T1;T2", 2, "MF0001", "李阳")


def written(registry: Registry, site: Site | None = None, generated: int = 12, **facts: Any) -> LedgerMonth:
    """A September of waste acid, of which 4 t were regenerated and the rest stored."""
    values: dict[str, Any] = {"waste_code": ACID, "year": 2026, "month": 9, "discarded_kg": 0}
    values |= {"uses": [Use("own_utilised", "R6", 4 * T)], "generated_kg": generated * T}
    values |= {"stored_kg": (generated - 4) * T} | facts
    return write_month(registry.session, **ACT, site=site or registry.site(), **values)


def batch(tonnes: int, day: int = 10, **facts: Any) -> Batch:
    return Batch(date(2026, 9, day), tonnes * T, **facts)


def told(registry: Registry, month: LedgerMonth, stage: str, *batches: Batch) -> bool:
    return tell_batches(registry.session, **ACT, month=month, stage=stage, batches=batches)


def test_batches_are_numbered_where_nobody_did_and_tell_how_they_are_kept(registry: Registry) -> None:
    month = written(registry)
    parts = (batch(5, handling=DRUMS), batch(4, batch="本厂-7"), batch(3))
    assert told(registry, month, "generated", *parts)
    assert [(row.batch, row.mass_kg // T) for row in batches_at(month, "generated")] == [
        ("HWCS20260910001", 5), ("本厂-7", 4), ("HWCS20260910002", 3),
    ]  # fmt: skip
    assert batches_at(month, "generated")[0].handling == DRUMS
    assert month.generated_kg == 12 * T


def test_the_same_batches_told_again_are_no_event_and_none_takes_them_back(registry: Registry) -> None:
    month = written(registry)
    facts = {"batch": "本厂-7", "handling": DRUMS}
    assert told(registry, month, "generated", batch(12, **facts))
    assert not told(registry, month, "generated", batch(12, **facts))
    assert told(registry, month, "generated")
    assert batches_at(month, "generated") == []
    assert registry.session.query(AuditEvent).filter_by(action="month.batches_told").count() == 2


def test_numbers_of_a_day_are_shared_by_all_wastes_of_a_site(registry: Registry) -> None:
    site = registry.site()
    acid, other = written(registry, site), written(registry, site, waste_code="900-349-34")
    for month in (acid, other):
        told(registry, month, "generated", batch(12, handling=DRUMS))
    assert [month.batches[0].batch for month in (acid, other)] == ["HWCS20260910001", "HWCS20260910002"]


@pytest.mark.parametrize(
    ("stage", "batches"),
    [
        ("generated", [batch(11)]),
        ("generated", [batch(12), batch(1)]),
        ("own", [batch(4, operation="R5")]),
        ("entrusted", [batch(4, operation="R6", party="某厂")]),
    ],
)
def test_batches_that_are_not_the_month_s_own_figures_are_refused(
    registry: Registry, stage: str, batches: list[Batch]
) -> None:
    with pytest.raises(RuleBroken) as refused:
        told(registry, written(registry), stage, *batches)
    assert (refused.value.code, refused.value.facts["stage"]) == ("batches_differ", stage)


def test_own_use_and_storing_are_told_by_their_own_columns(registry: Registry) -> None:
    month = written(registry)
    used = Handling("槽", "C3", 1, "LY01", "王立")
    assert told(
        registry, month, "own", batch(1, 3, operation="R6", handling=used), batch(3, 9, operation="R6")
    )
    stored = Handling("桶", "T1", 1, "TS001", "李阳", "赵龙")
    assert told(registry, month, "stored", batch(12, 30, related="HWCS20260910001", handling=stored))
    assert [row.batch for row in batches_at(month, "own")] == ["HWZXLY20260903001", "HWZXLY20260909001"]
    assert [row.batch for row in batches_at(month, "stored")] == ["HWRK20260930001"]
    assert batches_at(month, "stored")[0].handling.mover == "赵龙"


@pytest.mark.parametrize(
    ("stage", "facts", "column"),
    [
        ("generated", {"day": date(2026, 10, 1)}, "batches.1.day"),
        ("generated", {"handling": Handling(container_count=0)}, "batches.1.container_count"),
        ("generated", {"handling": Handling(handler="x" * 201)}, "batches.1.handler"),
        ("generated", {"handling": Handling(mover="赵龙")}, "batches.1.mover"),
        (
            "entrusted",
            {"operation": "R6", "handling": Handling(facility_code="TS1")},
            "batches.1.facility_code",
        ),
        ("own", {"operation": "none"}, "batches.1.operation"),
        ("nowhere", {}, "stage"),
    ],
)
def test_what_is_malformed_or_not_asked_for_is_told_at_its_batch(
    registry: Registry, stage: str, facts: dict[str, Any], column: str
) -> None:
    with pytest.raises(BadInput) as refused:
        told(
            registry,
            written(registry),
            stage,
            Batch(**({"day": date(2026, 9, 1), "mass_kg": 12 * T} | facts)),
        )
    assert column in [problem.column for problem in refused.value.problems]


def test_general_waste_and_months_that_are_gone_have_no_batches(registry: Registry) -> None:
    ash, acid = written(registry, waste_code=FLY_ASH, uses=[]), written(registry)
    drop_month(registry.session, **ACT, month=acid)
    for month, rule in ((ash, "not_hazardous"), (acid, "month_gone")):
        with pytest.raises(RuleBroken) as refused:
            told(registry, month, "generated", batch(12))
        assert refused.value.code == rule


def test_a_month_is_not_written_past_its_batches(registry: Registry) -> None:
    month = written(registry)
    told(registry, month, "generated", batch(12, handling=DRUMS))
    assert written(registry, month.site, discarded_kg=T, stored_kg=7 * T).batches[0].handling == DRUMS
    with pytest.raises(RuleBroken) as refused, registry.session.begin_nested():
        written(registry, month.site, generated=13)
    assert refused.value.code == "batches_differ"
    again = written(registry, month.site, generated=13, batches={"generated": [batch(13)]})
    assert [(row.mass_kg // T, row.handling) for row in again.batches] == [(13, Handling())]


def test_a_closed_month_is_told_more_closely_and_hands_its_batches_on(registry: Registry) -> None:
    month = written(registry)
    close_month(registry.session, **ACT, month=month)
    told(registry, month, "generated", batch(12, handling=DRUMS))
    told(registry, month, "own", batch(4, operation="R6", handling=DRUMS))
    reverse_month(registry.session, **ACT, month=month, reason="录入错误")
    following = written(registry, month.site, generated=13)
    assert (following.revision, [row.stage for row in following.batches]) == (2, ["own"])
    assert len(month.batches) == 2
