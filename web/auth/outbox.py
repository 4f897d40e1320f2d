"""Mails that wait to be taken away, as files: a mail server that is down, or a stop in between, loses none.

Several processes may share the folder: whoever renames a file has it. One that a dead process had is free
again after a while, so that a mail may rarely go out twice, and never not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import time

from web.auth.mail_carriers import write_mail

FREE_AGAIN = timedelta(minutes=10)


class Outbox:
    """A folder of waiting mails; those that nobody will ever take lie below it, in `undeliverable`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> None:
        """Keep a mail until it is taken away."""
        write_mail(self._folder, content)

    def is_empty(self) -> bool:
        """Tell whether no mail waits or is on its way."""
        return not any(next(self._folder.glob(f"*{end}"), None) for end in (".eml", ".taken"))

    def take(self) -> Iterator[Path]:
        """Take each waiting mail, the oldest first; it is this process's until it is put back or done."""
        for left in self._left():
            self._rename(left, ".eml")
        for waiting in sorted(self._folder.glob("*.eml")):
            taken = self._rename(waiting, ".taken")
            if taken is not None:
                taken.touch()
                yield taken

    def put_back(self, taken: Path) -> None:
        """Let a mail wait on."""
        self._rename(taken, ".eml")

    def give_up(self, taken: Path) -> None:
        """Lay a mail aside that nobody will take."""
        aside = self._folder / "undeliverable"
        aside.mkdir(exist_ok=True, mode=0o700)
        taken.replace(aside / taken.with_suffix(".eml").name)

    def _left(self) -> Iterator[Path]:
        """Yield what processes had that seem to be dead."""
        since = time() - FREE_AGAIN.total_seconds()
        for taken in self._folder.glob("*.taken"):
            try:
                if taken.stat().st_mtime < since:
                    yield taken
            except FileNotFoundError:
                continue  # another process is done with it

    def _rename(self, path: Path, suffix: str) -> Path | None:
        try:
            return path.rename(path.with_suffix(suffix))
        except FileNotFoundError:
            return None
