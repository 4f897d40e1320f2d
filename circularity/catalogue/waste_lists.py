"""The two official lists as tables of rows, with whatever this installation has imported on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from circularity.catalogue.overlay import Overlay, current_overlay
from circularity.catalogue.tables import Dated, provenance, read_table, split_list
from circularity.catalogue.waste_codes import has_code_form, has_kind_form, is_hazardous, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WasteType(Dated):
    """One waste of an official list, or (`level` "kind") a whole kind standing for a code not kept here.

    `code` is the full code asked for, or `SW06`/`HW34` for a kind itself. `stream` groups wastes that the
    same outlets take (see `streams`). `industrial` and `bulk` say in which utilisation rates it counts:
    hazardous waste counts in neither. `hazard_properties` is like "C,T"; "" for general waste.
    """

    code: str
    level: str
    kind: str
    name_zh: str
    name_en: str
    stream: str
    hazardous: bool
    hazard_properties: str
    industrial: bool
    bulk: bool
    note: str


@dataclass(frozen=True)
class Lists:
    """Both official lists as they stand with one overlay, rows and other names by code."""

    kinds: Mapping[str, tuple[WasteType, ...]]
    codes: Mapping[str, tuple[WasteType, ...]]
    legacy: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]


def current_lists() -> Lists:
    """Return the lists with the overlay in use; cached until the overlay changes."""
    return lists_with(current_overlay())


@lru_cache(maxsize=4)
def lists_with(overlay: Overlay | None) -> Lists:
    """Return the lists with one state of the overlay, None = as built in."""
    imported = overlay.rows() if overlay else []
    kind_rows = [_waste_type(row, {}) for row in read_table("kinds")]
    kinds = _replaced(kind_rows, [_waste_type(row, {}) for row in imported if has_kind_form(row["code"])])
    code_rows = [_waste_type(row, kinds) for row in read_table("codes")]
    codes = _replaced(code_rows, [_waste_type(row, kinds) for row in imported if has_code_form(row["code"])])
    legacy = {row["legacy_code"]: row["code"] for row in read_table("legacy_codes")}
    return Lists(kinds=kinds, codes=codes, legacy=legacy, aliases=_aliases(imported))


def _aliases(imported: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the names people use, by code or kind; imported ones are added."""
    table: dict[str, tuple[str, ...]] = {}
    for row in read_table("aliases"):
        table[row["code"]] = (*table.get(row["code"], ()), row["alias"])
    for entry in imported:
        table[entry["code"]] = (*table.get(entry["code"], ()), *split_list(entry["aliases"]))
    return table


def _replaced(
    built_in: Iterable[WasteType], imported: Iterable[WasteType]
) -> dict[str, tuple[WasteType, ...]]:
    """Return rows by code; an imported row takes the place of every built-in row of its code."""
    table: dict[str, tuple[WasteType, ...]] = {}
    for row in built_in:
        table[row.code] = (*table.get(row.code, ()), row)
    return table | {row.code: (row,) for row in imported}


def _waste_type(row: Mapping[str, str], kinds: Mapping[str, tuple[WasteType, ...]]) -> WasteType:
    """Return the row as a waste type; what a code leaves empty is as its kind has it."""
    code = row["code"]
    kind = kinds[kind_of(code)][-1] if kinds else None
    return WasteType(
        code=code,
        level="code" if kind else "kind",
        kind=kind_of(code),
        name_zh=row["name_zh"],
        name_en=row["name_en"] or (kind.name_en if kind else ""),
        stream=row["stream"] or (kind.stream if kind else "other"),
        hazardous=is_hazardous(code),
        hazard_properties=row["hazard_properties"] or (kind.hazard_properties if kind else ""),
        industrial=row["industrial"] == "1" if row["industrial"] else bool(kind and kind.industrial),
        bulk=row["bulk"] == "1" if row["bulk"] else bool(kind and kind.bulk),
        note=row["note"],
        **provenance(row),
    )
