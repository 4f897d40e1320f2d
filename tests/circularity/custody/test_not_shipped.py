"""What an agreement has back of a refused load: what was sent and did not stay, never what a bridge added."""

from __future__ import annotations

import pytest
from deal_rows import DAY, Deal, agreement, deal, decided
from registry import FLY_ASH, Registry, T

from circularity.custody.carriers import Carrier
from circularity.custody.corrections import answer_correction, ask_correction
from circularity.custody.manifests import Transfer
from circularity.custody.refusals import rematch_refused, send_back, take_back
from circularity.custody.transfers import arrive
from circularity.deals.contract import Agreement
from circularity.ledger.balances import faults, trial_balance


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def rescue_of(deal: Deal, refused: Transfer) -> tuple[Transfer, Agreement]:
    """Draft the trip that takes what was refused on to another plant, under an agreement with it."""
    other = agreement(deal.registry, deal.works, deal.registry.line(), FLY_ASH)
    where = {"carriers": [Carrier(deal.carrier, "沪A1")], "conveyance": "vehicle", "vehicle": "", "day": DAY}
    return rematch_refused(**deal.act, transfer=refused, agreements=[other], **where), other  # type: ignore[arg-type]  # wrong, or unpacked, on purpose


@pytest.mark.parametrize(
    ("accepted", "refused", "shipped"),
    [
        pytest.param(0, 31, 0, id="the excess of a load refused whole was never counted as shipped"),
        pytest.param(20, 11, 20, id="what was accepted stays counted"),
        pytest.param(32, 3, 30, id="more was accepted than was sent"),
    ],
)
def test_no_more_comes_back_than_was_sent(ash: Deal, accepted: int, refused: int, shipped: int) -> None:
    transfer = ash.at_the_gate(30)
    decided(ash, transfer, accepted, refused)
    send_back(**ash.act, transfer=transfer, who="carrier")
    take_back(**ash.act, transfer=transfer)
    session = ash.registry.session
    ledger = trial_balance(session)
    assert ash.agreement.shipped_kg == shipped * T
    assert (ledger["on_site"], ledger["in_transit"]) == (refused * T, 0)
    assert faults(session) == []


def test_a_load_weighed_heavier_and_refused_goes_on_whole(ash: Deal) -> None:
    refused = ash.at_the_gate(30)
    decided(ash, refused, 0, 31)
    rescue, other = rescue_of(ash, refused)
    ash.sign(rescue, "sender")
    assert (ash.agreement.shipped_kg, other.shipped_kg) == (0, 31 * T)
    ash.sign(rescue, "carrier")
    arrive(**ash.act, transfer=rescue)
    decided(ash, rescue, 0, 32)
    send_back(**ash.act, transfer=rescue, who="generator")
    take_back(**ash.act, transfer=rescue)
    assert (ash.agreement.shipped_kg, other.shipped_kg) == (0, 0)
    assert trial_balance(ash.registry.session)["on_site"] == 32 * T


def test_a_correction_of_what_was_sent_is_what_can_come_back(ash: Deal) -> None:
    session, refused = ash.registry.session, ash.at_the_gate(30)
    decided(ash, refused, 0, 31)
    parties = [refused.facility.site.organisation, refused.sender_site.organisation, ash.carrier]
    correction = ask_correction(
        **ash.act, transfer=refused, organisation=parties[0],
        changes={"lines.1.sent_kg": 28 * T}, reason="发出地磅回皮错误",
    )  # fmt: skip
    for organisation in parties[1:]:
        answer_correction(**ash.act, correction=correction, organisation=organisation, agrees=True)
    assert ash.agreement.shipped_kg == 28 * T
    send_back(**ash.act, transfer=refused, who="carrier")
    take_back(**ash.act, transfer=refused)
    # Two tonnes had been carried as generated and never left.
    assert (ash.agreement.shipped_kg, trial_balance(session)["on_site"]) == (0, (31 + 2) * T)
