"""Posted lots and declared generation."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from registry import ACID, Registry

from circularity.audit import AuditEvent
from circularity.errors import BadInput, RuleBroken
from circularity.listings import OutputFilter, list_outputs
from circularity.registry.declarations import GenerationDeclaration, declare_generation
from circularity.registry.outputs import Output, withdraw_output
from circularity.totals import stock


def test_a_posted_lot_is_stored_with_canonical_code_and_assays(registry: Registry) -> None:
    posted = registry.output(5, waste_code="900-001-s02", assays={"cl_mg_per_kg": 12_000_000})
    registry.session.commit()
    registry.session.expire_all()
    stored = registry.session.get_one(Output, posted.id)
    assert (stored.waste_code, stored.mass_kg) == ("900-001-S02", 5000)
    assert [(assay.analyte, assay.value_micro) for assay in stored.assays] == [("cl_mg_per_kg", 12_000_000)]


def test_a_code_of_an_older_edition_is_stored_as_todays(registry: Registry) -> None:
    assert registry.output(waste_code="397-007-34").waste_code == ACID


@pytest.mark.parametrize(
    ("facts", "field", "rule"),
    [
        ({"waste_code": "no code"}, "waste_code", "malformed_code"),
        ({"waste_code": "900-001-S99"}, "waste_code", "malformed_code"),
        ({"mass_kg": 0}, "mass_kg", "out_of_range"),
        ({"mass_kg": -5}, "mass_kg", "out_of_range"),
        ({"mass_kg": 10**12}, "mass_kg", "out_of_range"),
        ({"mass_kg": 1.5}, "mass_kg", "not_a_number"),
        ({"mass_kg": float("nan")}, "mass_kg", "not_a_number"),
        ({"mass_kg": True}, "mass_kg", "not_a_number"),
        ({"available_to": date(2026, 8, 1)}, "available_to", "dates_reversed"),
        ({"allowed_operations": ("fly",)}, "allowed_operations", "unknown_operation"),
        ({"status": "gold"}, "status", "unknown_word"),
        ({"visibility": "friends"}, "visibility", "unknown_word"),
        ({"max_distance_m": -1}, "max_distance_m", "out_of_range"),
        ({"assays": {"Cl %": 1}}, "assays", "malformed_analyte"),
        ({"assays": {"cl_pct": 10**16}}, "assays.cl_pct", "out_of_range"),
    ],
)
def test_what_cannot_be_a_lot_is_refused_with_its_field(
    registry: Registry, facts: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(BadInput) as error:
        registry.output(**facts)
    assert [(p.column, p.rule) for p in error.value.problems] == [(field, rule)]


@pytest.mark.parametrize("status", ["by_product", "product"])
def test_hazardous_waste_cannot_be_relabelled(registry: Registry, status: str) -> None:
    with pytest.raises(RuleBroken) as error:
        registry.output(waste_code=ACID, status=status)
    assert error.value.code == "relabel"


def test_general_waste_may_be_a_by_product(registry: Registry) -> None:
    assert registry.output(status="by_product").status == "by_product"


def test_withdrawing_twice_is_told_once(registry: Registry) -> None:
    output = registry.output()
    for _ in range(2):
        withdraw_output(registry.session, **registry.act, output=output)
    told = registry.session.query(AuditEvent).filter_by(action="output.withdrawn").count()
    assert (told, output.withdrawn_at) == (1, registry.act["at"])


def test_a_lot_stands_until_its_last_day_unless_withdrawn(registry: Registry) -> None:
    ended = registry.output(available_from=date(2026, 1, 1), available_to=date(2026, 6, 30))
    registry.output(available_from=date(2026, 1, 1), available_to=None)
    session = registry.session
    session.flush()

    def listed(on: date) -> int:
        return list_outputs(session, OutputFilter(), on=on).total

    assert (listed(date(2026, 6, 30)), listed(date(2026, 7, 1))) == (2, 1)
    # the overview counts the same lots
    assert stock(session, date(2026, 7, 1)).outputs == 1
    withdraw_output(session, **registry.act, output=ended)
    assert listed(date(2026, 6, 30)) == 1


def test_a_year_declared_anew_replaces_and_the_chain_remembers(registry: Registry) -> None:
    site = registry.site()
    registry.declaration(site, 100, own_utilised=10)
    registry.declaration(site, 120, own_utilised=30)
    (declared,) = registry.session.query(GenerationDeclaration).all()
    assert (declared.generated_kg, declared.own_utilised_kg) == (120_000, 30_000)
    last = registry.session.query(AuditEvent).order_by(AuditEvent.position.desc()).first()
    assert last is not None
    assert last.facts["before"]["generated_kg"] == 100_000


def test_no_more_can_be_used_and_disposed_of_than_was_generated(registry: Registry) -> None:
    site = registry.site()
    registry.declaration(site, 100, own_utilised=50, own_disposed=30, elsewhere=20)
    with pytest.raises(RuleBroken) as error:
        registry.declaration(site, 100, own_utilised=50, own_disposed=30, elsewhere=21)
    assert (error.value.code, error.value.facts["field"]) == ("more_than_generated", "generated_kg")


def test_a_year_that_cannot_be_is_refused(registry: Registry) -> None:
    with pytest.raises(BadInput) as error:
        declare_generation(
            registry.session,
            **registry.act,
            site=registry.site(),
            waste_code="900-001-S02",
            year=1899,
            generated_kg=1,
            own_utilised_kg=0,
            own_disposed_kg=0,
        )
    assert [p.column for p in error.value.problems] == ["year"]
