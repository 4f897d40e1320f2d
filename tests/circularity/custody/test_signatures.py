"""Each signature seals the whole document; only the legal order of signers passes."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from deal_rows import DAY, Deal, agreement, deal
from registry import ACID, AT, FLY_ASH, Registry, T
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from circularity.custody.carriers import Carrier
from circularity.custody.drafting import Load
from circularity.custody.manifest_document import sealed_part
from circularity.custody.manifests import SIGNERS, Transfer, TransferLine
from circularity.custody.seals import PARTS_ZH, START, SealFault, verify_signatures
from circularity.custody.transfer_cells import cells_of
from circularity.custody.transfers import arrive, cancel
from circularity.errors import NotAllowed, RuleBroken
from circularity.ledger.balances import balance, faults, trial_balance
from circularity.ledger.groups import post
from circularity.ledger.postings import Cell, Movement
from circularity.organisations import Organisation


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def test_what_leaves_is_booked_as_generated_then_reserved_then_on_its_way(ash: Deal) -> None:
    session, transfer = ash.registry.session, ash.draft(30)
    assert trial_balance(session) == {}
    ash.sign(transfer, "sender")
    assert trial_balance(session) == {"generated": -30 * T, "on_site": 0, "reserved": 30 * T}
    ash.sign(transfer, "carrier")
    assert trial_balance(session) == {"generated": -30 * T, "on_site": 0, "reserved": 0, "in_transit": 30 * T}
    cell = Cell(ash.works.id, FLY_ASH, 2026)
    assert cells_of(session, transfer, transfer.lines[0]) == [(cell, 30 * T)]
    assert faults(session) == []
    assert ash.agreement.shipped_kg == 30 * T


def test_old_stock_leaves_first_and_only_what_is_missing_is_booked_anew(ash: Deal) -> None:
    session, old = ash.registry.session, Cell(ash.works.id, FLY_ASH, 2024)
    opened = [Movement("opening", old, 12 * T, ash.works.id)]
    post(session, event="stock.opened", on_day=DAY, at=AT, subject=ash.works, movements=opened)
    transfer = ash.draft(30)
    ash.sign(transfer, "sender")
    ash.sign(transfer, "carrier")
    new = Cell(ash.works.id, FLY_ASH, 2026)
    assert cells_of(session, transfer, transfer.lines[0]) == [(old, 12 * T), (new, 18 * T)]


def test_signatures_form_a_chain_over_one_document(ash: Deal) -> None:
    transfer = ash.at_the_gate()
    ash.sign(transfer, "receiver")
    first, second, third = transfer.signatures
    assert [s.previous for s in transfer.signatures] == [START, first.digest, second.digest]
    assert third.document["lines"][0]["sent_kg"] == 30 * T
    assert verify_signatures(transfer) == []


def test_the_database_refuses_to_change_or_delete_a_signature(ash: Deal) -> None:
    transfer = ash.draft()
    ash.sign(transfer, "sender")
    session = ash.registry.session
    for statement in ("UPDATE signatures SET person = 'x'", "DELETE FROM signatures"):
        with pytest.raises(DBAPIError, match="signatures are never changed"), session.begin_nested():
            session.execute(text(statement))
    assert verify_signatures(transfer) == []


def test_a_line_changed_behind_the_signature_is_found_and_nobody_signs_on_top(ash: Deal) -> None:
    transfer = ash.draft()
    ash.sign(transfer, "sender")
    session = ash.registry.session
    session.execute(update(TransferLine).where(TransferLine.transfer == transfer).values(sent_kg=29 * T))
    session.refresh(transfer.lines[0])
    zh, en = "第 1 个签名之后，废物明细被改动", "lines was changed after signature 1 sealed it"
    assert verify_signatures(transfer) == [SealFault("changed_after_signing", zh, en)]
    with pytest.raises(RuleBroken, match="has been changed"):
        ash.sign(transfer, "carrier")


def test_nobody_signs_for_another_party(ash: Deal) -> None:
    transfer = ash.draft()
    for signer in ("sender", "carrier", "receiver"):
        stranger = ash.registry.organisation()
        with pytest.raises(NotAllowed):
            ash.sign(transfer, signer, organisation=stranger)
    assert transfer.signatures == []


STEPS = ("sender", "carrier1", "carrier2", "arrive", "receiver", "cancel")
LEGAL = {
    ("sender", "carrier1", "carrier2", "arrive", "receiver"),
    ("sender", "carrier1", "arrive", "receiver"),
}


def _take(deal: Deal, transfer: Transfer, step: str, **facts: Any) -> None:
    if step == "arrive":
        arrive(**deal.act, transfer=transfer)
    elif step == "cancel":
        cancel(**deal.act, transfer=transfer, reason="改期")
    else:
        deal.sign(transfer, step.rstrip("12"), int(step[-1]) if step[-1].isdigit() else 0, **facts)


def _others(deal: Deal, carriers: list[Carrier], step: str) -> list[Organisation]:
    """The parties of a trip that a signature does not belong to; nobody for what is no signature."""
    parties = {
        "sender": deal.works.organisation,
        "carrier1": carriers[0].organisation,
        "carrier2": carriers[1].organisation,
        "receiver": deal.plant.site.organisation,
    }
    return [party for signer, party in parties.items() if step in parties and signer != step]


def _is_legal(path: tuple[str, ...]) -> bool:
    if path[-1] == "cancel":
        return path[:-1] in ((), ("sender",))
    return any(path == whole[: len(path)] for whole in LEGAL)


def test_of_all_orders_of_signers_and_steps_only_the_legal_ones_pass(ash: Deal) -> None:
    """Every path that was legal so far, to its end, is continued by every step of every party."""
    session = ash.registry.session
    carriers = [Carrier(ash.registry.organisation(), "苏B1"), Carrier(ash.registry.organisation(), "浙C2")]
    paths: list[tuple[str, ...]] = [()]
    passed = set()
    for before in paths:
        for step in STEPS:
            transfer = ash.draft(1, carriers=carriers)
            for taken in before:
                _take(ash, transfer, taken)
            path, state, signed = (*before, step), transfer.status, len(transfer.signatures)
            for stranger in _others(ash, carriers, step):
                with pytest.raises((NotAllowed, RuleBroken)):
                    _take(ash, transfer, step, organisation=stranger)
                assert (transfer.status, len(transfer.signatures)) == (state, signed)
            if _is_legal(path):
                _take(ash, transfer, step)
                passed.add(path)
                paths.append(path)
            else:
                with pytest.raises(RuleBroken, match=r"in state|not this carrier's turn|signed already"):
                    _take(ash, transfer, step)
                assert (transfer.status, len(transfer.signatures)) == (state, signed)
    session.flush()
    every = {path for n in range(1, 7) for path in permutations(STEPS, n) if _is_legal(path)}
    assert passed == every


def test_a_sheet_is_never_picked_up_or_handed_over(ash: Deal) -> None:
    sheet = ash.draft(metering="sheet", carriers=[Carrier(ash.carrier, "沪A1")])
    for signer in ("carrier", "receiver"):
        with pytest.raises(RuleBroken) as refused:
            ash.sign(sheet, signer)
        assert refused.value.code == "illegal_step"


@pytest.mark.parametrize(("permit", "permitted"), [("", ()), ("危货310001", ()), ("危货310001", ("HW49",))])
def test_hazardous_waste_needs_a_carrier_whose_permit_covers_it(
    registry: Registry, permit: str, permitted: tuple[str, ...]
) -> None:
    acid = deal(registry, waste_code=ACID)
    transfer = acid.draft(carriers=[Carrier(acid.carrier, "沪A1", permit, permitted)])
    with pytest.raises(RuleBroken) as refused:
        acid.sign(transfer, "sender")
    assert (refused.value.code, transfer.status) == ("carrier_unfit", "draft"), "while it can be drafted anew"


def test_a_carrier_that_is_none_any_more_takes_no_hazardous_waste_over(registry: Registry) -> None:
    acid = deal(registry, waste_code=ACID)
    transfer = acid.draft()
    acid.sign(transfer, "sender")
    acid.carrier.roles = frozenset({"generator"})
    with pytest.raises(RuleBroken) as refused:
        acid.sign(transfer, "carrier")
    assert refused.value.code == "carrier_unfit"


def test_more_than_agreed_does_not_leave(registry: Registry) -> None:
    small = deal(registry, tonnes=50)
    small.sign(small.draft(30), "sender")
    with pytest.raises(RuleBroken) as refused:
        small.sign(small.draft(30), "sender")
    assert (refused.value.code, refused.value.facts["left_kg"]) == ("more_than_agreed", 20 * T)


def test_a_cancelled_trip_gives_back_mass_and_agreement(ash: Deal) -> None:
    transfer = ash.draft(30)
    ash.sign(transfer, "sender")
    cancel(**ash.act, transfer=transfer, reason="改期")
    session, cell = ash.registry.session, Cell(ash.works.id, FLY_ASH, 2026)
    assert balance(session, "on_site", cell, ash.works.id) == 30 * T
    assert ash.agreement.shipped_kg == 0
    again = ash.draft(30)
    ash.sign(again, "sender")
    assert trial_balance(session)["generated"] == -30 * T  # what came back leaves first


def test_two_wastes_of_two_agreements_leave_on_one_vehicle(registry: Registry) -> None:
    ash = deal(registry)
    line = registry.line(ash.plant, waste_pattern="SW01")
    slag = agreement(registry, ash.works, line, "900-001-S01", 10)
    loads = [Load(FLY_ASH, "C2", 20 * T), Load("900-001-S01", "C2", 5 * T, agreement=slag)]
    transfer = ash.draft(lines=loads)
    ash.sign(transfer, "sender")
    assert (ash.agreement.shipped_kg, slag.shipped_kg) == (20 * T, 5 * T)
    cells = [cells_of(registry.session, transfer, row, "reserved") for row in transfer.lines]
    assert [[kg for _, kg in parts] for parts in cells] == [[20 * T], [5 * T]]


def test_every_part_that_is_sealed_has_a_chinese_name(ash: Deal) -> None:
    transfer = ash.at_the_gate()
    ash.sign(transfer, "receiver")
    document = transfer.signatures[-1].document
    sealed = {name for signer in SIGNERS for name in sealed_part(document, signer, 1)}
    assert sealed | {"official_number"} == set(PARTS_ZH)


def test_a_load_that_waits_for_an_assay_is_told_which_by_name(registry: Registry) -> None:
    limits = {"as_mg_per_kg": 5_000_000, "so3_percent": 4_000_000, "xyz_percent": 1}
    line = registry.line(registry.facility(), limits_max=limits)
    unmeasured = deal(registry, line=line).draft()
    with pytest.raises(RuleBroken) as refused:
        deal(registry).sign(unmeasured, "sender")
    assert (refused.value.code, refused.value.facts["kinds"]) == ("procedure_missing", ("assay",))
    assert "砷、三氧化硫、xyz" in refused.value.zh
    assert "arsenic, sulphur trioxide (SO₃), xyz" in refused.value.en
