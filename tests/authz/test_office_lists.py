"""Lists that an authority sees: they keep to its office's wastes, and note what was read in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import Databases
from matrix_world import Matrix
from office_world import authority, office_world, owner_of, readings
from sign_ins import program_of, sign_in
from sqlalchemy import select

from circularity.custody.manifests import Transfer
from circularity.custody.reception import Receipt, Treatment
from circularity.database import reading
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.ledger.months import LedgerMonth, StockSurvey
from circularity.office_wastes import about
from circularity.organisations import Organisation, Site
from circularity.policy_facts import facts_about
from circularity.registry.declarations import GenerationDeclaration
from circularity.registry.descriptions import WasteDescription
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal

MONTHS = ("LedgerMonth", "acid")
"""The months that the works of either set has written."""
LISTS = {
    "/transfers": "Transfer",
    "/transfers/overdue": "Transfer",
    "/transfers/differences": "weighed",
    "/agreements": "Agreement",
    "/proposals": "Proposal",
    "/desk": "Transfer",
    "/desk/outputs": "Output",
    "/desk/sites?year=2026": "GenerationDeclaration",
    "/months/stock": "StockSurvey",
    "/months/not-closed?month=2026-10": "Site",
    "/procedures": "AgreementProcedure",
    "/desk/capacity": "Facility",
    "/api/v1/organisations/{office}/rates/capacity": "Facility",
    "/register": "Application",
    "/register/entitlements": "EntitlementChange",
    "/api/v1/organisations/{office}/entitlements": "Entitlement",
    "/api/v1/organisations/{office}/entitlement-changes": "EntitlementChange",
    "/api/v1/organisations/{office}/list-applications": "Application",
    "/api/v1/organisations/{office}/list-entries": "WhitelistEntry",
    "/api/v1/organisations/{office}/list-appeals": "Appeal",
    "/months": "LedgerMonth",
    "/treatments": "Treatment",
    "/desk/descriptions?year=2026": "WasteDescription",
    "/api/v1/organisations/{office}/treatments": "Treatment",
    "/api/v1/organisations/{office}/descriptions": "WasteDescription",
    "/api/v1/organisations/{office}/sites": "Site",
    "/api/v1/organisations/{office}/declarations?year=2026": "GenerationDeclaration",
    "/api/v1/organisations/{office}/overdue-transfers": "Transfer",
    "/api/v1/organisations/{office}/corrections": "Correction",
    "/api/v1/organisations/{office}/procedures": "AgreementProcedure",
}
"""Lists that an authority sees, and a record of either set that is in each."""


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with office_world(databases) as made:
        yield made


@pytest.mark.parametrize(("address", "kind"), LISTS.items())
def test_every_list_notes_whose_records_it_shows_to_an_authority(
    world: Matrix, address: str, kind: str
) -> None:
    program = program_of(world, "office")
    sign_in(world, "office", "operator")
    before = len(readings(world))
    listed(world, address, program)
    noted = {record for event in readings(world)[before:] for record in event.facts["records"]}
    model = {"weighed": "Transfer"}.get(kind, kind)
    assert {f"{model} {ids[kind]}" for ids in (world.own, world.foreign)} <= noted


@pytest.mark.parametrize("address", LISTS)
def test_no_list_holds_what_an_office_may_not_read(world: Matrix, address: str) -> None:
    """An office for sludge is told of none of these wastes, and opens none of these records."""
    program = program_of(world, "office")
    sign_in(world, "office", "operator")
    whole = listed(world, address, program)
    program = program_of(world, "sludge office")
    sign_in(world, "sludge office", "operator")
    before = len(readings(world))
    held = listed(world, address.replace("{office}", "{sludge office}"), program)
    for party in ("works", "plant"):
        for ids in (world.own, world.foreign):
            assert name_of(world, ids[party]) not in held
    assert len(held) < len(whole), "and the whole office is told of some"
    assert len(readings(world)) == before


@pytest.mark.parametrize("address", LISTS)
def test_a_party_that_lists_its_own_leaves_no_trace(world: Matrix, address: str) -> None:
    before = len(readings(world))
    for party in ("works", "plant"):
        program = program_of(world, party)
        sign_in(world, party, "operator")
        listed(world, address.replace("{office}", f"{{{party}}}"), program)
    assert len(readings(world)) == before


def listed(world: Matrix, address: str, program: dict[str, str]) -> str:
    """Read a list: the desk's as who is signed in, the API's as a program."""
    headers = program if address.startswith("/api/") else {}
    answer = world.client.get(address.format(**world.own), headers=headers)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def name_of(world: Matrix, party: str) -> str:
    with reading(world.app.extensions["circularity.engine"])() as session:
        return session.scalars(select(Organisation.name_zh).filter_by(public_id=party)).one()


def test_many_rows_are_about_the_wastes_that_each_of_them_is_about(world: Matrix) -> None:
    """What lists leave out is what policy refuses of one row."""
    rows = (
        Transfer, Receipt, Treatment, Proposal, Agreement, AgreementProcedure, Output, LedgerMonth,
        StockSurvey, WasteDescription, GenerationDeclaration, Site, CapacityWindow,
    )  # fmt: skip
    with reading(world.app.extensions["circularity.engine"])() as session:
        for model in rows:
            for kinds in (frozenset({"SW06"}), frozenset({"SW02", "HW34"}), frozenset({"SW90"})):
                every = session.scalars(select(model)).all()
                assert every, model
                held = {row.id for row in every if facts_about(row).wastes & kinds}
                assert held == set(session.scalars(select(model.id).where(about(model, kinds)))), model


def test_a_list_notes_every_record_that_it_told_exactly(world: Matrix) -> None:
    before = len(readings(world))
    world.ask_as(authority(world))
    shown = world.client.get("/api/v1/ledger-months").get_json()
    both = (world.own, world.foreign)
    assert {month["id"] for month in shown} == {ids[month] for ids in both for month in MONTHS}
    assert months_noted(world, before) == {
        ids["works"]: {f"LedgerMonth {ids[month]}" for month in MONTHS} for ids in both
    }


def test_lists_on_the_desk_note_what_they_show_to_an_authority(world: Matrix) -> None:
    sign_in(world, "office", "operator")
    both = (world.own, world.foreign)
    before = len(readings(world))
    shown = world.client.get("/months").get_data(as_text=True)
    assert all(ids["LedgerMonth"] in shown for ids in both)
    assert months_noted(world, before) == {
        ids["works"]: {f"LedgerMonth {ids[month]}" for month in MONTHS} for ids in both
    }
    before = len(readings(world))
    assert world.client.get("/treatments").status_code == 200
    noted = {owner_of(world, event): event.facts["records"] for event in readings(world)[before:]}
    assert noted == {
        ids[party]: [f"Treatment {ids['Treatment']}"] for ids in both for party in ("works", "plant")
    }


def months_noted(world: Matrix, before: int) -> dict[str, set[str]]:
    return {owner_of(world, event): set(event.facts["records"]) for event in readings(world)[before:]}


def test_a_list_of_treatments_notes_facility_and_senders(world: Matrix) -> None:
    program = program_of(world, "office")
    before = len(readings(world))
    address = f"/api/v1/organisations/{world.own['office']}/treatments"
    shown = world.client.get(address, headers=program).get_json()
    assert {row["id"] for row in shown} == {world.own["Treatment"], world.foreign["Treatment"]}
    noted = {owner_of(world, event) for event in readings(world)[before:]}
    assert noted == {ids[party] for ids in (world.own, world.foreign) for party in ("works", "plant")}


def test_what_an_authority_reads_of_descriptions_is_noted(world: Matrix) -> None:
    program = program_of(world, "office")
    before = len(readings(world))
    address = f"/api/v1/organisations/{world.own['office']}/descriptions"
    assert len(world.client.get(address, headers=program).get_json()) == 2
    noted = {owner_of(world, event) for event in readings(world)[before:]}
    assert noted == {ids["works"] for ids in (world.own, world.foreign)}
    sign_in(world, "office", "operator")
    before = len(readings(world))
    assert world.client.get("/desk/descriptions?year=2026").status_code == 200
    assert {owner_of(world, event) for event in readings(world)[before:]} == noted
