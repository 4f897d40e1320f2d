"""A treatment closes its balance: products, recovered material, residues and loss are what went in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from deal_rows import DAY, Deal, deal
from registry import ACID, FLY_ASH, Registry, T

from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt, Treatment
from circularity.custody.treatments import Result, record_treatment
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.balances import faults, held, trial_balance
from circularity.ledger.groups import post
from circularity.ledger.postings import Cell, Movement

SAND = "900-099-S59"


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def _delivered(ash: Deal, tonnes: int) -> Receipt:
    transfer = ash.at_the_gate(tonnes)
    receive(**ash.act, transfer=transfer, weighed={1: Weighed(tonnes * T)})
    plant = transfer.facility.site.organisation
    verdicts = {1: Verdict(tonnes * T)}
    (receipt,) = decide(**ash.act, transfer=transfer, organisation=plant, person="李四", verdicts=verdicts)
    return receipt


def _treat(ash: Deal, inputs: list[tuple[Receipt, int | None]], *results: Result, **facts: Any) -> Treatment:
    days = {"day_from": DAY, "day_to": DAY, "operation": ash.agreement.operation, "facility": ash.plant}
    return record_treatment(**(ash.act | days | facts), inputs=inputs, results=results)


def _held(ash: Deal) -> dict[str, int]:
    return {kind: kg // T for kind, kg in trial_balance(ash.registry.session).items() if kg}


def test_what_went_in_is_product_recovered_residue_or_loss(ash: Deal) -> None:
    receipt = _delivered(ash, 30)
    treatment = _treat(
        ash,
        [(receipt, None)],
        Result("product", 20 * T, "矿渣微粉"),
        Result("recovered", 5 * T, "铁"),
        Result("residue", 3 * T, "尾砂", SAND),
        Result("loss", 2 * T),
    )
    assert (treatment.input_kg, treatment.product_kg, treatment.residue_kg) == (30 * T, 20 * T, 3 * T)
    assert _held(ash) == {
        "generated": -30 - 3,  # the residue is new waste of the plant
        "utilised": 20 + 5,
        "residue": 3,
        "process_loss": 2,
        "on_site": 3,
    }
    new = Cell(ash.plant.site_id, SAND, 2026)
    assert held(ash.registry.session, "on_site", ash.plant.site_id, SAND) == [(new, 3 * T)]
    assert receipt.treated_kg == 30 * T
    assert faults(ash.registry.session) == []


def test_results_that_do_not_add_up_are_refused(ash: Deal) -> None:
    with pytest.raises(RuleBroken) as refused:
        _treat(ash, [(_delivered(ash, 30), None)], Result("product", 29 * T))
    assert refused.value.facts == {"input_kg": 30 * T, "result_kg": 29 * T}


def test_a_load_is_treated_in_parts_and_never_more_than_it_was(ash: Deal) -> None:
    receipt = _delivered(ash, 30)
    _treat(ash, [(receipt, 20 * T)], Result("product", 20 * T))
    with pytest.raises(RuleBroken) as refused:
        _treat(ash, [(receipt, 11 * T)], Result("product", 11 * T))
    assert (refused.value.code, refused.value.facts["left_kg"]) == ("more_than_remains", 10 * T)
    _treat(ash, [(receipt, None)], Result("product", 10 * T))
    with pytest.raises(RuleBroken, match="only 0 t"):
        _treat(ash, [(receipt, None)], Result("product", 1))


def test_the_oldest_of_a_load_is_treated_first(ash: Deal) -> None:
    """12 t of 2024 and 18 t of this year arrive together; two treatments of 10 t take 10, then 2 and 8."""
    session, old = ash.registry.session, Cell(ash.works.id, FLY_ASH, 2024)
    opened = [Movement("opening", old, 12 * T, ash.works.id)]
    post(session, event="stock.opened", on_day=DAY, at=ash.act["at"], subject=ash.works, movements=opened)
    receipt = _delivered(ash, 30)
    new = Cell(ash.works.id, FLY_ASH, 2026)
    for utilised in ([(old, 10 * T)], [(old, 12 * T), (new, 8 * T)]):
        _treat(ash, [(receipt, 10 * T)], Result("product", 10 * T))
        assert held(session, "utilised", ash.plant.site_id, FLY_ASH) == utilised


def test_two_loads_go_in_together(ash: Deal) -> None:
    first, second = _delivered(ash, 30), _delivered(ash, 20)
    treatment = _treat(ash, [(second, 15 * T), (first, None)], Result("product", 45 * T))
    assert [(row.receipt, row.mass_kg) for row in treatment.inputs] == [(first, 30 * T), (second, 15 * T)]
    assert _held(ash) == {"generated": -50, "utilised": 45, "received": 5}


def test_what_is_burnt_is_disposed_of_and_its_ash_is_new_waste(registry: Registry) -> None:
    ash = deal(registry, line=registry.line(operation="D10"))
    receipt = _delivered(ash, 30)
    _treat(ash, [(receipt, None)], Result("loss", 24 * T), Result("residue", 6 * T, "炉渣", "900-001-S03"))
    assert _held(ash) == {"generated": -36, "disposed": 24, "residue": 6, "on_site": 6}


def test_a_kiln_utilises_general_waste_though_its_code_is_a_disposal(registry: Registry) -> None:
    ash = deal(registry, line=registry.line(operation="C1"))
    _treat(ash, [(_delivered(ash, 30), None)], Result("product", 30 * T))
    assert _held(ash) == {"generated": -30, "utilised": 30}


def test_a_collector_treats_nothing(registry: Registry) -> None:
    ash = deal(registry, kind="collector")
    with pytest.raises(RuleBroken) as refused:
        _treat(ash, [(_delivered(ash, 30), None)], Result("product", 30 * T))
    assert refused.value.code == "only_stores"


def test_nobody_treats_what_another_received_or_without_title(ash: Deal, registry: Registry) -> None:
    receipt = _delivered(ash, 30)
    stranger = registry.line().entitlement.facility
    for facts, code in (
        ({"facility": stranger}, "not_received_here"),
        ({"operation": "R5"}, "not_entitled"),
        ({"operation": "ZC"}, "only_stores"),
    ):
        with pytest.raises(RuleBroken) as refused:
            _treat(ash, [(receipt, None)], Result("product", 30 * T), **facts)
        assert refused.value.code == code
    assert receipt.treated_kg == 0


@pytest.mark.parametrize(
    "results",
    [
        [Result("product", 0)],
        [Result("gift", 1)],
        [Result("residue", 1)],
        [Result("product", 1, waste_code=ACID)],
    ],
)
def test_malformed_results_are_refused(ash: Deal, results: list[Result]) -> None:
    with pytest.raises(BadInput):
        _treat(ash, [(_delivered(ash, 1), None)], *results)


def test_days_must_be_past_and_loads_named_once(ash: Deal) -> None:
    receipt = _delivered(ash, 30)
    result = Result("product", 30 * T)
    with pytest.raises(BadInput):
        _treat(ash, [(receipt, None)], result, day_to=date(2026, 9, 2))
    with pytest.raises(BadInput):
        _treat(ash, [(receipt, 1), (receipt, 2)], result)
    with pytest.raises(BadInput):
        _treat(ash, [], result)
