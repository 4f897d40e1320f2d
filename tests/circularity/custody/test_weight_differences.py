"""Two weights of one load: how far they may lie apart by metering and stream, and what is told beyond."""

from __future__ import annotations

import pytest
from deal_rows import Deal, deal
from registry import Registry, T
from sqlalchemy import true

from circularity.custody.drafting import Load
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt
from circularity.custody.weight_differences import weight_difference, weight_differences

SLUDGE = "900-001-S07"


def received(deal: Deal, sent: int, received_kg: int, moisture: tuple[int, int] | None = None) -> Receipt:
    """A trip of so many tonnes that the receiver weighs and accepts; moisture sent and received, ‰."""
    code, operation = deal.agreement.waste_code, deal.agreement.operation
    wet, dry = moisture or (None, None)
    transfer = deal.at_the_gate(lines=[Load(code, operation, sent * T, sent_moisture_permille=wet)])
    (receipt,) = receive(**deal.act, transfer=transfer, weighed={1: Weighed(received_kg, dry)})
    plant, verdict = deal.plant.site.organisation, {1: Verdict(received_kg)}
    decide(**deal.act, transfer=transfer, organisation=plant, person="李四", verdicts=verdict)
    return receipt


@pytest.mark.parametrize(
    ("received_kg", "judged"),
    [
        (20_000, "within"),
        (20_000 - 500, "within"),  # 25 ‰ of 20 t; 30 ‰ are shown, 50 ‰ or 500 kg reported
        (20_000 - 501, "report"),  # more than 500 kg
        (20_000 + 600, "report"),  # over counts like short
    ],
)
def test_a_trip_may_differ_by_thirty_permille_and_half_a_tonne(
    registry: Registry, received_kg: int, judged: str
) -> None:
    found = weight_difference(received(deal(registry), 20, received_kg))
    assert (found.unexplained_kg, found.judged) == (received_kg - 20_000, judged)


def test_a_light_load_is_shown_by_its_share(registry: Registry) -> None:
    ash = deal(registry)
    assert weight_difference(received(ash, 10, 9_690)).judged == "warn"  # 31 ‰, 310 kg
    assert weight_difference(received(ash, 8, 7_590)).judged == "report"  # 51 ‰, 410 kg


def test_sludge_may_lose_more_on_the_way(registry: Registry) -> None:
    line = registry.line(waste_pattern="SW07")
    sludge = deal(registry, waste_code=SLUDGE, line=line)
    found = weight_difference(received(sludge, 10, 9_600))
    assert (found.judged, found.allowed.stream) == ("within", "sludge")  # 40 ‰ of at most 50 ‰


def test_water_that_dried_off_is_no_difference(registry: Registry) -> None:
    receipt = received(deal(registry), 20, 18_000, moisture=(400, 333))
    found = weight_difference(receipt)
    # 20 t × 60 % dry substance ÷ 66.7 % = 17,991 kg at the receiver's moisture
    assert (found.moisture_kg, found.unexplained_kg) == (20_000 - 17_991, 18_000 - 17_991)
    assert found.judged == "within"


def test_only_what_lies_further_apart_is_listed_the_newest_first(registry: Registry) -> None:
    ash = deal(registry)
    receipts = [received(ash, 20, kg) for kg in (20_000, 19_400, 19_990, 21_000)]
    registry.session.flush()
    listed = weight_differences(registry.session, true())
    assert [each.receipt for each in listed] == [receipts[3], receipts[1]]
    assert [each.unexplained_kg for each in listed] == [1 * T, -600]
    assert [each.permille for each in listed] == [50, 30]
