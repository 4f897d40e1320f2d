"""What was typed into a form, as the integers and days that verbs take; every mistake at its field.

Masses are typed in tonnes, moisture in percent, prices in CNY/t. Excess precision is refused, not rounded.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePath

from flask import request
from werkzeug.datastructures import FileStorage

from circularity.columns import MAX_AMOUNT, MAX_DISTANCE_M
from circularity.errors import BadInput, InputProblem
from circularity.organisations import DEGREES_E7
from circularity.units import (
    KG_PER_T,
    M_PER_KM,
    MAX_MASS_KG,
    MICRO,
    UCNY_PER_KG_PER_CNY_PER_T,
    NotAQuantity,
    parse_scaled,
)

PERMILLE_PER_PERCENT = 10
_THOUSANDS_APART = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)

_SENTENCES = {
    "not_a_number": ("应为数字", "must be a number"),
    "too_precise": ("小数位数过多", "has more decimals than can be kept"),
    "out_of_range": ("超出范围", "is out of range"),
}


class FormValues:
    """Reads the fields of the request; `finish` raises BadInput if any was malformed."""

    def __init__(self) -> None:
        self.problems: list[InputProblem] = []

    def finish(self) -> None:
        """Raise BadInput when anything was noted."""
        if self.problems:
            raise BadInput(self.problems)

    def refuse(self, name: str, rule: str, zh: str, en: str) -> None:
        """Note one problem."""
        found = request.form.get(name, "")[:80]
        self.problems.append(InputProblem("form", None, name, rule, found, f"{name} {zh}", f"{name} {en}"))

    def text(self, name: str) -> str:
        """Return what was typed, trimmed."""
        return request.form.get(name, "").strip()

    def rows(self, things: str) -> list[int]:
        """Return the numbers under which rows were sent: 1 and 3 for `lines.1.…` and `lines.3.…`."""
        found = (re.match(rf"{things}\.(\d{{1,4}})\.", name, re.ASCII) for name in request.form)
        return sorted({int(match[1]) for match in found if match})

    def mass(self, name: str) -> int:
        """Return typed tonnes in kg; a field that must be filled."""
        return self._filled(name, self.maybe_mass(name))

    def maybe_mass(self, name: str) -> int | None:
        """Return typed tonnes in kg, None for an empty field."""
        return self._scaled(name, KG_PER_T, 0, MAX_MASS_KG - 1)

    def percent(self, name: str) -> int | None:
        """Return typed percent in permille, None for an empty field."""
        return self._scaled(name, PERMILLE_PER_PERCENT, 0, 1000)

    def price(self, name: str) -> int | None:
        """Return typed CNY/t in µCNY/kg, None for an empty field; negative when the sender pays."""
        return self._scaled(name, UCNY_PER_KG_PER_CNY_PER_T, -(10**15), 10**15)

    def kilometres(self, name: str) -> int | None:
        """Return typed kilometres in m, None for an empty field."""
        return self._scaled(name, M_PER_KM, 0, MAX_DISTANCE_M)

    def concentration(self, name: str) -> int:
        """Return a typed value in millionths of its unit; a field that must be filled."""
        return self._filled(name, self._scaled(name, MICRO, -MAX_AMOUNT, MAX_AMOUNT))

    def degrees(self, name: str) -> Decimal:
        """Return typed degrees to about a centimetre; a field that must be filled."""
        found = self._scaled(name, DEGREES_E7, -180 * DEGREES_E7, 180 * DEGREES_E7)
        return Decimal(self._filled(name, found)) / DEGREES_E7

    def whole(self, name: str) -> int:
        """Return a typed whole number."""
        return self._filled(name, self._scaled(name, 1, None, None))

    def day(self, name: str) -> date:
        """Return a typed day; a field that must be filled."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            self.refuse(name, "not_a_day", "应为日期", "must be a calendar day")
            return date.max

    def maybe_day(self, name: str) -> date | None:
        """Return a typed day, None for an empty field."""
        return self.day(name) if self.text(name) else None

    def _filled(self, name: str, found: int | None) -> int:
        if found is None and not self.text(name):
            self.refuse(name, "empty", "不能为空", "must not be empty")
        return found or 0

    def _scaled(self, name: str, scale: int, minimum: int | None, maximum: int | None) -> int | None:
        text = unicodedata.normalize("NFKC", self.text(name))
        if _THOUSANDS_APART.fullmatch(text):  # 24,12 is a slip or a decimal comma, not 2,412
            text = text.replace(",", "")
        if not text:
            return None
        try:
            return parse_scaled(text, scale, minimum=minimum, maximum=maximum)
        except NotAQuantity as error:
            self.refuse(name, error.rule, *_SENTENCES[error.rule])
            return None


def sent_file(name: str) -> tuple[bytes, str]:
    """Return an uploaded file and whether it is `xlsx` or `csv`, by its first bytes: names are often wrong.

    Raises BadInput where there is none.
    """
    given = _given(name)
    with given.stream:  # a large one lies in a file of its own
        content = given.read()
    return content, "xlsx" if content.startswith(b"PK") else "csv"


@contextmanager
def uploaded(name: str) -> Iterator[Path]:
    """Hold an uploaded file under its own name while it is read; raises BadInput where there is none."""
    given = _given(name)
    with tempfile.TemporaryDirectory() as folder:
        plain = PurePath(str(given.filename).replace("\\", "/")).name
        path = Path(folder) / (plain if plain not in ("", ".", "..") else "file")
        given.save(path)
        yield path


def _given(name: str) -> FileStorage:
    given = request.files.get(name)
    if given is None or not given.filename:
        zh, en = f"{name} 请选择文件", f"{name} is missing: choose a file"
        raise BadInput([InputProblem("form", None, name, "no_file", "", zh, en)])
    return given
