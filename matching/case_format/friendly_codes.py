"""Codes that people leave out: proposed from the waste's name, within the kind where the cell names one.

A proposal is a note that asks for confirmation, never a classification.
"""

from __future__ import annotations

from functools import cache

from circularity.catalogue.proposals import propose
from circularity.catalogue.waste_codes import has_kind_form, kind_of
from circularity.catalogue.waste_lists import current_lists
from circularity.catalogue.waste_types import MalformedCode, WasteType, parse_pattern
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems
from matching.case_format.tables import TextTable

SIGNS_OF_HAZARD = (
    *("含油", "油泥", "浮油", "含铬", "铬渣", "含铅", "含汞", "含砷", "含镉", "含镍", "含铜", "含锌", "含氰"),
    *("重金属", "危废", "危险", "有毒", "沾染", "感染"),
)
_SHOWN = 5


def propose_codes(table: TextTable, problems: Problems, notes: Notes) -> None:
    """Fill empty code cells, and those that hold a kind alone, from the names, in place; says so in notes.

    What no name settles is a problem that lists the full codes known of the kind.
    """
    given = table.columns.pop("waste_name", None)
    if given is None and "waste_code" not in table.columns:
        return
    names = given or [""] * len(table.rows)
    codes = table.columns.setdefault("waste_code", [""] * len(names))
    shown = table.label("waste_code")
    for index, name in enumerate(map(str.strip, names)):
        kind = _kind_alone(codes[index])
        if not kind and (codes[index].strip() or not name):
            continue
        place = (table.file, table.rows[index], shown)
        code, label = _proposal(name, kind)
        if code:
            codes[index] = code
            rule = "code_in_kind" if kind else "code_proposed"
            notes.add(rule, *place, found=name, value=f"{code} {label}", kind=kind)
            continue
        hint = f" ({label})" if label else ""
        table.reported.add(("waste_code", index))
        if kind:
            known_zh, known_en = _known_codes(kind)
            problems.add("kind_alone", *place, codes[index].strip(), hint=hint, zh=known_zh, en=known_en)
            codes[index] = ""
        else:
            problems.add("code_not_proposed", *place, name, hint=hint)


def _kind_alone(cell: str) -> str:
    """Return the kind that a cell names in place of a full code; "" where it holds anything else."""
    try:
        pattern = parse_pattern(cell) if len(cell) < 10 else ""
    except MalformedCode:
        return ""
    return pattern if has_kind_form(pattern) else ""


@cache
def _proposal(name: str, kind: str) -> tuple[str, str]:
    """Return the code proposed for a name (within `kind` unless "") with what it means; "" where none is.

    A name with a sign of hazard is never proposed as general waste: that is for its sender to say.
    Every general kind has an official 900-099 code for "other"; hazardous kinds have none.
    """
    nearest = propose(name)
    offers = [offer for offer in nearest if kind in ("", offer.kind)]
    if not offers:
        return "", ""
    best = offers[0]
    signs = nearest[0].hazardous or any(mark in name for mark in SIGNS_OF_HAZARD)
    if not best.hazardous and name != best.name_zh and signs:
        return "", "可能属危险废物 may be hazardous waste"
    if best.level == "kind":
        same = [offer for offer in offers if offer.kind == best.kind and offer.level == "code"]
        if same:
            best = same[0]
        elif best.hazardous:
            return "", _named(best)
        else:
            return f"900-099-S{best.kind[-2:]}", best.name_zh
    return best.code, best.name_zh


def _named(waste: WasteType) -> str:
    return f"{waste.code} {waste.name_zh}?"


def _known_codes(kind: str) -> tuple[str, str]:
    """Return the first full codes of a kind in the newest lists, by code, in Chinese and in English."""
    newest = {
        code: rows[-1]
        for code, rows in sorted(current_lists().codes.items())
        if kind_of(code) == kind and rows and rows[-1].valid_to is None
    }
    if not newest:
        return "目录中没有该类别的完整代码", "the catalogue knows no full code of it"
    first = list(newest.items())[:_SHOWN]
    zh = "、".join(f"{code} {waste.name_zh}" for code, waste in first)
    en = ", ".join(f"{code} {waste.name_en}" for code, waste in first)
    more = len(newest) - len(first)
    if more:
        return f"目录中有 {zh} 等 {len(newest)} 个", f"the catalogue knows {en} and {more} more"
    return f"目录中有 {zh}", f"the catalogue knows {en}"
