"""The story of the fictional Delta, played through the public verbs in the order in which it happens.

Nothing is inserted behind the verbs' backs, so every row has its audit event and every rule was asked. All
days are counted from the day of playing: the quarter that is offered always lies ahead, and the one that is
told with its deals and loads (`seed.quarter`) always lies behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.organisations import Organisation
from seed.cast import Cast
from seed.opening import (
    REGISTRAR,
    a_generator_declares_its_year,
    authorities_grant_the_first_procedures,
    the_delta_registers,
)
from seed.parties import Delta
from seed.postings import (
    a_generator_posts_its_lots,
    a_plant_offers_what_is_left_of_its_year,
    dealt_in_the_year,
    the_next_quarter,
)
from seed.quarter import a_quarter_goes_by, steps_of
from seed.quarter_days import Quarter

__all__ = ["REGISTRAR", "is_told", "play"]

Progress = Callable[[int, int], None]


def is_told(session: Session, delta: Delta) -> bool:
    """Tell whether this Delta's parties are registered already; the first one's credit code decides.

    A Delta is played in one transaction, so its first party stands for all of them.
    """
    code = delta.parties[0].credit_code
    return session.scalar(select(Organisation.id).where(Organisation.credit_code == code)) is not None


def play(
    session: Session, delta: Delta, *, at: datetime, loads: int = 0, progress: Progress | None = None
) -> bool:
    """Play the whole story, or nothing where it was played before; tells whether it was played.

    With `loads` the quarter before is told too, with about so many transfers and sheets; only the named Delta
    has one. The caller's transaction holds all of it. `progress` hears how many steps of how many are told.
    """
    if is_told(session, delta):
        return False
    rows = sum(len(getattr(delta, rows)) for rows in Delta.__dataclass_fields__)
    total = rows + (steps_of(loads) if loads else 0)
    for told, _ in enumerate(_chapters(session, delta, Cast(at), loads), start=1):
        if progress is not None:
            progress(min(told, total), total)
    return True


def _chapters(session: Session, delta: Delta, cast: Cast, loads: int) -> Iterator[None]:
    """Tell the story step by step."""
    if loads:
        cast.told_at = Quarter.before(cast.today).opening
    yield from the_delta_registers(session, cast, delta)
    for flow in delta.flows:
        a_generator_declares_its_year(session, cast, flow)
    if loads:
        yield from a_quarter_goes_by(session, cast, delta, loads)
        cast.told_at = cast.at
    for row, line in zip(delta.lines, cast.lines, strict=True):
        a_plant_offers_what_is_left_of_its_year(session, cast, row, line, the_next_quarter(cast))
        yield
    yield from authorities_grant_the_first_procedures(session, cast, delta)
    dealt = dealt_in_the_year(session, cast)
    for flow in delta.flows:
        a_generator_posts_its_lots(session, cast, flow, the_next_quarter(cast), dealt)
        yield
