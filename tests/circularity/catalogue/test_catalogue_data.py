"""What must hold for every row of the reference data, whoever adds the next one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise

import pytest

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
    waste_codes,
    waste_lists,
)
from circularity.catalogue.tables import Dated, provenance, read_table
from circularity.geography import inside_delta

KEY_COLUMNS = {
    "aliases": ("code", "alias"),
    "analytes": ("code",),
    "authority_powers": ("power", "region", "kinds"),
    "codes": ("code",),
    "exemptions": ("waste_pattern", "operations", "stage", "condition_zh"),
    "factors": ("name",),
    "kinds": ("code",),
    "legacy_codes": ("legacy_code",),
    "legal": ("key",),
    "listing_papers": ("list_kind", "paper"),
    "official_generation": ("scope", "region_code", "year_from"),
    "operations": ("code",),
    "procedure_fields": ("kind", "province", "section_en", "field"),
    "procedures": ("kind", "province", "whitelisted"),
    "regions": ("code",),
    "settings": ("name",),
    "stage_columns": ("stage", "fact"),
    "streams": ("code",),
    "suspension_grounds": ("ground",),
    "targets": ("scope", "region_code"),
    "tolerances": ("metering", "stream"),
    "utilisation": ("waste_class", "operation", "role"),
}
TABLES = sorted(KEY_COLUMNS)
KEYS_OF_RULES = [
    *("hazardous_licence", "licence_validity", "hazardous_cross_province", "exemption_stage"),
    *("point_to_point", "exemption_region", "general_record", "general_approval", "plan", "blacklist"),
    *("composition", "relabel", "storage_age", "distance", "price", "period", "waste_code", "operation"),
    *("sender", "lead_time", "by_product"),
]
FAR_PAST, FAR_FUTURE = date(1900, 1, 1), date(2100, 1, 1)


def lists() -> waste_lists.Lists:
    return waste_lists.lists_with(None)


def rows_by_key(table: str) -> dict[tuple[str, ...], list[Dated]]:
    rows: dict[tuple[str, ...], list[Dated]] = defaultdict(list)
    for row in read_table(table):
        rows[tuple(row[column] for column in KEY_COLUMNS[table])].append(Dated(**provenance(row)))
    return rows


@pytest.mark.parametrize("table", TABLES)
def test_every_row_names_its_source_its_confidence_and_its_days(table: str) -> None:
    rows = list(read_table(table))

    assert rows
    for row in rows:
        assert len(row["source"]) >= 4, row
        assert not re.fullmatch(r"S\d+", row["source"]), row
        assert row["confidence"] in {"H", "M", "L"}, row
        assert row["verified"] in {"0", "1"}, row
        assert None not in row, "a row has more cells than the header"
        begin, end = row["valid_from"], row["valid_to"]
        assert not (begin and end) or date.fromisoformat(begin) <= date.fromisoformat(end), row


@pytest.mark.parametrize("table", TABLES)
def test_no_text_begins_or_ends_with_a_blank(table: str) -> None:
    for row in read_table(table):
        assert all(cell == cell.strip() for cell in row.values()), row


@pytest.mark.parametrize("table", TABLES)
def test_rows_of_one_key_never_hold_on_the_same_day(table: str) -> None:
    for key, rows in rows_by_key(table).items():
        spans = sorted((row.valid_from or FAR_PAST, row.valid_to or FAR_FUTURE) for row in rows)
        for (_, end), (begin, _) in pairwise(spans):
            assert end < begin, key


def test_the_data_folder_holds_no_table_that_these_tests_do_not_know() -> None:
    folder = files("circularity.catalogue") / "data"
    assert sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir()) == TABLES


def test_there_are_34_known_kinds_of_general_waste_and_46_hazardous_categories() -> None:
    kinds = lists().kinds
    assert sum(kind.startswith("SW") for kind in kinds) == 34
    assert sum(kind.startswith("HW") for kind in kinds) == 46
    assert "SW08" not in kinds
    assert not {"HW41", "HW42", "HW43", "HW44"} & set(kinds)


def test_every_code_is_well_formed_and_its_kind_exists() -> None:
    for code in lists().codes:
        assert waste_codes.has_code_form(code), code
        assert waste_codes.kind_of(code) in lists().kinds, code


def test_every_alias_and_every_legacy_number_leads_to_a_waste() -> None:
    wastes = set(lists().codes) | set(lists().kinds)
    assert {row["code"] for row in read_table("aliases")} <= wastes
    assert set(lists().legacy.values()) <= set(lists().codes)
    assert not set(lists().legacy) & set(lists().codes)


def test_every_waste_has_a_known_stream_and_two_names() -> None:
    known = {stream.code for stream in streams.all_streams()}
    for rows in (*lists().codes.values(), *lists().kinds.values()):
        for row in rows:
            assert row.stream in known, row.code
            assert row.name_zh, row.code
            assert row.name_en, row.code


def test_every_stream_is_used() -> None:
    used = {row.stream for rows in (*lists().codes.values(), *lists().kinds.values()) for row in rows}
    assert {stream.code for stream in streams.all_streams()} - used == set()


def test_hazardous_waste_has_hazard_properties_and_counts_in_no_rate() -> None:
    for rows in (*lists().codes.values(), *lists().kinds.values()):
        for row in rows:
            assert bool(row.hazard_properties) == row.hazardous, row.code
            assert set(row.hazard_properties.split(",")) <= {"T", "C", "I", "R", "In", ""}, row.code
            assert not (row.hazardous and (row.industrial or row.bulk)), row.code


def test_bulk_waste_is_industrial_and_industrial_waste_is_s01_to_s59() -> None:
    for kind, rows in lists().kinds.items():
        for row in rows:
            assert not row.bulk or row.industrial, kind
            if not row.hazardous:
                assert row.industrial == (int(kind[2:]) <= 59), kind


def test_no_nine_character_code_claims_to_be_verified() -> None:
    for code, rows in lists().codes.items():
        if not waste_codes.is_hazardous(code):
            assert not any(row.verified for row in rows), code


@pytest.mark.parametrize("key", KEYS_OF_RULES)
def test_every_rule_has_exactly_one_legal_basis_on_every_day_from_2020_to_2030(key: str) -> None:
    rows = legal.all_bases()[key]
    day = date(2020, 1, 1)
    while day <= date(2030, 12, 31):
        assert sum(row.holds(day) for row in rows) == 1, (key, day)
        day += timedelta(days=1)


def test_every_operation_counts_or_not_for_both_classes_in_every_role() -> None:
    for operation in operations.all_operations(date(2026, 1, 1)):
        for hazardous in (False, True):
            for role in utilisation.ROLES:
                assert utilisation.counts(hazardous, operation.code, date(2026, 1, 1), role) in {True, False}


def test_ranks_follow_the_groups() -> None:
    ranks = {"utilisation": range(1, 5), "disposal": range(5, 8), "storage": range(8, 9)}
    for operation in operations.all_operations(date(2026, 1, 1)):
        assert operation.rank in ranks[operation.group], operation.code


def test_every_region_lies_in_the_delta_under_a_parent_that_exists() -> None:
    by_code = {region.code: region for region in regions.all_regions()}
    assert len(by_code) == len(list(read_table("regions")))
    for region in by_code.values():
        assert re.fullmatch(r"3[1-4]\d{4}", region.code)
        assert inside_delta(region.lat, region.lon), region.code
        assert (region.parent == "") == (region.level == "province")
        assert not region.parent or by_code[region.parent].code[:2] == region.code[:2]


def test_the_delta_has_four_provinces_40_prefectures_and_16_shanghai_districts() -> None:
    assert [region.code for region in regions.all_regions("province")] == [
        "310000",
        "320000",
        "330000",
        "340000",
    ]
    # 13 in Jiangsu + 11 in Zhejiang + 16 in Anhui
    assert len(regions.all_regions("prefecture")) == 13 + 11 + 16
    assert sum(region.parent == "310000" for region in regions.all_regions("district")) == 16


def test_every_procedure_leads_to_a_legal_basis_and_says_what_to_hand_in() -> None:
    for procedure in procedures.all_procedures():
        assert procedure.legal_key in legal.all_bases(), procedure
        assert procedure.lead_working_days >= 0
        assert all(
            (procedure.authority_zh, procedure.authority_en, procedure.hand_in_zh, procedure.hand_in_en)
        )


def test_every_exemption_speaks_of_operations_and_wastes_that_exist() -> None:
    known = {operation.code for operation in operations.all_operations(date(2026, 1, 1))} | {"*"}
    wastes = set(lists().codes) | set(lists().kinds) | {exemptions.ANY_HAZARDOUS}
    for exemption in exemptions.all_exemptions():
        assert set(exemption.operations) <= known
        assert exemption.waste_pattern in wastes
        assert exemption.stage in {"transport", "use", "disposal"}


def test_every_factor_lies_in_its_range() -> None:
    for factor in factors.all_factors(date(2026, 1, 1)):
        assert factor.low <= factor.value <= factor.high, factor.name


def test_every_target_is_a_rate_with_a_document_and_a_period() -> None:
    for target in targets.all_targets():
        assert 0 < target.rate_permille <= 1000
        assert target.period_from <= target.period_to
        assert target.document_zh
        assert target.document_en
        assert target.region_code == targets.NATIONAL or regions.get(target.region_code)


LOADERS: Sequence[Callable[[], Sequence[Dated]]] = (
    lambda: [row for rows in lists().codes.values() for row in rows],
    regions.all_regions,
    lambda: operations.all_operations(date(2026, 1, 1)),
)


@pytest.mark.parametrize("load", LOADERS)
def test_rows_from_memory_are_never_marked_as_verified(load: Callable[[], Sequence[Dated]]) -> None:
    for row in load():
        assert not (row.verified and "凭记忆" in row.source), row
