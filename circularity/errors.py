"""Reasons for refusing something, without any HTTP.

Every error carries a stable machine code, a Chinese and an English sentence and the facts behind them.
`web.errors` holds the only table from these classes to status codes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


class CircularityError(Exception):
    """Something was refused for a reason that its reader can act on."""

    def __init__(self, code: str, zh: str, en: str, **facts: Any) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en
        self.facts = facts


class NotFound(CircularityError):
    """The thing asked for does not exist, or the asker may not know that it does."""


class NotAllowed(CircularityError):
    """The asker may not do this here; what would allow it stands in the sentence."""


class RuleBroken(CircularityError):
    """A rule of law or of the platform forbids this; repeating the request cannot help."""


class Stale(CircularityError):
    """The thing has changed since it was read; reading it again and retrying can help."""


class Unavailable(CircularityError):
    """Somebody else's service, without which this cannot be done, does not answer; later can help."""


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One thing wrong at one place of an input.

    `row` counts from 1 as a spreadsheet shows it (the header is row 1); None where no row applies.
    `rule` is a stable machine code; `found` is what stood there, shortened for display.
    """

    file: str
    row: int | None
    column: str | None
    rule: str
    found: str
    zh: str
    en: str

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as plain values for JSON."""
        return asdict(self)


class BadInput(CircularityError):
    """An input cannot be taken; `problems` lists everything wrong with it, not only the first thing."""

    def __init__(self, problems: list[InputProblem]) -> None:
        if not problems:
            raise ValueError("BadInput needs at least one problem")
        super().__init__(
            "bad_input", f"输入有 {len(problems)} 处问题", f"the input has {len(problems)} problem(s)"
        )
        self.problems = tuple(problems)
