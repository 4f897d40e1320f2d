"""Batches of a hazardous month typed on the desk: kept, shown, exported, refused at their fields."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from desk_world import BRICKS, OFFICE, POWER, Desk, desk
from openpyxl import load_workbook

from web.today import today

ACID = "398-007-34"
HANDLED = {"container_type": "吨桶", "container_code": "T1", "container_count": "3"}
HANDLED |= {"facility_code": "MF0001", "handler": "李阳"}


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        made.act_as(POWER, "generator")
        yield made


def month(at_work: Desk, code: str = ACID) -> tuple[str, str]:
    """Write 12 t of this month, 4 t of it regenerated; return the site's id and the month's address."""
    site = re.search(r'<option value="(\w{32})"', at_work.client.get("/months/new").text)[1]  # type: ignore[index]  # no match fails the test
    used = {"uses.1.kind": "own_utilised", "uses.1.operation": "R6", "uses.1.mass_t": "4"}
    facts = {"site": site, "waste_code": code, "year": str(today().year), "month": str(today().month)}
    return site, at_work.press(
        "/months/new", **facts, **used, generated_t="12", stored_t="8", discarded_t="0"
    )


def typed(row: int, tonnes: str, **facts: str) -> dict[str, str]:
    day = today().replace(day=1).isoformat()
    return {f"batches.{row}.{name}": text for name, text in ({"day": day, "mass_t": tonnes} | facts).items()}


def test_batches_are_typed_shown_and_exported(at_work: Desk) -> None:
    site, address = month(at_work)
    assert "told in sums" in at_work.see(address)
    form = at_work.client.get(f"{address}/batches/generated").text
    assert re.search(r'name="batches.1.mass_t"[^>]*value="12"', form)
    assert 'name="batches.1.mover"' not in form
    two = typed(1, "5", **HANDLED) | typed(2, "") | typed(3, "7", batch="本厂-7")
    assert at_work.press(f"{address}/batches/generated", **two) == address
    number = f"HWCS{today():%Y%m}01001"
    shown = at_work.see(address, "zh")
    assert f"{number} " in shown
    assert "吨桶 T1 × 3 设施编码 MF0001 李阳" in shown
    own = typed(1, "4", operation="R6|", facility_code="LY01")
    at_work.press(f"{address}/batches/own", **own)
    asked = f"/months/forms.xlsx?site={site}&form=hazardous&year={today().year}&month={today().month}"
    book = load_workbook(io.BytesIO(at_work.client.get(asked).data))
    header, *rows = list(book["产生环节"].values)[1:]
    told = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["批次编码"], row["容器/包装数量"], row["产生部门经办人"]) for row in told] == [
        (number, "3", "李阳"),
        ("本厂-7", None, None),
    ]
    assert at_work.press(f"{address}/batches/generated") == address
    assert number not in at_work.see(address)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (typed(1, "12", container_count="many"), "batches.1.container_count"),
        (typed(1, "12", container_count="0"), "batches.1.container_count"),
        (typed(1, "") | typed(2, "12", handler="x" * 201), "batches.2.handler"),
        (typed(1, "12", day="2020-01-01"), "batches.1.day"),
        (typed(1, "12", day=""), "batches.1.day"),
        (typed(1, "", handler="李阳"), "batches.1.mass_t"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(at_work: Desk, facts: dict[str, str], field: str) -> None:
    _, address = month(at_work)
    assert f'id="batches-{field}-problem"' in at_work.refused(f"{address}/batches/generated", **facts)
    assert "told in sums" in at_work.see(address)


def test_batches_that_do_not_add_up_are_refused_with_both_figures(at_work: Desk) -> None:
    _, address = month(at_work)
    page = at_work.refused(f"{address}/batches/generated", **typed(1, "11.5"))
    assert "come to 11.5 t, the month says 12 t" in page
    assert "合计 11.5 吨，月台账为 12 吨" in at_work.refused(
        f"{address}/batches/generated", "zh", **typed(1, "11.5")
    )


def test_only_the_generator_tells_and_only_the_region_s_authority_sees(at_work: Desk) -> None:
    _, address = month(at_work)
    at_work.press(f"{address}/batches/generated", **typed(1, "12", **HANDLED))
    at_work.see(f"{address}/batches/nowhere", status=404)
    at_work.act_as(OFFICE, "authority")
    assert "李阳" in at_work.see(address)
    assert at_work.client.post(f"{address}/batches/generated", data=typed(1, "12")).status_code == 403
    at_work.see(f"{address}/batches/generated", status=403)
    at_work.act_as(BRICKS, "facility")
    at_work.see(f"{address}/batches/generated", status=404)


def test_general_waste_has_no_stages(at_work: Desk) -> None:
    _, address = month(at_work, "900-001-S02")
    assert "Batches by stage" not in at_work.see(address)
    at_work.see(f"{address}/batches/generated", status=404)
