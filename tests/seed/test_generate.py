from __future__ import annotations

import numpy as np
import pytest
from stdnum.cn import uscc

from circularity.catalogue.waste_types import is_hazardous
from circularity.geography import inside_delta
from circularity.units import MISSING
from matching.caps import crossing_caps
from matching.eligibility import find_arcs
from seed.credit_codes import demo_credit_code
from seed.generate import generate_case
from seed.generate_delta import generate_delta
from seed.tables import read_delta


def test_a_seed_number_names_one_case():
    assert generate_case(200, 40, 5, 7).digest() == generate_case(200, 40, 5, 7).digest()


def test_another_seed_number_names_another_case():
    assert generate_case(200, 40, 5, 7).digest() != generate_case(200, 40, 5, 8).digest()


def test_a_case_has_the_size_asked_for_and_every_group_on_both_sides():
    case = generate_case(300, 60, 10, 1)
    assert case.shape == (300, 60)
    assert len(np.unique(case.outputs.waste_code)) == 10
    assert len(np.unique(case.capacities.waste_pattern)) == 10


def test_four_fifths_of_the_pairs_within_a_group_are_lawful_at_any_size():
    # 1,000 x 100 over 10 groups: 10 x (100 x 10) = 10,000 pairs; 10,000 x 500 makes 50 times as many.
    arcs = find_arcs(generate_case(1000, 100, 10, 1))
    assert 7_500 <= len(arcs.output) <= 9_000


def test_some_arcs_can_move_today_and_some_wait_for_a_procedure():
    conditions = find_arcs(generate_case(400, 60, 10, 3)).conditions
    assert 0 < np.count_nonzero(conditions) < len(conditions)


def test_capacity_is_nine_tenths_of_what_each_group_posts():
    case = generate_case(400, 40, 4, 2)
    ratio = int(case.capacities.capacity_kg.sum()) / int(case.outputs.mass_kg.sum())
    assert ratio == pytest.approx(0.9, abs=0.001)


def test_generated_caps_nest():
    case = generate_case(100, 60, 10, 1)
    assert len(case.caps) > 30
    assert crossing_caps(list(case.caps)) == []


def test_only_hazardous_lots_have_a_storage_age():
    outputs = generate_case(200, 40, 10, 1).outputs
    hazardous = np.array([is_hazardous(code) for code in outputs.waste_code.tolist()])
    assert np.array_equal(outputs.storage_since_day != MISSING, hazardous)


def test_no_generated_site_lies_outside_the_delta():
    case = generate_case(300, 60, 10, 5)
    for table in (case.outputs, case.facilities):
        points = zip((table.lat_e7 / 1e7).tolist(), (table.lon_e7 / 1e7).tolist(), strict=True)
        assert all(inside_delta(lat, lon) for lat, lon in points)


@pytest.mark.parametrize("size", [(10, 10, 0), (10, 10, 17), (3, 10, 4), (10, 3, 4)])
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
