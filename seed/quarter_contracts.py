"""Deals beside the run, direct or from outside; some are only offered, others paused or ended by now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from circularity.deals.agreements import ask_to_end, end_agreement, suspend
from circularity.deals.contract import Agreement
from circularity.deals.direct import agree_directly, import_contract
from circularity.deals.offers import accept, confirm
from circularity.deals.terms import Terms
from circularity.registry.entitlements import EntitlementLine
from seed.agenda import Thread
from seed.parties import ContractRow
from seed.quarter_days import DAY, moment
from seed.quarter_deals import AUTHORITY, procedures_are_met
from seed.stage import Ships, Stage, doing

_PERIODS = {"weekly": 7, "monthly": 30}
_UNTIL_PAUSED = 40 * DAY


def a_contract_is_made(stage: Stage, row: ContractRow, ships: Ships) -> Thread:
    """Offer a deal, have it accepted and confirmed, and take it to what has become of it by today."""
    first, last = _days(stage, row)
    sender = stage.cast.organisations[row.party]
    taker = stage.cast.line(row.entitlement, row.waste_pattern, row.operation).entitlement.facility.site
    yield (at := moment(first - 3 * DAY, 14))
    agreement = _offered(stage, row, at, first, last)
    if row.fate == "offered":
        return
    yield (at := at + 1.5 * DAY)
    accept(stage.session, **doing(taker.organisation, at), agreement=agreement, side="facility")
    if row.fate == "accepted":
        return
    yield (at := at + timedelta(hours=4))
    confirm(stage.session, **doing(sender, at), agreement=agreement, side="generator")
    paused_on = first + _UNTIL_PAUSED if row.fate in ("suspended", "ended") else last

    def until_paused(agreed: Agreement, ready: date, valid_to: date) -> None:
        ships(agreed, ready, min(paused_on - DAY, valid_to))

    yield from procedures_are_met(stage, agreement, at, until_paused)
    if row.fate in ("suspended", "ended"):
        yield from _paused(stage, row, agreement, moment(paused_on, 16))


def _days(stage: Stage, row: ContractRow) -> tuple[date, date]:
    """Return the first and last day of a contract; none is older than the quarter."""
    first = stage.quarter.today + row.from_days * DAY
    return max(first, stage.quarter.first + 5 * DAY), stage.quarter.today + row.to_days * DAY


def _offered(stage: Stage, row: ContractRow, at: datetime, first: date, last: date) -> Agreement:
    line = stage.cast.line(row.entitlement, row.waste_pattern, row.operation)
    about: dict[str, Any] = {
        "site": stage.cast.sites[row.party],
        "line": line,
        "terms": _terms(row, line, first, last),
        "waste_code": row.waste_code,
        "operation": row.operation,
        "side": "generator",
    }
    acts = doing(stage.cast.organisations[row.party], at)
    if row.source == "imported":
        number = f"DEMO-合同-{row.party}"
        return import_contract(stage.session, **acts, **about, document=number)
    return agree_directly(stage.session, **acts, **about)


def _terms(row: ContractRow, line: EntitlementLine, first: date, last: date) -> Terms:
    """Return the terms: what the plant usually asks, imported contracts by an index."""
    pays = -(line.gate_fee_ucny_per_kg or 0)
    periods = max((last - first).days // _PERIODS.get(row.cadence, 10_000), 1)
    indexed = {
        "formula": "基价随指数浮动一半 · half of the base follows the index",
        "base": pays,
        "index": "演示指数 · demo index",
        "reference": 1000,
        "share_permille": 500,
    }
    return Terms(
        mass_kg=row.mass_kg,
        valid_from=first,
        valid_to=last,
        cadence=row.cadence,
        period_mass_kg=max(row.mass_kg // periods, 1),
        price_kind="formula" if row.source == "imported" else "fixed",
        price=indexed if row.source == "imported" else {"fixed": pays},
    )


def _paused(stage: Stage, row: ContractRow, agreement: Agreement, at: datetime) -> Thread:
    """Let an authority suspend the deal, or both sides end it before its time."""
    yield at
    session = stage.session
    if row.fate == "suspended":
        suspend(
            session, actor=AUTHORITY, at=at, agreement=agreement, who="authority",
            reason="现场检查整改 · put right what an inspection found",
        )  # fmt: skip
        return
    taker = agreement.facility.site.organisation
    ask_to_end(session, **doing(taker, at), agreement=agreement, side="facility")
    yield (at := at + DAY)
    end_agreement(session, **doing(agreement.site.organisation, at), agreement=agreement, side="generator")
