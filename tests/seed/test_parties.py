from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
from geopy.distance import geodesic
from stdnum.cn import uscc

from circularity.catalogue import operations, regions, waste_types
from circularity.geography import inside_delta
from circularity.units import KG_PER_T
from seed.tables import read_delta, read_places

DELTA = read_delta()
TODAY = date(2026, 11, 22)
MT = 1_000_000 * KG_PER_T

PROVERBIAL = (
    "子虚",
    "乌有",
    "亡是",
    "南柯",
    "华胥",
    "黄粱",
    "镜花",
    "水月",
    "蜃楼",
    "海市",
    "壶天",
    "无何",
    "大荒",
)

REAL_BRANDS = (Path(__file__).parent / "real_brands.txt").read_text("utf-8").split()
"""Names of real groups, firms and brands of these trades; none may appear in a fictional name."""


def general_kg(province: str, *kinds: str) -> int:
    """Yearly general waste of a province's generators, of the kinds named or of all."""
    at = {party.party: party.region_code[:2] for party in DELTA.parties}
    return sum(
        flow.generated_kg
        for flow in DELTA.flows
        if at[flow.party] == province
        and not waste_types.is_hazardous(flow.waste_code)
        and (not kinds or waste_types.find(flow.waste_code, TODAY).kind in kinds)
    )


def test_sixty_generators_and_some_forty_facilities_are_named():
    roles = [party.role for party in DELTA.parties]
    assert roles.count("generator") == 60
    assert 40 <= roles.count("facility") <= 45


def test_shanghai_produces_what_the_statistics_say():
    assert general_kg("31") == 19 * MT


@pytest.mark.parametrize(
    ("kinds", "low", "high"),
    [
        (("SW01",), 0.42, 0.48),
        (("SW02",), 0.22, 0.26),
        (("SW03",), 0.07, 0.09),
        (("SW06",), 0.06, 0.07),
        (("SW07",), 0.03, 0.05),
        (("SW17", "SW59"), 0.08, 0.13),
    ],
)
def test_shanghais_streams_keep_their_published_shares(kinds, low, high):
    assert low <= general_kg("31", *kinds) / general_kg("31") <= high


@pytest.mark.parametrize(("province", "published_mt"), [("32", 125), ("33", 50), ("34", 145)])
def test_neighbours_are_a_tenth_of_their_statistics(province, published_mt):
    assert general_kg(province) == pytest.approx(0.1 * published_mt * MT, rel=0.02)


def test_a_good_quarter_is_used_on_site_and_the_large_steelworks_uses_27_percent():
    general = [flow for flow in DELTA.flows if not waste_types.is_hazardous(flow.waste_code)]
    share = sum(f.own_utilised_kg for f in general) / sum(f.generated_kg for f in general)
    assert 0.25 <= share <= 0.28
    works = [flow for flow in general if flow.party == "sh_steel"]
    share = sum(f.own_utilised_kg for f in works) / sum(f.generated_kg for f in works)
    assert share == pytest.approx(0.27, abs=0.005)


def test_every_flow_leaves_something_to_place():
    assert all(flow.posted_kg > 0 for flow in DELTA.flows)


@pytest.mark.parametrize("waste_code", ["398-007-34", "772-002-18"])
def test_integrated_circuit_acid_and_fly_ash_are_scarce_on_purpose(waste_code):
    posted = sum(flow.posted_kg for flow in DELTA.flows if flow.waste_code == waste_code)
    offered = sum(
        line.annual_limit_kg - line.received_kg - line.committed_kg
        for line in DELTA.lines
        if waste_types.pattern_covers(line.waste_pattern, waste_code)
    )
    assert 0.3 * posted < offered < 0.9 * posted


def test_every_name_says_that_its_bearer_does_not_exist():
    nameless = [p.name_zh for p in DELTA.parties if not any(word in p.name_zh for word in PROVERBIAL)]
    assert nameless == []


def test_no_name_holds_a_real_brand():
    taken = [p.name_zh for p in DELTA.parties for brand in REAL_BRANDS if brand in p.name_zh]
    for party in DELTA.parties:
        words = set(party.name_en.lower().replace("-", " ").split())
        taken += [party.name_en for brand in REAL_BRANDS if brand in words]
    assert taken == []


def test_names_and_credit_codes_are_unique():
    for column in ("party", "name_zh", "name_en", "credit_code"):
        values = [getattr(party, column) for party in DELTA.parties]
        assert len(set(values)) == len(values)


def test_credit_codes_are_valid_and_plainly_for_show():
    for party in DELTA.parties:
        assert uscc.validate(party.credit_code) == party.credit_code
        assert party.credit_code[8:12] == "DEM0"
        assert party.credit_code[2:8] == party.region_code


def test_numbers_of_permits_and_lists_are_plainly_for_show():
    numbers = [row.number for row in DELTA.entitlements] + [row.document for row in DELTA.whitelist]
    assert all(number.startswith("DEMO-") for number in numbers)


def test_every_site_stands_in_the_delta_a_few_kilometres_off_a_real_industrial_area():
    places = {place.place: place for place in read_places()}
    for party in DELTA.parties:
        place = places[party.near_place]
        away_km = geodesic((party.lat, party.lon), (place.lat, place.lon)).km
        assert inside_delta(party.lat, party.lon)
        assert 2 <= away_km <= 16, party.party


def test_no_site_stands_on_a_real_plant():
    for party in DELTA.parties:
        nearest = min(geodesic((party.lat, party.lon), (p.lat, p.lon)).km for p in read_places())
        assert nearest > 1, party.party


def test_regions_operations_and_codes_are_those_of_the_catalogue():
    for party in DELTA.parties:
        assert regions.get(party.region_code).code == party.region_code
    for line in DELTA.lines:
        assert operations.get(line.operation).code == line.operation
        assert waste_types.parse_pattern(line.waste_pattern) == line.waste_pattern
    for flow in DELTA.flows:
        assert waste_types.parse_code(flow.waste_code) == flow.waste_code


def test_hazardous_waste_goes_to_licences_and_schemes_only():
    kinds = {row.number: row.kind for row in DELTA.entitlements}
    hazardous = {"hazardous_licence", "collection_licence", "point_to_point_scheme", "stage_exemption"}
    for line in DELTA.lines:
        general = "SW" in line.waste_pattern or line.waste_pattern[-3] == "S"
        assert (kinds[line.entitlement] in hazardous) is not general


def test_some_hazardous_lots_are_past_or_near_a_year_in_storage():
    ages = [flow.stored_days for flow in DELTA.flows if flow.stored_days is not None]
    assert sum(age > 365 for age in ages) >= 3
    assert sum(335 <= age <= 365 for age in ages) >= 3


def test_some_assays_are_missing_where_a_facility_asks_for_them():
    asked = defaultdict(set)
    for line in DELTA.lines:
        asked[line.waste_pattern] |= set(line.limits_max) | set(line.limits_min)
    unanswered = [
        flow.waste_code
        for flow in DELTA.flows
        for pattern, analytes in asked.items()
        if analytes - set(flow.assays) and waste_types.pattern_covers(pattern, flow.waste_code)
    ]
    assert {"312-001-S01", "772-002-18", "900-300-34"} <= set(unanswered)


def test_lists_cross_provinces_and_one_entry_is_suspended():
    assert [row.status for row in DELTA.whitelist].count("suspended") == 1
    assert {row.list_kind for row in DELTA.whitelist} == {"nominated", "agreed", "information"}
    assert all(row.issuer_region not in row.accepted_origins for row in DELTA.whitelist)


def test_kilns_stop_for_part_of_the_quarter():
    stops = [
        line.stop_days for line in DELTA.lines if line.entitlement.endswith(("007", "008", "009", "010"))
    ]
    assert min(stops) >= 10
    assert max(stops) < 91
