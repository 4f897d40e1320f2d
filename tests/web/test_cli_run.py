"""`run`, `planned-rates` and `recommend` on a small fictional database."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from circularity.database import create_engine_for, reading
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from web.cli import main


def circularity(*arguments, database):
    return CliRunner().invoke(main, [*arguments, "--database", database])


@pytest.fixture(scope="module")
def database(databases):
    """A generated Delta of 96 outputs with one run, on an empty database at first."""
    with databases.new(migrated=False) as url:
        assert circularity("seed", "--size", "96", database=url).exit_code == 0
        assert circularity("run", database=url).exit_code == 0
        yield url


def ids(database, model):
    engine = create_engine_for(database)
    with reading(engine)() as session:
        found = session.scalars(select(model.public_id)).all()
    engine.dispose()
    return found


def test_a_run_accounts_for_every_tonne(database):
    values = json.loads(circularity("run", "--json", database=database).stdout)
    supply, placed, unmatched = (Decimal(values[f"{name}_t"]) for name in ("supply", "placed", "unmatched"))
    today, after = Decimal(values["can_move_today_t"]), Decimal(values["after_procedures_t"])
    assert placed + unmatched == supply
    assert today + after == placed
    assert sum(Decimal(row["mass_t"]) for row in values["by_reason"]) == unmatched
    assert (values["status"], values["outputs"], values["fictional"]) == ("optimal", 96, True)


def test_rates_are_planned_and_name_the_period_of_their_target(database):
    values = json.loads(circularity("planned-rates", "--json", database=database).stdout)
    general = next(r for r in values["rates"] if (r["scope"], r["region"]) == ("general", "31"))
    assert general["label"].startswith("planned rate")
    assert (general["target_percent"], general["target_period_over"]) == ("95", True)
    assert Decimal(general["rate_today_percent"]) <= Decimal(general["rate_percent"]) <= 100


def test_planned_masses_are_told_apart_by_stage_and_add_up(database):
    values = json.loads(circularity("planned-rates", "--by", "operation", "--json", database=database).stdout)
    delta = next(r for r in values["rates"] if (r["scope"], r["region"]) == ("general", ""))
    assert (delta["agreed_t"], delta["reserved_t"]) == ("0", "0")
    placed = sum(Decimal(row["proposed_t"]) for operation, row in values["table"].items() if operation)
    assert 0 < Decimal(delta["proposed_t"]) <= placed
    assert set(values["table"][""]) == {"agreed_t", "reserved_t", "proposed_t", "left_t"}
    text = circularity("planned-rates", "--by", "stream", database=database).stdout
    assert "协议 agreed 0 t" in text
    assert "where planned mass stands" in text


def test_every_rate_stands_between_its_own_use_and_everything(database):
    # A generated flow is 1/4 used at home, 2/4 elsewhere and 1/4 posted: no rate is below 75 %.
    values = json.loads(circularity("planned-rates", "--json", database=database).stdout)
    assert all(75 <= Decimal(r["rate_today_percent"]) <= 100 for r in values["rates"] if r["rate_percent"])


def test_an_outlet_recommended_for_an_output_is_found_from_its_side_too(database):
    for output in ids(database, Output):
        advice = json.loads(
            circularity("recommend", "output", output, "--limit", "1", "--json", database=database).stdout
        )
        if advice["recommendations"]:
            break
    window = advice["recommendations"][0]["window"]
    feed = json.loads(
        circularity("recommend", "window", window, "--limit", "200", "--json", database=database).stdout
    )
    assert output in {row["output"] for row in feed["recommendations"]}


def test_the_first_characters_of_an_id_are_enough(database):
    output = ids(database, Output)[0]
    result = circularity("recommend", "output", output[:12], database=database)
    assert result.exit_code == 0
    assert "fictional" in result.output


@pytest.mark.parametrize("public_id", ["nobody", ""])
def test_an_id_that_names_nothing_or_everything_is_refused(database, public_id):
    result = circularity("recommend", "window", public_id, database=database)
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_a_window_recommends_at_most_what_was_asked_for(database):
    for window in ids(database, CapacityWindow)[:3]:
        result = circularity("recommend", "window", window, "--limit", "2", "--json", database=database)
        assert len(json.loads(result.stdout)["recommendations"]) <= 2


def test_rates_before_the_first_run_say_what_to_do(database_url):
    result = circularity("planned-rates", database=database_url)
    assert result.exit_code == 2
    assert "circularity run" in result.stderr


def test_a_run_over_nothing_is_a_run(database_url):
    assert circularity("run", "--processes", "2", database=database_url).exit_code == 0
    assert circularity("planned-rates", database=database_url).exit_code == 0
