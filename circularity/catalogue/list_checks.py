"""Checking the rows of an official list: each is taken or every reason against it is told with its row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from circularity.catalogue.waste_codes import has_code_form, has_kind_form, is_hazardous, kind_of, spell
from circularity.catalogue.waste_lists import lists_with
from circularity.errors import BadInput, InputProblem

HEADERS = {
    "code": (
        "code",
        "waste_code",
        "废物代码",
        "代码",
        "固体废物代码",
        "危险废物代码",
        "种类代码",
        "类别代码",
    ),
    "name_zh": (
        "name",
        "name_zh",
        "废物名称",
        "名称",
        "固体废物名称",
        "危险废物",
        "危险废物名称",
        "种类名称",
    ),
    "name_en": ("name_en", "english_name", "英文名称"),
    "hazard_properties": ("hazard", "hazard_properties", "危险特性"),
    "aliases": ("aliases", "alias", "别名", "俗称", "其他名称"),
}
_COLUMN_OF = {header: column for column, headers in HEADERS.items() for header in headers}
_HAZARDS = {"T": "T", "C": "C", "I": "I", "R": "R", "IN": "In"}
_BETWEEN_HAZARDS = re.compile(r"[,，、/;；\s]+")
_BETWEEN_NAMES = re.compile(r"[;；|]+")
_LINE_BREAK = re.compile(r"\s*[\r\n]+\s*")  # a cell wrapped on paper; Chinese needs no space there
_MAX_NAME = 500


@dataclass(frozen=True)
class ListRow:
    """One checked row of a list: a canonical code or kind and what the list says of it ("" = nothing)."""

    code: str
    name_zh: str
    name_en: str
    hazard_properties: str
    aliases: tuple[str, ...]


def check_rows(file: str, rows: Sequence[Sequence[str]]) -> list[ListRow]:
    """Return the rows below the header, checked; raises BadInput with every problem and its row."""
    header_row, columns = _header(file, rows)
    body = [(n, _cells(row, columns)) for n, row in enumerate(rows[header_row:], header_row + 1) if any(row)]
    kinds = {spell(cells["code"]) for _, cells in body if has_kind_form(spell(cells["code"]))}
    checker = _Checker(file, known_kinds=kinds | set(lists_with(None).kinds))
    checked = [row for n, cells in body if (row := checker.check(n, cells)) is not None]
    if not body:
        checker.add(header_row, None, "no_rows", "", "表头之下没有数据", "there are no rows below the header")
    if checker.problems:
        raise BadInput(checker.problems)
    return checked


def _header(file: str, rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Return the number of the header row and the place of each column; titles above it are passed over."""
    for number, row in enumerate(rows[:20], 1):
        places: dict[str, int] = {}
        for place, cell in enumerate(row):
            column = _COLUMN_OF.get(re.sub(r"\s+", "", cell).lower())
            if column is not None:
                places.setdefault(column, place)
        if {"code", "name_zh"} <= set(places):
            return number, places
    raise BadInput(
        [
            InputProblem(
                file,
                1,
                None,
                "unknown_header",
                ", ".join(rows[0])[:80],
                "前20行没有同时含“代码”和“名称”的表头",
                "none of the first 20 rows is a header with a code and a name column",
            )
        ]
    )


def _cells(row: Sequence[str], columns: dict[str, int]) -> dict[str, str]:
    return {name: row[columns[name]] if columns.get(name, len(row)) < len(row) else "" for name in HEADERS}


class _Checker:
    """Collects problems while it checks rows one after another."""

    def __init__(self, file: str, known_kinds: set[str]) -> None:
        self.file = file
        self.known_kinds = known_kinds
        self.problems: list[InputProblem] = []
        self._seen: dict[str, int] = {}

    def add(self, row: int, column: str | None, rule: str, found: str, zh: str, en: str) -> None:
        """Note a problem."""
        self.problems.append(InputProblem(self.file, row, column, rule, found[:80], zh, en))

    def check(self, n: int, cells: dict[str, str]) -> ListRow | None:
        """Return the row, or None after noting what is wrong with it."""
        before = len(self.problems)
        code = self._code(n, cells["code"])
        for column in ("name_zh", "name_en", "aliases"):
            self._require_name(n, column, cells[column])
        hazards = self._hazards(n, code, cells["hazard_properties"])
        if len(self.problems) > before:
            return None
        names = tuple(filter(None, (name.strip() for name in _BETWEEN_NAMES.split(cells["aliases"]))))
        name_zh = _LINE_BREAK.sub("", cells["name_zh"])
        return ListRow(code, name_zh, _LINE_BREAK.sub(" ", cells["name_en"]), hazards, names)

    def _code(self, n: int, text: str) -> str:
        code = lists_with(None).legacy.get(spell(text), spell(text))
        if not (has_code_form(code) or has_kind_form(code)):
            self.add(n, "code", "malformed_code", text, "不是有效的废物代码", "this is not a waste code")
        elif kind_of(code) not in self.known_kinds:
            self.add(
                n,
                "code",
                "unknown_kind",
                text,
                f"目录和本表都没有种类 {kind_of(code)}",
                f"neither the catalogue nor this list has the kind {kind_of(code)}",
            )
        elif code in self._seen:
            first = self._seen[code]
            self.add(n, "code", "duplicate_code", text, f"与第 {first} 行重复", f"repeats row {first}")
        self._seen.setdefault(code, n)
        return code

    def _require_name(self, n: int, column: str, text: str) -> None:
        if column == "name_zh" and not text:
            self.add(n, column, "missing_name", "", "名称为空", "the name is empty")
        elif len(text) > _MAX_NAME:
            self.add(n, column, "too_long", text, f"超过 {_MAX_NAME} 字", f"longer than {_MAX_NAME} letters")
        elif any(unicodedata.category(letter) == "Cc" and letter not in "\r\n\t" for letter in text):
            self.add(n, column, "control_character", text, "含控制字符", "it holds control characters")

    def _hazards(self, n: int, code: str, text: str) -> str:
        """Return the hazard properties as `T,C`; general waste has none."""
        parts = [part for part in _BETWEEN_HAZARDS.split(unicodedata.normalize("NFKC", text)) if part]
        wrong = [part for part in parts if part.upper() not in _HAZARDS]
        well_formed = has_code_form(code) or has_kind_form(code)
        if wrong or (parts and well_formed and not is_hazardous(code)):
            self.add(
                n,
                "hazard_properties",
                "hazard_property",
                text,
                "危险特性只能是 T、C、I、R、In，且只用于危险废物",
                "hazard properties are T, C, I, R or In, and only of hazardous waste",
            )
            return ""
        return ",".join(_HAZARDS[part.upper()] for part in parts)
