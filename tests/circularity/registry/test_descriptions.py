"""What a site says of a waste holds until it is said anew; what it no longer says is gone."""

from __future__ import annotations

from typing import Any

import pytest
from registry import ACID, FLY_ASH, Registry

from circularity.audit import AuditEvent
from circularity.errors import BadInput, RuleBroken
from circularity.organisations import Site
from circularity.registry.descriptions import describe_waste, descriptions


@pytest.fixture
def works(registry: Registry) -> Site:
    return registry.site()


def said(registry: Registry, site: Site, year: int = 2026, code: str = FLY_ASH, **facts: Any) -> bool:
    act = registry.act | {"site": site, "waste_code": code, "year": year}
    return describe_waste(registry.session, **act, facts=facts)


def test_what_is_left_out_stays_and_what_is_emptied_goes(registry: Registry, works: Site) -> None:
    assert said(registry, works, grade="I 类", components="SiO2")
    assert said(registry, works, components="")
    assert not said(registry, works, grade="I 类")
    told = descriptions(registry.session, works, 2027)[FLY_ASH].facts
    assert {name: text for name, text in told.items() if text} == {"grade": "I 类"}
    events = registry.session.query(AuditEvent).filter_by(action="waste.described").all()
    assert len(events) == 2


def test_a_later_year_leaves_the_earlier_as_it_was(registry: Registry, works: Site) -> None:
    said(registry, works, grade="I 类")
    said(registry, works, 2027, grade="II 类")
    grades = [descriptions(registry.session, works, year)[FLY_ASH].grade for year in (2026, 2027, 2030)]
    assert grades == ["I 类", "II 类", "II 类"]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"code": ACID, "grade": "I 类"}, "not_general"),
        ({"grade": " "}, "nothing_said"),
        ({}, "nothing_said"),
    ],
)
def test_what_no_table_could_tell_is_refused(
    registry: Registry, works: Site, facts: dict[str, Any], rule: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        said(registry, works, **facts)
    assert refused.value.code == rule
    assert not descriptions(registry.session, works, 2026)


def test_a_text_too_long_for_a_cell_is_told_by_its_name(registry: Registry, works: Site) -> None:
    with pytest.raises(BadInput) as refused:
        said(registry, works, grade="x" * 201, components="x")
    assert [(problem.column, problem.rule) for problem in refused.value.problems] == [("grade", "too_long")]
