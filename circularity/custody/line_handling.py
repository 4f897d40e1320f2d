"""How a load of hazardous waste was kept and handled before it left, as the sender's own ledger records it.

It is no part of the sealed document: the stages of the ledger ask for it, the manifest does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.audit import Actor, record
from circularity.catalogue.waste_types import is_hazardous
from circularity.columns import between
from circularity.custody.manifests import TransferLine
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.handling import MOST_CONTAINERS, Handling, HandlingColumns, checked_handling

STAGES = ("taken_out", "entrusted")
"""The stages that a load which leaves passes through."""


class LineHandling(HandlingColumns, Base):
    """What the sender told of one line of a load: its containers, the store that it left, who handled it."""

    __tablename__ = "line_handlings"
    __table_args__ = (between("container_count", 1, MOST_CONTAINERS), STRICT)

    line_id: Mapped[int] = mapped_column(ForeignKey("transfer_lines.id"), primary_key=True)
    told_at: Mapped[datetime]

    line: Mapped[TransferLine] = relationship()


def tell_handling(
    session: Session, *, actor: Actor, at: datetime, line: TransferLine, handling: Handling
) -> bool:
    """Tell how a line was kept and handled, in the place of what was told; False when it says the same.

    Raises BadInput for malformed values; RuleBroken `not_hazardous`, `not_sent` for a load that its sender
    has not signed, or that was cancelled.
    """
    checks = Checks("line")
    handling = checked_handling(checks, handling, STAGES, f"lines.{line.number}.")
    checks.finish()
    _require_sent(line)
    standing = handlings_of(session, [line]).get(line.id)
    if standing == handling or (standing is None and not handling):
        return False
    row = session.get(LineHandling, line.id) or LineHandling(line=line)
    session.add(row)
    row.told_at = at
    for name, value in asdict(handling).items():
        setattr(row, name, value)
    facts = {"line": line.number, **asdict(handling)}
    record(session, actor, at, "transfer.handling_told", line.transfer, facts)
    return True


def handlings_of(session: Session, lines: Sequence[TransferLine]) -> dict[int, Handling]:
    """Return what is told of lines, by their keys; lines of which nothing is told are left out."""
    session.flush()
    wanted = select(LineHandling).where(LineHandling.line_id.in_([line.id for line in lines]))
    return {row.line_id: row.handling for row in session.scalars(wanted)}


def with_packaging(line: TransferLine, handling: Handling) -> Handling:
    """Return a handling that names the packaging of the document where no type of container is told."""
    return handling if handling.container_type else replace(handling, container_type=line.packaging)


def _require_sent(line: TransferLine) -> None:
    if not is_hazardous(line.waste_code):
        zh, en = "分环节记录只用于危险废物", "only hazardous waste is recorded by stage"
        raise RuleBroken("not_hazardous", zh, en)
    if line.transfer.status in ("draft", "cancelled"):
        zh = "只有发送方已签字、未取消的转移才记入台账"
        en = "only a load that its sender has signed, and that was not cancelled, is in the ledger"
        raise RuleBroken("not_sent", zh, en)
