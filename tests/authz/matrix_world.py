"""Two sets of parties with one of everything each, and the roles that ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from canaries import numbers, plant, rows_of, since
from deal_rows import deal
from flask import Flask
from flask.testing import FlaskClient
from register_rows import account_rows, correction_rows, procedure_rows, register_rows, target_rows
from registry import ACID, ACTOR, AT, FLY_ASH, Registry
from sqlalchemy import select

from circularity.audit import Actor
from circularity.custody.line_handling import LineHandling
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.treatments import Result, record_treatment
from circularity.database import create_engine_for, writing
from circularity.jobs import MATCHING, ask_for
from circularity.ledger.batches import Batch
from circularity.ledger.generator_months import write_month
from circularity.ledger.handling import Handling
from circularity.ledger.surveys import record_survey
from circularity.organisations import Organisation
from circularity.policy.acting import Acting
from circularity.registry.declarations import declare_generation
from circularity.registry.descriptions import WasteDescription, describe_waste
from circularity.registry.drafts import LedgerRow, read_into_drafts
from circularity.runs.stored import MatchingRun, Proposal
from matching.database.run import run_matching
from web.app import create_app
from web.config import Config
from web.permission_check import ASKING

GYPSUM = "441-001-S06"
OPEN = {"available_from": None, "available_to": None}
PLAIN = {
    "lot": 100_000, "deal": 100, "stock": 900_000, "load": 20, "offered": 500_000, "limit": 10**9,
    "drafted": 30_000, "declared": 800_000,
}  # fmt: skip
SECRET = {
    "lot": 4_321_987, "deal": 40_123, "stock": 7_117_771, "load": 7_919, "offered": 2_654_321,
    "limit": 98_765_431, "drafted": 5_353_131, "declared": 6_262_621,
}  # fmt: skip
MARK = "秘密词句 canary-words"
"""Figures of either set in kg, the deal's and the load's in t; those of the foreign set are nobody else's."""
SECRET_MONEY = {"price_ucny_per_kg": 777_717, "max_net_cost_ucny_per_kg": 888_818, "max_distance_m": 345_678}
UNKNOWN = "0" * 32
Ids = dict[str, str]


@dataclass
class Matrix:
    """The application and the ids of both sets by kind; texts and figures that only the foreign set has."""

    app: Flask
    client: FlaskClient
    own: Ids
    foreign: Ids
    unknown: Ids
    marks: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()
    real_views: bool = False

    def choose(self, party: str, side: str) -> None:
        """Act on the desk for a party of the own set, as without accounts; "" = for nobody."""
        typed = {"organisation": self.own[party], "side": side} if party else {"nobody": "1"}
        answer = self.client.post("/acting", data=typed)
        assert answer.status_code == 303, answer.get_data(as_text=True)

    def ask_as(self, acting: Acting | None) -> None:
        """Let every request from now on be asked by somebody; None = as without accounts."""
        if acting is None:
            self.app.extensions.pop(ASKING, None)
        else:
            self.app.extensions[ASKING] = lambda: acting


@contextmanager
def matrix(url: str, *, accounts: bool) -> Iterator[Matrix]:
    """Serve two sets of parties from the fresh database at `url`: with accounts, or as a trial without."""
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        registry = Registry(session)
        office = registry.organisation(roles=frozenset({"authority"}), region_code="310000")
        own = _set(registry, office, FLY_ASH, "SW02", PLAIN, {}, "自己的话 plain words")
        before = rows_of(session)
        foreign = _set(registry, office, GYPSUM, "SW06", SECRET, SECRET_MONEY, MARK)
        own["office"] = foreign["office"] = office.public_id
        marks = plant(session, before) | {MARK}
        figures = numbers(session, since(session, before)) - numbers(session, before)
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine)() as session:
        run = session.scalars(select(MatchingRun)).one()
        own["Run"] = foreign["Run"] = run.public_id
        for ids in (own, foreign):
            for proposal in session.scalars(select(Proposal)):
                if proposal.output.public_id == ids["Output"]:
                    ids["Proposal"] = proposal.public_id
    engine.dispose()
    app = create_app(Config(database_url=url, secret_key="s" * 32, api_write=True, accounts=accounts))
    try:
        unknown = dict.fromkeys(own, UNKNOWN)
        yield Matrix(app, app.test_client(), own, foreign, unknown, frozenset(marks), frozenset(figures))
    finally:
        app.extensions["circularity.engine"].dispose()


def _set(
    registry: Registry, office: Organisation, code: str, pattern: str, kg: dict[str, int],
    money: dict[str, int], words: str,
) -> Ids:  # fmt: skip
    """One works, one plant and one carrier with a lot, a window, a deal, a load, a book and a treatment."""
    works = registry.site()
    line = registry.line(waste_pattern=pattern, annual_limit_kg=kg["limit"])
    facility = line.entitlement.facility
    output = registry.output(waste_code=code, site=works, **OPEN, mass_kg=kg["lot"], **money)
    window = registry.window(line=line, **OPEN, permitted_kg=kg["offered"])
    made = deal(registry, kg["deal"], works=works, line=line, waste_code=code)
    ledger = read_into_drafts(
        registry.session, **registry.act, site=works, file="台账.xlsx", notes=[],
        rows=[LedgerRow(2, {"waste_code": code, "mass_kg": kg["drafted"]}, [])],
    )  # fmt: skip
    rows: dict[str, Any] = {"OutputLedger": ledger, "OutputDraft": ledger.drafts[0]}
    rows |= {"Agreement": made.agreement, **_books(registry, works, code, kg["stock"])}
    transfer, load_kg = made.at_the_gate(kg["load"]), kg["load"] * 1_100  # a tenth more than was sent
    rows["weighed"] = transfer
    receive(**made.act, transfer=transfer, weighed={1: Weighed(load_kg)})
    receiver = facility.site.organisation
    verdicts = {1: Verdict(load_kg)}
    (receipt,) = decide(
        **made.act, transfer=transfer, organisation=receiver, person="李四", verdicts=verdicts
    )
    day = AT.date()
    nature = {"site": works, "waste_code": code, "year": 2026, "facts": {"components": "SiO2"}}
    describe_waste(registry.session, **registry.act, **nature)
    rows["WasteDescription"] = registry.session.scalars(
        select(WasteDescription).filter_by(site_id=works.id)
    ).one()
    declared = {"generated_kg": kg["declared"], "own_utilised_kg": 0, "own_disposed_kg": 0}
    rows["GenerationDeclaration"] = declare_generation(
        registry.session, **registry.act, site=works, waste_code=code, year=2026, **declared
    )
    rows["Treatment"] = record_treatment(
        **made.act, facility=facility, operation="C2", day_from=day, day_to=day,
        inputs=[(receipt, None)], results=[Result("product", load_kg)],
    )  # fmt: skip
    transfer = made.at_the_gate(10)
    keeping = dict.fromkeys(("container_type", "container_code", "facility_code", "handler", "mover"), "袋")
    registry.session.add(LineHandling(line=transfer.lines[0], told_at=AT, container_count=4, **keeping))
    rows |= register_rows(registry, office, line, words) | correction_rows(made, transfer, words)
    rows |= procedure_rows(made, words) | target_rows(registry, code)
    rows |= account_rows(registry, works.organisation, f"boss-{code.lower()}@works.example")
    rows |= {
        "Transfer": transfer, "Receipt": receipt, "Output": output, "CapacityWindow": window,
        "Facility": facility, "EntitlementLine": line, "Entitlement": line.entitlement, "Site": works,
        "WhitelistEntry": registry.listing(facility, waste_pattern=pattern, operation="C2"),
        "ProcedureGrant": registry.grant(facility, waste_pattern=pattern),
        "works": works.organisation, "plant": receiver, "carrier": made.carrier,
        "Organisation": works.organisation,
        "Job": ask_for(
            registry.session, actor=Actor("张三", works.organisation.public_id, "person"), at=AT,
            kind=MATCHING, parameters={"of": code},
        ),
    }  # fmt: skip
    registry.session.flush()
    return {kind: str(row.public_id) for kind, row in rows.items()}


def _books(registry: Registry, works: Any, code: str, stock_kg: int) -> dict[str, Any]:
    act = {"session": registry.session, **registry.act, "site": works, "waste_code": code}
    survey = record_survey(**act, vintage=2025, surveyed_on=AT.date(), mass_kg=stock_kg, method="测量")
    figures = {"generated_kg": stock_kg, "discarded_kg": 0, "stored_kg": stock_kg}
    batch = Batch(AT.date(), stock_kg, handling=Handling("桶", "T1", 1, "MF0001", "李阳"))
    acid = write_month(
        **(act | {"waste_code": ACID}), year=2026, month=9, uses=[], **figures, batches={"generated": [batch]}
    )
    return {
        "acid": acid,
        "StockSurvey": survey,
        "LedgerMonth": write_month(**act, year=2026, month=9, uses=[], **figures),
    }


def roles(ids: Ids) -> dict[str, Acting]:
    """Return everybody who may ask, acting for the parties of a set of ids."""
    works = Acting(
        user_public_id="u" * 32, organisation_public_id=ids["works"], roles=frozenset({"generator"}),
        membership="operator", verified=True, region_code="310100",
    )  # fmt: skip
    office = replace(
        works, organisation_public_id="9" * 32, authority_kind="ecology", authority_level="province",
        roles=frozenset({"authority"}), region_code="310000",
    )  # fmt: skip
    return {
        "anonymous": Acting(),
        "nobody's member": Acting(user_public_id="u" * 32),
        **{member: replace(works, membership=member) for member in ("owner", "operator", "reader", "driver")},
        "receiver": replace(works, organisation_public_id=ids["plant"]),
        "carrier's driver": replace(works, organisation_public_id=ids["carrier"], membership="driver"),
        "other organisation": replace(works, organisation_public_id="8" * 32),
        "operator of this site": replace(works, sites=frozenset({ids["Site"]})),
        "operator of another site": replace(works, sites=frozenset({UNKNOWN, "7" * 32})),
        "unverified": replace(works, verified=False),
        "dormant": replace(works, dormant=True),
        **{
            f"token to {scope}": replace(works, scopes=frozenset({scope}))
            for scope in ("read", "write", "sign")
        },
        "token to nothing": replace(works, scopes=frozenset()),
        "authority of the region": office,
        "authority's owner": replace(office, membership="owner"),
        "authority's reader": replace(office, membership="reader"),
        "authority of another region": replace(office, region_code="330000"),
        "city authority": replace(office, authority_level="city", region_code="310100"),
        "economy authority": replace(office, authority_kind="economy"),
        "transport authority": replace(office, authority_kind="transport"),
        "water authority": replace(office, authority_kind="water"),
        "Delta body": replace(office, authority_level="delta", region_code=""),
    }
