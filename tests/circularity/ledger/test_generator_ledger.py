"""A generator's month closes when its figures balance with the mass ledger, and only then."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from registry import ACTOR, FLY_ASH, Registry, T
from sqlalchemy import select

from circularity.errors import BadInput, RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.carried_months import carry_month
from circularity.ledger.generator_months import Use, close_month, drop_month, reverse_month, write_month
from circularity.ledger.groups import post
from circularity.ledger.mass import MassAccount
from circularity.ledger.month_balances import month_balance
from circularity.ledger.months import LedgerMonth
from circularity.ledger.non_reporters import non_reporters
from circularity.ledger.postings import Cell, Movement
from circularity.ledger.surveys import record_survey
from circularity.organisations import Site

LATER = datetime(2026, 12, 5, 2, 0, tzinfo=UTC)
ACT: dict[str, Any] = {"actor": ACTOR, "at": LATER}


@pytest.fixture
def works(registry: Registry) -> Site:
    site = registry.site()
    registry.session.flush()
    return site


def _month(registry: Registry, works: Site, month: int, generated_t: int, stored_t: int, **facts: Any) -> Any:
    values: dict[str, Any] = {"uses": [], "discarded_kg": 0} | facts
    return write_month(
        registry.session,
        **(ACT | {"site": works, "waste_code": FLY_ASH, "year": 2026, "month": month} | values),
        generated_kg=generated_t * T,
        stored_kg=stored_t * T,
    )


def _close(registry: Registry, month: LedgerMonth) -> None:
    close_month(registry.session, **ACT, month=month)


def _reverse(registry: Registry, month: LedgerMonth) -> None:
    reverse_month(registry.session, **ACT, month=month, reason="录入错误")


def _survey(registry: Registry, works: Site, vintage: int, day: date, tonnes: int) -> Any:
    facts = {"waste_code": FLY_ASH, "vintage": vintage, "surveyed_on": day, "method": "无人机测量"}
    return record_survey(registry.session, **ACT, site=works, mass_kg=tonnes * T, **facts)


def _send(registry: Registry, works: Site, day: date, carried_t: int, sent_t: int) -> None:
    """A load leaves as transfers do it: what is not in stock is carried first."""
    cell = Cell(works.id, FLY_ASH, 2026)
    for event, leg, tonnes in (
        ("generation.carried", "generated", carried_t),
        ("sheet.sent", "sent", sent_t),
    ):
        moved = [Movement(leg, cell, tonnes * T, works.id)]
        post(registry.session, event=event, on_day=day, at=LATER, subject=works, movements=moved)


def _tonnes(registry: Registry) -> dict[str, int]:
    return {kind: kg // T for kind, kg in trial_balance(registry.session).items() if kg}


def test_a_month_posts_what_it_generated_used_and_stored(registry: Registry, works: Site) -> None:
    uses = [Use("own_utilised", "R5", 27 * T), Use("entrusted_disposed", "D1", 3 * T, "某填埋场")]
    month = _month(registry, works, 9, 100, 68, uses=uses, discarded_kg=2 * T)
    _close(registry, month)
    assert _tonnes(registry) == {
        "generated": -100,
        "own_utilised": 27,
        "off_platform_disposed": 3,
        "discarded": 2,
        "on_site": 100 - 27 - 3 - 2,
    }
    assert month.status == "closed"
    assert faults(registry.session) == []


def test_what_transfers_carried_is_not_generated_twice(registry: Registry, works: Site) -> None:
    _send(registry, works, date(2026, 9, 12), carried_t=60, sent_t=60)
    month = _month(registry, works, 9, 100, 40)
    balance = month_balance(registry.session, month)
    assert (balance.booked_kg, balance.sent_kg, balance.closing_kg) == (60 * T, 60 * T, 40 * T)
    _close(registry, month)
    assert _tonnes(registry) == {"generated": -100, "in_transit": 60, "on_site": 40}
    assert month_balance(registry.session, month).sent_kg == 60 * T


def test_stock_that_does_not_balance_keeps_the_month_open(registry: Registry, works: Site) -> None:
    month = _month(registry, works, 9, 100, 90, uses=[Use("own_utilised", "R5", 27 * T)])
    with pytest.raises(RuleBroken) as refused:
        _close(registry, month)
    assert refused.value.code == "unbalanced_month"
    assert refused.value.facts == {"reckoned_kg": 73 * T, "stored_kg": 90 * T, "difference_kg": 17 * T}
    assert month.status == "open"
    assert _tonnes(registry) == {}


def test_the_oldest_stock_is_used_first(registry: Registry, works: Site) -> None:
    _survey(registry, works, 2025, date(2025, 12, 31), 40)
    _close(registry, _month(registry, works, 9, 100, 90, uses=[Use("own_utilised", "R5", 50 * T)]))
    used = select(MassAccount.vintage, MassAccount.balance_kg).filter_by(kind="own_utilised")
    assert sorted(map(tuple, registry.session.execute(used))) == [(2025, 40 * T), (2026, (50 - 40) * T)]


def test_a_late_month_closes_though_later_loads_were_carried(registry: Registry, works: Site) -> None:
    """September left 40 t in stock, which October's loads did not know of when they carried 30 t."""
    _send(registry, works, date(2026, 10, 8), carried_t=30, sent_t=30)
    _close(registry, _month(registry, works, 9, 40, 40))
    october = _month(registry, works, 10, 20, 40 + 20 - 30)
    _close(registry, october)
    assert _tonnes(registry) == {"generated": -60, "in_transit": 30, "on_site": 30}


@pytest.mark.parametrize(("old_t", "stored_t"), [(0, 0), (40, 40 + 50 - 60)])
def test_carried_beyond_the_declared_needs_stock_of_the_year(
    registry: Registry, works: Site, old_t: int, stored_t: int
) -> None:
    """The loads left as generated this year; old stock surveyed afterwards is not what they were."""
    _send(registry, works, date(2026, 9, 12), carried_t=60, sent_t=60)
    _survey(registry, works, 2025, date(2025, 12, 31), old_t)
    with pytest.raises(RuleBroken) as refused:
        _close(registry, _month(registry, works, 9, 50, stored_t))
    assert (refused.value.code, refused.value.facts["booked_kg"]) == ("carried_more", 60 * T)


def test_uses_beyond_the_stock_are_refused(registry: Registry, works: Site) -> None:
    """The stock at the month's end would cover them; since then it has left."""
    first = _month(registry, works, 8, 100, 100)
    _close(registry, first)
    _send(registry, works, date(2026, 10, 1), carried_t=0, sent_t=100)
    second = _month(registry, works, 9, 0, 70, uses=[Use("own_utilised", "R5", 30 * T)])
    with pytest.raises(RuleBroken) as refused:
        _close(registry, second)
    assert (refused.value.code, refused.value.facts["short_kg"]) == ("not_in_stock", 30 * T)


def test_a_month_is_closed_when_it_is_over_and_in_order(registry: Registry, works: Site) -> None:
    december = _month(registry, works, 12, 1, 1)
    with pytest.raises(RuleBroken, match="after 2026-12-31"):
        _close(registry, december)
    _month(registry, works, 9, 1, 1)
    october = _month(registry, works, 10, 1, 2)
    with pytest.raises(RuleBroken, match="2026-09 is still open"):
        _close(registry, october)


def test_a_closed_month_is_corrected_by_its_next_revision(registry: Registry, works: Site) -> None:
    wrong = _month(registry, works, 9, 100, 73, uses=[Use("own_utilised", "R5", 27 * T)])
    _close(registry, wrong)
    with pytest.raises(RuleBroken) as refused:
        _month(registry, works, 9, 120, 120)
    assert refused.value.code == "illegal_step"
    _reverse(registry, wrong)
    right = _month(registry, works, 9, 120, 93, uses=[Use("own_utilised", "R5", 27 * T)])
    _close(registry, right)
    assert (wrong.status, right.revision) == ("reversed", 2)
    assert _tonnes(registry) == {"generated": -120, "own_utilised": 27, "on_site": 93}
    assert faults(registry.session) == []


def test_a_month_can_be_corrected_after_its_stock_has_left(registry: Registry, works: Site) -> None:
    wrong = _month(registry, works, 9, 100, 73, uses=[Use("own_utilised", "R5", 27 * T)])
    _close(registry, wrong)
    _send(registry, works, date(2026, 10, 3), carried_t=0, sent_t=70)
    _reverse(registry, wrong)
    assert _tonnes(registry) == {"generated": -70, "in_transit": 70}  # what left was generated
    right = _month(registry, works, 9, 95, 75, uses=[Use("own_utilised", "R5", 20 * T)])
    _close(registry, right)
    assert _tonnes(registry) == {"generated": -95, "own_utilised": 20, "in_transit": 70, "on_site": 5}
    assert faults(registry.session) == []


def test_an_open_month_is_written_again_or_dropped(registry: Registry, works: Site) -> None:
    month = _month(registry, works, 9, 100, 73, uses=[Use("own_utilised", "R5", 27 * T)])
    again = _month(registry, works, 9, 50, 50)
    assert again is month
    assert (again.generated_kg, again.uses) == (50 * T, [])
    drop_month(registry.session, **ACT, month=month)
    assert _month(registry, works, 9, 1, 1).revision == 2


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"waste_code": "粉煤灰"}, "waste_code"),
        ({"month": 13}, "month"),
        ({"discarded_kg": -1}, "discarded_kg"),
        ({"source": "guessed"}, "source"),
        ({"uses": [Use("sold", "R5", 1)]}, "uses.1.kind"),
        ({"uses": [Use("own_utilised", "R99", 1)]}, "uses.1.operation"),
        ({"uses": [Use("own_utilised", "R5", 0)]}, "uses.1.mass_kg"),
    ],
)
def test_malformed_months_are_refused(
    registry: Registry, works: Site, facts: dict[str, Any], field: str
) -> None:
    values = {"month": 9, "generated_t": 1, "stored_t": 1} | facts
    with pytest.raises(BadInput) as refused:
        _month(registry, works, **values)
    assert [problem.column for problem in refused.value.problems] == [field]


def test_landfill_is_no_utilisation_whatever_it_is_called(registry: Registry, works: Site) -> None:
    with pytest.raises(RuleBroken) as refused:
        _month(registry, works, 9, 10, 0, uses=[Use("own_utilised", "D1", 10 * T)])
    assert refused.value.code == "not_utilisation"


def test_who_declared_and_has_not_closed_is_listed(registry: Registry, works: Site) -> None:
    registry.declaration(works, 1200)
    elsewhere = registry.site((31.353, 118.430, "340200"))
    registry.declaration(elsewhere, 10)
    registry.session.flush()
    listed = non_reporters(registry.session, 2026, 9, "310000")
    assert [(row.site, row.written) for row in listed] == [(works, False)]
    month = _month(registry, works, 9, 1, 1)
    assert [row.written for row in non_reporters(registry.session, 2026, 9, "31")] == [True]
    _close(registry, month)
    assert non_reporters(registry.session, 2026, 9, "31") == []
    assert [row.site for row in non_reporters(registry.session, 2026, 9)] == [elsewhere]


def test_who_sent_waste_without_books_is_listed(registry: Registry, works: Site) -> None:
    _send(registry, works, date(2026, 9, 12), carried_t=60, sent_t=60)
    assert [row.waste_code for row in non_reporters(registry.session, 2026, 9)] == [FLY_ASH]
    assert non_reporters(registry.session, 2026, 8) == []


def test_the_first_survey_opens_the_stock_and_the_next_finds_the_difference(
    registry: Registry, works: Site
) -> None:
    _survey(registry, works, 2025, date(2025, 12, 31), 40)
    _survey(registry, works, 2025, date(2026, 6, 30), 37)
    assert _tonnes(registry) == {"opening": -40, "on_site": 37, "variance": 3}
    with pytest.raises(RuleBroken) as refused:
        _survey(registry, works, 2025, date(2026, 6, 30), 40)
    assert refused.value.code == "survey_out_of_order"


def test_a_survey_of_what_the_books_know_is_a_difference(registry: Registry, works: Site) -> None:
    _close(registry, _month(registry, works, 9, 100, 100))
    _survey(registry, works, 2026, date(2026, 10, 10), 104)
    assert _tonnes(registry) == {"generated": -100, "variance": -4, "on_site": 104}


def test_a_closed_month_is_not_surveyed_any_more(registry: Registry, works: Site) -> None:
    _close(registry, _month(registry, works, 9, 100, 100))
    with pytest.raises(RuleBroken) as refused:
        _survey(registry, works, 2025, date(2025, 12, 31), 40)
    assert refused.value.code == "month_closed"


def test_a_survey_of_the_future_or_of_a_later_year_is_refused(registry: Registry, works: Site) -> None:
    with pytest.raises(BadInput):
        _survey(registry, works, 2026, date(2026, 12, 6), 1)
    with pytest.raises(BadInput):
        _survey(registry, works, 2026, date(2025, 12, 31), 1)


def test_a_month_all_of_which_left_on_transfers_is_carried_without_typing(
    registry: Registry, works: Site
) -> None:
    _survey(registry, works, 2026, date(2026, 8, 31), 40)
    _send(registry, works, date(2026, 9, 10), 100, 130)  # 30 t of the stock found left too
    key: dict[str, Any] = {"site": works, "waste_code": FLY_ASH, "year": 2026, "month": 9}
    month = carry_month(registry.session, **ACT, **key)
    assert (month.source, month.status) == ("carried", "open")
    assert (month.generated_kg, month.stored_kg, month.uses) == (100 * T, 10 * T, [])
    with pytest.raises(RuleBroken) as refused:
        carry_month(registry.session, **ACT, **key)
    assert refused.value.code == "month_written"
    _close(registry, month)
    assert _tonnes(registry) == {"opening": -40, "generated": -100, "on_site": 10, "in_transit": 130}
    again = carry_month(registry.session, **ACT, **key | {"month": 10})
    assert (again.generated_kg, again.stored_kg) == (0, 10 * T)  # nothing happened, and that is reported
