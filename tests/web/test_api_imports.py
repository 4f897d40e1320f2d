"""A party's files through the API: done by a worker in one piece, told row by row, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from registry import FLY_ASH
from sqlalchemy import func, select

from circularity.custody.manifests import Transfer
from circularity.custody.weighings import Ticket
from circularity.database import reading
from circularity.ledger.months import LedgerMonth
from circularity.uploads import UploadContent
from web.worker import perform

CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = "磅单号,车号,毛重(吨),皮重(吨),净重(吨),时间"
OWN = "/api/v1/organisations/{organisation_id}"


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url, api_write=True) as made:
        yield made


def sheet(served: World) -> str:
    """A drafted daily sheet of the works; return its id."""
    body = {
        "agreement_id": served.ids["agreement_id"],
        "lines": [{"waste_code": FLY_ASH, "operation": "C2", "sent_t": "30"}],
        "metering": "sheet",
        "conveyance": "vehicle",
        "day": "2026-09-01",
    }
    answer = served.client.post("/api/v1/transfers", json=body)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()["id"])


def row(ticket: int, gross: str = "49.86", plate: str = "沪A1") -> str:
    net = f"{float(gross) - 16.2:.2f}"
    return f"{ticket},{plate},{gross},16.2,{net},2026-09-01 09:{ticket % 60:02d}:00"


def export(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


def send(
    served: World, path: str, content: bytes, status: int = 202, kind: str = CSV, **headers: str
) -> dict[str, Any]:
    address = served.address(OWN + path)
    answer = served.client.post(address, data=content, content_type=kind, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    told = dict(answer.get_json())
    if status == 202:
        assert answer.headers["Location"] == served.address(OWN) + f"/imports/{told['id']}"
    return told


def done(served: World, asked: dict[str, Any]) -> dict[str, Any]:
    """Let a worker do the job; return the import as it then is."""
    perform(served.engine, asked["id"])
    return dict(served.client.get(served.address(OWN) + f"/imports/{asked['id']}").get_json())


def counted(served: World, model: type[Any], **facts: Any) -> int:
    with reading(served.engine)() as session:
        return session.scalar(select(func.count()).select_from(model).filter_by(**facts)) or 0


def tickets(served: World, transfer_id: str) -> int:
    with reading(served.engine)() as session:
        line = session.scalars(select(Transfer).filter_by(public_id=transfer_id)).one().lines[0].id
    return counted(served, Ticket, line_id=line)


def test_a_weighbridge_export_is_done_by_a_worker_and_told_row_by_row(served: World) -> None:
    transfer_id = sheet(served)
    path = f"/transfers/{transfer_id}/weighbridge-files"
    rows = [row(1), row(2), row(2), row(3, "16.2"), row(4, "49.8601"), row(5)]
    asked = send(served, path, export(*rows))
    assert (asked["state"], asked["kind"], asked["transfer_id"]) == ("queued", "weighbridge", transfer_id)
    assert tickets(served, transfer_id) == 0
    told = done(served, asked)
    assert (told["state"], told["added"], told["ignored"], told["refused"]) == ("done", 3, 1, 2)
    assert [(one["row"], one["column"], one["rule"]) for one in told["problems"]] == [
        (5, "gross_kg", "no_net"),
        (6, "gross", "too_precise"),
    ]
    assert all(one["zh"] and one["en"] and one["file"] == "upload.csv" for one in told["problems"])
    assert tickets(served, transfer_id) == 3
    again = done(served, send(served, path, export(*rows[:3])))
    assert (again["added"], again["ignored"], again["refused"]) == (0, 3, 0)


def test_one_key_is_one_import_and_another_line_is_another_request(served: World) -> None:
    path = f"/transfers/{sheet(served)}/weighbridge-files"
    first = send(served, path, export(row(10)), **{"Idempotency-Key": "weighbridge"})
    again = send(served, path, export(row(10)), **{"Idempotency-Key": "weighbridge"})
    assert first["id"] == again["id"]
    other = send(served, f"{path}?line=2", export(row(10)), 422, **{"Idempotency-Key": "weighbridge"})
    assert other["type"].endswith(":key_reused")


def test_what_a_line_does_not_have_is_told_by_the_job(served: World) -> None:
    asked = send(served, f"/transfers/{sheet(served)}/weighbridge-files?line=2", export(row(11)))
    told = done(served, asked)
    assert (told["state"], told["error"]["code"]) == ("failed", "no_such_line")


def test_a_file_over_the_bound_of_other_bodies_is_taken(served: World) -> None:
    transfer_id = sheet(served)
    content = export(*(row(number, plate="沪A" + "1" * 40) for number in range(20_000, 32_000)))
    assert len(content) > 1_000_000
    asked = send(served, f"/transfers/{transfer_id}/weighbridge-files", content)
    assert done(served, asked)["added"] == tickets(served, transfer_id) == 12_000


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", "", "text/html"]
)
def test_a_type_that_is_no_file_of_ours_is_refused(served: World, kind: str) -> None:
    path = f"/transfers/{served.ids['load_id']}/weighbridge-files"
    assert send(served, path, export(row(12)), 415, kind)["type"].endswith(":unsupported_media_type")


def test_an_empty_file_and_a_query_of_another_are_refused(served: World) -> None:
    path = f"/transfers/{served.ids['load_id']}/weighbridge-files"
    assert send(served, path, b"", 422)["errors"][0]["rule"] == "file_size"
    for query in ("?line=0", "?side=carrier", "?transfer=1"):
        assert send(served, path + query, export(row(13)), 422)["errors"]


@pytest.mark.parametrize(
    ("kind", "content", "rule"),
    [
        (CSV, "车号,重量\n沪A1,5\n".encode(), "no_header"),
        (CSV, b"\x00\xff\x00", "not_text"),
        (WORKBOOK, b"PK\x03\x04 no workbook", "not_a_workbook"),
    ],
)
def test_a_file_that_cannot_be_read_ends_as_failed_with_its_reason_and_is_gone(
    served: World, kind: str, content: bytes, rule: str
) -> None:
    transfer_id = sheet(served)
    kept = counted(served, UploadContent)
    told = done(served, send(served, f"/transfers/{transfer_id}/weighbridge-files", content, kind=kind))
    assert (told["state"], told["error"]["code"], told["refused"]) == ("failed", "bad_input", 1)
    assert told["problems"][0]["rule"] == rule
    assert (tickets(served, transfer_id), counted(served, UploadContent)) == (0, kept)


def test_an_import_is_cancelled_and_its_file_is_gone(served: World) -> None:
    transfer_id = sheet(served)
    kept = counted(served, UploadContent)
    asked = send(served, f"/transfers/{transfer_id}/weighbridge-files", export(row(14)))
    address = served.address(OWN) + f"/imports/{asked['id']}/cancellation"
    answer = served.client.post(address, json={})
    assert (answer.status_code, answer.get_json()["state"]) == (201, "cancelled")
    assert counted(served, UploadContent) == kept
    assert (done(served, asked)["state"], tickets(served, transfer_id)) == ("cancelled", 0)
    assert served.client.post(address, json={}).status_code == 422


def test_imports_are_listed_for_their_party_alone_and_are_no_shared_jobs(served: World) -> None:
    asked = send(served, f"/transfers/{sheet(served)}/weighbridge-files", export(row(15)))
    mine = served.client.get(served.address(OWN) + "/imports?kind=weighbridge&state=queued").get_json()
    assert asked["id"] in [one["id"] for one in mine]
    stranger = served.address("/api/v1/organisations/{stranger_id}/imports")
    assert served.client.get(stranger).get_json() == []
    everybody = served.client.get("/api/v1/jobs?page_size=200").get_json()
    assert {job["kind"] for job in everybody} == {"matching"}
    for address in (f"/api/v1/jobs/{asked['id']}", f"{stranger}/{asked['id']}"):
        assert served.client.get(address).status_code == 404
        assert served.client.post(f"{address}/cancellation", json={}).status_code == 404


def test_the_unknown_and_the_foreign_are_alike(served: World) -> None:
    """No stranger learns whether a transfer, a site or an organisation is there."""
    stranger = served.address("/api/v1/organisations/{stranger_id}")
    for path, known in (
        ("transfers/{}/weighbridge-files", "load_id"),
        ("sites/{}/official-form-files", "site_id"),
    ):
        told = []
        for public_id in (served.ids[known], "0" * 32):
            answer = served.client.post(
                f"{stranger}/{path.format(public_id)}", data=export(row(16)), content_type=CSV
            )
            assert answer.status_code == 404
            told.append(answer.get_json() | {"facts": None})
        assert told[0] == told[1]
    nobody = f"/api/v1/organisations/{'0' * 32}/official-number-files"
    assert served.client.post(nobody, data=b"x", content_type=CSV).status_code == 404


def test_nobody_weighs_for_the_other_side(served: World) -> None:
    path = f"/transfers/{sheet(served)}/weighbridge-files?side=receiver"
    assert send(served, path, export(row(17)), 403)["type"].endswith(":not_a_party")


def test_months_come_in_and_go_out_in_the_form_of_the_national_tables(served: World) -> None:
    table = (
        "年月,代码,名称,产生量(吨),累计贮存量(吨),自行利用方式,自行利用数量(吨)\n"
        "2026-06,900-002-S02,粉煤灰,100,73,R5,27\n"
        "2026-13,900-002-S02,粉煤灰,1,1,,\n"
    )
    path = "/sites/{site_id}/official-form-files"
    told = done(served, send(served, path, table.encode()))
    assert (told["state"], told["added"], told["site_id"]) == ("done", 1, served.ids["site_id"])
    assert [(one["row"], one["column"], one["rule"]) for one in told["problems"]] == [
        (3, "年月", "not_a_month")
    ]
    assert counted(served, LedgerMonth, year=2026, month=6, source="uploaded") == 1
    forms = served.address(OWN + "/sites/{site_id}/official-forms")
    text = served.client.get(f"{forms}.csv?year=2026&form=flows")
    assert text.mimetype == CSV
    assert "2026-06,900-002-S02" in text.get_data().decode("utf-8-sig")
    book = served.client.get(f"{forms}.xlsx?year=2026&kind=general")
    assert (book.mimetype, book.headers["Content-Disposition"]) == (
        WORKBOOK,
        'attachment; filename="official-forms.xlsx"',
    )
    declared = done(served, send(served, path, book.get_data(), kind=WORKBOOK))
    assert (declared["state"], declared["added"]) == ("done", 1), "table 1 declares what the months add up to"
    again = done(served, send(served, path, book.get_data(), kind=WORKBOOK))
    assert (again["added"], again["ignored"]) == (0, declared["added"] + declared["ignored"])
    same = served.client.get(f"{forms}.csv?year=2026", headers={"If-None-Match": text.headers["ETag"]})
    assert same.status_code == 304


def test_forms_of_another_are_not_found_and_an_unknown_form_is_refused(served: World) -> None:
    foreign = served.address("/api/v1/organisations/{stranger_id}/sites/{site_id}/official-forms")
    own = served.address(OWN + "/sites/{site_id}/official-forms")
    for suffix in ("csv", "xlsx"):
        assert served.client.get(f"{foreign}.{suffix}").status_code == 404
    for query in (".csv?form=none", ".xlsx?kind=none", ".xlsx?year=1"):
        assert served.client.get(own + query).status_code == 422


def test_manifest_numbers_come_in_for_own_transfers_only(served: World) -> None:
    with reading(served.engine)() as session:
        known = {row.public_id: row.number for row in session.scalars(select(Transfer))}
        sender = session.scalars(select(Transfer).filter_by(public_id=served.ids["load_id"])).one()
        foreign = session.scalars(
            select(Transfer).where(
                Transfer.sender_site_id != sender.sender_site_id, Transfer.status != "draft"
            )
        ).first()
    mine, theirs = known[served.ids["load_id"]], foreign.number if foreign else ""
    official = "20263101000123"
    content = f"表\n平台转移编号,国家联单编号\n{mine},{official}\n{theirs},{official}\n{mine},12\n{mine},\n"
    path = "/official-number-files"
    told = done(served, send(served, path, content.encode()))
    assert (told["added"], told["refused"]) == (1, 2)
    assert [(one["row"], one["rule"]) for one in told["problems"]][-1] == (5, "not_14_digits")
    asked = served.address("/api/v1/organisations/{refusing_organisation_id}/official-number-files")
    stranger = served.client.post(asked, data=content.encode(), content_type=CSV).get_json()
    perform(served.engine, stranger["id"])
    address = served.address("/api/v1/organisations/{refusing_organisation_id}/imports/")
    told = served.client.get(address + stranger["id"]).get_json()
    assert {one["rule"] for one in told["problems"]} == {"not_found"}


def test_where_writing_is_closed_no_file_is_taken_and_none_is_shown(databases: Databases) -> None:
    with databases.new() as url, world(url) as closed:
        path = "/transfers/{load_id}/weighbridge-files"
        assert send(closed, path, export(row(1)), 403)["type"].endswith(":writing_closed")
        assert closed.client.get(closed.address(OWN + "/imports/{import_id}")).status_code == 403
        assert closed.client.get(closed.address("/api/v1/jobs/{import_id}")).status_code == 404
