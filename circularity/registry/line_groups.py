"""Lines of one entitlement that share a yearly limit: adding such a group, changing its limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.registry.entitlements import Entitlement, EntitlementLine, LineGroup
from circularity.registry.permitted import refuse_above


def add_line_group(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entitlement: Entitlement,
    lines: Sequence[EntitlementLine],
    annual_limit_kg: int,
) -> LineGroup:
    """Let lines share a limit per calendar year, kg.

    Raises BadInput for fewer than two different lines or a malformed limit; RuleBroken `other_entitlement`,
    `group_above_entitlement`, `group_known` for the same lines again.
    """
    checks = Checks("line_group")
    limit_kg = checks.kilograms("annual_limit_kg", annual_limit_kg)
    members = sorted(set(lines), key=lambda line: line.id)
    if len(members) < 2:
        zh, en = "请至少选择两行明细", "a shared limit is of two lines or more"
        checks.refuse("lines", "too_few", str(len(members)), zh, en)
    checks.finish()
    if any(line.entitlement_id != entitlement.id for line in members):
        zh, en = "请选择该资质的明细", "choose lines of this entitlement"
        raise RuleBroken("other_entitlement", zh, en, field="lines")
    if any(group.lines == members for group in entitlement.groups):
        zh, en = "这些明细已有合计限量，请变更该限量", "these lines share a limit already: change that one"
        raise RuleBroken("group_known", zh, en, field="lines")
    refuse_above("group_above_entitlement", "annual_limit_kg", limit_kg, entitlement.annual_limit_kg)
    group = LineGroup(
        public_id=new_public_id(), entitlement=entitlement, annual_limit_kg=limit_kg, lines=members
    )
    session.add(group)
    session.flush()
    told = {"entitlement": entitlement, "lines": [line.public_id for line in members]}
    record(session, actor, at, "line_group.added", group, told | {"annual_limit_kg": limit_kg})
    return group
