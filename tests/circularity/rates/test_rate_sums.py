"""What the mass ledger's moves add up to: both bases, evidence, old stock, reversals, every filter."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest
from posted_mass import DAY, plant_of, works_of
from registry import ACID, ANHUI, JIANGSU, Registry

from circularity.ledger.mass import MassGroup
from circularity.rates.formula import Sums
from circularity.rates.sums import BASES, sums, sums_by

YEAR = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}


def year(registry: Registry, **which: Any) -> Sums:
    return sums(registry.session, **(YEAR | which))


def explained_kg(found: Sums) -> int:
    """The statistical balance: everything that was generated is somewhere."""
    return (
        (found.utilised_kg - found.utilised_old_kg)
        + (found.disposed_kg - found.disposed_old_kg)
        + (found.discarded_kg - found.discarded_old_kg)
        + found.stored_kg
        + found.residue_kg
        + found.difference_kg
    )


def test_a_month_tells_own_use_declared_use_disposal_and_stock(registry: Registry) -> None:
    works_of(registry).month(
        ("generated", 1000), ("own_utilised", 270, "C2"), ("own_disposed", 30, "D1"),
        ("entrusted_utilised", 400, "C2"), ("entrusted_disposed", 50, "D10"), ("discarded", 5),
    )  # fmt: skip
    found = year(registry)
    assert (found.generated_kg, found.utilised_kg, found.disposed_kg) == (1000, 670, 80)
    assert (found.discarded_kg, found.stored_kg) == (5, 1000 - 670 - 80 - 5)
    assert found.by_evidence == {"receipts": 0, "own_use": 270, "declared": 400}


def test_mass_counts_as_used_when_accepted_or_when_treated(registry: Registry) -> None:
    works, plant = works_of(registry), plant_of(registry)
    works.post("generation.carried", ("generated", 1000))
    works.delivered(900, plant, short=20)
    works.treated(plant, ("utilised", 500, "C2"), ("loss", 40, "C2"), ("residue", 60, "C2"))
    accepted, treated = (year(registry, basis=basis) for basis in BASES)
    assert (accepted.utilised_kg, accepted.stored_kg, accepted.residue_kg) == (880, 100, 0)
    assert (treated.utilised_kg, treated.residue_kg) == (500 + 40, 60)
    assert treated.stored_kg == 100 + (880 - 500 - 40 - 60)  # at the works, and at the plant untreated
    assert (accepted.difference_kg, treated.difference_kg) == (20, 20)
    assert accepted.receipts_kg == 880


def test_a_residue_is_new_waste_of_the_plant(registry: Registry) -> None:
    works, plant = works_of(registry), works_of(registry, JIANGSU, waste_code="900-099-S59")
    works.post("generation.carried", ("generated", 100))
    works.delivered(100, plant.works)
    works.treated(plant.works, ("utilised", 90, "C2"), ("residue", 10, "C2"))
    plant.post("treatment.recorded", ("generated", 10))
    assert year(registry).generated_kg == 110
    assert year(registry, region="32").generated_kg == 10
    assert year(registry, region="31", basis="treatment").utilised_kg == 90


def test_what_counts_is_asked_of_the_operation_not_of_the_words(registry: Registry) -> None:
    works, plant = works_of(registry), plant_of(registry)
    works.month(("generated", 1000), ("own_utilised", 100, "D1"), ("entrusted_utilised", 50, "ZC"))
    works.delivered(300, plant, "D10")
    works.delivered(200, plant, "C1")  # general waste in a kiln replaces raw material or fuel
    found = year(registry)
    assert (found.utilised_kg, found.disposed_kg) == (200, 100 + 300)
    assert (found.difference_kg, found.stored_kg) == (50, 350)


def test_old_stock_is_that_of_earlier_years(registry: Registry) -> None:
    works, plant = works_of(registry), plant_of(registry)
    works.opened(60, vintage=2025)
    works.month(("generated", 100), ("own_utilised", 10, "C2"))
    works.month(("own_utilised", 20, "C2"), ("own_disposed", 5, "D1"), vintage=2025)
    works.delivered(30, plant, vintage=2025)
    found = year(registry)
    assert (found.generated_kg, found.utilised_kg, found.utilised_old_kg) == (100, 60, 50)
    assert (found.disposed_kg, found.disposed_old_kg, found.stored_kg) == (5, 5, 90)


def test_stock_of_this_year_found_at_the_start_was_generated_this_year(registry: Registry) -> None:
    works = works_of(registry)
    works.opened(40, vintage=2026)
    works.month(("own_utilised", 40, "C2"))
    assert year(registry).generated_kg == 40


def test_mass_grows_old_at_new_year(registry: Registry) -> None:
    works = works_of(registry)
    works.month(("generated", 100), day=date(2026, 12, 31))
    works.month(("own_utilised", 70, "C2"), vintage=2026, day=date(2027, 1, 31))
    both = sums(registry.session, first=date(2026, 1, 1), last=date(2027, 12, 31))
    assert (both.generated_kg, both.utilised_kg, both.utilised_old_kg) == (100, 70, 70)


def test_a_reversal_takes_everything_back_on_its_own_day(registry: Registry) -> None:
    works, plant = works_of(registry), plant_of(registry)
    works.post("generation.carried", ("generated", 100))
    receipt = works.delivered(80, plant)
    before = year(registry)
    works.undo(receipt, date(2026, 8, 31))
    assert before.utilised_kg == 80
    assert (year(registry).utilised_kg, year(registry).stored_kg) == (0, 100)
    assert year(registry, last=DAY) == before


def test_what_waits_at_a_collector_is_stored_and_stays_the_generators(registry: Registry) -> None:
    works, depot, plant = works_of(registry), plant_of(registry, ANHUI), plant_of(registry)
    works.post("generation.carried", ("generated", 100))
    works.post("sheet.sent", ("sent", 100))
    works.post("receipt.accepted", ("stored", 100, "ZC"), to=depot)
    assert (year(registry).utilised_kg, year(registry).stored_kg) == (0, 100)
    works.post("sheet.sent", ("sent", 100), holder=depot)
    works.post("receipt.accepted", ("received", 100, "C2"), holder=depot, to=plant)
    assert (year(registry, region="31").utilised_kg, year(registry, region="34").utilised_kg) == (100, 0)


def test_hazardous_and_municipal_waste_count_in_no_scope_and_bulk_is_a_part_of_general(
    registry: Registry,
) -> None:
    for code in (ACID, "462-001-S90", "900-003-S17"):
        works_of(registry, waste_code=code).month(("generated", 100))
    works_of(registry).month(("generated", 7))
    assert (year(registry).generated_kg, year(registry, scope="bulk").generated_kg) == (107, 7)
    kinds = sums_by(registry.session, "kind", **YEAR)
    assert {kind: part.generated_kg for kind, part in kinds.items()} == {"bulk": 7, "other": 100}


def test_sums_are_told_apart_by_region_stream_month_and_organisation(registry: Registry) -> None:
    here, there = works_of(registry), works_of(registry, JIANGSU, waste_code="900-003-S17")
    here.month(("generated", 10), day=date(2026, 1, 31))
    here.month(("generated", 20), day=date(2026, 2, 28))
    there.month(("generated", 40), day=date(2026, 2, 28))

    def generated(key: str, **which: Any) -> dict[str, int]:
        rows = sums_by(registry.session, key, **(YEAR | which))
        return {place: row.generated_kg for place, row in rows.items()}

    assert generated("province") == {"31": 30, "32": 40}
    assert generated("city") == {"3101": 30, "3205": 40}
    assert generated("month") == {"01": 10, "02": 60}
    assert generated("stream") == {"fly_ash": 30, "plastic": 40}
    assert generated("organisation", stream="fly_ash") == {here.works.organisation.public_id: 30}
    assert generated("", organisation=there.works.organisation.public_id) == {"": 40}
    assert generated("", region="3205") == {"": 40}
    assert generated("", first=date(2026, 2, 1)) == {"": 60}


def test_organisations_behind_a_sum_are_counted_once(registry: Registry) -> None:
    first, second = works_of(registry), works_of(registry)
    other_site = works_of(registry, organisation=first.works.organisation)
    for works in (first, second, other_site):
        works.month(("generated", 1))
    assert year(registry).organisations == {first.works.organisation_id, second.works.organisation_id}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_posted_the_balance_closes_to_the_kilogram(registry: Registry, seed: int) -> None:
    chance = Random(seed)
    works, plant = works_of(registry), plant_of(registry)
    works.opened(10_000, vintage=2025)
    works.month(("generated", 100_000))
    undoable: list[MassGroup] = []
    for _ in range(60):
        kg, vintage = chance.randint(1, 60), chance.choice((2025, 2026))
        operation = chance.choice(("C2", "D1", "R5", "ZC", ""))
        act = chance.randrange(6)
        if act == 0:
            undoable.append(works.delivered(kg, plant, operation, short=kg // 9, vintage=vintage))
        elif act == 1:
            legs = [(leg, kg, operation) for leg in ("own_utilised", "own_disposed", "discarded")]
            undoable.append(works.month(*legs, vintage=vintage))
        elif act == 2:
            works.delivered(3 * kg, plant, operation or "C2", vintage=vintage)
            legs = [(leg, kg, operation) for leg in ("utilised", "residue", "loss")]
            undoable.append(works.treated(plant, *legs, vintage=vintage))
        elif act == 3:
            undoable.append(works.post("stock.surveyed", ("found", kg), vintage=vintage))
        elif act == 4:
            works.post("stock.surveyed", ("missing", kg), vintage=vintage)
        elif undoable:
            works.undo(undoable.pop())
    for basis in BASES:
        found = year(registry, basis=basis)
        assert found.generated_kg == explained_kg(found)
        assert sum(found.by_evidence.values()) == found.utilised_kg
