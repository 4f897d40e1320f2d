"""How figures read: the sum stays exact, the page rounds once, half away from zero."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from web import formats
from web.app import create_app
from web.config import Config


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(Config(database_url="sqlite://"))


@pytest.fixture
def chinese(app: Flask) -> Iterator[None]:
    with app.test_request_context("/?lang=zh"):
        yield


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context("/?lang=en"):
        yield


def test_tonnes_are_as_precise_as_their_size_asks() -> None:
    assert formats.tonnes(1_234_567_890) == "1,234,568"
    assert formats.tonnes(12_345) == "12.3"
    assert formats.tonnes(12_000) == "12"
    assert formats.tonnes(7) == "0.007"
    assert formats.tonnes(0) == "0"
    assert formats.tonnes(None) == "–"
    assert formats.exact_tonnes(1_234_567) == "1,234.567 t"


def test_ones_own_tonnes_are_never_rounded() -> None:
    assert formats.own_tonnes(1_250_500) == "1,250.5"
    assert formats.own_tonnes(1_234_567_891) == "1,234,567.891"
    assert formats.own_tonnes(100_020) == "100.02"
    assert formats.own_tonnes(1_250_000) == "1,250"
    assert formats.own_tonnes(-7) == "-0.007"
    assert formats.own_tonnes(0) == "0"
    assert formats.own_tonnes(None) == "–"


@pytest.mark.usefixtures("chinese")
def test_a_chinese_reader_counts_in_ten_thousands() -> None:
    assert formats.weight(14_500_000_000) == ("1,450", "万吨")
    assert formats.weight(2_340_000_000) == ("234.0", "万吨")
    assert formats.weight(9_999_000) == ("9,999", "吨")
    assert formats.cny(12_345_600_000_000) == "1,234.6 万元"
    assert formats.region_name("310113") == "上海市宝山区"


@pytest.mark.usefixtures("english")
def test_an_english_reader_counts_in_thousands() -> None:
    assert formats.weight(14_500_000_000) == ("14.50", "Mt")
    assert formats.weight(2_340_000) == ("2.3", "kt")
    assert formats.cny(12_345_600_000_000) == "12.3 million CNY"
    assert formats.region_name("310113") == "Baoshan, Shanghai"
    assert formats.measured(7_200_000, "loi_pct") == "7.2 %"
    assert formats.analyte_name("loi_pct") == "loss on ignition"


def test_halves_round_away_from_zero_on_both_sides() -> None:
    assert formats.cny_per_t(50) == "0.1"  # 0.05 CNY/t
    assert formats.cny_per_t(-50) == "-0.1"
    assert formats.cny_per_t(-49) == "0.0"
    assert formats.percent(1, 2000) == "0.1 %"
    assert formats.percent(1, 0) == "–"
    assert formats.permille(995) == "99.5 %"
    assert formats.permille(950) == "95 %"
    assert formats.rate(9_495) == "94.95 %"


def test_moments_are_told_in_shanghai_time() -> None:
    assert formats.moment(datetime(2026, 8, 31, 16, 0, tzinfo=UTC)) == "2026-09-01 00:00"
    assert formats.day(date(2026, 9, 1)) == "2026-09-01"
    assert formats.day(None) == "–"


@pytest.mark.usefixtures("english")
def test_a_code_without_a_name_stands_for_itself() -> None:
    assert formats.operation_name("X99") == "X99"
    assert formats.stream_name("unheard of") == "unheard of"
    assert formats.region_name("999999") == "999999"
    assert formats.waste_name("HW34") == "Waste acid"
    assert formats.waste_name("*") == "any waste"
