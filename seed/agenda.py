"""Many threads of a story in the order of time: each says when it goes on, the earliest goes on first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush

Thread = Iterator[datetime]
"""What one party or load goes through: yields the moment of its next step, then takes it."""


class Agenda:
    """What is still to come; what lies beyond `until` stays under way."""

    def __init__(self, until: datetime) -> None:
        self._until = until
        self._waiting: list[tuple[datetime, int, Thread]] = []
        self._number = 0

    def add(self, thread: Thread) -> None:
        """Let a thread begin; it may not go back behind what is being told."""
        try:
            at = next(thread)
        except StopIteration:
            return
        self._number += 1
        if at <= self._until:
            heappush(self._waiting, (at, self._number, thread))

    def play(self) -> Iterator[datetime]:
        """Take the steps in the order of time, of equal moments the one that was added first."""
        while self._waiting:
            at, _, thread = heappop(self._waiting)
            self.add(thread)
            yield at
