"""Drafts and ledgers on the desk: read row by row, invisible to others, posted by one act."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from desk_world import BRICKS, OFFICE, POWER, Desk, desk
from openpyxl import Workbook

HEADER = ["名称", "代码", "产生量(吨)", "起始日期"]
ASH = ["粉煤灰", "900-001-S02", 100, "2026-09-01"]


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def site_of(at_work: Desk) -> str:
    found = re.search(r'<option value="(\w{32})"', at_work.client.get("/desk/outputs/new").text)
    assert found
    return found[1]


def typed(at_work: Desk, tonnes: str = "12.5") -> dict[str, str]:
    facts = {"site": site_of(at_work), "waste_code": "900-001-S02", "mass_t": tonnes}
    return facts | {"status": "waste", "visibility": "parties"}


def sent(at_work: Desk, *rows: list[object]) -> tuple[int, str, str]:
    """Upload rows below a title and a header; return status, place it leads to, and the answer's source."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["固体废物台账 2026"], HEADER, *rows):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    form = {"site": site_of(at_work), "file": (content, "台账.xlsx")}
    answer = at_work.client.post("/desk/outputs/ledgers/new?lang=en", data=form)
    return answer.status_code, answer.headers.get("Location", ""), answer.get_data(as_text=True)


def test_a_draft_shows_its_outlets_to_its_owner_and_to_nobody_else(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/drafts/new", **typed(at_work))
    shown = at_work.see(address)
    assert "Fictional Bricks" in shown
    assert "Nobody else sees a draft" in shown
    public = address.rsplit("/", 1)[1]
    assert "12.5" not in at_work.see("/outputs")
    at_work.see(f"/outputs/{public}", status=404)
    for party, side in ((BRICKS, "facility"), (OFFICE, "authority")):
        at_work.act_as(party, side)
        at_work.see(address, status=404)
        assert at_work.client.post(f"{address}/posting", data={}).status_code == 404
        assert "Draft" not in at_work.see("/desk/outputs")


def test_a_draft_is_changed_and_posted_by_one_act(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    address = at_work.press("/desk/outputs/drafts/new", **typed(at_work))
    assert "12.5" in at_work.see("/desk/outputs")
    at_work.press(f"{address}/terms", **typed(at_work, "33.3"), version="1")
    lot = at_work.press(f"{address}/posting")
    assert "33.3 t" in at_work.see(lot)
    assert "Waiting for the next run" in at_work.see(lot)
    at_work.see(address, status=404)


def test_all_drafts_are_posted_at_once_and_one_can_be_thrown_away(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    addresses = [
        at_work.press("/desk/outputs/drafts/new", **typed(at_work, mass)) for mass in ("61", "62", "63")
    ]
    at_work.press(f"{addresses[1]}/discarding")
    assert at_work.press("/desk/outputs/drafts/posting") == "/desk/outputs"
    shown = at_work.see("/desk/outputs?fate=waiting")
    assert ("61" in shown, "63" in shown, "Post all drafts" in shown) == (True, True, False)
    at_work.see(addresses[1], status=404)


def test_a_ledger_is_shown_row_by_row_and_then_posted_as_a_whole(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    code, address, _ = sent(
        at_work,
        ["粉煤灰", "900-001-S02", 100, "2026-09-01"],
        ["脱硫石膏", "", "1,250.5", None],
        ["合计", "", 1350.5, None],
    )
    assert code == 303
    shown = at_work.see(address)
    assert "Rows that wait for you 2" in shown
    assert "1,350.5" in shown
    assert "is proposed, please confirm" in shown
    assert "is not counted; it agrees with" in shown
    assert "脱硫石膏" in shown
    assert (
        "1,250.5"
        not in at_work.see("/desk/outputs?fate=waiting").split("Drafts")[-1].split("What became")[-1]
    )
    assert at_work.press(f"{address}/posting") == "/desk/outputs"
    assert "1,250.5" in at_work.see("/desk/outputs?fate=waiting")
    code, again, _ = sent(
        at_work, ["粉煤灰", "900-001-S02", 100, "2026-09-01"], ["粉煤灰", "900-001-S02", 7, None]
    )
    assert code == 303
    assert "Rows that wait for you 1" in at_work.see(again)
    assert "Rows known already 1" in at_work.see(again)


def test_a_ledger_with_a_row_that_cannot_be_read_is_refused_whole_with_its_place(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    code, _, page = sent(
        at_work, ["粉煤灰", "900-001-S02", 100, None], ["粉煤灰", "900-001-S02", "很多", None]
    )
    assert code == 422
    assert "Everything that is wrong, at its place; nothing was kept" in page
    assert '<td data-label="Row" class="num">4</td>' in page
    assert "Post all drafts" not in at_work.see("/desk/outputs")


def test_no_file_and_no_workbook_are_refused(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    code, page = at_work.upload(
        "/desk/outputs/ledgers/new", "not a workbook", "a.xlsx", site=site_of(at_work)
    )
    assert code == 422
    assert "this is not a readable XLSX file" in page
    answer = at_work.client.post("/desk/outputs/ledgers/new?lang=en", data={"site": site_of(at_work)})
    assert answer.status_code == 422
    assert 'id="ledger-file-problem"' in answer.text
