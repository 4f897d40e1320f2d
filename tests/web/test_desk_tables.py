"""One's own lots, drafts and windows as tables: whole, in the reader's words, and with no active cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from desk_world import ACIDS, BRICKS, OFFICE, POWER, Desk, desk


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def table(at_work: Desk, address: str, lang: str = "en") -> list[dict[str, str]]:
    answer = at_work.client.get(f"{address}{'&' if '?' in address else '?'}lang={lang}")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_table_of_lots_says_of_each_what_became_of_it(at_work: Desk) -> None:
    at_work.agreed()
    at_work.act_as(POWER, "generator")
    (ash,) = [row for row in table(at_work, "/desk/outputs.csv") if row["Mass in all (t)"] == "1000"]
    assert ash["Waste code"] == "900-001-S02"
    assert (ash["In agreements (t)"], ash["Proposed (t)"]) == ("600", "300")
    (dealt,) = table(at_work, "/desk/outputs.csv?fate=dealt")
    assert dealt["id"] == ash["id"]
    assert f'"/desk/outputs/{ash["id"]}"' in at_work.client.get("/desk/outputs").get_data(as_text=True)
    (chinese,) = table(at_work, "/desk/outputs.csv?fate=dealt", "zh")
    assert chinese["协议占用（吨）"] == "600"


def test_the_table_of_windows_adds_up(at_work: Desk) -> None:
    at_work.agreed()
    at_work.act_as(BRICKS, "facility")
    (offered,) = table(at_work, "/desk/capacity.csv")
    amounts = [offered[name] for name in ("Offered (t)", "In agreements (t)", "Left (t)")]
    assert amounts == ["600", "600", "0"]


def test_the_table_of_drafts_keeps_no_cell_that_a_spreadsheet_would_run(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    place = {"name_zh": "=HYPERLINK(1)", "name_en": "=1+1", "region_code": "310000", "datum": "wgs84"}
    at_work.press("/desk/sites", **place, lat="31.2", lon="121.5")
    form = at_work.client.get("/desk/outputs/new?lang=zh").get_data(as_text=True)
    site = re.findall(r'<option value="(\w{32})"[^>]*>=HYPERLINK', form)[0]
    typed = {"site": site, "waste_code": "900-001-S02", "mass_t": "12.345", "price_cny_per_t": "-20.5"}
    at_work.press("/desk/outputs/drafts/new", **typed, status="waste", visibility="parties")
    (draft,) = table(at_work, "/desk/outputs/drafts.csv", "zh")
    assert draft["场所"] == "'=HYPERLINK(1)"
    assert (draft["总量（吨）"], draft["要价（元/吨）"]) == ("12.345", "-20.5")
    assert "/desk/outputs/drafts.csv" in at_work.client.get("/desk/outputs").get_data(as_text=True)


def test_nobody_is_given_what_is_anothers(at_work: Desk) -> None:
    at_work.agreed()
    at_work.act_as(ACIDS, "generator")
    assert table(at_work, "/desk/outputs.csv") == []
    assert table(at_work, "/desk/outputs/drafts.csv") == []
    at_work.act_as(OFFICE, "authority")
    for name in ("outputs", "outputs/drafts", "capacity"):
        assert at_work.client.get(f"/desk/{name}.csv").status_code == 403
