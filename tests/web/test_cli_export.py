"""`circularity export`: the fictional Delta as a case that a ledger can be matched against."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import Databases
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from circularity.database import create_engine_for, reading
from circularity.registry.entitlements import Facility
from web.cli import main


def circularity(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[str]:
    """The seeded Delta."""
    with databases.new() as url:
        assert circularity("seed", "--database", url).exit_code == 0
        yield url


@pytest.fixture(scope="module")
def exported(database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeded Delta as a case folder."""
    folder = tmp_path_factory.mktemp("export") / "delta"
    result = circularity("export", folder, "--database", database)
    assert result.exit_code == 0, result.output
    assert "虚构" in result.output
    return folder


def test_the_exported_case_is_matched_and_verified(exported: Path, tmp_path: Path) -> None:
    matched = circularity("match", exported, "--out", tmp_path / "plan", "--json")
    assert matched.exit_code == 0, matched.output
    assert float(json.loads(matched.stdout)["placed_t"]) > 10_000_000
    assert circularity("verify", exported, tmp_path / "plan").exit_code == 0


def test_plants_bear_the_names_by_which_people_know_them(exported: Path, database: str) -> None:
    with (exported / "facilities.csv").open(encoding="utf-8", newline="") as stream:
        told = {row["facility_id"]: row["organisation"] for row in csv.DictReader(stream)}
    engine = create_engine_for(database)
    with reading(engine)() as session:
        plants = session.scalars(select(Facility).options(joinedload(Facility.site)))
        names = {plant.public_id: plant.site.organisation.name_zh for plant in plants}
    engine.dispose()
    assert len(told) > 10
    assert told == {plant: names[plant] for plant in told}


def test_a_ledger_of_ones_own_is_matched_against_the_exported_facilities(
    exported: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "台账.csv"
    ledger.write_text("名称,代码,产生量(吨),经度,纬度,行政区划\n粉煤灰,900-001-S02,120,121.4,31.4,310000\n")
    matched = circularity("match", ledger, "--facilities-from", exported, "--json")
    assert matched.exit_code == 0, matched.output
    assert json.loads(matched.stdout)["placed_t"] == "120"
    shown = circularity("match", ledger, "--facilities-from", exported, "--out", tmp_path / "plan").stdout
    with (tmp_path / "plan" / "plan.csv").open(encoding="utf-8", newline="") as stream:
        chosen = next(csv.DictReader(stream))
    plant = _name_of_the_plant_with(chosen["capacity_id"], exported)
    assert f"{chosen['capacity_id']}  {plant} " in shown
    told = circularity("match", ledger, "--facilities-from", exported, "--why", chosen["output_id"]).stdout
    assert f"{chosen['capacity_id']}  {plant} " in told


def test_an_existing_folder_is_not_overwritten(exported: Path, database: str) -> None:
    assert circularity("export", exported, "--database", database).exit_code == 2


def test_an_export_without_any_outlet_says_what_to_do_first(databases: Databases, tmp_path: Path) -> None:
    with databases.new() as url:
        result = circularity("export", tmp_path / "empty", "--database", url)
    assert "run circularity demo first" in result.output


def _name_of_the_plant_with(capacity: str, exported: Path) -> str:
    def rows(sheet: str) -> list[dict[str, str]]:
        with (exported / f"{sheet}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    plant = next(row["facility_id"] for row in rows("capacities") if row["capacity_id"] == capacity)
    return next(row["organisation"] for row in rows("facilities") if row["facility_id"] == plant)
