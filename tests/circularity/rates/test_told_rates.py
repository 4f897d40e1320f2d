"""What strangers are told of reported rates: never a party, and no difference that gives one away."""

from __future__ import annotations

from datetime import date

from posted_mass import works_of
from registry import ANHUI, JIANGSU, SHANGHAI, Registry

from circularity.disclosure import OTHER
from circularity.rates.formula import Sums
from circularity.rates.periods import Period
from circularity.rates.told import published, told

YEAR = Period(2026)


def row(kg: int, *organisations: int) -> Sums:
    return Sums(generated_kg=kg, organisations=frozenset(organisations))


def generators(registry: Registry, place: tuple[float, float, str], number: int, month: int = 6) -> None:
    """So many works, each of an organisation of its own, with bulk waste and other waste."""
    for _ in range(number):
        works = works_of(registry, place)
        works.month(("generated", 100), day=date(2026, month, 28))
        works.waste_code = "900-003-S17"
        works.month(("generated", 100), day=date(2026, month, 28))


def test_small_rows_are_added_up_and_nothing_is_lost() -> None:
    rows = {"a": row(10, 1, 2, 3), "b": row(5, 4, 5), "c": row(2, 6)}
    assert published(rows) == {"a": rows["a"], OTHER: row(7, 4, 5, 6)}


def test_a_rest_of_too_few_takes_the_smallest_row_with_it() -> None:
    rows = {"a": row(10, 1, 2, 3), "b": row(20, 4, 5, 6), "c": row(2, 7)}
    assert published(rows) == {"b": rows["b"], OTHER: row(12, 1, 2, 3, 7)}
    assert published({"a": row(10, 1, 2)}) == {}


def test_fewer_than_three_generators_have_no_figures(registry: Registry) -> None:
    generators(registry, SHANGHAI, 2)
    assert told(registry.session, YEAR, "").scopes == frozenset()
    assert told(registry.session, YEAR, "").tables == {}
    generators(registry, SHANGHAI, 1)
    assert told(registry.session, YEAR, "").scopes == {"general", "bulk"}


def test_a_province_is_told_where_it_stands_alone(registry: Registry) -> None:
    generators(registry, SHANGHAI, 4)
    generators(registry, JIANGSU, 3)
    generators(registry, ANHUI, 1)
    assert set(told(registry.session, YEAR, "").tables["province"]) == {"31", OTHER}  # Jiangsu hides Anhui
    shown = {region: told(registry.session, YEAR, region).scopes for region in ("31", "32", "34", "3101")}
    assert shown == {"31": {"general", "bulk"}, "32": set(), "34": set(), "3101": set()}


def test_a_shorter_period_is_told_where_each_of_its_months_stands_alone(registry: Registry) -> None:
    for month, number in ((1, 3), (2, 3), (4, 4), (7, 1)):
        generators(registry, SHANGHAI, number, month)
    shown = [
        bool(told(registry.session, Period(2026, *part), "").scopes)
        for part in ((1, None), (2, None), (3, None), (None, 7), (None, 4))
    ]
    # July has one generator, so January (or February) is added to it and the first quarter stays closed.
    assert shown == [False, True, False, False, True]
    assert not told(registry.session, Period(2026, 2), "31").scopes
    assert told(registry.session, Period(2026, 2), "").tables == {}


def test_bulk_is_not_told_where_the_rest_would_be_one_partys(registry: Registry) -> None:
    for _ in range(3):
        works_of(registry).month(("generated", 100))
    assert told(registry.session, YEAR, "").scopes == {"general", "bulk"}
    works_of(registry, waste_code="900-003-S17").month(("generated", 7))
    assert told(registry.session, YEAR, "").scopes == {"general"}
    assert told(registry.session, YEAR, "").tables["stream"].keys() == {OTHER}


def test_fiction_is_told_as_it_is(registry: Registry) -> None:
    generators(registry, ANHUI, 1)
    found = told(registry.session, Period(2026, month=6), "34", of_few=True)
    assert found.scopes == {"general", "bulk"}
    assert found.tables["province"]["34"].generated_kg == 200
