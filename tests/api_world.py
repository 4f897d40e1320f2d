"""A served registry for tests of the API: two generators and two plants, of which one each publishes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deal_rows import deal
from flask import Flask
from flask.testing import FlaskClient
from registry import ACTOR, AT, FLY_ASH, Registry, T
from sqlalchemy import select

from circularity.accounts.standings import begin_standing
from circularity.audit import Actor
from circularity.custody.corrections import ask_correction
from circularity.custody.line_handling import LineHandling
from circularity.custody.manifests import Transfer
from circularity.custody.quota import raise_quota
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt
from circularity.custody.sheets import Weighing, add_reading, add_tickets
from circularity.custody.treatments import Result, record_treatment
from circularity.database import create_engine_for, writing
from circularity.deals.filings import begin_procedure
from circularity.jobs import MATCHING, ask_for
from circularity.ledger.generator_months import write_month
from circularity.ledger.surveys import record_survey
from circularity.organisations import Site
from circularity.rates.targets import enter_target
from circularity.registry.descriptions import describe_waste
from circularity.registry.drafts import LedgerRow, draft_output, read_into_drafts
from circularity.registry.entitlements import Facility
from circularity.runs.stored import MatchingRun, Proposal
from circularity.uploads import OFFICIAL_NUMBERS, ask_for_import
from circularity.whitelist.appeals import appeal
from circularity.whitelist.entitlement_requests import request_change
from circularity.whitelist.papers import hand_in
from circularity.whitelist.proposing import Wanted, apply_for
from circularity.whitelist.standing import suspend
from matching.database.run import run_matching
from web.app import create_app
from web.config import Config

SECRETS = {
    "mass_kg": 4_321_987,
    "price_ucny_per_kg": 777_717,
    "max_net_cost_ucny_per_kg": 888_818,
    "max_distance_m": 345_678,
    "min_lot_kg": 3_313,
    "plan_mass_kg": 9_876_511,
}
"""Figures of the generator that publishes nothing: 4321.987 t, 777.717 CNY/t, …"""

SECRET_ASSAYS = {"cl_mg_per_kg": 12_345_678_917}
SECRET_WINDOW = {
    "permitted_kg": 2_654_321,
    "received_kg": 111_222,
    "committed_kg": 222_331,
    "gate_fee_ucny_per_kg": 66_613,
    "max_distance_m": 456_789,
}
"""Figures of the plant that publishes nothing; it offers 2654.321 - 111.222 - 222.331 = 2320.768 t."""

SECRET_LIMIT_KG = 98_765_432
SECRET_CRITERION = {"cl_mg_per_kg": 99_999_111_123}
SECRET_QUOTA_KG = 5_555_129
DRAFTED = {"waste_code": FLY_ASH, "mass_kg": 6_161_713, "price_ucny_per_kg": 555_551}
ROW = {"waste_code": FLY_ASH, "mass_kg": 5_151_517}
"""What nobody but its owner may see at all."""

SECRET_STOCK_KG = 7_117_771
SECRET_LOAD_KG = 19_919
OPEN = {"available_from": None, "available_to": None}


@dataclass(frozen=True)
class World:
    """The application, a client, and the public ids of what is in it."""

    app: Flask
    client: FlaskClient
    ids: dict[str, str]

    @property
    def engine(self) -> Any:
        """The application's database."""
        return self.app.extensions["circularity.engine"]

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document as served."""
        return dict(self.client.get("/openapi.json").get_json())

    def address(self, path: str) -> str:
        """Fill the ids of this world into a path of the OpenAPI document."""
        return path.format(**self.ids)


@contextmanager
def world(url: str, *, api_write: bool = False) -> Iterator[World]:
    """Serve a registry with one run; its database is fresh, at `url`."""
    engine = create_engine_for(url)
    ids = fill(engine)
    engine.dispose()
    app = create_app(Config(database_url=url, secret_key="s" * 32, api_write=api_write))
    try:
        yield World(app, app.test_client(), ids)
    finally:
        app.extensions["circularity.engine"].dispose()


def fill(engine: Any) -> dict[str, str]:
    """Write the registry and match it; return public ids by the names of the paths' parameters."""
    run_matching(engine, actor=ACTOR, at=AT)  # a run before, against which there are changes to tell
    with writing(engine).begin() as session:
        registry = Registry(session)
        secret = registry.output(**OPEN, **SECRETS, assays=SECRET_ASSAYS)
        public = registry.output(1_000, visibility="public", price_ucny_per_kg=-20_000, **OPEN)
        registry.declaration(secret.site, 6_000)
        closed = registry.line(
            annual_limit_kg=SECRET_LIMIT_KG, limits_max=SECRET_CRITERION, gate_fee_ucny_per_kg=66_613
        )
        hidden = registry.window(line=closed, **OPEN, **SECRET_WINDOW)
        shown = registry.window(500, visibility="public", gate_fee_ucny_per_kg=5_000, **OPEN)
        facility = closed.entitlement.facility
        listing = registry.listing(
            facility, waste_pattern="SW02", operation="C2", quota_kg=SECRET_QUOTA_KG, valid_to=None
        )
        registry.listing(facility, document="申请中的文件", status="under_review")
        session.flush()
        ids = {
            "output_id": secret.public_id,
            "public_output_id": public.public_id,
            "facility_id": facility.public_id,
            "line_id": closed.public_id,
            "window_id": hidden.public_id,
            "public_window_id": shown.public_id,
            "entry_id": listing.public_id,
            "site_id": secret.site.public_id,
            "code": FLY_ASH,
        }
        ids |= books(registry, secret.site)
        ids |= custody(registry, secret.site, public.site)
        draft = draft_output(session, **registry.act, site=secret.site, terms=DRAFTED)
        file = {"file": "台账.xlsx", "notes": [], "rows": [LedgerRow(2, ROW, [])]}
        ledger = read_into_drafts(session, **registry.act, site=secret.site, **file)
        session.flush()
        ids |= {"draft_id": draft.public_id, "ledger_id": ledger.public_id, "target_id": target(registry)}
        short = registry.entitlement(valid_to=date(2026, 9, 30))
        deal(registry, works=secret.site, line=registry.line(entitlement=short), valid_to=date(2099, 12, 31))
    key = run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        run = session.get(MatchingRun, key)
        assert run is not None
        job = ask_for(session, actor=ACTOR, at=AT, kind=MATCHING)
        proposal = session.scalars(select(Proposal).filter_by(run_id=key)).first()
        assert proposal is not None
        return ids | {"run_id": run.public_id, "job_id": job.public_id, "proposal_id": proposal.public_id}


def target(registry: Registry) -> str:
    """Enter a far target as the region's economy authority, and return its public id."""
    office = registry.organisation(roles=frozenset({"authority"}), region_code="310000")
    begin_standing(registry.session, **registry.act, organisation=office, authority_kind="economy")
    entered = enter_target(
        registry.session, **registry.act, by=office, scope="general", region_code="310000",
        rate_permille=960, period_from=date(2091, 1, 1), period_to=date(2091, 12, 31),
        document_zh="《虚构的规划》",
    )  # fmt: skip
    registry.session.flush()
    return str(entered.public_id)


def books(registry: Registry, works: Site) -> dict[str, str]:
    """A month, a survey and a treatment of the parties that publish nothing."""
    act = {"session": registry.session, **registry.act}
    mass = {"site": works, "waste_code": FLY_ASH}
    survey = record_survey(
        **act, **mass, vintage=2025, surveyed_on=AT.date(), mass_kg=SECRET_STOCK_KG, method="测量"
    )
    figures = {"generated_kg": SECRET_STOCK_KG, "discarded_kg": 0, "stored_kg": SECRET_STOCK_KG}
    month = write_month(**act, **mass, year=2026, month=9, uses=[], **figures)
    describe_waste(**act, **mass, year=2026, facts={"components": "SiO2"})
    carried = deal(registry, works=works)
    draft, transfer = carried.draft(30), carried.at_the_gate(20)
    keeping = {"container_type": "桶", "container_code": "T1", "facility_code": "TS001", "handler": "李阳"}
    line = transfer.lines[0]
    registry.session.add(LineHandling(line=line, told_at=AT, mover="", container_count=3, **keeping))
    plant = carried.plant
    _weighed_by_the_plant(act, transfer)
    receive(**act, transfer=transfer, weighed={1: Weighed(SECRET_LOAD_KG)})
    (receipt,) = decide(
        **act,
        transfer=transfer,
        organisation=plant.site.organisation,
        person="李四",
        verdicts={1: Verdict(SECRET_LOAD_KG)},
    )
    treatment = record_treatment(
        **act,
        facility=plant,
        operation="C2",
        day_from=AT.date(),
        day_to=AT.date(),
        inputs=[(receipt, None)],
        results=[Result("product", SECRET_LOAD_KG)],
    )
    return {
        "month_id": month.public_id,
        "survey_id": survey.public_id,
        "treatment_id": treatment.public_id,
        "transfer_id": transfer.public_id,
        "agreement_id": carried.agreement.public_id,
        "load_id": draft.public_id,
        "load_sender_id": works.organisation.public_id,
        "load_carrier_id": carried.carrier.public_id,
        "plant_id": plant.public_id,
        "plant_organisation_id": plant.site.organisation.public_id,
    }


def custody(registry: Registry, works: Site, neighbour: Site) -> dict[str, str]:
    """What the works has under way: a correction, a refused load, an overdue one, a stored one, an import.

    It stores for its neighbour.
    """
    act = {"session": registry.session, **registry.act}
    carried = deal(registry, works=works)
    filing = {"agreement": carried.agreement, "by": works.organisation, "kind": "general_record"}
    procedure = begin_procedure(**act, **filing)
    late, refused = carried.at_the_gate(5), carried.at_the_gate(10)
    late.arrived_at = AT - timedelta(days=1000)
    _decided(act, refused, Verdict(4 * T, 6 * T, "含水率过高"))
    collector = registry.facility(kind="collector", site=works)
    other = deal(registry, works=neighbour, line=registry.line(collector))
    (stored,) = _decided(act, other.at_the_gate(30), Verdict(30 * T))
    listed = lists(registry, collector)
    facts = {"changes": {"vehicle": "沪B99999"}, "reason": "车牌录错", "organisation": works.organisation}
    correction = ask_correction(**act, transfer=refused, **facts)
    upload = ask_for_import(
        registry.session,
        actor=Actor("张三", works.organisation.public_id, "person"),
        at=AT,
        kind=OFFICIAL_NUMBERS,
        content=b"number,official_number\n",
        suffix="csv",
        parameters={},
    )
    return {
        "organisation_id": works.organisation.public_id,
        "stranger_id": registry.organisation().public_id,
        "correction_id": correction.public_id,
        "refused_id": refused.public_id,
        "refusing_organisation_id": carried.plant.site.organisation.public_id,
        "refused_carrier_id": carried.carrier.public_id,
        "stored_receipt_id": stored.public_id,
        "import_id": upload.job.public_id,
        "procedure_id": procedure.public_id,
        **listed,
    }


def lists(registry: Registry, collector: Facility) -> dict[str, str]:
    """What the works' collector has on lists: a suspended entry with a quota, its appeal, an application."""
    act, owner = {"session": registry.session, **registry.act}, collector.site.organisation
    office = registry.organisation(roles=frozenset({"authority"}), region_code="310000")
    registry.session.flush()
    days = {"valid_from": None, "valid_to": None}
    about = {"waste_pattern": "SW17", "operation": "R5", "accepted_origins": ("32",)}
    entry = registry.listing(collector, **about, **days, quota_kg=5 * T)
    registry.session.flush()
    raise_quota(**act, entry=entry, by=office, mass_kg=T, document="同意函 1 号", reason="需求增加")
    suspend(**act, entry=entry, by=office, ground="reporting", reason="未报告")
    raised = appeal(**act, about=entry, by=owner, reason="已补报")
    line = registry.line(collector, waste_pattern="SW17", operation="R5", annual_limit_kg=9 * T)
    window = registry.window(9, line=line)
    registry.session.flush()
    asking = {"document": "变更申请", "reason": "扩能", "wanted": {"annual_limit_kg": 12 * T}}
    held = line.entitlement
    change = request_change(**act, by=owner, entitlement=held, kind="annual_limit", **asking)
    year = {"valid_from": date(2027, 1, 1), "valid_to": date(2027, 12, 31)}
    wanted = Wanted(list_kind="nominated", **about, **year)
    application = apply_for(**act, by=owner, facility=collector, wanted=wanted, renews=entry)
    file = {"kind": "capability", "title": "能力说明", "content": b"%PDF-1.7 capability"}
    paper = hand_in(**act, application=application, by=owner, **file)
    return {
        "list_entry_id": entry.public_id,
        "appeal_id": raised.public_id,
        "application_id": application.public_id,
        "paper_id": paper.public_id,
        "entitlement_id": held.public_id,
        "change_id": change.public_id,
        "own_window_id": window.public_id,
        "year": "2027",
    }


def _weighed_by_the_plant(act: dict[str, Any], transfer: Transfer) -> None:
    """One ticket and one reading of the receiver, together what it received."""
    where = {"transfer": transfer, "side": "receiver"}
    ticket = Weighing("T-1", "沪A1", AT, SECRET_LOAD_KG - 919 + 16_200, 16_200)
    assert add_tickets(**act, **where, rows=[ticket]).added
    showed = {"counter_before_t": 7, "counter_after_t": 8}
    assert add_reading(**act, **where, kind="conveyor", meter="BW-1", read_at=AT, figures=showed, mass_kg=919)


def _decided(act: dict[str, Any], transfer: Transfer, verdict: Verdict) -> list[Receipt]:
    receive(**act, transfer=transfer, weighed={1: Weighed(verdict.accepted_kg + verdict.refused_kg)})
    owner = transfer.facility.site.organisation
    return decide(**act, transfer=transfer, organisation=owner, person="李四", verdicts={1: verdict})
