"""Table 1: what arises in a year and what it is like, exported and taken in again."""

from __future__ import annotations

from pathlib import Path

import pytest
from deal_rows import Deal, deal
from registry import FLY_ASH, Registry
from test_official_forms import filed, imported, month_of

from circularity.custody.sheets import Imported
from circularity.forms.general_tables import general_tables
from circularity.registry.declarations import GenerationDeclaration


@pytest.fixture
def ash(registry: Registry) -> Deal:
    """A works that has written 100 t of ash in September, and declared nothing."""
    told = deal(registry)
    month_of(registry, told.works, 100, 100)
    return told


def test_what_table_1_says_of_a_waste_is_kept_and_told_again_until_it_is_said_anew(
    ash: Deal, tmp_path: Path
) -> None:
    registry, session = ash.registry, ash.registry.session
    said = {"类别": "I 类", "产生环节": "锅炉除尘", "物理性状": "固态", "主要成分": "SiO2", "污染特性": "无"}
    inventory, *_ = general_tables(session, ash.works, 2026)
    inventory.rows[0] |= said
    assert imported(registry, ash.works, filed(tmp_path, [inventory])) == Imported(added=1, ignored=0)
    told, *_ = general_tables(session, ash.works, 2026)
    assert {name: told.rows[0][name] for name in said} == said
    assert imported(registry, ash.works, filed(tmp_path, [told])) == Imported(added=0, ignored=1)
    told.rows[0] = {"年份": "2027", "代码": FLY_ASH, "年产生量(吨)": "90", "产生环节": "新锅炉"}
    assert imported(registry, ash.works, filed(tmp_path, [told])).added == 1
    (this_year, next_year) = (general_tables(session, ash.works, year)[0].rows[0] for year in (2026, 2027))
    assert (this_year["产生环节"], this_year["类别"]) == ("锅炉除尘", "I 类")
    assert (next_year["产生环节"], next_year["类别"]) == ("新锅炉", "I 类")


def test_a_row_of_table_1_is_taken_whole_or_not_at_all(ash: Deal, tmp_path: Path) -> None:
    inventory, *_ = general_tables(ash.registry.session, ash.works, 2026)
    inventory.rows[0] |= {"年产生量(吨)": "500", "主要成分": "x" * 201}
    (problem,) = imported(ash.registry, ash.works, filed(tmp_path, [inventory])).problems
    assert problem.rule == "too_long"
    assert ash.registry.session.query(GenerationDeclaration).count() == 0
