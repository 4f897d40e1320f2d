"""Treatments: what a facility made of the loads it accepted; every kilogram of input is a result or loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue import operations, utilisation
from circularity.catalogue.waste_types import is_hazardous, pattern_covers
from circularity.columns import new_public_id
from circularity.custody.reception import RESULTS, Receipt, Treatment, TreatmentInput, TreatmentResult
from circularity.custody.transfer_cells import cells_of
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.frozen_months import require_open
from circularity.ledger.groups import post
from circularity.ledger.postings import Cell, Movement
from circularity.registry.entitlements import Facility
from circularity.shares import split
from circularity.units import format_tonnes


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that came out, kg; a residue is waste again and has a code of its own."""

    kind: str
    mass_kg: int
    name: str = ""
    waste_code: str = ""


def record_treatment(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    facility: Facility,
    operation: str,
    day_from: date,
    day_to: date,
    inputs: Sequence[tuple[Receipt, int | None]],
    results: Sequence[Result],
) -> Treatment:
    """Record what was made of accepted loads from one day to another; None takes all that is left of a load.

    Products and recovered material are utilised; where the operation does not count as utilisation of that
    waste, they and the loss are disposed of: what is burnt or filled is disposed of. Residues become the
    facility's own new waste. Raises BadInput; RuleBroken `only_stores` for a collector or storage,
    `not_received_here`, `not_entitled`, `more_than_remains` (facts: left_kg), `unbalanced_treatment` (facts:
    input_kg, result_kg), `month_closed` for a residue of a month that the facility has closed.
    """
    checks = Checks("treatment")
    checks.period("day_from", day_from, "day_to", day_to)
    checks.period("day_to", day_to, "today", delta_day(at))
    operation = checks.operation("operation", operation)
    rows = [_result(checks, number, result) for number, result in enumerate(results, 1)]
    if not inputs or len({receipt.id for receipt, _ in inputs}) < len(inputs):
        zh, en = "至少需要一批投入，每批只列一次", "at least one load is needed, and each once"
        checks.refuse("inputs", "not_once", len(inputs), zh, en)
    checks.finish()
    _require_treating(facility, operation)
    taken = [
        _take(session, facility, operation, receipt, wanted_kg)
        for receipt, wanted_kg in sorted(inputs, key=lambda pair: pair[0].id)
    ]
    sums = {f"{kind}_kg": sum(row.mass_kg for row in rows if row.kind == kind) for kind in RESULTS}
    input_kg = sum(mass_kg for _, mass_kg, _ in taken)
    _require_balance(input_kg, sum(sums.values()))
    treatment = Treatment(
        public_id=new_public_id(),
        facility=facility,
        operation=operation,
        day_from=day_from,
        day_to=day_to,
        recorded_at=at,
        input_kg=input_kg,
        **sums,
    )
    treatment.inputs = [TreatmentInput(receipt=receipt, mass_kg=mass_kg) for receipt, mass_kg, _ in taken]
    treatment.results = rows
    session.add(treatment)
    session.flush()
    cells = [part for _, _, parts in taken for part in parts]
    for code in {row.waste_code for row in rows if row.kind == "residue"}:
        require_open(session, facility.site_id, code, day_to, field="day_to")
    movements = _movements(treatment, cells) + _residues(treatment)
    post(session, event="treatment.recorded", on_day=day_to, at=at, subject=treatment, movements=movements)
    facts = {"facility": facility, "operation": operation, "input_kg": input_kg, **sums}
    loads = [[receipt.public_id, mass_kg] for receipt, mass_kg, _ in taken]
    record(session, actor, at, "treatment.recorded", treatment, facts | {"inputs": loads})
    return treatment


def _result(checks: Checks, number: int, result: Result) -> TreatmentResult:
    field = f"results.{number}"
    code = result.waste_code
    if result.kind == "residue":
        code = checks.waste_code(f"{field}.waste_code", code)
    elif code:
        zh, en = "只有残余物有废物代码", "only a residue has a waste code"
        checks.refuse(f"{field}.waste_code", "not_a_residue", code, zh, en)
    return TreatmentResult(
        number=number,
        kind=checks.word(f"{field}.kind", result.kind, RESULTS),
        name=checks.text(f"{field}.name", result.name, required=False),
        waste_code=code,
        mass_kg=checks.kilograms(f"{field}.mass_kg", result.mass_kg, 1),
    )


def _require_treating(facility: Facility, operation: str) -> None:
    if facility.kind == "collector" or operations.get(operation).group == "storage":
        zh, en = "收集、贮存不是处理", "collecting and storing is no treatment"
        raise RuleBroken("only_stores", zh, en, field="operation")


def _take(
    session: Session, facility: Facility, operation: str, receipt: Receipt, wanted_kg: int | None
) -> tuple[Receipt, int, list[tuple[Cell, int]]]:
    """Count kg of a load as treated; return them by cell, the oldest of the load first."""
    if receipt.facility_id != facility.id:
        zh, en = "该批次不由本设施接收", "this load was not received by the facility"
        raise RuleBroken("not_received_here", zh, en, receipt=receipt.public_id)
    _require_entitled(facility, receipt.line.waste_code, operation)
    session.flush()
    session.refresh(receipt, with_for_update={"of": Receipt})
    before_kg = receipt.treated_kg
    left_kg = receipt.accepted_kg - receipt.forwarded_kg - before_kg
    mass_kg = left_kg if wanted_kg is None else wanted_kg
    treated_kg = session.scalar(
        update(Receipt)
        .where(
            Receipt.id == receipt.id,
            Receipt.forwarded_kg + Receipt.treated_kg + mass_kg <= Receipt.accepted_kg,
        )
        .values(treated_kg=Receipt.treated_kg + mass_kg)
        .returning(Receipt.treated_kg),
        execution_options={"synchronize_session": False},
    )
    if mass_kg < 1 or treated_kg is None:
        left_t = format_tonnes(left_kg)
        zh, en = f"该批次只剩 {left_t} 吨未处理", f"only {left_t} t of this load are left to treat"
        raise RuleBroken("more_than_remains", zh, en, receipt=receipt.public_id, left_kg=left_kg)
    set_committed_value(receipt, "treated_kg", treated_kg)
    line = receipt.line
    cells = cells_of(session, line.transfer, line, "received", facility.site_id)
    return receipt, mass_kg, _between(cells, before_kg, mass_kg)


def _between(cells: list[tuple[Cell, int]], before_kg: int, mass_kg: int) -> list[tuple[Cell, int]]:
    """Return `mass_kg` of cells in their order, after the kg that earlier treatments took."""
    parts = []
    for cell, has_kg in cells:
        skipped = min(before_kg, has_kg)
        part = min(has_kg - skipped, mass_kg)
        before_kg, mass_kg = before_kg - skipped, mass_kg - part
        parts += [(cell, part)] if part else []
    return parts


def _require_entitled(facility: Facility, waste_code: str, operation: str) -> None:
    lines = (line for entitlement in facility.entitlements for line in entitlement.lines)
    if not any(
        line.operation == operation and pattern_covers(line.waste_pattern, waste_code) for line in lines
    ):
        zh = f"本设施没有以 {operation} 处理 {waste_code} 的许可"
        en = f"nothing entitles the facility to {operation} of {waste_code}"
        raise RuleBroken("not_entitled", zh, en, field="operation", waste_code=waste_code)


def _require_balance(input_kg: int, result_kg: int) -> None:
    if input_kg != result_kg:
        input_t, result_t = format_tonnes(input_kg), format_tonnes(result_kg)
        zh = f"投入 {input_t} 吨，产出、残余与损耗合计 {result_t} 吨，不平衡"
        en = f"{input_t} t went in, results and loss come to {result_t} t"
        raise RuleBroken("unbalanced_treatment", zh, en, input_kg=input_kg, result_kg=result_kg)


def _movements(treatment: Treatment, cells: list[tuple[Cell, int]]) -> list[Movement]:
    """Spread each outcome over what went in; whether it is use or disposal, the dated table says by waste."""
    made_kg, loss_kg = treatment.product_kg + treatment.recovered_kg, treatment.loss_kg
    left = [mass_kg for _, mass_kg in cells]
    movements = []
    for used, otherwise, mass_kg in (
        ("utilised", "disposed", made_kg),
        ("loss", "disposed", loss_kg),
        ("residue", "residue", treatment.residue_kg),
    ):
        shares = split(mass_kg, left)
        for k, (cell, _) in enumerate(cells):
            left[k] -= shares[k]
            leg = used if _is_use(treatment, cell.waste_code) else otherwise
            site_id = treatment.facility.site_id
            movements.append(Movement(leg, cell, shares[k], site_id, operation=treatment.operation))
    return movements


def _is_use(treatment: Treatment, waste_code: str) -> bool:
    return utilisation.counts(is_hazardous(waste_code), treatment.operation, treatment.day_to)


def _residues(treatment: Treatment) -> list[Movement]:
    """Residues are generated by the facility, on the day its treatment ended."""
    site_id, year = treatment.facility.site_id, treatment.day_to.year
    return [
        Movement("generated", Cell(site_id, result.waste_code, year), result.mass_kg, site_id)
        for result in treatment.results
        if result.kind == "residue"
    ]
