"""Two weighings of one load: what dried off, what is short or over, what is owed for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circularity.custody.manifests import TransferLine
from circularity.custody.reception import Receipt
from circularity.custody.settlement import Difference, at_moisture_kg, difference, dry_kg, settled_kg
from circularity.deals.contract import Agreement, Offer
from circularity.errors import RuleBroken
from circularity.shares import split

MASSES = st.integers(0, 10**9)
MOISTURES = st.none() | st.integers(0, 1000)


def test_dry_substance_is_the_mass_without_its_water() -> None:
    assert dry_kg(1000, 200) == 800
    assert at_moisture_kg(1000, 200, 100) == 889  # 800 / 0.9 = 888.9
    with pytest.raises(RuleBroken, match="below 100 %"):
        at_moisture_kg(1000, 200, 1000)


def test_water_that_dried_off_is_told_from_what_is_missing() -> None:
    """A tonne of 20 % moisture, dried to 10 %, would weigh 889 kg; 880 arrived."""
    assert difference(1000, 880, 200, 100) == Difference(over_kg=0, moisture_kg=111, short_kg=889 - 880)
    assert difference(1000, 890, 200, 100) == Difference(over_kg=1, moisture_kg=111, short_kg=0)


def test_without_both_moistures_nothing_is_said_to_have_dried() -> None:
    assert difference(1000, 880, 200, None) == Difference(0, 0, 120)
    assert difference(1000, 1010, None, 100) == Difference(10, 0, 0)


def test_rain_is_over() -> None:
    assert difference(1000, 1100, 100, 180) == Difference(over_kg=100, moisture_kg=0, short_kg=0)


@given(MASSES, MASSES, MOISTURES, MOISTURES)
def test_a_difference_explains_every_kilogram(
    sent: int, received: int, wet: int | None, dry: int | None
) -> None:
    found = difference(sent, received, wet, dry)
    assert sent + found.over_kg - found.moisture_kg - found.short_kg == received
    assert min(found.over_kg, found.short_kg) == 0
    assert 0 <= found.moisture_kg <= sent


@pytest.mark.parametrize(
    ("terms", "owed"),
    [
        ({"settles": "received"}, 880 - 80),
        ({"settles": "sent"}, 909),  # 1000 x 800 / 880 = 909.1
        ({"settles": "received", "reference_moisture_permille": 0}, 720),  # 800 less 10 %
        ({"settles": "sent", "reference_moisture_permille": 100}, 808),  # 909 x 0.8 / 0.9
    ],
)
def test_the_agreement_says_which_weight_settles(terms: dict[str, object], owed: int) -> None:
    agreement = _agreement(**terms)
    line = TransferLine(sent_kg=1000, sent_moisture_permille=200)
    receipt = Receipt(received_kg=880, accepted_kg=800, moisture_permille=100)
    assert settled_kg(agreement, line, receipt) == owed


def test_settling_dry_needs_a_moisture() -> None:
    agreement = _agreement(settles="received", reference_moisture_permille=100)
    receipt = Receipt(received_kg=880, accepted_kg=880, moisture_permille=None)
    with pytest.raises(RuleBroken) as refused:
        settled_kg(agreement, TransferLine(sent_kg=1000), receipt)
    assert refused.value.code == "moisture_missing"


def test_nothing_arrived_is_nothing_owed() -> None:
    receipt = Receipt(received_kg=0, accepted_kg=0)
    assert settled_kg(_agreement(settles="sent"), TransferLine(sent_kg=1000), receipt) == 0


def _agreement(**terms: object) -> Agreement:
    agreement = Agreement(offer_number=1, number="XY")
    agreement.offers = [Offer(**({"reference_moisture_permille": None} | terms))]
    return agreement


def test_shares_go_by_the_largest_remainder() -> None:
    assert split(10, [1, 1, 1]) == [4, 3, 3]
    assert split(7, [30, 40, 30]) == [2, 3, 2]  # 2.1, 2.8, 2.1
    assert split(0, []) == []
    with pytest.raises(ValueError, match="nothing to split"):
        split(1, [0, 0])


@given(st.lists(MASSES, min_size=1), st.data())
def test_shares_add_up_and_none_exceeds_its_weight(weights: list[int], data: st.DataObject) -> None:
    mass_kg = data.draw(st.integers(0, sum(weights)))
    shares = split(mass_kg, weights)
    assert sum(shares) == mass_kg
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))
