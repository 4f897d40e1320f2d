"""Every route × method × role × ownership has a verdict, and the application answers with that verdict.

The expected verdict is worked out here from the two tables alone (permissions of routes, rules of verbs) and
from what is written below about the two sets of parties; the application's own decisions are not asked.
Where a cell must be reached, its view is replaced by one that says so, so that no cell changes what the next
one meets. What must be refused meets the real view: a check that let it pass would write, and that is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from databases import Databases
from flask import Response
from matrix_world import Ids, Matrix, matrix, roles
from routes import Cell, address_of, cells, filled
from sqlalchemy import update
from untouched import content_of, written

from circularity.database import reading, writing
from circularity.organisations import Organisation
from circularity.policy.acting import Acting
from circularity.policy.decisions import may
from circularity.policy.verbs import RULES
from circularity.policy_facts import KINDS, thing_of
from web.permissions import Permission

REACHED = 299
ELSEWHERE = "works at another site"
STANDS = {  # what the works, the plant and the carrier of a set are in its things
    "Transfer": {"works": "generator", "plant": "receiver", "carrier": "carrier"},
    "Correction": {"works": "generator", "plant": "receiver", "carrier": "carrier"},
    "Treatment": {"works": "generator", "plant": "receiver"},
    "Agreement": {"works": "generator", "plant": "receiver"},
    "AgreementProcedure": {"works": "generator", "plant": "receiver"},
    "Proposal": {"works": "generator", "plant": "receiver"},
    **{kind: {"works": "generator"} for kind in (
        "OutputDraft", "OutputLedger", "Output", "Site", "LedgerMonth", "StockSurvey",
    )},
    **{kind: {"plant": "receiver"} for kind in (
        "Facility", "EntitlementLine", "Entitlement", "CapacityWindow", "WhitelistEntry", "ProcedureGrant",
        "Receipt", "Application", "Appeal", "EntitlementChange",
    )},
    **{kind: {"works": "every side"} for kind in (
        "Job", "Organisation", "Membership", "Invitation", "ApiToken",
    )},
}  # fmt: skip
_READS = {"confidential.read"}
_EVERYWHERE = _READS | {"organisation.verify", "whitelist.propose", "audit.read"}
_OF_A_CITY = _EVERYWHERE | {
    "agreement.suspend",
    "month.reverse",
    "entitlement.confirm",
    "plan_change.accept",
}
_OF_ECONOMY = {"targets.set"}
POWERS = {  # an ecology authority of the province holds all but those of economy
    "water authority": _READS, "transport authority": _READS,
    "Delta body": _READS | {"matching.start", "audit.read"},
    "city authority": _OF_A_CITY,
    "economy authority": _EVERYWHERE | {"matching.start"} | _OF_ECONOMY,
}  # fmt: skip
NO_OFFICE = ("authority of another region", "water authority")
"""Whose powers reach nothing in this world: water reads sludge, and the things here are ash and gypsum."""


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=True) as made:
        for endpoint, view in list(made.app.view_functions.items()):
            made.app.view_functions[endpoint] = _real_or_not(made, view)
        yield made


def _real_or_not(world: Matrix, view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that answers `reached` while the world says that its cells should be."""
    return lambda **pieces: view(**pieces) if world.real_views else Response("reached", REACHED)


def answer(world: Matrix, cell: Cell, ids: Ids, own: Ids) -> str:
    """Send the request of a cell and return its verdict in a word."""
    method, rule, permission, act = cell
    pieces, address = filled(rule, permission, ids, own, act), address_of(world, cell, ids)
    send: dict[str, Any] = {}
    if method != "GET" and address.startswith("/api/"):
        send["json"] = {"act": act} | {
            field: own["works"] if kind == "Self" else ids[kind]
            for kind, field in [*permission.named, (permission.kind, permission.where)]
            if kind and field not in pieces and "." not in field
        }
    got = world.client.open(address, method=method, **send)
    if got.status_code == REACHED:
        return "reached"
    if got.status_code == 303 and got.headers["Location"].startswith("/login"):
        return "401"
    if got.status_code == 422 and got.get_json()["errors"][0]["rule"] == "unknown_id":
        return "404"
    return str(got.status_code)


def expected(permission: Permission, act: str, role: str, acting: Acting, stands: str, *, mine: bool) -> str:
    """Work out the verdict from the tables; `stands` = which party of the set the role acts for."""
    rule = RULES[permission.acts.get(act, permission.verb)]
    of_authority = "authority" in role or role == "Delta body"
    lacks_scope = role.startswith("token") and role != f"token to {rule.scope}"
    only_authorities = rule.powers and not rule.sides and not rule.open_to
    for applies, verdict in (
        (rule.open_to == "anyone", "reached"),
        (role == "anonymous", "401"),
        (lacks_scope, "403"),
        (rule.open_to == "signed_in", "reached"),
        (role == "nobody's member" or acting.membership not in rule.members, "403"),
        (of_authority and rule.open_to == "own", "404" if permission.kind else "reached"),
        (only_authorities and not of_authority, "403"),
        (role == "unverified" and "verified" in rule.needs, "403"),
        (role == "dormant" and "awake" in rule.needs, "403"),
        (bool(acting.sites) and "whole" in rule.needs, "403"),
    ):
        if applies:
            return verdict
    if of_authority:
        return _of_authority(permission, rule.powers, role, mine=mine)
    return _of_party(permission, rule, stands, mine=mine)


def _of_authority(permission: Permission, powers: tuple[str, ...], role: str, *, mine: bool) -> str:
    if not set(powers) & POWERS.get(role, set(powers) - _OF_ECONOMY):
        return "403"
    in_region = role not in NO_OFFICE
    foreign = any(kind == "Self" for kind, _ in permission.named)
    if permission.kind and not (mine and in_region and permission.kind != "Job"):
        return "404"
    return "404" if foreign or (permission.named and not (mine and in_region)) else "reached"


def _of_party(permission: Permission, rule: Any, stands: str, *, mine: bool) -> str:
    if permission.kind:
        side = _side(permission.kind, stands) if mine else None
        if side is None:
            return "404"
        if not rule.open_to and side != "every side" and side not in rule.sides:
            return "403"
    for kind, field in permission.named:
        if "." in field:
            continue
        known = stands in ("works", ELSEWHERE) if kind == "Self" else mine and _side(kind, stands)
        if not known:
            return "404"
    return "reached"


def _side(kind: str, stands: str) -> str | None:
    """Return what a party is in a thing; at another of its sites only what is the whole organisation's."""
    side = STANDS[kind].get("works" if stands == ELSEWHERE else stands)
    return None if stands == ELSEWHERE and side != "every side" else side


def differences(
    world: Matrix, who: dict[str, Acting], every: int = 1, *, real: bool = False
) -> tuple[int, list[str]]:
    """Ask every cell (or every n-th) as every role; return how many and a line for each that is wrong.

    `real`: what must be refused meets the real views.
    """
    asked, wrong = 0, []
    engine = world.app.extensions["circularity.engine"]
    stands = {
        "operator of another site": ELSEWHERE,
        "receiver": "plant",
        "carrier's driver": "carrier",
        "other organisation": "stranger",
    }
    for (role, acting), cell in product(who.items(), list(cells(world))):
        world.ask_as(acting)
        method, rule, permission, act = cell
        sets = {"own": world.own, "foreign": world.foreign, "unknown": world.unknown}
        for whose in sets if permission.kind or permission.named else ("own",):
            asked += 1
            if asked % every:
                continue
            regional = whose == "foreign" and ("authority" in role or role == "Delta body")
            mine = whose == "own" or regional
            want = expected(permission, act, role, acting, stands.get(role, "works"), mine=mine)
            world.real_views = real and want != "reached"
            with written(engine) as statements:
                got = answer(world, cell, sets[whose], world.own)
            world.real_views = False
            if got != want or statements:
                wrong.append(
                    f"{method} {rule.endpoint} {act} · {role} · {whose}: {got}, not {want} {statements}"
                )
    return asked, wrong


def test_every_cell_of_the_matrix_answers_as_the_tables_say(world: Matrix) -> None:
    """On the embedded database every cell, on the other one every eleventh: the check is the same code."""
    engine = world.app.extensions["circularity.engine"]
    before = content_of(engine)
    asked, wrong = differences(
        world, roles(world.own), 1 if engine.dialect.name == "sqlite" else 11, real=True
    )
    assert not wrong, "\n".join([f"{len(wrong)} of {asked}", *wrong[:60]])
    assert content_of(engine) == before
    assert asked > 10_000


def test_every_kind_of_thing_has_a_row_on_either_side_of_the_matrix(world: Matrix) -> None:
    """So that a route about a new kind is asked with a row that is there, and not with unknown ids alone."""
    for ids in (world.own, world.foreign):
        assert not set(KINDS) - set(ids), "give both sets a row of it"
        with reading(world.app.extensions["circularity.engine"])() as session:
            assert all(thing_of(session, kind, ids[kind]) for kind in KINDS)
    shared = {"Run", "office"}
    assert not {kind for kind in world.own if world.own[kind] == world.foreign[kind]} - shared


def test_a_write_during_a_request_would_be_seen(world: Matrix) -> None:
    engine = world.app.extensions["circularity.engine"]
    before = content_of(engine)
    with written(engine) as statements, writing(engine)() as session:
        session.execute(update(Organisation).values(name_en="changed"))
        session.flush()
        assert statements
        session.commit()
    assert {name for name, rows in content_of(engine).items() if rows != before[name]} == {"organisations"}


def test_a_check_that_forgets_whose_a_thing_is_would_be_found(
    world: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetful = lambda acting, verb, thing=None, *, on: may(acting, verb, None, on=on)  # noqa: E731, ARG005 - short, and used once
    monkeypatch.setattr("web.permission_check.may", forgetful)
    _, wrong = differences(world, {"operator": roles(world.own)["operator"]})
    assert any("foreign: reached, not 404" in line for line in wrong)


def test_a_check_that_forgets_roles_would_be_found(world: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = roles(world.own)["owner"]
    generous = lambda _, verb, thing=None, *, on: may(owner, verb, thing, on=on)  # noqa: E731 - short, and used once
    monkeypatch.setattr("web.permission_check.may", generous)
    _, wrong = differences(world, {"reader": roles(world.own)["reader"]})
    assert any("reached, not 403" in line for line in wrong)


def test_a_thing_of_others_and_one_that_does_not_exist_answer_to_the_letter_alike(world: Matrix) -> None:
    for role in ("operator", "authority of another region", "other organisation", "token to read"):
        world.ask_as(roles(world.own)[role])
        for method, rule, permission, act in cells(world):
            if not permission.kind:
                continue
            foreign = world.own if role == "authority of another region" else world.foreign
            told = []
            for ids in (foreign, world.unknown):
                pieces = filled(rule, permission, ids, world.own, act)
                address = address_of(world, (method, rule, permission, act), ids)
                answered = world.client.open(address, method=method)
                text = answered.get_data(as_text=True)
                for piece in pieces.values():
                    text = text.replace(piece, "…")
                told.append((answered.status_code, answered.mimetype, text))
            assert told[0] == told[1], (role, rule.rule)
