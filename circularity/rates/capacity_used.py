"""Capacity used: received in a year against permitted, warnings, and the day on which a limit will be full.

Received is read from the mass ledger (utilisers, disposers and collectors alike, less what was reversed) by
the line of the agreement; to it comes what the windows of the year say was received outside the platform. A
limit that is pooled over an entitlement or a facility is told beside those of its lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, true
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from circularity.custody.manifests import Transfer, TransferLine
from circularity.deals.contract import Agreement
from circularity.disclosure import may_be_told
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.registry.entitlements import (
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)

KINDS = ("line", "group", "entitlement", "facility")
Owner = EntitlementLine | LineGroup | Entitlement | Facility
WARNINGS = (80, 90, 100)
"""Percent of a limit from which its use is warned of."""

_RECEIVED = ("received", "stored")
"""Legs of `receipt.accepted` that bring mass into a facility."""


@dataclass(frozen=True, slots=True)
class LineUse:
    """A yearly limit and what was received on it from 1 January to a day, kg; `kind` is one of KINDS.

    `line` is set for a line's own limit, `group` for one that lines share, `entitlement` for these and for
    its own. `declared_kg` was received outside the platform. `full_on` is the day on which the limit is
    reached at the pace of the year so far, None beyond its end; a limit reached already is full today.
    """

    kind: str
    facility: Facility
    entitlement: Entitlement | None
    line: EntitlementLine | None
    group: LineGroup | None
    on: date
    permitted_kg: int
    on_platform_kg: int
    declared_kg: int

    @property
    def received_kg(self) -> int:
        """Everything that counts against the limit."""
        return self.on_platform_kg + self.declared_kg

    @property
    def warning(self) -> int:
        """The highest of WARNINGS that is reached, 0 below all of them; exact."""
        reached = (step for step in WARNINGS if self.received_kg * 100 >= step * self.permitted_kg)
        return max(reached, default=0)

    @property
    def full_on(self) -> date | None:
        """The day of saturation in this year at the current pace."""
        left_kg = self.permitted_kg - self.received_kg
        if left_kg <= 0:
            return self.on
        days = (self.on - date(self.on.year, 1, 1)).days + 1
        if not self.received_kg:
            return None
        wait = -(-left_kg * days // self.received_kg)
        end = date(self.on.year, 12, 31)
        return self.on + timedelta(days=wait) if wait <= (end - self.on).days else None


def capacity_used(session: Session, on: date, facilities: Select[Any] | None = None) -> list[LineUse]:
    """Return every limit that holds on a day with its use in that year, the fullest first.

    `facilities` are the keys of those asked about, None = all.
    """
    lines = session.scalars(
        select(EntitlementLine)
        .join(EntitlementLine.entitlement)
        .where(
            or_(Entitlement.valid_from.is_(None), Entitlement.valid_from <= on),
            or_(Entitlement.valid_to.is_(None), Entitlement.valid_to >= on),
            true() if facilities is None else Entitlement.facility_id.in_(facilities),
        )
        .options(
            joinedload(EntitlementLine.entitlement)
            .joinedload(Entitlement.facility)
            .joinedload(Facility.site),
            selectinload(EntitlementLine.groups),
        )
        .order_by(EntitlementLine.id)
    ).all()
    received, declared = _received(session, on), _declared(session, on.year)
    found = [use for use in _limits(lines, on, received, declared) if use.permitted_kg]
    return sorted(found, key=lambda use: -use.received_kg * 10**6 // use.permitted_kg)


def count_warnings(uses: Sequence[LineUse], *, of_few: bool = False) -> dict[int, int] | None:
    """Return how many limits reach each of WARNINGS, and 0 → how many there are: all that strangers are told.

    A step is left out where too few organisations, or nearly one alone, would stand behind those that reach
    it or behind those between it and the last step that is told. None where even all are too few. `of_few`
    tells every count: only for parties that are all fictional.
    """
    if of_few:
        return {step: sum(use.warning >= step for use in uses) for step in (0, *WARNINGS)} if uses else None
    if not _stand_for_enough(uses):
        return None
    told, last = {0: len(uses)}, 0
    for step in WARNINGS:
        above = [use for use in uses if use.warning >= step]
        below = [use for use in uses if last <= use.warning < step]
        if all(_stand_for_enough(part) for part in (above, below) if part):
            told[step], last = len(above), step
    return told


def _stand_for_enough(uses: Iterable[LineUse]) -> bool:
    return may_be_told(Counter(use.facility.site.organisation_id for use in uses))


def _limits(
    lines: Iterable[EntitlementLine], on: date, received: dict[int, int], declared: dict[int, int]
) -> Iterable[LineUse]:
    """Yield a use per limit; pools add up their lines."""
    pools: dict[tuple[str, int], list[EntitlementLine]] = defaultdict(list)
    for line in lines:
        for kind, owner in _owners(line):
            if owner.annual_limit_kg is not None:
                pools[kind, owner.id].append(line)
    for (kind, key), members in pools.items():
        first = members[0]
        owner = next(each for word, each in _owners(first) if (word, each.id) == (kind, key))
        yield LineUse(
            kind=kind,
            facility=first.entitlement.facility,
            entitlement=None if kind == "facility" else first.entitlement,
            line=first if kind == "line" else None,
            group=owner if isinstance(owner, LineGroup) else None,
            on=on,
            permitted_kg=owner.annual_limit_kg or 0,
            on_platform_kg=sum(received.get(line.id, 0) for line in members),
            declared_kg=sum(declared.get(line.id, 0) for line in members),
        )


def _owners(line: EntitlementLine) -> Iterator[tuple[str, Owner]]:
    yield "line", line
    for group in line.groups:
        yield "group", group
    yield "entitlement", line.entitlement
    yield "facility", line.entitlement.facility


def _received(session: Session, on: date) -> dict[int, int]:
    """Return kg by line of the mass that came in from 1 January to `on`; a reversal takes its own back."""
    undone = aliased(MassGroup)
    is_undone = MassGroup.reverses_id.is_not(None)
    of_waste = (TransferLine.transfer_id == Transfer.id) & (TransferLine.waste_code == MassAccount.waste_code)
    own = aliased(Agreement)
    line_id = func.coalesce(own.line_id, Agreement.line_id)
    rows = session.execute(
        select(line_id, is_undone, func.sum(MassMove.mass_kg))
        .select_from(MassGroup)
        .join(MassMove, MassMove.group_id == MassGroup.id)
        .join(MassAccount, MassMove.target_id == MassAccount.id)
        .outerjoin(undone, MassGroup.reverses_id == undone.id)
        .join(Transfer, Transfer.public_id == MassGroup.subject_id)
        .join(Transfer.agreement)
        .join(TransferLine, of_waste)
        .outerjoin(TransferLine.own_agreement.of_type(own))
        .where(
            MassGroup.on_day.between(date(on.year, 1, 1), on),
            func.coalesce(undone.event, MassGroup.event) == "receipt.accepted",
            MassMove.leg.in_(_RECEIVED),
        )
        .group_by(line_id, is_undone)
    )
    found: dict[int, int] = defaultdict(int)
    for line, back, total in rows:
        found[line] += -int(total) if back else int(total)
    return found


def _declared(session: Session, year: int) -> dict[int, int]:
    """Return kg by line that its windows touching the year were told to have received elsewhere."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = session.execute(
        select(CapacityWindow.line_id, func.sum(CapacityWindow.received_kg))
        .where(
            or_(CapacityWindow.available_from.is_(None), CapacityWindow.available_from <= last),
            or_(CapacityWindow.available_to.is_(None), CapacityWindow.available_to >= first),
        )
        .group_by(CapacityWindow.line_id)
    )
    return {line: int(total) for line, total in rows}
