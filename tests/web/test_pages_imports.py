"""Files sent on the desk are read in the background: watched, cancelled, told row by row, nobody else's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from desk_world import BRICKS, POWER, Desk, desk
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from web.today import today

HEADER = "车号,毛重(吨),皮重(吨),时间,磅单号\n"


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


@pytest.fixture
def sheet(at_work: Desk) -> str:
    """A drafted daily sheet of the power plant, which acts."""
    trip = at_work.trip("60") | {"metering": "sheet"}
    return at_work.press(f"{at_work.agreed()}/transfers/new", **trip)


def rows(count: int) -> str:
    day = today().isoformat()
    return "".join(f"沪A{n:05d},40,10,{day} 08:{n % 60:02d}:00,T{n}\n" for n in range(count))


def ask(at_work: Desk, sheet: str, content: str, **typed: str) -> str:
    """Send an export and return where it leads, before any worker has looked."""
    file = FileStorage(io.BytesIO(content.encode()), "export.csv")
    form = {"side": "sender", "line": "1", "file": file, **typed}
    boundary, body = encode_multipart(form)
    kind = f'multipart/form-data; boundary="{boundary}"'
    answer = at_work.client.post(f"{sheet}/weighings", data=body, content_type=kind)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_a_file_waits_for_a_worker_and_is_there_in_one_piece(at_work: Desk, sheet: str) -> None:
    place = ask(at_work, sheet, HEADER + rows(3))
    assert "Waiting for a worker" in at_work.see(place)
    assert "T1" not in at_work.see(f"{sheet}/weighings")
    at_work.work(place)
    assert "3 new, 0 known already, 0 left out." in at_work.see(place)
    assert "T1" in at_work.see(f"{sheet}/weighings")
    source = at_work.client.get(f"{place}?lang=en").get_data(as_text=True)
    assert f'href="{sheet}/weighings?side=sender">Back to where' in source


def test_an_export_of_the_whole_bridge_is_taken_by_the_words_of_one_deal(at_work: Desk, sheet: str) -> None:
    loads = "".join(
        f"沪A{n},{goods},40,10,{today().isoformat()} 08:0{n}:00,T{n}\n"
        for n, goods in enumerate(("粉煤灰", "炉渣", "粉煤灰"))
    )
    content = f"车号,货名,毛重(吨),皮重(吨),时间,磅单号\n{loads}"
    place = ask(at_work, sheet, content)
    at_work.work(place)
    assert "the file has 2 goods: 粉煤灰、炉渣; say which words" in at_work.see(place)
    place = ask(at_work, sheet, content, words="粉煤灰")
    at_work.work(place)
    assert "2 new, 0 known already, 0 left out." in at_work.see(place)
    assert "T1" not in at_work.see(f"{sheet}/weighings")


def test_a_wrong_file_is_taken_out_again_by_its_own_side(at_work: Desk, sheet: str) -> None:
    at_work.work(ask(at_work, sheet, HEADER + rows(3)))
    assert "Take all weighings of this side out again" in at_work.see(f"{sheet}/weighings")
    at_work.refused(f"{sheet}/weighings/clearing", status=403, side="receiver")
    at_work.press(f"{sheet}/weighings/clearing", side="sender")
    assert "No tickets of this side" in at_work.see(f"{sheet}/weighings")
    place = ask(at_work, sheet, HEADER + rows(2))
    at_work.work(place)
    assert "2 new, 0 known already" in at_work.see(place)
    deal = re.search(r'href="(/agreements/\w+)"', at_work.client.get(sheet).get_data(as_text=True))[1]  # type: ignore[index]  # no match fails the test
    other = at_work.press(f"{deal}/transfers/new", **at_work.trip("60") | {"metering": "sheet"})
    place = ask(at_work, other, HEADER + rows(2))
    at_work.work(place)
    told = at_work.see(place)
    assert "0 new, 2 known already" in told
    number = re.search(r"ZY-\d+-\w+", at_work.see(sheet))[0]  # type: ignore[index]  # no match fails the test
    assert f"T1 on {number}" in told
    assert "Some of what is known counts on other transfers" in told
    at_work.press(f"{sheet}/acts/sign", person="张三")
    assert "Upload a weighbridge's export" not in at_work.see(f"{sheet}/weighings")
    at_work.refused(f"{sheet}/weighings/clearing", side="sender")


def test_a_waiting_file_is_cancelled_and_nothing_of_it_is_taken(at_work: Desk, sheet: str) -> None:
    place = ask(at_work, sheet, HEADER + rows(3))
    assert at_work.press(f"{place}/cancellation") == place
    at_work.work(place)
    assert "Nothing of the file was taken." in at_work.see(place)
    assert "T1" not in at_work.see(f"{sheet}/weighings")
    assert "Cancelled" in at_work.see("/imports")


def test_what_was_sent_is_listed_and_nobody_else_finds_it(at_work: Desk, sheet: str) -> None:
    place = ask(at_work, sheet, HEADER + rows(2) + f"沪B,10,40,{today().isoformat()} 10:00:00,T99\n")
    at_work.work(place)
    assert "4 gross_kg no_net" in at_work.see(place)  # row, column, rule
    assert "Weighbridge export" in at_work.see("/imports")
    assert "地磅导出文件" in at_work.see("/imports", "zh")
    at_work.act_as(BRICKS, "facility")
    assert "Nothing has been uploaded yet." in at_work.see("/imports")
    at_work.see(place, status=404)
    assert at_work.client.post(f"{place}/cancellation").status_code == 404


def test_a_file_larger_than_any_form_is_taken(at_work: Desk, sheet: str) -> None:
    place = ask(at_work, sheet, HEADER + rows(3) + "," * 1_500_000 + "\n")
    at_work.act_as(POWER, "generator")
    assert "Waiting for a worker" in at_work.see(place)
