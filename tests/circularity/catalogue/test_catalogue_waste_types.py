"""Waste codes, the two lists as of a day, and the names people write."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circularity.catalogue.waste_types import (
    MalformedCode,
    all_types,
    find,
    is_hazardous,
    parse_code,
    parse_pattern,
    pattern_covers,
    propose,
)

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("441-001-S02", "441-001-S02"),
        (" 441-001-s02 ", "441-001-S02"),
        ("９００-３００-３４", "900-300-34"),
        ("900－300－34", "900-300-34"),
        ("900–300–34", "900-300-34"),
        ("397-007-34", "398-007-34"),
        ("397-005-34", "398-005-34"),
        ("397-006-34", "398-006-34"),
    ],
)
def test_a_code_is_read_however_it_was_typed(written: str, canonical: str) -> None:
    assert parse_code(written) == canonical


@pytest.mark.parametrize(
    "written",
    [
        *("", "HW34", "SW06", "900-300-41", "900-300-44", "900-300-51", "900-300-00", "100-001-S08"),
        *("100-001-S99", "441-101-S02", "441-001-02S", "41-001-S02", "粉煤灰", "900-300-34 ; DROP"),
        *("900-300-3４５", "²00-300-34", "441-001-ſ02", "٤٤١-001-S02"),
    ],
)
def test_what_is_no_code_or_of_no_kind_is_refused(written: str) -> None:
    with pytest.raises(MalformedCode):
        parse_code(written)
    with pytest.raises(MalformedCode):
        find(written, TODAY)


@given(st.text(max_size=14))
def test_any_text_is_either_refused_or_read_to_a_code_that_reads_as_itself(text: str) -> None:
    try:
        code = parse_code(text)
    except MalformedCode:
        return
    assert parse_code(code) == code


def test_the_main_acid_of_chip_plants_is_corrosive_toxic_and_of_the_stream_acid() -> None:
    acid = find("398-007-34", TODAY)

    assert (acid.level, acid.kind, acid.stream, acid.hazard_properties) == ("code", "HW34", "acid", "C,T")
    assert acid.hazardous
    assert not acid.industrial


def test_the_2021_edition_answers_for_its_own_years_as_read_and_the_2025_edition_as_not_yet_read() -> None:
    before, after = find("772-002-18", date(2024, 12, 31)), find("772-002-18", date(2025, 1, 1))

    assert before.verified
    assert "2021" in before.source
    assert not after.verified
    assert "2025" in after.source


def test_a_well_formed_code_that_the_catalogue_lacks_is_answered_by_its_kind_and_never_as_verified() -> None:
    unknown = find("261-099-34", TODAY)

    assert (unknown.code, unknown.level, unknown.kind, unknown.stream) == (
        "261-099-34",
        "kind",
        "HW34",
        "acid",
    )
    assert not unknown.verified


def test_a_day_before_every_edition_is_answered_by_the_oldest_one_as_unverified() -> None:
    early = find("900-052-31", date(2015, 1, 1))

    assert early.name_zh.startswith("废铅蓄电池")
    assert not early.verified


@pytest.mark.parametrize(
    ("code", "stream", "bulk"),
    [
        ("311-001-S01", "slag", True),
        ("312-001-S01", "slag", True),
        ("900-001-S02", "fly_ash", True),
        ("900-001-S03", "bottom_ash", True),
        ("441-001-S06", "gypsum", True),
        ("900-099-S07", "sludge", False),
        ("900-001-S17", "scrap_steel", False),
        ("900-003-S17", "plastic", False),
        ("900-012-S17", "battery", False),
    ],
)
def test_general_industrial_streams_count_as_industrial_and_the_large_ones_as_bulk(
    code: str, stream: str, bulk: bool
) -> None:
    waste = find(code, TODAY)
    assert (waste.stream, waste.industrial, waste.bulk) == (stream, True, bulk)


def test_sewage_sludge_is_not_industrial() -> None:
    assert not find("462-001-S90", TODAY).industrial


def test_hazard_is_read_off_the_form() -> None:
    assert is_hazardous("772-002-18")
    assert is_hazardous("HW18")
    assert not is_hazardous("900-001-S02")
    assert not is_hazardous("SW02")


@pytest.mark.parametrize(
    ("written", "pattern"), [("hw34", "HW34"), ("ＳＷ06", "SW06"), ("*", "*"), ("397-007-34", "398-007-34")]
)
def test_a_pattern_is_a_code_a_kind_or_everything(written: str, pattern: str) -> None:
    assert parse_pattern(written) == pattern


@pytest.mark.parametrize("written", ["HW41", "SW08", "HW", "SW", "**", "", "HW34*"])
def test_patterns_of_kinds_that_do_not_exist_are_refused(written: str) -> None:
    with pytest.raises(MalformedCode):
        parse_pattern(written)


def test_a_pattern_covers_its_own_kind_and_nothing_beside_it() -> None:
    assert pattern_covers("*", "900-300-34")
    assert pattern_covers("HW34", "900-300-34")
    assert pattern_covers("900-300-34", "900-300-34")
    assert pattern_covers("SW06", "441-001-S06")
    assert not pattern_covers("HW35", "900-300-34")
    assert not pattern_covers("900-302-34", "900-300-34")
    assert not pattern_covers("HW06", "441-001-S06")


def test_the_lists_of_a_day_hold_every_code_once() -> None:
    for day in (date(2024, 6, 1), TODAY):
        codes = [waste.code for waste in all_types(day)]
        assert codes == sorted(set(codes))
    assert len([waste for waste in all_types(TODAY) if waste.level == "kind"]) == 34 + 46


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("水淬渣", "311-001-S01"),
        ("矿渣", "311-001-S01"),
        ("高炉水渣", "311-001-S01"),
        ("钢渣(转炉)", "312-001-S01"),
        ("脱硫石膏", "900-001-S06"),
        ("粉煤灰", "900-001-S02"),
        ("飞灰", "772-002-18"),
        ("生活垃圾焚烧飞灰(稳定化前)", "772-002-18"),
        ("生活垃圾焚烧炉渣", "900-001-S03"),
        ("废硫酸", "900-300-34"),
        ("废 硫 酸", "900-300-34"),
        ("废钢", "900-001-S17"),
        ("某厂废钢边角料", "900-001-S17"),
        ("电镀污泥", "336-063-17"),
        ("废铅蓄电池", "900-052-31"),
        ("退役动力电池", "900-012-S17"),
        ("Fly Ash", "900-001-S02"),
        ("FGD gypsum", "900-001-S06"),
        ("granulated blast furnace slag", "311-001-S01"),
        ("spent pickling liquor of steel finishing", "313-001-34"),
    ],
)
def test_a_name_in_use_proposes_its_waste_first(name: str, code: str) -> None:
    assert propose(name, TODAY)[0].code == code
    assert propose(name)[0].code == code


def test_a_name_of_a_whole_kind_proposes_the_kind_for_its_user_to_complete() -> None:
    first = propose("赤泥")[0]
    assert (first.code, first.level) == ("SW09", "kind")


@pytest.mark.parametrize("name", ["", "渣", "桌子", "???", "未分类的东西"])
def test_a_name_that_says_nothing_proposes_nothing(name: str) -> None:
    assert propose(name) == []
