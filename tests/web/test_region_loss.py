"""What the region loses with an outlet: strangers hear on which level, its operator hears how much."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from api_world import World, world
from click.testing import CliRunner
from databases import Databases
from page_world import served_pages

from web.cli import main


@pytest.fixture
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def test_strangers_hear_the_level_and_the_run_and_no_figure(served: World) -> None:
    address = served.address("/api/v1/outputs/{public_output_id}/recommendations")
    told = [row["region_loss"] for row in served.client.get(address).get_json() if "region_loss" in row]
    assert told
    for loss in told:
        assert loss.keys() == {"level", "run_id", "as_of", "is_old"}
        assert loss["run_id"] == served.ids["run_id"]
    assert {loss["level"] for loss in told} & {"none", "placed_kg", "cost"}


def test_the_operator_hears_how_much(databases: Databases) -> None:
    with databases.new() as url, world(url) as made:
        output = made.ids["public_output_id"]
        command = ["recommend", "output", output, "--database", url]
        found = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)["recommendations"]
        text = CliRunner().invoke(main, command).output
    priced = [row["region_loss"] for row in found if row["region_loss"]]
    assert priced
    for loss in priced:
        assert list(loss["per_kg"]) == ["placed_kg", "urgent_kg", "utilised_kg", "hierarchy", "cost"]
        lost = [name for name, value in loss["per_kg"].items() if value]
        assert loss["level"] == (lost[0] if lost else None)
        assert loss["run"] == made.ids["run_id"]
    assert "region losses are counted from the run of" in text


@pytest.mark.parametrize(("lang", "words"), [("en", "counted from the plan of"), ("zh", "区域损失按")])
def test_a_page_says_from_which_plan_the_region_s_loss_is_counted(
    databases: Databases, lang: str, words: str
) -> None:
    with databases.new() as url, served_pages(url) as pages:
        text = pages.text(f"/outputs/{pages.ids['ash']}", lang)
    assert words in text
    assert {"en": "Something has changed since.", "zh": "此后情况有变"}[lang] in text


def test_a_page_says_when_no_run_has_priced_the_outlets(databases: Databases) -> None:
    with databases.new() as url, served_pages(url, matched=False) as pages:
        assert "no run has priced these outlets" in pages.text(f"/outputs/{pages.ids['ash']}")
