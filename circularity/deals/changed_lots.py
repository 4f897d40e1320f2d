"""Changing the terms of a posted lot, of which deals may hold a part already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from circularity.audit import Actor, record
from circularity.deals.ceilings import ANY_YEAR, Ceiling
from circularity.errors import RuleBroken, Stale
from circularity.registry.outputs import Output, checked_terms, set_terms, terms_of


def change_output(
    session: Session, *, actor: Actor, at: datetime, output: Output, changes: Mapping[str, Any]
) -> None:
    """Change terms of a lot by the names of `registry.outputs.Terms`; what is left out stays.

    The waste stays: another waste is another lot. Raises what `post_output` raises; RuleBroken `withdrawn`,
    `another_waste`, `below_held` for less mass than deals hold; Stale when somebody changed it meanwhile.
    """
    read = output.version
    # A reservation reads the lot under a shared lock, so none is under way once this one is had.
    session.refresh(output, with_for_update={"of": Output})
    if output.version != read:
        zh, en = "数据刚被他人更改，请重新读取", "somebody else has just changed it: read it again"
        raise Stale("stale", zh, en)
    if output.withdrawn_at is not None:
        raise RuleBroken("withdrawn", "该批次已撤回", "this lot was withdrawn")
    before = terms_of(output)
    after = checked_terms({**before, **changes})
    if after["waste_code"] != before["waste_code"]:
        zh, en = "废物代码不能更改，请撤回后重新发布", "the waste stays: withdraw the lot and post another"
        raise RuleBroken("another_waste", zh, en, field="waste_code")
    held = held_of_output_kg(session, output)
    if after["mass_kg"] < held:
        zh, en = "数量低于合同已占用的数量", "deals hold more than this mass"
        raise RuleBroken("below_held", zh, en, field="mass_kg", held_kg=held)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        set_terms(output, after)
        flag_modified(output, "mass_kg")  # so that changed assays alone are a new version too
        facts = {"before": {name: before[name] for name in changed}, **changed}
        record(session, actor, at, "output.changed", output, facts)


def held_of_output_kg(session: Session, output: Output) -> int:
    """Return what deals have reserved and committed of a lot, kg."""
    taken = select(Ceiling.reserved_kg + Ceiling.committed_kg)
    return session.scalar(taken.filter_by(kind="output", subject_id=output.id, year=ANY_YEAR)) or 0
