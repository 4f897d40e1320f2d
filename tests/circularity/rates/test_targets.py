"""Targets: those of the catalogue end with their period, and the authority that owns them enters the next."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from registry import Registry

from circularity.accounts.standings import begin_standing
from circularity.audit import AuditEvent
from circularity.catalogue import targets as published
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.organisations import Organisation
from circularity.rates.reported import reported
from circularity.rates.targets import EnteredTarget, enter_target, known_targets, withdraw_target

NEXT: dict[str, Any] = {
    "scope": "general", "region_code": "310000", "rate_permille": 960, "period_from": date(2026, 1, 1),
    "period_to": date(2030, 12, 31), "document_zh": "《虚构的规划》", "document_en": "A made-up plan",
}  # fmt: skip


def authority(registry: Registry, kind: str = "economy", region: str = "310000") -> Organisation:
    made = registry.organisation(roles=frozenset({"authority"}), region_code=region)
    begin_standing(registry.session, **registry.act, organisation=made, authority_kind=kind)
    return made


def enter(registry: Registry, by: Organisation, **changes: Any) -> EnteredTarget:
    return enter_target(registry.session, **registry.act, by=by, **(NEXT | changes))


def in_force(registry: Registry, on: date) -> tuple[int | None, bool]:
    found, over = published.standing("general", "31", on, known_targets(registry.session))
    return (found.rate_permille if found else None), over


def test_the_next_target_follows_when_its_authority_enters_it(registry: Registry) -> None:
    # 95 % of the plan that ended with 2025 is only remembered in 2026
    assert in_force(registry, date(2026, 6, 1)) == (950, True)
    enter(registry, authority(registry))
    assert in_force(registry, date(2025, 12, 31)) == (950, False)
    assert in_force(registry, date(2026, 6, 1)) == (960, False)
    assert in_force(registry, date(2031, 1, 1)) == (960, True)


def test_a_reported_rate_is_measured_by_the_target_entered(registry: Registry) -> None:
    enter(registry, authority(registry))
    general, bulk = reported(registry.session, 2026, region="31").scopes
    assert general.target is not None
    assert (general.target.rate_permille, general.target_over) == (960, False)
    assert bulk.target is not None
    assert (bulk.target.rate_permille, bulk.target_over) == (990, True)


@pytest.mark.parametrize(
    ("kind", "region", "target_of"),
    [("ecology", "310000", "310000"), ("economy", "320000", "310000"), ("economy", "310115", "310000")],
)
def test_only_the_authority_that_owns_the_targets_of_the_region_enters_one(
    registry: Registry, kind: str, region: str, target_of: str
) -> None:
    by = authority(registry, kind, region)
    with pytest.raises(NotAllowed) as refused:
        enter(registry, by, region_code=target_of)
    assert refused.value.code == "no_power"


def test_a_generator_enters_none(registry: Registry) -> None:
    with pytest.raises(NotAllowed):
        enter(registry, registry.organisation())


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 12, 31), date(2026, 6, 30)),
        (date(2030, 12, 31), date(2031, 1, 1)),
        (date(2026, 1, 1),) * 2,
    ],
)
def test_periods_of_one_region_and_scope_never_overlap(registry: Registry, first: date, last: date) -> None:
    by = authority(registry)
    enter(registry, by)
    with pytest.raises(RuleBroken) as refused:
        enter(registry, by, period_from=first, period_to=last)
    assert refused.value.code == "target_overlaps"
    # another scope is another target
    enter(registry, by, scope="bulk")


def test_a_mistake_is_withdrawn_with_its_reason_and_entered_anew(registry: Registry) -> None:
    by = authority(registry)
    wrong = enter(registry, by, rate_permille=690)
    withdraw_target(registry.session, **registry.act, by=by, target=wrong, reason="数字写反 digits swapped")
    enter(registry, by)
    assert in_force(registry, date(2026, 6, 1)) == (960, False)
    told = registry.session.query(AuditEvent).filter(AuditEvent.action.like("target.%")).all()
    assert [event.action for event in told] == ["target.entered", "target.withdrawn", "target.entered"]
    with pytest.raises(BadInput):
        withdraw_target(registry.session, **registry.act, by=by, target=wrong, reason=" ")


@pytest.mark.parametrize(
    ("field", "value"),
    [("rate_permille", 0), ("rate_permille", 1001), ("scope", "all"), ("document_zh", ""),
     ("period_to", None), ("region_code", "99"), ("period_to", date(2025, 1, 1))],
)  # fmt: skip
def test_what_is_no_target_is_refused_with_its_field(registry: Registry, field: str, value: Any) -> None:
    with pytest.raises(BadInput) as refused:
        enter(registry, authority(registry), **{field: value})
    assert {problem.column for problem in refused.value.problems} == {field}
