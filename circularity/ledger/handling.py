"""How a batch of hazardous waste is kept and who handles it, as the records of its stages ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from sqlalchemy.orm import Mapped

from circularity.catalogue.stage_columns import STAGES, columns_of
from circularity.fields import Checks

MOST_CONTAINERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Handling:
    """Containers by type, number and count; the facility by its code; who handles it; "" and None = not said.

    `handler` is of the stage's own department, `mover` of the one that moves into or out of a store.
    """

    container_type: str = ""
    container_code: str = ""
    container_count: int | None = None
    facility_code: str = ""
    handler: str = ""
    mover: str = ""

    def __bool__(self) -> bool:
        return any(value not in ("", None) for value in astuple(self))


UNTOLD = Handling()
"""Nothing is said."""

HANDLING = tuple(field.name for field in fields(Handling))
"""The facts of a handling, in their order."""


class HandlingColumns:
    """The columns of a row that tells a handling."""

    container_type: Mapped[str]
    container_code: Mapped[str]
    container_count: Mapped[int | None]
    facility_code: Mapped[str]
    handler: Mapped[str]
    mover: Mapped[str]

    @property
    def handling(self) -> Handling:
        """What the row tells."""
        return Handling(**{name: getattr(self, name) for name in HANDLING})


def checked_handling(checks: Checks, handling: Handling, stages: Iterable[str], start: str = "") -> Handling:
    """Return a handling trimmed; what is malformed, or asked for in none of the stages, is noted."""
    stages = tuple(stages)
    asked = {fact for stage in stages for fact in columns_of(stage)}
    told: dict[str, str | int | None] = {}
    for name in HANDLING:
        field, value = f"{start}{name}", getattr(handling, name)
        if name == "container_count":
            told[name] = checks.maybe(field, value, 1, MOST_CONTAINERS)
        else:
            told[name] = checks.text(field, value, required=False)
        if value not in ("", None) and name not in asked:
            zh, en = STAGES[stages[0]]
            checks.refuse(
                field, "not_asked", value, f"{zh}没有这一栏", f"the record of {en} does not ask for it"
            )
    return Handling(**told)  # type: ignore[arg-type]  # the count is the one number among texts
