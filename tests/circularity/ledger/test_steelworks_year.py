"""A year of a steelworks' slag, told event by event; every account and both rates are reckoned by hand.

All masses in tonnes. The works makes 2,500 t, returns 686 t to its own sinter plant, lands 30 t, hands 150 t
to an outside contract, and sends three loads to a plant that makes powder of slag; 200 t lay there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from deal_rows import Deal, deal
from registry import Registry

from circularity.custody.drafting import Load
from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt
from circularity.custody.transfers import arrive
from circularity.custody.treatments import Result, record_treatment
from circularity.ledger.balances import faults, held, trial_balance
from circularity.ledger.generator_months import Use, close_month, write_month
from circularity.ledger.postings import Cell
from circularity.ledger.surveys import record_survey
from circularity.organisations import Site
from circularity.rates.formula import Sums, plain_ratio, utilisation_rate
from circularity.rates.sums import sums

SLAG, TAILINGS = "312-001-S01", "900-099-S59"


def kg(tonnes: float) -> int:
    return round(tonnes * 1000)


@dataclass
class Year:
    """The works, the plant and the calendar."""

    deal: Deal

    def on(self, month: int, day: int, year: int = 2026) -> date:
        """Turn to ten in the morning of a day."""
        self.deal.registry.act["at"] = datetime(year, month, day, 2, tzinfo=UTC)
        return date(year, month, day)

    def load_leaves(self, day: date, tonnes: float, moisture_permille: int | None = None) -> Transfer:
        load = Load(SLAG, "C2", kg(tonnes), moisture_permille)
        transfer = self.deal.draft(day=day, lines=[load])
        self.deal.sign(transfer, "sender")
        self.deal.sign(transfer, "carrier")
        return transfer

    def load_is_accepted(
        self, transfer: Transfer, tonnes: float, moisture_permille: int | None = None
    ) -> Receipt:
        act, plant = self.deal.act, self.deal.plant.site.organisation
        arrive(**act, transfer=transfer)
        receive(**act, transfer=transfer, weighed={1: Weighed(kg(tonnes), moisture_permille)})
        verdicts = {1: Verdict(kg(tonnes))}
        (receipt,) = decide(**act, transfer=transfer, organisation=plant, person="李四", verdicts=verdicts)
        return receipt

    def books_close(self, month: int, generated: float, stored: float, *uses: Use) -> None:
        written = write_month(
            **self.deal.act,
            site=self.deal.works,
            waste_code=SLAG,
            year=2026,
            month=month,
            generated_kg=kg(generated),
            uses=uses,
            discarded_kg=0,
            stored_kg=kg(stored),
        )
        close_month(**self.deal.act, month=written)

    def sums(self, basis: str, of: Site | None = None) -> Sums:
        return sums(
            self.deal.registry.session,
            first=date(2026, 1, 1),
            last=date(2026, 12, 31),
            organisation=(of or self.deal.works).organisation.public_id,
            basis=basis,
        )


@pytest.fixture
def year(registry: Registry) -> Year:
    """Everything that happens in the year."""
    plant = registry.line(waste_pattern="SW01", operation="C2")
    told = Year(deal(registry, 2000, SLAG, line=plant, valid_from=date(2026, 1, 1)))
    works = told.deal.works

    # A survey by drone finds 200 t of last year's slag in the yard.
    told.on(1, 5)
    last_day = date(2025, 12, 31)
    facts = {"vintage": 2025, "surveyed_on": last_day, "mass_kg": kg(200), "method": "无人机测量"}
    record_survey(**told.deal.act, site=works, waste_code=SLAG, **facts)

    # 120 t leave, all of them old; the plant's bridge says 119.
    first = told.load_leaves(told.on(1, 10), 120)
    told.on(1, 11)
    first_receipt = told.load_is_accepted(first, 119)

    # January: the last 80 t of old slag and 190 t of new go back to the sinter plant.
    told.on(2, 3)
    told.books_close(
        1, 1000, 200 - 120 + 1000 - 270 - 30 - 150,
        Use("own_utilised", "R5", kg(270)),
        Use("own_disposed", "D1", kg(30)),
        Use("entrusted_utilised", "C2", kg(150), "厂外筑路单位"),
    )  # fmt: skip

    # 500 t at 10 % moisture leave; at 4 % they would be 500 x 0.90 / 0.96 = 468.75 t; 468 t arrive.
    second = told.load_leaves(told.on(6, 15), 500, 100)
    told.on(6, 16)
    second_receipt = told.load_is_accepted(second, 468, 40)

    # June: 630 t were in stock.
    told.on(7, 3)
    told.books_close(6, 800, 630 - 500 + 800 - 216, Use("own_utilised", "R5", kg(216)))

    # The plant makes powder of both loads: 119 + 468 = 587 = 500 + 40 + 37 + 10.
    recorded = told.on(11, 30)
    record_treatment(
        **told.deal.act,
        facility=told.deal.plant,
        operation="C2",
        day_from=date(2026, 7, 1),
        day_to=recorded,
        inputs=[(first_receipt, None), (second_receipt, None)],
        results=[
            Result("product", kg(500), "钢渣微粉"),
            Result("recovered", kg(40), "磁选铁"),
            Result("residue", kg(37), "尾渣", TAILINGS),
            Result("loss", kg(10)),
        ],
    )

    # On the last day of the year 750 t leave: 714 t from stock, 36 t booked as generated at once.
    told.load_leaves(told.on(12, 31), 750)

    # December's 700 t hold those 36 t already.
    told.on(1, 4, 2027)
    told.books_close(12, 700, 714 + 700 - 750 - 200, Use("own_utilised", "R5", kg(200)))
    return told


def test_every_account_is_what_one_reckons(year: Year) -> None:
    assert trial_balance(year.deal.registry.session) == {
        "opening": -kg(200),
        "generated": -kg(1000 + 800 + 700) - kg(37),  # the works, and the plant's tailings
        "on_site": kg(464) + kg(37),
        "reserved": 0,
        "in_transit": kg(750),
        "received": 0,
        "own_utilised": kg(270 + 216 + 200),
        "own_disposed": kg(30),
        "off_platform_utilised": kg(150),
        "utilised": kg(500 + 40),
        "residue": kg(37),
        "process_loss": kg(10),
        "moisture_loss": kg(500 - 468.75),
        "variance": kg(120 - 119) + kg(468.75 - 468),
    }
    assert faults(year.deal.registry.session) == []


def test_stock_at_the_end_of_the_year_is_this_year_s(year: Year) -> None:
    session, works, plant = year.deal.registry.session, year.deal.works, year.deal.plant.site
    assert held(session, "on_site", works.id, SLAG) == [(Cell(works.id, SLAG, 2026), kg(464))]
    assert held(session, "on_site", plant.id, TAILINGS) == [(Cell(plant.id, TAILINGS, 2026), kg(37))]


def test_the_statistical_balance_explains_what_was_generated(year: Year) -> None:
    found = year.sums("acceptance")
    assert found.generated_kg == kg(2500)
    assert found.utilised_kg == kg(686 + 150 + 119 + 468)
    assert found.utilised_old_kg == kg(80 + 119)  # own use of January, and the first load
    assert found.disposed_kg == kg(30)
    assert found.stored_kg == kg(464 + 750)  # in the yard, and on the road at new year
    assert found.difference_kg == kg(31.25 + 0.75)
    assert kg(2500) == kg(1423 - 199) + kg(30) + kg(1214) + kg(32)
    assert found.by_evidence == {"receipts": kg(587), "own_use": kg(686), "declared": kg(150)}


def test_the_rate_at_acceptance(year: Year) -> None:
    """1,423 / (2,500 + 199) = 52.72 %; without the term for old stock it would be 56.92 %."""
    found = year.sums("acceptance")
    rate = utilisation_rate(found)
    assert (rate.part_kg, rate.whole_kg) == (kg(1423), kg(2699))
    assert rate.hundredths == 5272
    assert plain_ratio(found).hundredths == 5692


def test_the_rate_at_treatment(year: Year) -> None:
    """The 37 t of tailings are not used: 686 + 150 + 550 = 1,386 t.

    Of the 587 t that went in, 119 t were old. Spread over both, 540 t of product and iron hold 109.472 t of
    old slag, 10 t of loss 2.027 t.
    """
    found = year.sums("treatment")
    old = 80 + 109.472 + 2.027
    rate = utilisation_rate(found)
    assert (rate.part_kg, rate.whole_kg) == (kg(1386), kg(2500 + old))
    assert rate.hundredths == 5150
    assert found.residue_kg == kg(37 - 7.501)  # this year's part of it


@pytest.mark.parametrize("basis", ["acceptance", "treatment"])
def test_the_tailings_are_generated_by_the_plant_and_lie_there(year: Year, basis: str) -> None:
    """0 / 37 = 0 %: what a treatment leaves behind counts against whoever left it."""
    found = year.sums(basis, year.deal.plant.site)
    assert (found.generated_kg, found.utilised_kg, found.stored_kg) == (kg(37), 0, kg(37))
    assert utilisation_rate(found).hundredths == 0
