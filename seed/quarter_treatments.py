"""What plants make of a month's loads: products, residues, loss; and the books of the residues."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import select

from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.reception import Receipt
from circularity.custody.treatments import Result, record_treatment
from circularity.ledger.generator_months import Use, close_month
from circularity.ledger.site_stock import generated_between
from circularity.registry.entitlements import Facility
from seed.agenda import Thread
from seed.quarter_books import write_books
from seed.quarter_days import DAY, moment
from seed.stage import Stage, doing

_PERMILLE = {"C2": (985, 0), "C1": (955, 20), "R1": (860, 90), "R3": (925, 55), "R4": (930, 45),
             "R5": (900, 70), "R6": (915, 60), "R15": (965, 20), "D10": (0, 240), "D9": (0, 180)}  # fmt: skip
"""Operation → ‰ of the input that become product and residue; the rest is lost: dried, burnt, filled."""

_PRODUCTS = {"C2": "建材 · building materials", "C1": "水泥熟料替代 · replaced in clinker",
             "R1": "替代燃料 · fuel", "R4": "再生金属 · recovered metal"}  # fmt: skip
_GENERAL_RESIDUE, _HAZARDOUS_RESIDUE = "900-099-S59", "772-003-18"
_RESIDUES = (_GENERAL_RESIDUE, _HAZARDOUS_RESIDUE)


def plants_treat(stage: Stage) -> None:
    """Put the treatments and residue books of every plant on the agenda; a collector only stores."""
    for number, facility in enumerate(stage.cast.facilities.values()):
        if facility.kind != "collector":
            stage.agenda.add(_a_plant_treats(stage, facility, number))


def _a_plant_treats(stage: Stage, facility: Facility, number: int) -> Thread:
    for first, last in stage.quarter.over_months():
        yield (at := moment(last + 2 * DAY, 8 + number % 10, number % 60))
        _month_treated(stage, facility, first, last, at)
        yield (at := moment(last + 5 * DAY, 8 + number % 10, number % 60))
        _residues_booked(stage, facility, first, last, at)


def _month_treated(stage: Stage, facility: Facility, first: date, last: date, at: datetime) -> None:
    """Treat all that was accepted up to the end of the month, one treatment for each operation."""
    receipts = stage.session.scalars(
        select(Receipt)
        .where(Receipt.facility_id == facility.id, Receipt.received_on <= last)
        .where(Receipt.verdict.in_(("accepted", "partly_accepted")))
        .where(Receipt.treated_kg + Receipt.forwarded_kg < Receipt.accepted_kg)
        .order_by(Receipt.id)
    )
    by_kind: dict[tuple[str, bool], list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        by_kind[receipt.line.operation, is_hazardous(receipt.line.waste_code)].append(receipt)
    for (operation, hazardous), found in by_kind.items():
        input_kg = sum(row.accepted_kg - row.treated_kg - row.forwarded_kg for row in found)
        record_treatment(
            stage.session,
            **doing(facility.site.organisation, at),
            facility=facility,
            operation=operation,
            day_from=first,
            day_to=last,
            inputs=[(receipt, None) for receipt in found],
            results=_results(operation, input_kg, hazardous=hazardous),
        )


def _results(operation: str, input_kg: int, *, hazardous: bool) -> list[Result]:
    product, residue = _PERMILLE.get(operation, (0, 0))
    made_kg, residue_kg = input_kg * product // 1000, input_kg * residue // 1000
    code = _HAZARDOUS_RESIDUE if hazardous else _GENERAL_RESIDUE
    found = [
        Result("product", made_kg, _PRODUCTS.get(operation, "再生产品 · recycled product")),
        Result("residue", residue_kg, "残余物 · residue", code),
        Result("loss", input_kg - made_kg - residue_kg, "损耗或处置 · lost or disposed of"),
    ]
    return [result for result in found if result.mass_kg]


def _residues_booked(stage: Stage, facility: Facility, first: date, last: date, at: datetime) -> None:
    """Close the month of the plant's own residues: most goes to a landfill, the rest is kept."""
    site = facility.site
    for code in _RESIDUES:
        made_kg = generated_between(stage.session, site, code, first, last, first.year)
        if not made_kg:
            continue
        buried_kg = made_kg * 6 // 10
        uses = (
            [Use("entrusted_disposed", "D1", buried_kg, "平台外填埋场 · landfill outside")]
            if buried_kg
            else []
        )
        month = write_books(stage, site, code, first, at, generated_kg=made_kg, uses=uses, source="carried")
        close_month(stage.session, **doing(site.organisation, at), month=month)
