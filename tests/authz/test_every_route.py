"""Promises about every route as it is served: to whom, in what form, and what it gives away."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from canaries import classes, to_be_classified
from databases import Databases
from matrix_world import SECRET, SECRET_MONEY, Matrix, matrix, roles
from openpyxl import load_workbook
from routes import Cell, address_of, cells
from untouched import content_of

from circularity.audit import verify_chain
from circularity.database import Base, reading
from web.app import create_app
from web.config import BadSetting, Config, read_config

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Referer": "https://evil.example/localhost/"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    """A trial without accounts, in which a visitor chooses for whom to act."""
    with databases.new() as url, matrix(url, accounts=False) as made:
        yield made


@pytest.fixture(scope="module")
def signed(databases: Databases) -> Iterator[Matrix]:
    """A server on which people sign in."""
    with databases.new() as url, matrix(url, accounts=True) as made:
        yield made


@pytest.fixture(params=["trial", "signed"])
def either(request: pytest.FixtureRequest, world: Matrix, signed: Matrix) -> Matrix:
    """Each of them, asked by somebody who may do much: what is refused is refused before."""
    world.choose("works", "generator")
    signed.ask_as(roles(signed.own)["owner"])
    return world if request.param == "trial" else signed


def acts(world: Matrix) -> list[Cell]:
    return [cell for cell in cells(world) if cell[0] != "GET"]


def reads(world: Matrix) -> list[Cell]:
    return [cell for cell in cells(world) if cell[0] == "GET"]


def state_of(world: Matrix) -> dict[str, Any]:
    """Return the head of the audit chain and the digest of every table."""
    engine = world.app.extensions["circularity.engine"]
    with reading(engine)() as session:
        return content_of(engine) | {"head": verify_chain(session).head}


def test_nothing_that_another_site_sends_is_taken(either: Matrix) -> None:
    """Signing in, up and out are among the acts of the signed world."""
    before = state_of(either)
    for cell in acts(either):
        address = address_of(either, cell, either.own)
        for headers in FOREIGN:
            answer = either.client.open(address, method=cell[0], headers=headers)
            assert answer.status_code == 403, (cell[0], address, headers)
            told = answer.get_json()["title_zh"] if answer.is_json else answer.get_data(as_text=True)
            assert "其他网站" in told
    assert state_of(either) == before


def test_a_form_that_does_not_say_which_site_sent_it_is_refused_by_every_page(
    either: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(either.client, "silent", True)
    before, asked = state_of(either), 0
    for cell in acts(either):
        address = address_of(either, cell, either.own)
        if not address.startswith("/api/"):
            answer = either.client.open(address, method=cell[0], data={"mail": "a@b.example"})
            assert answer.status_code == 403, (cell[0], address)
            assert "未说明来自哪个网站" in answer.get_data(as_text=True)
            asked += 1
    assert asked > 25
    assert state_of(either) == before


def test_the_api_reads_no_cookie_and_so_does_not_ask_programs_where_they_are(
    signed: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.ask_as(None)
    monkeypatch.setattr(signed.client, "silent", True)
    assert signed.client.post("/api/v1/match", json={}).status_code == 422  # judged by the address itself


def test_what_our_own_pages_send_is_not_taken_for_another_sites(world: Matrix) -> None:
    own = [
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost/acting"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ]
    for headers in own:
        answer = world.client.post("/acting", data={"nobody": "1"}, headers=headers)
        assert answer.status_code == 303


def test_a_page_takes_forms_only_and_the_api_never_a_form(either: Matrix) -> None:
    for cell in acts(either):
        address = address_of(either, cell, either.own)
        types = (
            ("text/plain", "application/x-www-form-urlencoded", "text/html")
            if address.startswith("/api/")
            else ("text/plain", "application/json", "text/xml")
        )
        for content_type in types:
            answer = either.client.open(address, method=cell[0], data=b"a=b", content_type=content_type)
            assert answer.status_code in (401, 403, 404, 415, 428), (
                address,
                content_type,
                answer.status_code,
            )
            assert not answer.headers.get("Location")


@pytest.mark.parametrize("side", ["", "generator", "carrier"])
def test_looking_at_any_address_changes_nothing(world: Matrix, side: str) -> None:
    world.choose("works" if side else "", side)
    before = state_of(world)
    for cell in reads(world):
        with world.client.get(address_of(world, cell, world.own)) as answer:
            assert answer.status_code < 500, cell[1].rule
        world.client.head(address_of(world, cell, world.own)).close()
    assert state_of(world) == before


def test_looking_at_any_address_of_accounts_changes_nothing(signed: Matrix) -> None:
    """As a visitor, because every page of accounts is open to one or leads to signing in."""
    signed.ask_as(roles(signed.own)["anonymous"])
    before = state_of(signed)
    for cell in reads(signed):
        for ids in (signed.own, signed.unknown):
            with signed.client.get(address_of(signed, cell, ids)) as answer:
                assert answer.status_code < 500, cell[1].rule
    assert state_of(signed) == before


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(either: Matrix) -> None:
    """Whatever it is: a page, a file, a refusal of a reading or of an act, a redirection."""
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    for cell in cells(either):
        for ids in (either.own, either.unknown):
            with either.client.open(address_of(either, cell, ids), method=cell[0]) as answer:
                assert wanted.items() <= dict(answer.headers).items(), cell[1].rule
                policy = answer.headers["Content-Security-Policy"]
                assert "script-src 'self'" in policy
                assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:a"]
)
def test_no_address_leads_a_reader_to_another_site(either: Matrix, place: str) -> None:
    hostile = dict.fromkeys(("next", "to", "url", "return", "back", "redirect"), place)
    for cell in cells(either):
        address = address_of(either, cell, either.unknown)
        sent: dict[str, Any] = {"query_string": hostile}
        if cell[0] != "GET" and not address.startswith("/api/"):
            sent["data"] = hostile
        with either.client.open(address, method=cell[0], **sent) as answer:
            target = urlsplit(answer.headers.get("Location", "/"))
            assert target.netloc in ("", "localhost"), address
            assert target.scheme in ("", "http"), address
            assert "evil" not in target.path, address


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example", ""])
def test_a_request_in_a_name_that_is_not_ours_is_refused(databases: Databases, host: str) -> None:
    with databases.new() as url:
        app = create_app(Config(database_url=url, trusted_hosts=("localhost", ".circularity.example")))
        client = app.test_client()
        for address in ("/", "/api/v1/outputs", "/static/icon.svg", "/nowhere"):
            answer = client.get(address, headers={"Host": host})
            assert answer.status_code == 400, address
            assert "evil" not in answer.get_data(as_text=True)
        assert client.get("/method", headers={"Host": "www.circularity.example"}).status_code == 200
        assert client.get("/method", headers={"Host": "localhost:8000"}).status_code == 200
        app.extensions["circularity.engine"].dispose()


def test_no_address_at_all_is_answered_in_a_name_that_is_not_ours(
    either: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(either.app.config, "TRUSTED_HOSTS", ["localhost"])
    before = state_of(either)
    for cell in cells(either):
        address = address_of(either, cell, either.own)
        answer = either.client.open(address, method=cell[0], headers={"Host": "evil.example"})
        assert answer.status_code == 400, (cell[0], address)
        assert "evil" not in answer.get_data(as_text=True) + str(answer.headers)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert state_of(either) == before


@pytest.mark.parametrize("names", ["https://a.example", "a.example:80", "a b", "a/b"])
def test_a_name_that_is_none_is_no_setting(names: str) -> None:
    with pytest.raises(BadSetting, match="CIRC_TRUSTED_HOSTS"):
        read_config({"CIRC_TRUSTED_HOSTS": names})


def test_names_are_set_from_outside() -> None:
    assert read_config({"CIRC_TRUSTED_HOSTS": "a.example, .b.example"}).trusted_hosts == (
        "a.example",
        ".b.example",
    )


def markers(world: Matrix) -> set[str]:
    """Return the digits of every figure that only the foreign parties know, kg and t alike."""
    figures = [*SECRET.values(), *SECRET_MONEY.values(), SECRET["load"] * 1000, SECRET["deal"] * 1000]
    return {str(figure).rstrip("0") for figure in figures} | world.figures


def told(answer: Any) -> set[str]:
    """Return every number of an answer, its headers included, as bare digits."""
    text = answer.get_data().decode(errors="replace") + str(answer.headers)
    text = re.sub(r'(?:\b[vxydr]|width|height|c[xy])="?=?[\d.,\s-]+', "", text)  # drawings and versions
    text = re.sub(r"[0-9a-f]{32,64}", "", text)
    return {re.sub(r"\D", "", found).rstrip("0") for found in re.findall(r"\d[\d,.]*", text)}


def marks_in(world: Matrix, answer: Any) -> list[str]:
    """Return the planted words of an answer, its headers included; a workbook is read cell by cell."""
    content = answer.get_data()
    if content.startswith(b"PK"):
        book = load_workbook(BytesIO(content), read_only=True)
        cells_read = [str(value) for sheet in book for row in sheet.values for value in row]
        text = "\n".join(cells_read)
    else:
        text = content.decode("utf-8", "replace")
    return [mark for mark in world.marks if mark in text + str(answer.headers)]


def leaks(world: Matrix, whose: str, *, pages_only: bool = False) -> tuple[int, list[str]]:
    """Read every address in the words of a set of parties; return how many, and where a secret stood."""
    ids = {"own": world.own, "foreign": world.foreign, "unknown": world.unknown}[whose]
    asked, found = 0, []
    for cell in reads(world):
        if pages_only and cell[1].rule.startswith("/api/"):
            continue
        with world.client.get(address_of(world, cell, ids)) as answer:
            if answer.mimetype.startswith(("text/", "application/", "image/svg")):
                found += [f"{cell[1].rule} {leaked}" for leaked in markers(world) & told(answer)]
                found += [f"{cell[1].rule} {mark}" for mark in marks_in(world, answer)]
        asked += 1
    return asked, found


@pytest.mark.parametrize("whose", ["own", "foreign", "unknown"])
def test_no_figure_of_others_is_in_any_answer_error_or_log(
    signed: Matrix, whose: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As every role that is not concerned, at every address, in the words of either set of parties."""
    caplog.set_level(logging.DEBUG)
    asked = 0
    for role in ("anonymous", "operator", "other organisation", "authority of another region", "unverified"):
        signed.ask_as(roles(signed.own)[role])
        number, found = leaks(signed, whose)
        assert not found, (role, found)
        asked += number
    assert asked > 250
    logged = {re.sub(r"\D", "", word).rstrip("0") for word in re.findall(r"[\d,.]+", caplog.text)}
    assert not markers(signed) & logged
    assert not [mark for mark in signed.marks if mark in caplog.text]


@pytest.mark.parametrize("whose", ["own", "foreign"])
def test_no_figure_of_others_is_on_any_page_of_a_partys_desk(world: Matrix, whose: str) -> None:
    for party, side in (("works", "generator"), ("plant", "facility"), ("carrier", "carrier")):
        world.choose(party, side)
        assert not leaks(world, whose, pages_only=True)[1], party


def test_every_column_of_every_table_is_confidential_or_public_and_none_is_both() -> None:
    """A column that comes is named in `confidential.txt` before anything else is tested about it."""
    named = classes()
    for table in Base.metadata.sorted_tables:
        secret, public = (named[word].get(table.name, set()) for word in ("secret", "public"))
        assert secret | public == to_be_classified(table), f"name the columns of {table.name}"
        assert not secret & public, table.name
    assert set(named["secret"]) | set(named["public"]) <= set(Base.metadata.tables)


def test_marks_stand_in_papers_notes_persons_and_vehicles_of_the_foreign_parties(signed: Matrix) -> None:
    for column in (
        "listing-papers-title", "stock-surveys-document", "carriages-permit",
        "receipts-reason", "treatment-results-name", "entitlement-changes-reason", "listing-appeals-reason",
        "corrections-reason", "users-mail", "users-name", "invitations-mail", "api-tokens-name",
        "offers-note", "agreements-document", "jobs-asked-by",
    ):  # fmt: skip
        assert any(mark.startswith(f"canary-{column}-") for mark in signed.marks), column
    assert len(signed.figures) > 8


def test_the_owner_of_a_figure_does_see_it(signed: Matrix) -> None:
    """So that the tests before would find one."""
    signed.ask_as(roles(signed.foreign)["operator"])
    shown = "\n".join(leaks(signed, "foreign")[1])
    for secret in ("stock", "deal", "load"):
        assert str(SECRET[secret]).rstrip("0") in shown, secret
    for column in ("stock-surveys-document", "stock-surveys-method"):
        assert f"canary-{column}" in shown, column
