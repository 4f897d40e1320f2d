"""Hostile cells in every kind of file that is taken: each is refused in words or kept as text, never a fault.

Each file is an honest one in which one cell after another is replaced; as CSV and as a workbook, whose cells
may also be formulas. What is read in the background is read here by the worker that reads it in use.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from auth_world import OFFICE, AuthWorld, auth_world
from databases import Databases
from flask.testing import FlaskClient
from matrix_world import Matrix, matrix
from openpyxl import Workbook, load_workbook
from registry import FLY_ASH, credit_code
from sqlalchemy import select
from test_hostile_text import SCRIPT, SHOWN

from circularity.custody.manifests import Transfer
from circularity.database import reading
from circularity.jobs import Job
from web.worker import perform

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CELLS = {
    "script": SHOWN, "full width": "＝1+1", "right to left": "\u202e\u2067＋1", "huge number": "9" * 400,
    "formula": '=HYPERLINK("http://evil.example","x")', "not a number": "NaN", "long": "x" * 40_000,
}  # fmt: skip
RAW = {
    "NUL": b"a\0b", "lone surrogate": b"\xed\xa0\x80", "no text at all": bytes(range(256)), "empty": b"",
    "broken workbook": b"PK\x03\x04" + b"x" * 100, "only quotes": b'"' * 1001, "no end": b'"a,' * 50_000,
}  # fmt: skip
Table = list[list[str]]

WEIGHBRIDGE: Table = [
    ["磅单号", "车号", "毛重(吨)", "皮重(吨)", "净重(吨)", "时间"],
    ["1", "沪A1", "49.86", "16.2", "33.66", "2026-09-01 09:00:00"],
]
NUMBERS: Table = [["平台转移编号", "国家联单编号"], ["ZY-20260901-000001", "202631000000000001"]]
PERMITS: Table = [["credit_code", "permit_no"], [credit_code(501), "P-1"]]


def as_csv(table: Table) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")


def as_workbook(table: Table) -> bytes:
    """Return a workbook; a text that begins like a formula becomes one."""
    book = Workbook()
    for row in table:
        book.active.append([cell.replace("\0", "") for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def spoiled(table: Table) -> Iterator[Table]:
    """Yield the table once for each hostile cell, with a row for each column that has it, and a header."""
    header, honest = table
    for cell in CELLS.values():
        yield [header, *([*honest[:at], cell, *honest[at + 1 :]] for at in range(len(header)))]
    yield [[*header[:-1], SHOWN], honest]


def files(table: Table) -> Iterator[tuple[str, bytes]]:
    """Yield hostile files of both kinds by name."""
    for hostile in spoiled(table):
        yield "a.csv", as_csv(hostile)
        yield "a.xlsx", as_workbook([[cell[:30_000] for cell in row] for row in hostile])
    for content in RAW.values():
        yield "a.csv", content
    yield "a.xlsx", RAW["broken workbook"]


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[Matrix]:
    with databases.new() as url, matrix(url, accounts=False) as made:
        yield made


def upload(client: FlaskClient, address: str, name: str, content: bytes, **fields: str) -> Any:
    data = {"file": (io.BytesIO(content), name)} | fields
    return client.post(address, data=data, content_type="multipart/form-data", follow_redirects=False)


def is_told(world: Matrix, answer: Any, address: str) -> None:
    """Check that a file was refused, or read by the worker to an end that is told in words."""
    assert answer.status_code < 500, address
    assert SCRIPT not in answer.get_data(as_text=True), address
    found = re.search(r"/imports/([0-9a-f]{32})", answer.headers.get("Location", ""))
    if answer.status_code != 303 or not found:
        return
    perform(world.app.extensions["circularity.engine"], found[1])
    with reading(world.app.extensions["circularity.engine"])() as session:
        job = session.scalars(select(Job).filter_by(public_id=found[1])).one()
        assert job.state in ("done", "failed"), address
        assert "执行出错" not in job.error.get("zh", ""), (address, job.error)
    page = world.client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert SCRIPT not in page.get_data(as_text=True)


def uploads(world: Matrix) -> dict[str, tuple[str, Iterator[tuple[str, bytes]], dict[str, str]]]:
    """Return address, hostile files and further fields of each form of a desk that takes tables."""
    own = world.own
    with reading(world.app.extensions["circularity.engine"])() as session:
        transfer = session.scalars(select(Transfer).filter_by(public_id=own["Transfer"])).one()
        NUMBERS[1][0] = transfer.number
    return {
        "desk.upload_tickets": (
            f"/transfers/{own['Transfer']}/weighings", files(WEIGHBRIDGE), {"side": "sender", "line": "1"},
        ),
        "desk.upload_official_numbers": ("/transfers/official-numbers", files(NUMBERS), {}),
        "desk.upload_forms": ("/months/forms", official_forms(world), {"site": own["Site"]}),
    }  # fmt: skip


def official_forms(world: Matrix) -> Iterator[tuple[str, bytes]]:
    """Yield the forms as they are downloaded, then with every filled cell of a sheet's last row replaced."""
    asked = {"site": world.own["Site"], "form": "general", "year": "2026", "month": "9"}
    with world.client.get("/months/forms.xlsx", query_string=asked) as got:
        assert got.status_code == 200
        honest = got.get_data()
    yield "a.xlsx", honest
    for cell in CELLS.values():
        book = load_workbook(io.BytesIO(honest))
        for page in book:
            for place in page[page.max_row]:
                place.value = cell[:30_000]
        content = io.BytesIO()
        book.save(content)
        yield "a.xlsx", content.getvalue()
    yield from [("a.csv", content) for content in RAW.values()]


KNOWN = {
    "desk.upload_tickets", "desk.upload_official_numbers", "desk.upload_forms", "register.add_paper",
    "pages.try_workbook", "auth.import_permits",
}  # fmt: skip
"""Every form with a file."""


def test_every_form_with_a_file_is_known_here() -> None:
    templates = Path(__file__).resolve().parents[2] / "web" / "templates"
    named: set[str] = set()
    for template in templates.rglob("*.html"):
        text = template.read_text("utf-8")
        if 'type="file"' in text and template.name not in ("fields.html", "forms.html"):
            named |= set(re.findall(r"url_for\(['\"]([a-z]+\.[a-z_]+)['\"]", text))
    forms_with_files = {
        name for name in named if re.search(r"upload|import_permits|add_paper|try_workbook", name)
    }
    assert forms_with_files == KNOWN


def test_no_cell_of_an_upload_of_the_desk_makes_a_fault_or_a_script(world: Matrix) -> None:
    world.choose("works", "generator")
    read = 0
    for address, hostile, fields in uploads(world).values():
        for name, content in hostile:
            answer = upload(world.client, address, name, content, **fields)
            is_told(world, answer, address)
            read += answer.status_code == 303
    assert read > 20


def test_a_paper_is_kept_as_it_is_and_never_shown_as_a_page(world: Matrix) -> None:
    world.choose("plant", "facility")
    address = f"/register/applications/{world.own['Application']}/papers"
    for content in [*RAW.values(), f"<html>{SCRIPT}</html>".encode(), b"%PDF-1.7\n" + SCRIPT.encode()]:
        answer = upload(world.client, address, f"{SCRIPT}.pdf", content, kind="process", title=SHOWN)
        is_told(world, answer, address)
    with world.client.get(f"/register/applications/{world.own['Application']}") as page:
        assert SCRIPT not in page.get_data(as_text=True)


def test_no_cell_of_a_case_makes_a_fault_or_a_script(world: Matrix) -> None:
    with world.client.get("/try/template.xlsx") as got:
        honest = got.get_data()
    table: Table = [
        ["名称", "代码", "产生量(吨)", "经度", "纬度"],
        ["粉煤灰", FLY_ASH, "10", "121.4", "31.2"],
    ]
    for name, content in [("a.xlsx", honest), *[*files(table)][::2]]:
        is_told(world, upload(world.client, "/try", name, content), "/try")
        kind = XLSX if name.endswith("xlsx") else "text/csv"
        answer = world.client.post("/api/v1/match", data=content, content_type=kind)
        assert answer.status_code < 500
        assert answer.is_json


def test_no_cell_of_a_permit_list_makes_a_fault_or_a_script(databases: Databases, tmp_path: Path) -> None:
    with databases.new() as url, auth_world(url, tmp_path) as served:
        _permits(served)


def _permits(served: AuthWorld) -> None:
    officer = served.signed_in(OFFICE)
    for name, content in files(PERMITS):
        answer = upload(officer, "/verification/permits", name, content)
        assert answer.status_code < 500, content[:200]
        assert SCRIPT not in answer.get_data(as_text=True)


def test_files_of_the_api_are_answered_with_problems(world: Matrix) -> None:
    world.choose("works", "generator")
    own, asked = world.own, 0
    organisation = f"/api/v1/organisations/{own['works']}"
    places = {
        f"{organisation}/transfers/{own['Transfer']}/weighbridge-files?side=sender&line=1": [
            *files(WEIGHBRIDGE)
        ],
        f"{organisation}/official-number-files": [*files(NUMBERS)],
        f"{organisation}/sites/{own['Site']}/official-form-files": [*official_forms(world)],
    }
    for address, hostile in places.items():
        for name, content in hostile[::4]:
            kind = XLSX if name.endswith("xlsx") else "text/csv"
            answer = world.client.post(address, data=content, content_type=kind)
            assert answer.status_code < 500
            asked += answer.status_code == 202
            if answer.status_code == 202:
                engine = world.app.extensions["circularity.engine"]
                perform(engine, answer.get_json()["id"])
                with reading(engine)() as session:
                    job = session.scalars(select(Job).filter_by(public_id=answer.get_json()["id"])).one()
                    assert "执行出错" not in job.error.get("zh", ""), (address, content[:200], job.error)
    assert asked > 3


def test_no_cell_of_a_ledger_sent_to_the_api_makes_a_fault(world: Matrix) -> None:
    world.choose("works", "generator")
    own, kept = world.own, 0
    ledger: Table = [["名称", "代码", "产生量(吨)", "起始日期"], ["粉煤灰", FLY_ASH, "10", "2026-09-01"]]
    for name, content in [*files(ledger)][::2]:
        kind = XLSX if name.endswith("xlsx") else "text/csv"
        answer = world.client.post(
            f"/api/v1/organisations/{own['works']}/sites/{own['Site']}/ledgers",
            query_string={"name": SHOWN},
            data=content,
            content_type=kind,
        )
        assert answer.status_code in (201, 422), content[:200]
        kept += answer.status_code == 201
        if answer.status_code == 201:
            page = world.client.get(f"/desk/outputs/ledgers/{answer.get_json()['id']}")
            assert SCRIPT not in page.get_data(as_text=True)
    assert kept
