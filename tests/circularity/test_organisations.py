"""Organisations by their credit code, sites by their place."""

from __future__ import annotations

from typing import Any

import pytest
from registry import SHANGHAI, Registry, credit_code

from circularity.audit import AuditEvent
from circularity.errors import BadInput, RuleBroken
from circularity.organisations import Organisation

REAL_ELSEWHERE = "91110000600037341L"  # the worked example of the check digit


def _problem(error: pytest.ExceptionInfo[BadInput]) -> tuple[str | None, str]:
    (problem,) = error.value.problems
    return problem.column, problem.rule


def test_an_organisation_is_registered_with_its_code_made_compact(registry: Registry) -> None:
    organisation = registry.organisation(credit_code=" 9111 0000 6000 3734 1l ", fictional=True)
    assert organisation.credit_code == REAL_ELSEWHERE
    assert not organisation.credit_code_doubtful
    assert organisation.fictional
    assert len(organisation.public_id) == 32


def test_a_code_that_fails_its_check_digit_is_taken_and_marked_doubtful(registry: Registry) -> None:
    assert registry.organisation(credit_code=REAL_ELSEWHERE[:-1] + "M").credit_code_doubtful


@pytest.mark.parametrize("code", ["", "9111000060003734", "91110000600037341I", "9A110000600037341L"])
def test_a_malformed_code_is_refused(registry: Registry, code: str) -> None:
    with pytest.raises(BadInput) as error:
        registry.organisation(credit_code=code)
    assert _problem(error) == ("credit_code", "malformed_credit_code")


def test_a_code_is_registered_once(registry: Registry) -> None:
    registry.organisation(credit_code=credit_code(77))
    with pytest.raises(RuleBroken) as error:
        registry.organisation(credit_code=credit_code(77))
    assert (error.value.code, error.value.facts["field"]) == ("credit_code_taken", "credit_code")


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"name_zh": "  "}, ("name_zh", "empty")),
        ({"name_zh": "甲" * 201}, ("name_zh", "too_long")),
        ({"name_en": "a\x00b"}, ("name_en", "control_characters")),
        ({"name_en": "a\ud800"}, ("name_en", "control_characters")),
        ({"roles": frozenset()}, ("roles", "empty")),
        ({"roles": frozenset({"king"})}, ("roles", "unknown_word")),
        ({"region_code": "Shanghai"}, ("region_code", "unknown_region")),
    ],
)
def test_what_cannot_be_an_organisation_is_refused_with_its_field(
    registry: Registry, facts: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(BadInput) as error:
        registry.organisation(**facts)
    assert _problem(error) == problem


def test_all_problems_are_told_at_once_and_nothing_is_stored(registry: Registry) -> None:
    with pytest.raises(BadInput) as error:
        registry.organisation(name_zh="", credit_code="x", region_code="x")
    assert {p.column for p in error.value.problems} == {"name_zh", "credit_code", "region_code"}
    registry.session.flush()
    assert registry.session.query(Organisation).count() == 0
    assert registry.session.query(AuditEvent).count() == 0


def test_a_site_is_stored_in_ten_millionths_of_a_degree(registry: Registry) -> None:
    site = registry.site((31.2220001, 121.4580002, "310100"))
    assert (site.lat_e7, site.lon_e7, site.outside_delta) == (312220001, 1214580002, False)
    assert (site.latitude, site.longitude) == (31.2220001, 121.4580002)


@pytest.mark.parametrize(("datum", "least_m", "most_m"), [("gcj02", 300, 800), ("bd09", 700, 1700)])
def test_coordinates_of_chinese_web_maps_are_turned_to_wgs_84(
    registry: Registry, datum: str, least_m: int, most_m: int
) -> None:
    site = registry.site(SHANGHAI, datum=datum)
    north_m = (site.latitude - SHANGHAI[0]) * 111_000
    east_m = (site.longitude - SHANGHAI[1]) * 95_000
    assert least_m < (north_m**2 + east_m**2) ** 0.5 < most_m


def test_swapped_coordinates_are_refused(registry: Registry) -> None:
    with pytest.raises(BadInput) as error:
        registry.site((121.458, 31.222, "310100"))
    assert _problem(error) == ("lat", "swapped_coordinates")


@pytest.mark.parametrize("place", [(52.52, 13.40, "310100"), (0.0, 0.0, "310100")])
def test_a_place_outside_china_is_refused(registry: Registry, place: tuple[float, float, str]) -> None:
    with pytest.raises(BadInput) as error:
        registry.site(place)
    assert _problem(error)[1] in ("outside_china", "swapped_coordinates")


def test_coordinates_that_are_no_numbers_are_refused(registry: Registry) -> None:
    with pytest.raises(BadInput) as error:
        registry.site((float("nan"), 121.0, "310100"))
    assert _problem(error) == ("lat", "not_a_number")


def test_a_place_in_china_outside_the_delta_is_taken_with_a_warning(registry: Registry) -> None:
    assert registry.site((39.90, 116.40, "110100")).outside_delta


def test_a_refused_site_leaves_nothing_with_its_organisation(registry: Registry) -> None:
    organisation = registry.organisation()
    with pytest.raises(BadInput):
        registry.site(organisation=organisation, name_zh="")
    registry.session.flush()
    assert organisation.sites == []
