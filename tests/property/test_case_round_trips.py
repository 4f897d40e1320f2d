"""What is written is what is read: a case keeps its digest through CSV and XLSX, whatever its texts hold."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openpyxl
import pytest
from builders import capacity, case, output
from hypothesis import given, settings
from hypothesis import strategies as st

from circularity.guarded_cells import guard_text, needs_guard, restore_text
from circularity.units import MISSING
from matching.case import Case
from matching.case_format.cells import CONTROL
from matching.case_format.files import read_case, write_case
from matching.parameters import InvalidCase

ACTIVE = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠1"),
    *("'=1", "''", "'", "=\n=1", "_x0041_"),
)
ALPHABET = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\0")
TEXTS = st.one_of(
    st.sampled_from(ACTIVE), st.text(ALPHABET, max_size=12).filter(lambda text: not CONTROL.search(text))
)
IDS = TEXTS.filter(lambda text: text.strip() != "")
MASSES = st.integers(0, 10**12 - 1)
DAYS = st.one_of(st.just(MISSING), st.integers(date(2020, 1, 1).toordinal(), date(2030, 1, 1).toordinal()))
MONEY = st.one_of(st.just(MISSING), st.integers(-(10**9), 10**9))


def _rows(build: Callable[..., dict[str, Any]], draw: Callable[..., Any]) -> list[dict[str, Any]]:
    ids = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    return [build(identity, organisation=draw(TEXTS)) for identity in ids]


@st.composite
def cases(draw: Callable[..., Any]) -> Case:
    """Cases with awkward texts, exact masses, absent values, lanes, a cap and assays."""
    outputs = _rows(output, draw)
    capacities = _rows(capacity, draw)
    lane = [{"output": outputs[0]["output_id"], "capacity": capacities[0]["capacity_id"]}]
    caps = [(draw(IDS), 1.5, [row["capacity_id"] for row in capacities], "")] if draw(st.booleans()) else []
    built = case(outputs, capacities, caps, lane if draw(st.booleans()) else [])
    n, m = built.shape

    def column(values: st.SearchStrategy[int], size: int) -> Any:
        return np.array([draw(values) for _ in range(size)], dtype=np.int64)

    changed = {
        "mass_kg": column(MASSES, n),
        "price_ucny_per_kg": column(MONEY, n),
        "storage_since_day": column(DAYS, n),
        "assays": {"cl_mg_per_kg": column(st.integers(-(10**18), 10**18), n)},
    }
    lines = {"capacity_kg": column(MASSES, m), "licence_valid_to_day": column(DAYS, m)}
    lines["licence_no"] = np.array([draw(TEXTS) for _ in range(m)])
    return built.replace(
        outputs=_replaced(built.outputs, changed), capacities=_replaced(built.capacities, lines)
    )


def _replaced(table: Any, columns: dict[str, Any]) -> Any:
    return type(table)(**{**vars(table), **columns})


@given(cases())
@settings(max_examples=60, deadline=None)
def test_a_case_keeps_its_digest_through_csv_and_xlsx(written: Case) -> None:
    with TemporaryDirectory() as folder:
        for name in ("case", "case.xlsx"):
            write_case(written, Path(folder, name))
            assert read_case(Path(folder, name)).case.digest() == written.digest()
        # Neither way of reading is needed for what a program wrote: both give the same case.
        assert read_case(Path(folder, "case"), friendly=True).case.digest() == written.digest()
        assert read_case(Path(folder, "case.xlsx"), friendly=False).case.digest() == written.digest()


@given(st.text())
def test_a_guarded_text_comes_back_and_an_unguarded_one_is_not_active(text: str) -> None:
    assert restore_text(guard_text(text)) == text
    if not needs_guard(text):
        assert text.lstrip()[:1] not in set("=+-@＝＋－＠")


@pytest.mark.parametrize("text", ACTIVE)
def test_no_cell_of_a_written_case_is_active(tmp_path: Path, text: str) -> None:
    written = case([output(text, organisation=text)], [capacity(text)])
    write_case(written, tmp_path / "case")
    write_case(written, tmp_path / "case.xlsx")
    with (tmp_path / "case/outputs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    for name, cell in zip(*rows, strict=True):
        if name in {"output_id", "organisation"}:
            assert cell[:1] not in set("=+-@\t\r＝＋－＠ ")
    for sheet in openpyxl.load_workbook(tmp_path / "case.xlsx"):
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("text", ["a\0b", "\x1b[31m", "x" * 101, "\ud800"])
def test_a_text_that_would_not_come_back_is_refused_before_anything_is_written(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(InvalidCase):
        write_case(case([output(text)], [capacity("C")]), tmp_path / "case")
    assert list(tmp_path.iterdir()) == []


def test_every_column_and_parameter_survives(tmp_path: Path) -> None:
    day = date(2026, 3, 1).toordinal()
    full = case(
        [output("O", allowed_operations="C2;R5", region_code="310113")],
        [capacity("C", waste_pattern="HW34", operation="R6")],
        caps=[("K", 7, ["C"], "31")],
        lanes=[{"output": "O", "capacity": "C", "distance_km": 3}],
        period_from_day=day,
        period_to_day=day + 30,
        transport_ucny_per_kg_km=123,
        detour_permille=1_301,
        carbon_price_ucny_per_kg_co2e=5,
        emission_mg_per_kg_km=77,
        max_distance_m=12_345,
        only_lanes=True,
    )
    lines = {
        "entitlement_kind": np.array(["hazardous_licence"]),
        "licence_no": np.array(["沪环危001"]),
        "licence_valid_to_day": np.array([day]),
        "accepts_from": np.array(["31;3205"]),
        "whitelist_from": np.array(["34"]),
        "ship_within_days": np.array([30]),
        "senders": np.array(["甲公司;乙公司"]),
        "limits_min": {"ph": np.array([-1_500_000])},
        "limits_max": {"cl_mg_per_kg": np.array([MISSING])},
    }
    full = full.replace(capacities=_replaced(full.capacities, lines))
    for name in ("case", "case.xlsx"):
        write_case(full, tmp_path / name)
        assert read_case(tmp_path / name).case.digest() == full.digest()
