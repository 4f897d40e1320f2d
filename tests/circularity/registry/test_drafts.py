"""Drafts of lots: seen by nobody, posted by one act, and the ledgers that they are read from."""

from __future__ import annotations

from typing import Any

import pytest
from registry import ACID, FLY_ASH, Registry
from sqlalchemy import func, select

from circularity.errors import BadInput, RuleBroken
from circularity.posted import outputs_posted
from circularity.registry.drafts import (
    LedgerRow,
    OutputDraft,
    change_draft,
    discard_drafts,
    draft_output,
    post_drafts,
    read_into_drafts,
)
from circularity.registry.outputs import Output, terms_of, withdraw_output

TERMS = {"waste_code": FLY_ASH, "mass_kg": 12_000, "assays": {"cl_mg_per_kg": 5_000_000}}


def row(line: int, tonnes: int = 1, **terms: Any) -> LedgerRow:
    return LedgerRow(line, {"waste_code": FLY_ASH, "mass_kg": tonnes * 1000} | terms, [])


def read(registry: Registry, site: Any, *rows: LedgerRow) -> Any:
    facts = {"site": site, "file": "台账.xlsx", "rows": rows, "notes": []}
    return read_into_drafts(registry.session, **registry.act, **facts)


def count(registry: Registry, model: type[Any]) -> int:
    return registry.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_draft_is_in_nothing_that_is_posted_and_becomes_the_lot_it_describes(registry: Registry) -> None:
    site = registry.site()
    draft = draft_output(registry.session, **registry.act, site=site, terms=TERMS)
    registry.session.flush()
    assert registry.session.execute(outputs_posted(registry.act["at"].date())).all() == []
    (lot,) = post_drafts(registry.session, **registry.act, drafts=[draft])
    registry.session.flush()
    assert count(registry, OutputDraft) == 0
    assert terms_of(lot)["assays"] == {"cl_mg_per_kg": 5_000_000}
    assert (lot.mass_kg, lot.waste_code, lot.site) == (12_000, FLY_ASH, site)


def test_what_could_not_be_posted_cannot_be_drafted(registry: Registry) -> None:
    facts = {"session": registry.session, **registry.act, "site": registry.site()}
    with pytest.raises(BadInput):
        draft_output(**facts, terms=TERMS | {"mass_kg": 0})
    with pytest.raises(RuleBroken):
        draft_output(**facts, terms=TERMS | {"waste_code": ACID, "status": "product"})


def test_a_draft_is_changed_and_thrown_away(registry: Registry) -> None:
    draft = draft_output(registry.session, **registry.act, site=registry.site(), terms=TERMS)
    change_draft(registry.session, **registry.act, draft=draft, terms=TERMS | {"mass_kg": 7})
    assert draft.said["mass_kg"] == 7
    registry.session.flush()
    discard_drafts(registry.session, **registry.act, drafts=[draft])
    registry.session.flush()
    assert count(registry, OutputDraft) == 0


def test_a_row_sent_again_is_known_as_long_as_it_stands(registry: Registry) -> None:
    site = registry.site()
    first = read(registry, site, row(2, 1), row(3, 2))
    assert (len(first.drafts), first.known) == (2, 0)
    again = read(registry, site, row(2, 1), row(3, 2), row(4, 3))
    assert ([draft.line for draft in again.drafts], again.known) == ([4], 2)
    lots = post_drafts(registry.session, **registry.act, drafts=[*first.drafts, *again.drafts])
    registry.session.flush()
    third = read(registry, site, row(9, 3), row(8, 2), row(7, 1))
    assert (len(third.drafts), third.known) == (0, 3)
    withdraw_output(registry.session, **registry.act, output=lots[0])
    registry.session.flush()
    assert read(registry, site, row(2, 1)).known == 0


def test_two_rows_that_are_alike_are_two_lots(registry: Registry) -> None:
    site = registry.site()
    first = read(registry, site, row(2), row(3))
    assert len(first.drafts) == 2
    again = read(registry, site, row(2), row(3), row(4))
    assert ([draft.line for draft in again.drafts], again.known) == ([4], 2)


def test_the_same_row_at_another_site_is_another_lot(registry: Registry) -> None:
    read(registry, registry.site(), row(2))
    assert read(registry, registry.site(), row(2)).known == 0


def test_a_ledger_with_one_row_that_cannot_be_posted_is_not_kept_at_all(registry: Registry) -> None:
    with pytest.raises(BadInput) as error:
        read(registry, registry.site(), row(2), row(3, waste_code=ACID, status="product"), row(4, mass_kg=0))
    assert [(problem.row, problem.column, problem.rule) for problem in error.value.problems] == [
        (3, "status", "relabel"),
        (4, "mass_kg", "out_of_range"),
    ]
    assert count(registry, OutputDraft) == 0


def test_drafts_are_posted_all_or_none(registry: Registry) -> None:
    ledger = read(registry, registry.site(), row(2), row(3))
    ledger.drafts[1].terms = ledger.drafts[1].terms | {"mass_kg": 0}
    registry.session.commit()
    with pytest.raises(BadInput) as error:
        post_drafts(registry.session, **registry.act, drafts=ledger.drafts)
    registry.session.rollback()
    assert [problem.row for problem in error.value.problems] == [3]
    assert (count(registry, Output), count(registry, OutputDraft)) == (0, 2)
