"""The formula: old stock in the whole, no generation, the cap, the rounding; published figures follow."""

from __future__ import annotations

from datetime import date

import pytest
from posted_mass import works_of
from registry import Registry

from circularity.rates.formula import (
    MASSES,
    Rate,
    Sums,
    disposal_rate,
    plain_ratio,
    storage_rate,
    utilisation_rate,
)
from circularity.rates.sums import sums

TEN_THOUSAND_T = 10_000_000
"""One 万吨 in kg, the unit in which cities publish."""

HANGZHOU = (30.294, 120.161, "330100")
YUXI = (24.35, 102.54, "530400")


def in_kg(published: str) -> int:
    whole, _, part = published.partition(".")
    return int(whole + part.ljust(7, "0"))


@pytest.mark.parametrize(
    ("place", "year", "generated", "utilised", "of_old", "official", "plain"),
    [
        # 1822.23 / (2310.94 + 1.89) = 78.788 %, published as 78.7 %.
        pytest.param(YUXI, 2023, "2310.94", "1822.23", "1.89", 7879, 7885, id="Yuxi 2023"),
        # 567.54 / (572.37 + 4.84) = 98.325 %; 567.54 / 572.37 = 99.156 %, published as 99.16 %, is plain.
        pytest.param(HANGZHOU, 2021, "572.37", "567.54", "4.84", 9832, 9916, id="Hangzhou 2021"),
    ],
)
def test_published_city_figures_come_out_of_the_formula(
    registry: Registry, place: tuple[float, float, str], year: int, generated: str, utilised: str,
    of_old: str, official: int, plain: int,
) -> None:  # fmt: skip
    assert in_kg("1.89") == 1_8900_000
    assert in_kg("1") == TEN_THOUSAND_T
    city, last = works_of(registry, place), date(year, 12, 31)
    city.opened(in_kg(of_old), vintage=year - 1, day=date(year, 1, 1))
    city.month(("own_utilised", in_kg(of_old), "C2"), vintage=year - 1, day=last)
    new = in_kg(utilised) - in_kg(of_old)
    city.month(("generated", in_kg(generated)), ("entrusted_utilised", new, "C2"), day=last)
    found = sums(registry.session, first=date(year, 1, 1), last=last, region=place[2][:4])
    assert utilisation_rate(found).hundredths == official
    assert plain_ratio(found).hundredths == plain


def test_the_four_quotients_of_a_hand_reckoned_year() -> None:
    year = Sums(
        generated_kg=1000, utilised_kg=700, utilised_old_kg=100, disposed_kg=150, disposed_old_kg=50,
        stored_kg=300,
    )  # fmt: skip
    assert utilisation_rate(year) == Rate(700, 1100)
    assert disposal_rate(year) == Rate(150, 1050)
    assert storage_rate(year) == Rate(300, 1000)
    assert plain_ratio(year) == Rate(700, 1000)
    assert [rate(year).hundredths for rate in (utilisation_rate, disposal_rate)] == [6364, 1429]


def test_nothing_generated_gives_no_rate() -> None:
    assert utilisation_rate(Sums()).hundredths is None
    assert plain_ratio(Sums(utilised_kg=5, utilised_old_kg=5)).hundredths is None
    assert utilisation_rate(Sums(utilised_kg=5, utilised_old_kg=5)).hundredths == 10_000


def test_no_rate_is_above_100_percent_or_below_nothing() -> None:
    month = Sums(generated_kg=10, utilised_kg=30, stored_kg=-20)
    assert (utilisation_rate(month).hundredths, storage_rate(month).hundredths) == (10_000, 0)


def test_what_is_missing_is_exact_though_the_rate_is_rounded() -> None:
    rate = Rate(94_996, 100_000)
    assert (rate.hundredths, rate.missing_kg(950)) == (9500, 4)
    assert Rate(0, 3).missing_kg(950) == 3
    assert Rate(95, 100).missing_kg(950) == 0


def test_sums_add_up_name_by_name_and_share_their_organisations() -> None:
    one = Sums(**dict.fromkeys(MASSES, 1), organisations=frozenset({1, 2}))
    two = Sums(**dict.fromkeys(MASSES, 2), organisations=frozenset({2, 3}))
    assert one + two == Sums(**dict.fromkeys(MASSES, 3), organisations=frozenset({1, 2, 3}))
