"""Deals that no run proposed: agreed directly, or made outside and brought in; the rules are the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.deals.contract import Agreement
from circularity.deals.offers import begin
from circularity.deals.terms import Terms
from circularity.fields import Checks
from circularity.organisations import Site
from circularity.registry.entitlements import CapacityWindow, EntitlementLine
from circularity.registry.outputs import Output


def agree_directly(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    line: EntitlementLine,
    terms: Terms,
    waste_code: str,
    operation: str,
    side: str,
    window: CapacityWindow | None = None,
    output: Output | None = None,
) -> Agreement:
    """Offer a deal to a party one has found oneself; the other side accepts, then this side confirms.

    Without a window or an output only the limits of line, entitlement, facility and quota hold it.
    Raises BadInput (of a posting of other parties or waste, too), and what `offers.begin` raises.
    """
    facts = {"source": "direct", **_about(site, line, waste_code, operation, window, output)}
    return begin(session, actor=actor, at=at, site=site, line=line, terms=terms, side=side, **facts)


def import_contract(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    line: EntitlementLine,
    terms: Terms,
    waste_code: str,
    operation: str,
    side: str,
    document: str,
    window: CapacityWindow | None = None,
    output: Output | None = None,
) -> Agreement:
    """Bring in a contract made outside, `document` its number; its mass is what is still to be delivered.

    Both sides confirm it as any other deal. Raises as `agree_directly` does.
    """
    checks = Checks("agreement")
    document = checks.text("document", document)
    checks.finish()
    about = _about(site, line, waste_code, operation, window, output)
    facts = {"source": "imported", "document": document, **about}
    return begin(session, actor=actor, at=at, site=site, line=line, terms=terms, side=side, **facts)


def _about(
    site: Site,
    line: EntitlementLine,
    waste_code: str,
    operation: str,
    window: CapacityWindow | None,
    output: Output | None,
) -> dict[str, Any]:
    checks = Checks("agreement")
    code = checks.waste_code("waste_code", waste_code)
    checks.word("operation", operation, (line.operation,))
    if output is not None and (output.site is not site or output.waste_code != code):
        zh, en = "该批固废不属于此厂区或此代码", "the lot is of another site or another waste"
        checks.refuse("output", "other_posting", output.public_id, zh, en)
    if window is not None and window.line is not line:
        zh, en = "该接收能力不属于此资质类别", "the capacity window is of another line"
        checks.refuse("window", "other_posting", window.public_id, zh, en)
    checks.finish()
    return {"waste_code": code, "operation": operation, "window": window, "output": output}
