"""Hostile text in every field that any address of a page reads, found by listening to what it reads.

So a new form, or a new field of an old one, is covered without being named here. Afterwards every page shows
what was kept as text, and no cell of any table that can be downloaded is active.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from auth_world import MILL, OFFICE, WORKS, AuthWorld, auth_world
from databases import Databases
from flask import Request
from flask.testing import FlaskClient
from matrix_world import Matrix, matrix
from openpyxl import load_workbook
from people import PASSWORD, member
from registry import Registry
from routes import address_of, cells
from sqlalchemy import select
from test_hostile_text import LONE_SURROGATE, SCRIPT, SHOWN, TEXTS
from werkzeug.datastructures import ImmutableMultiDict

from circularity.accounts.api_tokens import ApiToken
from circularity.accounts.invitations import Invitation
from circularity.database import reading, writing
from circularity.guarded_cells import FORMULA_STARTS
from circularity.organisations import Organisation

PARTIES = (("works", "generator"), ("plant", "facility"), ("carrier", "carrier"), ("office", "authority"))
FULL_WIDTH = "＝1+1＋－＠"
ALL_AT_ONCE = {**TEXTS, "full width": FULL_WIDTH, "right to left": "\u202e\u2067abc", "blank": "\t \u3000"}
READ_NOTHING = {
    "auth.log_out", "auth.begin_second_factor", "auth.renew_recovery_codes", "auth.make_sign_up",
    "auth.withdraw_invitation", "auth.revoke_token", "auth.unlink_provider", "pages.cancel_job",
    "pages.start_run", "desk.cancel_import", "desk.clear_grouping", "desk.open_treatment",
    "desk.withdraw_lot",
}  # fmt: skip
"""Buttons: what they read of a form, if anything, is a password, or nothing."""


class Heard(ImmutableMultiDict[str, str]):
    """A form or query that notes which names are asked for."""

    names: ClassVar[set[str]] = set()

    def get(self, key: Any, *rest: Any, **more: Any) -> Any:
        self.names.add(key)
        return super().get(key, *rest, **more)

    def getlist(self, key: Any, *rest: Any, **more: Any) -> Any:
        self.names.add(key)
        return super().getlist(key, *rest, **more)

    def __getitem__(self, key: Any) -> Any:
        self.names.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)


class Listening(Request):
    """A request whose forms are heard."""

    parameter_storage_class = Heard


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=False) as made:
        made.app.request_class = Listening
        yield made


def fields_of(client: FlaskClient, address: str, heard: dict[str, set[str]], rule: str) -> set[str]:
    """Return the names that an address reads of an empty form and of one that is filled with words."""
    Heard.names = set()
    client.post(address)
    before: set[str] = set()
    while before != Heard.names:  # what is read only once something else is there
        before = set(Heard.names)
        client.post(address, data=dict.fromkeys(before, "1"))
    found = {name for name in Heard.names if name not in ("lang", "page")}
    heard.setdefault(rule, set()).update(found)
    return found


def provoke(client: FlaskClient, address: str, fields: set[str]) -> Iterator[tuple[str, Any]]:
    """Post hostile text into each field alone, and of each kind into all at once; yield what was answered."""
    for field in sorted(fields):
        yield field, client.post(address, data=dict.fromkeys(fields, "1") | {field: SHOWN})
    for name, text in ALL_AT_ONCE.items():
        yield name, client.post(address, data=dict.fromkeys(fields, text))
    raw = b"&".join(field.encode() + b"=" + LONE_SURROGATE for field in sorted(fields))
    yield "surrogates", client.post(address, data=raw, content_type="application/x-www-form-urlencoded")


def is_harmless(what: str, answer: Any, address: str) -> None:
    assert answer.status_code < 500, (address, what)
    if answer.mimetype == "text/html":
        assert SCRIPT not in answer.get_data(as_text=True), (address, what)


def test_no_field_that_a_page_reads_makes_a_fault_or_a_script(world: Matrix) -> None:
    heard: dict[str, set[str]] = {}
    done: dict[str, set[str]] = {}
    for party, side in PARTIES:
        world.choose(party, side)
        for cell in list(cells(world)):
            address = address_of(world, cell, world.own)
            if cell[0] != "POST" or address.startswith("/api/") or address == "/acting":
                continue
            fields = fields_of(world.client, address, heard, cell[1].endpoint) - done.get(address, set())
            done.setdefault(address, set()).update(fields)
            if fields:  # the first party that gets so far asks for all
                for what, answer in provoke(world.client, address, fields):
                    is_harmless(what, answer, address)
    silent = {rule for rule, fields in heard.items() if not fields} - READ_NOTHING
    assert not silent, "nothing of these forms was heard"
    assert sum(map(len, heard.values())) > 100
    _everything_kept_is_text(world)


def _everything_kept_is_text(world: Matrix) -> None:
    """Read every page and table as every party, in which hostile text may now stand."""
    tables = 0
    for party, side in (PARTIES[0], PARTIES[1], PARTIES[3]):
        world.choose(party, side)
        for cell in cells(world):
            if cell[0] == "GET":
                with world.client.get(address_of(world, cell, world.own)) as answer:
                    is_harmless("kept", answer, cell[1].rule)
                    tables += answer.status_code == 200 and no_cell_is_active(answer)
    assert tables >= 8


def no_cell_is_active(answer: Any) -> bool:
    """Return whether an answer is a table, having read every cell of it."""
    if answer.mimetype == "text/csv":
        texts = [
            cell
            for row in csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
            for cell in row
        ]
        assert not [cell for cell in texts if cell[:1] in FORMULA_STARTS and not _is_number(cell)]
        return True
    if not answer.mimetype.endswith("spreadsheetml.sheet"):
        return False
    for page in load_workbook(io.BytesIO(answer.get_data())):
        for row in page.iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f"], page.title
    return True


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.fixture
def signed(databases: Databases, tmp_path: Path) -> Iterator[AuthWorld]:
    """People who sign in, with a colleague, a token, an invitation and a site to act on."""
    with databases.new() as url, auth_world(url, tmp_path) as made:
        made.app.request_class = Listening
        yield made


def signed_addresses(world: AuthWorld) -> dict[str, tuple[FlaskClient, str]]:
    """Return who asks and the address of each form of accounts, by its rule; with things that are there."""
    with writing(world.engine).begin() as session:
        works = session.scalars(select(Organisation).where(Organisation.name_en == "Works 1")).one()
        site = Registry(session).site(organisation=works).public_id
        colleague = member(session, works, "wu@works.example", "reader").public_id
        organisation = works.public_id
    boss, visitor, officer = world.signed_in(), world.browser(), world.signed_in(OFFICE)
    boss.post("/tokens", data={"token_name": "x", "scopes": "read", "days": "3"})
    boss.post("/members/invitations", data={"mail": "new@works.example", "role": "reader"})
    invited = world.link(1)
    visitor.post("/password/forgotten", data={"mail": MILL})
    reset = world.link(2)
    with reading(world.engine)() as session:
        token = session.scalars(select(ApiToken.public_id)).one()
        invitation = session.scalars(select(Invitation.public_id)).one()
    withdrawal = f"/members/invitations/{invitation}/withdrawal"
    known = {
        "/invitations/<key>": (visitor, invited), "/password/new/<key>": (visitor, reset),
        "/members/invitations/<public_id>/withdrawal": (boss, withdrawal),
        "/tokens/<public_id>/revocation": (boss, f"/tokens/{token}/revocation"),
        "/verification/<public_id>": (officer, f"/verification/{organisation}"),
        "/verification/permits": (officer, "/verification/permits"),
        "/members/sites/<public_id>/acts/<act>": (boss, f"/members/sites/{site}/acts/sleep"),
        "/members/<public_id>/acts/<act>": (boss, f"/members/{colleague}/acts/delegation"),
        "/signup/<key>": (visitor, "/signup/no-key"),
        "/login/with/<provider>": (visitor, "/login/with/nobody"),
        "/account/providers/<provider>": (boss, "/account/providers/nobody"),
        "/account/providers/<link_id>/removal": (boss, f"/account/providers/{'0' * 32}/removal"),
    }  # fmt: skip
    visitors = ("/login", "/login/code", "/signup", "/password/forgotten")
    rules = [
        rule for rule in world.app.url_map.iter_rules()
        if rule.endpoint.startswith("auth.") and "POST" in (rule.methods or ())
    ]  # fmt: skip
    for rule in rules:
        if rule.rule not in known:
            assert "<" not in rule.rule, f"name a thing that {rule.rule} acts on"
            known[rule.rule] = (visitor if rule.rule in visitors else boss, rule.rule)
    last = {"/logout": 1}
    return dict(sorted(known.items(), key=lambda item: last.get(item[0], 0)))


def test_no_field_of_signing_in_up_or_out_makes_a_fault_or_a_script(
    signed: AuthWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "circularity.accounts.throttles.LIMITS", dict.fromkeys(("account", "code", "address", "mail"), 10**6)
    )
    heard: dict[str, set[str]] = {}
    by_endpoint = {rule.rule: rule.endpoint for rule in signed.app.url_map.iter_rules()
                   if "POST" in (rule.methods or ())}  # fmt: skip
    for rule, (client, address) in signed_addresses(signed).items():
        fields = fields_of(client, address, heard, by_endpoint[rule]) | {"next", "password"}
        for what, answer in provoke(client, address, fields):
            is_harmless(what, answer, address)
            if what == "nul":
                assert answer.status_code in (400, 401), (address, what)
        large = client.post(address, data={"password": "x" * 10**7})
        assert 400 <= large.status_code < 500, address
    unknown = {"auth.go_to_provider", "auth.link_provider"}  # there is none here: see the tests of providers
    silent = {rule for rule, fields in heard.items() if not fields} - READ_NOTHING - unknown
    assert not silent, "nothing of these forms was heard"
    for browser in (signed.signed_in(), signed.signed_in(OFFICE)):
        for address in ("/account", "/members", "/tokens", "/verification", "/desk"):
            is_harmless("kept", browser.get(address), address)
    assert signed.signed_in(WORKS, PASSWORD).get("/account").status_code == 200
