"""What wastes are like is typed on the desk, changed there, and stands in table 1."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from desk_world import BRICKS, OFFICE, POWER, Desk, desk
from openpyxl import load_workbook

ASH = "900-001-S02"
PAGE = "/desk/descriptions"
SAID = {"grade": "I 类", "arising_step": "锅炉除尘", "physical_state": "固态", "components": "SiO2、Al2O3"}


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        made.act_as(POWER, "generator")
        yield made


def _site(at_work: Desk) -> str:
    found = re.search(r'<option value="(\w{32})"', at_work.client.get(PAGE).text)
    assert found
    return found[1]


def test_a_waste_is_described_changed_and_exported(at_work: Desk) -> None:
    which = {"site": _site(at_work), "waste_code": ASH, "year": "2025"}
    at_work.press("/desk/generation", **which, generated_t="1000")
    assert "not described" in at_work.see(f"{PAGE}?year=2025")
    assert at_work.press(PAGE, **which, **SAID) == f"{PAGE}?year=2025"
    assert "I 类 锅炉除尘 固态 SiO2、Al2O3 –" in at_work.see(f"{PAGE}?year=2025", "zh")
    form = at_work.client.get(f"{PAGE}?year=2025&site={which['site']}&waste_code={ASH}").text
    assert 'value="锅炉除尘"' in form
    at_work.press(PAGE, **which, **(SAID | {"grade": "II 类", "components": ""}))
    assert "II 类 锅炉除尘 固态 – –" in at_work.see(f"{PAGE}?year=2026")  # it holds on
    assert SAID["arising_step"] not in at_work.see(f"{PAGE}?year=2024")
    address = f"/months/forms.xlsx?site={which['site']}&form=general&year=2025"
    rows = list(load_workbook(io.BytesIO(at_work.client.get(address).data))["附表1 产生清单"].values)
    assert rows[2][3:8] == ("II 类", "锅炉除尘", "固态", None, None)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"waste_code": "900-349-34"}, "waste_code"),
        ({"waste_code": "nothing known"}, "waste_code"),
        ({"year": "1999"}, "year"),
        ({"grade": "x" * 201}, "grade"),
        (dict.fromkeys(SAID, ""), "grade"),
    ],
)
def test_what_cannot_be_said_is_refused_at_its_field_and_kept_in_the_form(
    at_work: Desk, typed: dict[str, str], field: str
) -> None:
    which = {"site": _site(at_work), "waste_code": ASH, "year": "2025"}
    page = at_work.refused(PAGE, **(which | SAID | typed))
    assert f'id="description-{field}-problem"' in page
    assert typed.get("arising_step") == "" or 'value="锅炉除尘"' in page
    assert SAID["arising_step"] not in at_work.see(f"{PAGE}?year=2025")


def test_others_read_nothing_and_write_nothing_of_it(at_work: Desk) -> None:
    which = {"site": _site(at_work), "waste_code": ASH, "year": "2025"}
    at_work.press(PAGE, **which, **SAID)
    at_work.act_as(OFFICE, "authority")  # of the region
    assert "锅炉除尘" in at_work.see(f"{PAGE}?year=2025")
    assert at_work.client.post(PAGE, data=which | {"grade": "II 类"}).status_code == 403
    at_work.act_as(BRICKS, "facility")
    assert "锅炉除尘" not in at_work.see(f"{PAGE}?year=2025")
    assert at_work.client.post(PAGE, data=which | {"grade": "II 类"}).status_code == 403
