"""Operations, what counts, regions, targets, procedures, legal bases, exemptions and factors as of a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circularity.catalogue import (
    exemptions,
    factors,
    legal,
    operations,
    procedures,
    regions,
    streams,
    targets,
    utilisation,
)

TODAY = date(2026, 11, 22)
LAST_DAY_OF_THE_OLD_LAW = date(2026, 8, 14)
FIRST_DAY_OF_THE_CODE = date(2026, 8, 15)


@pytest.mark.parametrize(
    ("code", "group", "rank"),
    [
        ("R4", "utilisation", 1),
        ("R6", "utilisation", 1),
        ("C2", "utilisation", 2),
        ("R15", "utilisation", 3),
        ("R1", "utilisation", 4),
        ("C1", "disposal", 5),
        ("D9", "disposal", 5),
        ("D10", "disposal", 6),
        ("D1", "disposal", 7),
        ("ZC", "storage", 8),
    ],
)
def test_operations_stand_in_the_hierarchy(code: str, group: str, rank: int) -> None:
    operation = operations.get(code)
    assert (operation.group, operation.rank) == (group, rank)


def test_an_operation_is_read_in_any_case_and_width() -> None:
    assert operations.get(" ｒ４ ").code == "R4"


@pytest.mark.parametrize("code", ["", "R10", "R14", "D2", "C4", "X1"])
def test_codes_outside_annex_f_are_unknown(code: str) -> None:
    with pytest.raises(operations.UnknownOperation):
        operations.get(code)


def test_operations_are_listed_best_first() -> None:
    ranks = [operation.rank for operation in operations.all_operations(TODAY)]
    assert ranks == sorted(ranks)
    assert len(ranks) == 28


def test_a_cement_kiln_counts_for_general_waste_that_replaces_something_and_never_for_hazardous_waste() -> (
    None
):
    assert utilisation.counts(False, "C1", TODAY)
    assert utilisation.counts(False, "C1", TODAY, role="fuel")
    assert not utilisation.counts(False, "C1", TODAY, role="destruction")
    assert not any(utilisation.counts(True, "C1", TODAY, role=role) for role in utilisation.ROLES)


def test_building_materials_count_and_landfill_incineration_and_storage_do_not() -> None:
    for hazardous in (False, True):
        assert utilisation.counts(hazardous, "C2", TODAY)
        assert not any(utilisation.counts(hazardous, code, TODAY) for code in ("D1", "D10", "ZC"))


def test_backfill_counts_for_general_waste_only() -> None:
    assert utilisation.counts(False, "R5", TODAY, role="backfill")
    assert not utilisation.counts(True, "R5", TODAY, role="backfill")


def test_what_counts_can_say_why() -> None:
    rule = utilisation.rule_for(True, "C1", TODAY)
    assert rule.reason_zh
    assert rule.reason_en


def test_unknown_roles_and_operations_are_refused() -> None:
    with pytest.raises(ValueError, match="role"):
        utilisation.counts(False, "C2", TODAY, role="magic")
    with pytest.raises(operations.UnknownOperation):
        utilisation.counts(False, "R10", TODAY)


def test_regions_know_their_province() -> None:
    assert regions.get("320581").name_en == "Changshu"
    assert regions.get("310115").parent == "310000"
    assert regions.province_of("320581") == "32"
    assert regions.province_of("34") == "34"
    assert regions.province_of("440300") == "44"


@pytest.mark.parametrize("code", ["", "3", "3100000", "ab0000", "990000", "３１0000"])
def test_what_is_no_region_code_is_refused(code: str) -> None:
    with pytest.raises(regions.UnknownRegion):
        regions.province_of(code)
    with pytest.raises(regions.UnknownRegion):
        regions.get(code)


def test_shanghai_aims_at_95_and_99_percent_until_the_end_of_2025() -> None:
    general = targets.in_force("general", "310000", date(2025, 12, 31))
    bulk = targets.in_force("bulk", "31", date(2021, 1, 1))

    assert general is not None
    assert bulk is not None
    assert (general.rate_permille, bulk.rate_permille) == (950, 990)


def test_after_its_period_a_target_is_no_longer_in_force_but_still_the_latest() -> None:
    assert targets.in_force("general", "310000", date(2026, 1, 1)) is None
    last = targets.latest("general", "310000")
    assert last is not None
    assert last.period_to == date(2025, 12, 31)


def test_a_district_has_no_target_of_its_own() -> None:
    assert targets.latest("general", "310115") is None


def test_the_nation_aims_at_60_percent_of_new_bulk_waste() -> None:
    target = targets.latest("bulk", targets.NATIONAL)
    assert target is not None
    assert target.rate_permille == 600


def test_shanghai_records_are_reviewed_by_the_district_and_run_at_most_12_months() -> None:
    record = procedures.find("general_record", "310115", TODAY)
    assert (record.level, record.validity_months, record.ends_with_year) == ("district", 12, False)


def test_a_shaoxing_record_does_not_cross_the_year() -> None:
    assert procedures.find("general_record", "330600", TODAY).ends_with_year
    assert not procedures.find("general_record", "330100", TODAY).ends_with_year


def test_a_citys_rule_does_not_hold_before_it_was_made() -> None:
    assert procedures.find("general_record", "330600", date(2024, 1, 1)).province == "33"
    assert procedures.find("general_record", "330600", date(2025, 12, 8)).province == "3306"


def test_hazardous_waste_leaves_a_province_after_20_working_days_and_for_a_year() -> None:
    approval = procedures.find("hazardous_approval", "310000", TODAY)
    assert (approval.lead_working_days, approval.validity_months) == (20, 12)
    assert approval.ship_within_days is None


def test_a_whitelisted_receiver_saves_the_consultation_and_must_be_shipped_to_within_30_days() -> None:
    ordinary = procedures.find("hazardous_approval", "310000", TODAY)
    listed = procedures.find("hazardous_approval", "310000", TODAY, whitelisted=True)

    assert listed.lead_working_days == ordinary.lead_working_days - 10
    assert listed.ship_within_days == 30


def test_a_whitelist_changes_nothing_where_no_variant_exists() -> None:
    assert procedures.find("general_record", "320500", TODAY, whitelisted=True) == procedures.find(
        "general_record", "320500", TODAY
    )


@pytest.mark.parametrize(
    "kind",
    [
        "general_record",
        "general_approval",
        "hazardous_approval",
        "plan_change",
        "assay",
        "exemption_evidence",
    ],
)
@pytest.mark.parametrize("origin", ["310000", "320500", "330600", "341800", "440300"])
def test_every_kind_of_procedure_is_known_wherever_waste_comes_from(kind: str, origin: str) -> None:
    assert procedures.find(kind, origin, TODAY).kind == kind


def test_an_unknown_kind_of_procedure_is_refused() -> None:
    with pytest.raises(procedures.UnknownProcedure):
        procedures.find("blessing", "310000", TODAY)


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),  # Friday
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 20), 5, date(2026, 11, 27)),
        (date(2026, 11, 20), 20, date(2026, 12, 18)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),  # Saturday
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 22), 5, date(2026, 11, 27)),  # Sunday
        (date(2026, 11, 18), 3, date(2026, 11, 23)),  # Wednesday
    ],
)
def test_working_days_skip_weekends(day: date, n: int, then: date) -> None:
    assert procedures.add_working_days(day, n) == then


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 60), st.integers(1, 60))
def test_working_days_add_up_and_end_on_working_days(day: date, first: int, second: int) -> None:
    halfway = procedures.add_working_days(day, first)
    assert halfway.weekday() < 5
    assert procedures.add_working_days(halfway, second) == procedures.add_working_days(day, first + second)


def test_working_days_never_run_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        procedures.add_working_days(TODAY, -1)


def test_the_law_changes_to_the_code_on_15_august_2026() -> None:
    before = legal.basis("hazardous_licence", LAST_DAY_OF_THE_OLD_LAW)
    after = legal.basis("hazardous_licence", FIRST_DAY_OF_THE_CODE)

    assert before.article_en == "Art. 80"
    assert before.verified
    assert "生态环境法典" in after.document_zh
    assert not after.verified


def test_while_the_codes_article_is_unknown_the_article_of_the_superseded_law_is_named() -> None:
    after = legal.basis("hazardous_licence", FIRST_DAY_OF_THE_CODE)
    assert after.article_zh == "第二编第六分编（条文号待填，对应2020年《固废法》第八十条）"
    assert (
        after.article_en
        == "Book Two, Part Six (article to be filled in; Article 80 of the superseded 2020 law)"
    )
    for key in ("general_record", "general_approval", "plan", "storage_age", "ledger", "waste_code"):
        old = legal.basis(key, LAST_DAY_OF_THE_OLD_LAW)
        new = legal.basis(key, FIRST_DAY_OF_THE_CODE)
        assert old.article_zh in new.article_zh
        assert old.article_en.partition(" ")[2] in new.article_en
        assert (new.confidence, new.verified) == ("L", False)


def test_the_ministry_rule_on_transfers_outlives_the_old_law() -> None:
    assert legal.basis("hazardous_cross_province", TODAY).article_en == "Arts. 21 to 28"


def test_point_to_point_is_item_32_of_the_2021_list_and_item_31_of_the_2025_list() -> None:
    assert "32" in legal.basis("point_to_point", date(2024, 12, 31)).article_en
    assert "31" in legal.basis("point_to_point", date(2025, 1, 1)).article_en


def test_an_unknown_legal_key_is_refused() -> None:
    with pytest.raises(legal.UnknownLegalKey):
        legal.basis("custom", TODAY)


def test_fly_ash_to_a_kiln_or_a_landfill_is_exempt_for_that_step_and_for_transport() -> None:
    for operation in ("C1", "D1"):
        found = exemptions.find("772-002-18", operation, TODAY)
        assert {entry.stage for entry in found} == {"transport", "disposal"}


def test_waste_acid_as_raw_material_is_exempt_in_use_alone_or_point_to_point() -> None:
    found = exemptions.find("900-300-34", "R6", TODAY)

    assert [entry.waste_pattern for entry in found] == ["HW34", exemptions.ANY_HAZARDOUS]
    assert [entry.point_to_point for entry in found] == [False, True]
    assert all(entry.stage == "use" for entry in found)


def test_the_delta_scheme_recognises_exempt_use_across_three_provinces_and_not_jiangsu() -> None:
    found = exemptions.find("900-300-34", "R6", TODAY)
    assert all(entry.provinces == ("31", "33", "34") for entry in found)
    earlier = exemptions.find("900-300-34", "R6", date(2024, 1, 1))
    assert all(entry.provinces == () for entry in earlier)


def test_no_exemption_speaks_of_general_waste_or_of_burning_acid() -> None:
    assert exemptions.find("900-001-S02", "R5", TODAY) == []
    assert exemptions.find("900-300-34", "D10", TODAY) == []


def test_factors_carry_their_unit_and_range() -> None:
    truck = factors.get("emission_truck_diesel_30t", TODAY)
    freight = factors.get("freight_truck_30t", TODAY)

    assert (truck.value, truck.unit, truck.verified) == (Decimal("0.078"), "kgCO2e/(t·km)", True)
    assert (freight.low, freight.value, freight.high) == (Decimal("0.35"), Decimal("0.45"), Decimal("0.50"))
    assert not freight.verified


def test_unknown_factors_and_streams_are_refused() -> None:
    with pytest.raises(factors.UnknownFactor):
        factors.get("luck", TODAY)
    with pytest.raises(streams.UnknownStream):
        streams.get("luck")


def test_streams_have_names_in_both_languages() -> None:
    assert (streams.get("slag").name_zh, streams.get("slag").name_en) == ("冶炼渣", "Smelting slag")
