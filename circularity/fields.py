"""Checks of what a verb is given: all problems of one call are collected and refused together.

The `file` of a problem is the thing being made (`organisation`, `output`), its `column` the argument.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from operator import index

from circularity.catalogue import operations, regions, waste_types
from circularity.columns import MAX_AMOUNT
from circularity.errors import BadInput, InputProblem
from circularity.units import MAX_MASS_KG


class Checks:
    """Collects the problems of one call; `finish` raises BadInput if there are any."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self.problems: list[InputProblem] = []

    def refuse(self, field: str, rule: str, found: object, zh: str, en: str) -> None:
        """Note one problem."""
        shown = repr(found) if isinstance(found, str) else str(found)
        self.problems.append(InputProblem(self._subject, None, field, rule, shown[:80], zh, en))

    def finish(self) -> None:
        """Raise BadInput when anything was noted."""
        if self.problems:
            raise BadInput(self.problems)

    def text(self, field: str, value: str, *, maximum: int = 200, required: bool = True) -> str:
        """Return the text trimmed; control characters, lone surrogates and over-long text are refused."""
        trimmed = value.strip()
        if required and not trimmed:
            self.refuse(field, "empty", value, f"{field} 不能为空", f"{field} must not be empty")
        if len(trimmed) > maximum:
            zh, en = f"{field} 最多 {maximum} 个字符", f"{field} may have at most {maximum} characters"
            self.refuse(field, "too_long", value, zh, en)
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in trimmed):
            zh, en = f"{field} 含有控制字符", f"{field} contains control characters"
            self.refuse(field, "control_characters", ascii(value), zh, en)
        return trimmed

    def whole(self, field: str, value: int, minimum: int, maximum: int) -> int:
        """Return a whole number within its bounds; true and false are no numbers."""
        try:
            number = index(value) if not isinstance(value, bool) else None
        except TypeError:
            number = None
        if number is None:
            zh, en = f"{field} 应为整数", f"{field} must be a whole number"
            self.refuse(field, "not_a_number", value, zh, en)
            return minimum
        if not minimum <= number <= maximum:
            zh = f"{field} 应在 {minimum} 与 {maximum} 之间"
            en = f"{field} must lie between {minimum} and {maximum}"
            self.refuse(field, "out_of_range", value, zh, en)
        return number

    def kilograms(self, field: str, value: int, minimum: int = 0) -> int:
        """Return a mass in kg within what any single mass may be."""
        return self.whole(field, value, minimum, MAX_MASS_KG - 1)

    def maybe(
        self, field: str, value: int | None, minimum: int = 0, maximum: int = MAX_MASS_KG - 1
    ) -> int | None:
        """Return a whole number within its bounds, or None for unknown."""
        return None if value is None else self.whole(field, value, minimum, maximum)

    def price(self, field: str, value: int | None) -> int | None:
        """Return a unit price in µCNY/kg of either sign, or None for unknown."""
        return self.maybe(field, value, -MAX_AMOUNT, MAX_AMOUNT)

    def word(self, field: str, value: str, allowed: Iterable[str]) -> str:
        """Return the value when it is one of the allowed words."""
        words = tuple(allowed)
        if value not in words:
            zh, en = (mark.join(map(repr, words)) for mark in ("、", ", "))
            self.refuse(field, "unknown_word", value, f"{field} 应为 {zh}", f"{field} must be one of {en}")
        return value

    def period(self, start_field: str, start: date | None, end_field: str, end: date | None) -> None:
        """Refuse an interval whose end lies before its start, and moments where days are wanted."""
        for field, value in ((start_field, start), (end_field, end)):
            if isinstance(value, datetime) or not (value is None or isinstance(value, date)):
                self.refuse(field, "not_a_day", value, f"{field} 应为日期", f"{field} must be a calendar day")
                return
        if start is not None and end is not None and end < start:
            zh = f"{end_field} 早于 {start_field}"
            en = f"{end_field} lies before {start_field}"
            self.refuse(end_field, "dates_reversed", end, zh, en)

    def region(self, field: str, code: str) -> str:
        """Return a region code or prefix of 2 to 6 digits."""
        try:
            regions.province_of(code)
        except regions.UnknownRegion:
            self.refuse(
                field, "unknown_region", code, f"{field} 不是行政区划代码", f"{field} is no region code"
            )
        return code.strip()

    def waste_code(self, field: str, text: str) -> str:
        """Return the canonical full code of a waste; the form and the kind are checked, not the list."""
        try:
            return waste_types.parse_code(text)
        except waste_types.MalformedCode:
            self.refuse(field, "malformed_code", text, f"{field} 不是固废代码", f"{field} is no waste code")
            return ""

    def waste_pattern(self, field: str, text: str) -> str:
        """Return a canonical pattern: a full code, a kind such as `HW34` or `SW06`, or `*`."""
        try:
            return waste_types.parse_pattern(text)
        except waste_types.MalformedCode:
            zh, en = f"{field} 不是固废代码或类别", f"{field} is neither a waste code nor a kind"
            self.refuse(field, "malformed_pattern", text, zh, en)
            return ""

    def operation(self, field: str, code: str) -> str:
        """Return an operation code of the catalogue."""
        try:
            return operations.get(code).code
        except operations.UnknownOperation:
            self.refuse(
                field, "unknown_operation", code, f"{field} 不是利用处置方式代码", f"{field} is no operation"
            )
            return ""

    def analytes(self, field: str, values: Mapping[str, int]) -> dict[str, int]:
        """Return millionths by analyte, whose name carries its unit and is plain lower case."""
        for name, value in values.items():
            if not name.isascii() or not name.replace("_", "").isalnum() or name != name.lower():
                zh, en = f"{name} 不是检测项目名称", f"{name} is no name of an analyte"
                self.refuse(field, "malformed_analyte", name, zh, en)
            self.whole(f"{field}.{name}", value, -MAX_AMOUNT, MAX_AMOUNT)
        return dict(values)
