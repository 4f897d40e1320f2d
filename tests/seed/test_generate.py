from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from stdnum.cn import uscc

from circularity.acceptance.rules import RULES
from circularity.catalogue.waste_types import is_hazardous
from circularity.geography import inside_delta
from circularity.units import MISSING
from matching.flow.cap_tree import build_cap_tree
from matching.pairs.arcs import find_arcs
from seed.credit_codes import demo_credit_code
from seed.generate import generate_case
from seed.generate_delta import generate_delta
from seed.tables import read_delta, read_streams

WASTE_CODE = [rule.code for rule in RULES].index("waste_code")


def test_a_seed_number_names_one_case():
    assert generate_case(200, 40, 5, 7).digest() == generate_case(200, 40, 5, 7).digest()


def test_another_seed_number_names_another_case():
    assert generate_case(200, 40, 5, 7).digest() != generate_case(200, 40, 5, 8).digest()


def test_a_case_has_the_size_asked_for_and_every_group_on_both_sides():
    case = generate_case(300, 60, 10, 1)
    assert case.shape == (300, 60)
    assert len(np.unique(case.outputs.waste_code)) == 10
    assert len(np.unique(case.capacities.waste_pattern)) == 10


def test_ten_groups_are_dense_at_any_size():
    # 0.078 of all pairs: 7,800 of 1,000 x 100, some 390,000 of 10,000 x 500.
    small, large = (len(find_arcs(generate_case(*size, 10, 1)).output) for size in ((1000, 100), (4000, 300)))
    assert small / 100_000 == pytest.approx(0.078, rel=0.25)
    assert large / 1_200_000 == pytest.approx(0.078, rel=0.15)


def test_fifty_groups_all_have_outlets():
    case = generate_case(2000, 200, 50, 1)
    arcs = find_arcs(case)
    assert len(np.unique(case.outputs.waste_code[arcs.output])) == 50


def test_no_two_streams_share_a_capacity():
    case = generate_case(500, 100, 50, 1)
    lawful_by_code = len(case.capacities.waste_pattern) * 500 - find_arcs(case).excluded[:, WASTE_CODE].sum()
    _, outputs = np.unique(case.outputs.waste_code, return_counts=True)
    codes = [stream.waste_code for stream in read_streams()]
    taking = {s.waste_code: np.count_nonzero(case.capacities.waste_pattern == s.waste_pattern)
              for s in read_streams()}  # fmt: skip
    assert lawful_by_code == sum(
        count * taking[code] for code, count in zip(sorted(codes), outputs.tolist(), strict=True)
    )


def test_no_lawful_pair_is_farther_apart_than_150_km_of_straight_line():
    arcs = find_arcs(generate_case(1000, 100, 10, 2))
    assert 140 * 1300 < arcs.distance_m.max() <= 150 * 1300


def test_lots_wait_from_the_first_of_a_month_to_the_end_of_a_quarter():
    outputs = generate_case(200, 40, 5, 3).outputs
    first, last = (
        {date.fromordinal(day) for day in days.tolist()}
        for days in (outputs.available_from_day, outputs.available_to_day)
    )
    assert first == {date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)}
    assert last == {date(2027, 3, 31), date(2027, 6, 30)}


def test_some_arcs_can_move_today_and_some_wait_for_a_procedure():
    conditions = find_arcs(generate_case(400, 60, 10, 3)).conditions
    assert 0 < np.count_nonzero(conditions) < len(conditions)


@pytest.mark.parametrize(("tightness", "expected"), [("tight", 1.0), ("slack", 1.5)])
def test_each_group_offers_what_it_posts_or_half_as_much_again(tightness, expected):
    case = generate_case(400, 40, 4, 2, tightness=tightness)
    for stream in read_streams()[:4]:
        offered = case.capacities.capacity_kg[case.capacities.waste_pattern == stream.waste_pattern].sum()
        posted = case.outputs.mass_kg[case.outputs.waste_code == stream.waste_code].sum()
        assert int(offered) / int(posted) == pytest.approx(expected, abs=0.001)


def test_generated_caps_nest():
    case = generate_case(100, 60, 10, 1)
    assert len(case.caps) > 30
    assert build_cap_tree(case).crossing == ()


def test_only_hazardous_lots_have_a_storage_age():
    outputs = generate_case(200, 40, 10, 1).outputs
    hazardous = np.array([is_hazardous(code) for code in outputs.waste_code.tolist()])
    assert np.array_equal(outputs.storage_since_day != MISSING, hazardous)


def test_no_generated_site_lies_outside_the_delta():
    case = generate_case(300, 60, 10, 5)
    for table in (case.outputs, case.facilities):
        points = zip((table.lat_e7 / 1e7).tolist(), (table.lon_e7 / 1e7).tolist(), strict=True)
        assert all(inside_delta(lat, lon) for lat, lon in points)


@pytest.mark.parametrize("size", [(10, 10, 0), (99, 102, 51), (3, 10, 4), (10, 6, 4)])
def test_sizes_that_leave_a_group_empty_are_refused(size):
    with pytest.raises(ValueError, match="groups"):
        generate_case(*size)


def test_generated_parties_are_the_same_for_the_same_number():
    assert generate_delta(60, 4) == generate_delta(60, 4)
    assert generate_delta(60, 4) != generate_delta(60, 5)


def test_a_generated_delta_has_the_outputs_asked_for():
    delta = generate_delta(90, 1)
    assert sum(flow.lots for flow in delta.flows) == 90
    assert {line.entitlement for line in delta.lines} == {row.number for row in delta.entitlements}


def test_credit_codes_of_generated_and_named_parties_never_meet():
    codes = [p.credit_code for delta in (read_delta(), generate_delta(90, 1), generate_delta(90, 2))
             for p in delta.parties]  # fmt: skip
    assert len(set(codes)) == len(codes)
    assert all(uscc.is_valid(code) and code[8:11] == "DEM" for code in codes)


def test_a_seed_number_that_codes_cannot_tell_apart_is_refused():
    with pytest.raises(ValueError, match="seed numbers"):
        demo_credit_code("310113", 277, 0)
    with pytest.raises(ValueError, match="parties"):
        demo_credit_code("310113", 0, 100_000)
