"""A party's own lots, drafts and windows as files that spreadsheets open, whole and without active cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import Response
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.errors import NotAllowed
from circularity.organisations import Site
from circularity.own_lots import FATES, Fate, fates_of, lots, lots_seen
from circularity.own_windows import held_of_windows_kg, windows_seen
from circularity.registry.drafts import drafts_of
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import terms_of
from circularity.runs.stored import MatchingRun, latest_run
from circularity.units import KG_PER_T, M_PER_KM, UCNY_PER_KG_PER_CNY_PER_T, format_scaled
from web.field_words import field_label
from web.formats import operation_name, waste_name
from web.language import said
from web.pages.csv_answer import csv_answer
from web.pages.desk.acting import Acting, require_acting
from web.pages.requests import choice
from web.session import read_session
from web.today import today
from web.words import word

_AT_ONCE = 500
"""So many rows are asked at a time what became of them."""

_TERMS = (
    *("site", "waste_code", "waste", "mass_t", "available_from", "available_to", "storage_since", "status"),
    *("price_cny_per_t", "max_net_cost_cny_per_t", "max_distance_km", "min_lot_t", "plan_mass_t"),
    "visibility",
)
_WINDOW = (
    *("site", "waste_pattern", "waste", "operation", "available_from", "available_to", "permitted_t"),
    *("received_t", "committed_t", "stop_days", "gate_fee_cny_per_t", "max_distance_km", "visibility"),
)


def download_lots() -> Response:
    """Give the lots of one fate, or all that stand, with what became of each."""
    session, party = read_session(), _own()
    became = (
        *(gettext("What became of it"), gettext("In agreements (t)"), gettext("Proposals")),
        *(gettext("Proposed (t)"), "id"),
    )
    run = latest_run(session)
    rows = (
        [*_terms(it.output.site, terms_of(it.output)), *_became(it)] for it in _fates(session, party, run)
    )
    return csv_answer("outputs.csv", (*map(_label, _TERMS), *became), rows)


def download_drafts() -> Response:
    """Give the lots that are drafted and not posted."""
    session, party = read_session(), _own()
    drafts = session.scalars(drafts_of(party.organisation, party.sites))
    header = (*map(_label, _TERMS), gettext("Ledger"), gettext("Row"), "id")
    rows = (
        [*_terms(draft.site, draft.said), draft.ledger and draft.ledger.file, draft.line, draft.public_id]
        for draft in drafts
    )
    return csv_answer("drafts.csv", header, rows)


def download_windows() -> Response:
    """Give what the party's facilities offer, with what deals hold of each window and what is left."""
    session, party = read_session(), _own()
    seen = windows_seen(party.organisation, party.side, party.sites)
    wanted = select(CapacityWindow).where(seen, CapacityWindow.withdrawn_at.is_(None))
    wanted = wanted.options(joinedload(CapacityWindow.line)).order_by(CapacityWindow.id.desc())
    windows = session.scalars(wanted).all()
    held: dict[int, int] = {}
    for start in range(0, len(windows), _AT_ONCE):
        part = windows[start : start + _AT_ONCE]
        held |= held_of_windows_kg(session, [window.id for window in part])
    amounts = (gettext("Offered (t)"), gettext("In agreements (t)"), gettext("Left (t)"), "id")
    rows = (_window(window, held.get(window.id, 0)) for window in windows)
    return csv_answer("capacity.csv", (*map(_label, _WINDOW), *amounts), rows)


def _own() -> Acting:
    """Return who acts, for what is its own; raises NotAllowed for an authority, which has none."""
    party = require_acting()
    if party.watches:
        raise NotAllowed("not_a_party", "只有该方单位可以操作", "only this party's organisation does this")
    return party


def _fates(session: Session, party: Acting, run: MatchingRun | None) -> Iterator[Fate]:
    seen = lots_seen(party.organisation, party.side, party.sites)
    outputs = session.scalars(lots(seen, run, choice("fate", FATES), today())).all()
    for start in range(0, len(outputs), _AT_ONCE):
        yield from fates_of(session, outputs[start : start + _AT_ONCE], run, today())


def _became(it: Fate) -> Sequence[object]:
    words = " / ".join(word("lot_fate", code) for code in it.words)
    return words, _tonnes(it.held_kg), it.proposals, _tonnes(it.proposed_kg), it.output.public_id


def _terms(site: Site, terms: Mapping[str, Any]) -> Sequence[object]:
    return (
        said(site),
        terms["waste_code"],
        waste_name(terms["waste_code"]),
        _tonnes(terms["mass_kg"]),
        *(terms[name] for name in ("available_from", "available_to", "storage_since")),
        word("output", terms["status"]),
        *(_cny_per_t(terms[name]) for name in ("price_ucny_per_kg", "max_net_cost_ucny_per_kg")),
        _number(terms["max_distance_m"], M_PER_KM),
        *(_tonnes(terms[name]) for name in ("min_lot_kg", "plan_mass_kg")),
        word("visibility", terms["visibility"]),
    )


def _window(window: CapacityWindow, held_kg: int) -> Sequence[object]:
    line = window.line
    return (
        said(line.entitlement.facility.site),
        line.waste_pattern,
        waste_name(line.waste_pattern),
        operation_name(line.operation),
        window.available_from,
        window.available_to,
        *(_tonnes(kg) for kg in (window.permitted_kg, window.received_kg, window.committed_kg)),
        window.stop_days,
        _cny_per_t(window.gate_fee_ucny_per_kg),
        _number(window.max_distance_m, M_PER_KM),
        word("visibility", window.visibility),
        *(_tonnes(kg) for kg in (window.offered_kg, held_kg, max(window.offered_kg - held_kg, 0))),
        window.public_id,
    )


def _label(name: str) -> str:
    return gettext("Waste") if name == "waste" else field_label(name)


def _tonnes(mass_kg: int | None) -> Decimal | None:
    return _number(mass_kg, KG_PER_T)


def _cny_per_t(price_ucny_per_kg: int | None) -> Decimal | None:
    return _number(price_ucny_per_kg, UCNY_PER_KG_PER_CNY_PER_T)


def _number(value: int | None, scale: int) -> Decimal | None:
    """Return an exact number, which a spreadsheet may sum."""
    return None if value is None else Decimal(format_scaled(value, scale))
