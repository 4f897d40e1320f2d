"""Every route × method × role × ownership has a verdict, and the application answers with that verdict.

The expected verdict is worked out here from the two tables alone (permissions of routes, rules of verbs) and
from what is written below about the two sets of parties; the application's own decisions are not asked.
Writing views are replaced by one that says it was reached, so that no cell changes what the next one meets.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from databases import Databases
from flask import Response
from matrix_world import Ids, Matrix, matrix, roles
from routes import Cell, address_of, cells, filled

from circularity.policy.acting import Acting
from circularity.policy.decisions import may
from circularity.policy.verbs import RULES
from web.permissions import Permission

REACHED = 299
STANDS = {  # what the works, the plant and the carrier of a set are in its things
    "Transfer": {"works": "generator", "plant": "receiver", "carrier": "carrier"},
    "Correction": {"works": "generator", "plant": "receiver", "carrier": "carrier"},
    "Treatment": {"works": "generator", "plant": "receiver"},
    "Agreement": {"works": "generator", "plant": "receiver"},
    "Proposal": {"works": "generator", "plant": "receiver"},
    **{kind: {"works": "generator"} for kind in ("Output", "Site", "LedgerMonth", "StockSurvey")},
    **{kind: {"plant": "receiver"} for kind in (
        "Facility", "EntitlementLine", "Entitlement", "CapacityWindow", "WhitelistEntry", "ProcedureGrant",
        "Receipt", "Application", "Appeal", "EntitlementChange",
    )},
    **{kind: {"works": "every side"} for kind in ("Job", "Organisation")},
}  # fmt: skip
POWERS = {  # of an ecology authority of the province, and what of the matter must lie in its region
    "confidential.read": True, "organisation.verify": True, "agreement.suspend": True, "month.reverse": True,
    "entitlement.confirm": True, "whitelist.propose": True, "whitelist.nominate": True,
    "whitelist.consent": True, "whitelist.suspend": True, "matching.start": True, "audit.read": True,
}  # fmt: skip
OF_THE_DELTA = {"confidential.read", "matching.start", "audit.read"}


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=True) as made:
        for endpoint in list(made.app.view_functions):
            made.app.view_functions[endpoint] = lambda **_: Response("reached", REACHED)
        yield made


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
        (only_authorities and not of_authority, "403"),
        (role == "unverified" and "verified" in rule.needs, "403"),
        (role == "dormant" and "awake" in rule.needs, "403"),
    ):
        if applies:
            return verdict
    if of_authority:
        return _of_authority(permission, rule.powers, role, mine=mine)
    return _of_party(permission, rule, stands, mine=mine)


def _of_authority(permission: Permission, powers: tuple[str, ...], role: str, *, mine: bool) -> str:
    reads_only = {"water authority": set(), "Delta body": OF_THE_DELTA}
    held = {power for power in powers if power in reads_only.get(role, POWERS)}
    if role == "water authority":
        # It reads sludge, so it may read something; the things of this world are ash and gypsum.
        held = {power for power in powers if power == "confidential.read"}
    if not held:
        return "403"
    in_region = role not in ("authority of another region", "water authority")
    foreign = any(kind == "Self" for kind, _ in permission.named)
    if permission.kind and not (mine and in_region and permission.kind != "Job"):
        return "404"
    return "404" if foreign or (permission.named and not (mine and in_region)) else "reached"


def _of_party(permission: Permission, rule: Any, stands: str, *, mine: bool) -> str:
    if permission.kind:
        side = STANDS[permission.kind].get(stands) if mine else None
        if side is None:
            return "404"
        if not rule.open_to and side != "every side" and side not in rule.sides:
            return "403"
    for kind, field in permission.named:
        if "." in field:
            continue
        known = stands == "works" if kind == "Self" else mine and stands in STANDS[kind]
        if not known:
            return "404"
    return "reached"


def differences(world: Matrix, who: dict[str, Acting], every: int = 1) -> tuple[int, list[str]]:
    """Ask every cell (or every n-th) as every role; return how many and a line for each that is wrong."""
    asked, wrong = 0, []
    stands = {"receiver": "plant", "carrier's driver": "carrier", "other organisation": "stranger"}
    for (role, acting), cell in product(who.items(), list(cells(world))):
        world.ask_as(acting)
        method, rule, permission, act = cell
        sets = {"own": world.own, "foreign": world.foreign, "unknown": world.unknown}
        known = not permission.kind or permission.kind in world.own
        for whose in sets if permission.kind or permission.named else ("own",):
            if not known and whose != "unknown":
                continue
            asked += 1
            if asked % every:
                continue
            regional = whose == "foreign" and ("authority" in role or role == "Delta body")
            mine = whose == "own" or regional
            want = expected(permission, act, role, acting, stands.get(role, "works"), mine=mine)
            got = answer(world, cell, sets[whose], world.own)
            if got != want:
                wrong.append(f"{method} {rule.endpoint} {act} · {role} · {whose}: {got}, not {want}")
    return asked, wrong


def test_every_cell_of_the_matrix_answers_as_the_tables_say(world: Matrix) -> None:
    """On the embedded database every cell, on the other one every eleventh: the check is the same code."""
    every = 1 if world.app.extensions["circularity.engine"].dialect.name == "sqlite" else 11
    asked, wrong = differences(world, roles(world.own), every)
    assert not wrong, "\n".join([f"{len(wrong)} of {asked}", *wrong[:60]])
    assert asked > 4_000


def test_a_check_that_forgets_whose_a_thing_is_would_be_found(
    world: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetful = lambda acting, verb, thing=None, *, on: may(acting, verb, None, on=on)  # noqa: E731, ARG005
    monkeypatch.setattr("web.permission_check.may", forgetful)
    _, wrong = differences(world, {"operator": roles(world.own)["operator"]})
    assert any("foreign: reached, not 404" in line for line in wrong)


def test_a_check_that_forgets_roles_would_be_found(world: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = roles(world.own)["owner"]
    generous = lambda _, verb, thing=None, *, on: may(owner, verb, thing, on=on)  # noqa: E731
    monkeypatch.setattr("web.permission_check.may", generous)
    _, wrong = differences(world, {"reader": roles(world.own)["reader"]})
    assert any("reached, not 403" in line for line in wrong)


def test_a_thing_of_others_and_one_that_does_not_exist_answer_to_the_letter_alike(world: Matrix) -> None:
    for role in ("operator", "authority of another region", "other organisation", "token to read"):
        world.ask_as(roles(world.own)[role])
        for method, rule, permission, act in cells(world):
            if permission.kind not in world.own:
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
