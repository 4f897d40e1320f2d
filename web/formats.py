"""How quantities, days and catalogue words read on a page; integers until here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from flask import Flask
from flask_babel import gettext

from circularity.catalogue import operations, regions, streams, waste_types
from circularity.catalogue.analytes import analyte_of, unit_of
from circularity.catalogue.waste_types import MalformedCode, WasteType
from circularity.disclosure import OTHER
from circularity.runs.told_run import UNMATCHED
from circularity.units import (
    FEN_PER_CNY,
    KG_PER_T,
    M_PER_KM,
    MICRO,
    UCNY_PER_CNY,
    UCNY_PER_KG_PER_CNY_PER_T,
    format_scaled,
)
from web.language import SHANGHAI, language, said

DASH = "–"
PERCENT_OF_PERMILLE = 10


def register_formats(app: Flask) -> None:
    """Make every function below a filter of the templates, under its own name."""
    for show in (
        analyte_name,
        measured,
        tonnes,
        own_tonnes,
        exact_tonnes,
        to_the_kilogram,
        weight,
        cny,
        cny_per_t,
        yuan,
        kilometres,
        percent,
        permille,
        rate,
        count,
        day,
        moment,
        operation_name,
        region_name,
        stream_name,
        waste_name,
    ):
        app.add_template_filter(show)


def grouped(value: int, scale: int, decimals: int) -> str:
    """Return value / scale with thousands separators, rounded half away from zero for display only."""
    step = Decimal(1).scaleb(-decimals)
    quotient = (Decimal(value) / scale).quantize(step, ROUND_HALF_UP)
    return f"{quotient if quotient else abs(quotient):,}"


def tonnes(mass_kg: int | None) -> str:
    """Return tonnes without unit: whole from 100 t, one decimal from 1 t, three below."""
    if mass_kg is None:
        return DASH
    size = abs(mass_kg)
    whole = size % KG_PER_T == 0 or size >= 100 * KG_PER_T
    return grouped(mass_kg, KG_PER_T, 0 if whole else 1 if size >= KG_PER_T else 3)


def own_tonnes(mass_kg: int | None) -> str:
    """Return the reader's own tonnes without unit, to the kilogram where they are not whole."""
    return DASH if mass_kg is None else f"{Decimal(mass_kg) / KG_PER_T:,}"


def exact_tonnes(mass_kg: int | None) -> str:
    """Return tonnes to the kilogram with unit, for titles beside rounded figures."""
    return DASH if mass_kg is None else f"{to_the_kilogram(mass_kg)} t"


def to_the_kilogram(mass_kg: int | None) -> str:
    """Return tonnes with three decimals, without unit: what was weighed and signed is never shown rounded."""
    return DASH if mass_kg is None else grouped(mass_kg, KG_PER_T, 3)


def weight(mass_kg: int) -> tuple[str, str]:
    """Return a large mass as (figure, unit) in the reader's habit: 万吨, or kt and Mt."""
    size = abs(mass_kg)
    steps: tuple[tuple[int, int, int, str], ...]
    if language() == "zh":
        steps = ((10**10, 10**7, 0, "万吨"), (10**7, 10**7, 1, "万吨"))
    else:
        steps = ((10**9, 10**9, 2, "Mt"), (10**6, 10**6, 1, "kt"))
    for least, scale, decimals, unit in steps:
        if size >= least:
            return grouped(mass_kg, scale, decimals), unit
    return tonnes(mass_kg), gettext("t")


def cny(amount_ucny: int | None) -> str:
    """Return money with its unit: 万元 or 亿元 in Chinese, CNY or million CNY in English."""
    if amount_ucny is None:
        return DASH
    size = abs(amount_ucny)
    steps: tuple[tuple[int, int, int, str], ...]
    if language() == "zh":
        steps = ((10**14, 10**14, 2, "亿元"), (10**10, 10**10, 1, "万元"), (0, UCNY_PER_CNY, 0, "元"))
    else:
        steps = ((10**12, 10**12, 1, "million CNY"), (0, UCNY_PER_CNY, 0, "CNY"))
    scale, decimals, unit = next(row[1:] for row in steps if size >= row[0])
    return f"{grouped(amount_ucny, scale, decimals)} {unit}"


def cny_per_t(cost_ucny_per_kg: int | None) -> str:
    """Return a unit cost in CNY/t with one decimal, without unit."""
    return DASH if cost_ucny_per_kg is None else grouped(cost_ucny_per_kg, UCNY_PER_KG_PER_CNY_PER_T, 1)


def yuan(amount_fen: int) -> str:
    """Return money to the fen, without unit."""
    return grouped(amount_fen, FEN_PER_CNY, 2)


def kilometres(distance_m: int | None) -> str:
    """Return kilometres without unit: whole from 100 km, one decimal below."""
    if distance_m is None:
        return DASH
    return grouped(distance_m, M_PER_KM, 0 if distance_m >= 100 * M_PER_KM else 1)


def percent(part: int, whole: int) -> str:
    """Return part / whole as a percentage with one decimal; a dash where the whole is nothing."""
    return f"{grouped(part * 100, whole, 1)} %" if whole else DASH


def permille(value: int | None) -> str:
    """Return a rate in permille as a percentage with at most one decimal."""
    if value is None:
        return DASH
    return f"{grouped(value, PERCENT_OF_PERMILLE, 0 if value % PERCENT_OF_PERMILLE == 0 else 1)} %"


def rate(hundredths: int | None) -> str:
    """Return a rate as it is rounded once, to 0.01 %; a dash where there is none."""
    return DASH if hundredths is None else f"{grouped(hundredths, 100, 2)} %"


def count(number: int) -> str:
    """Return a number of things with thousands separators."""
    return f"{number:,}"


def day(value: date | None) -> str:
    """Return a calendar day; an open bound as a dash."""
    return DASH if value is None else value.isoformat()


def moment(value: datetime | None) -> str:
    """Return a moment in Shanghai time to the minute."""
    return DASH if value is None else value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def analyte_name(analyte: str) -> str:
    """Return what is measured, without its unit."""
    return said(analyte_of(analyte))


def measured(value_micro: int, analyte: str) -> str:
    """Return a value in millionths with the unit in the analyte's name."""
    return f"{format_scaled(value_micro, MICRO)} {unit_of(analyte)}".rstrip()


def operation_name(code: str) -> str:
    """Return an operation's name or what stands in its place in a flow; an unknown code as it is."""
    if code in (OTHER, UNMATCHED):
        return _in_place(code)
    try:
        return said(operations.get(code))
    except operations.UnknownOperation:
        return code


def region_name(code: str) -> str:
    """Return a region's name with its province before it; an unknown code stands for itself."""
    if code == OTHER:
        return _in_place(code)
    try:
        region = regions.get(code.ljust(6, "0"))
        province = regions.get(f"{code[:2]}0000")
    except regions.UnknownRegion:
        return code
    if region.code == province.code:
        return said(region)
    between = "" if language() == "zh" else ", "
    parts = (province, region) if language() == "zh" else (region, province)
    return between.join(said(part) for part in parts)


def stream_name(code: str) -> str:
    """Return a stream's name; an unknown code stands for itself."""
    if code == OTHER:
        return str(gettext("Several streams"))
    try:
        return said(streams.get(code))
    except streams.UnknownStream:
        return code


def waste_type(code: str, on: date | None = None) -> WasteType | None:
    """Return what the catalogue says of a code today, None where it is no code."""
    try:
        return waste_types.find(code, on or date.today())
    except MalformedCode:
        return None


def waste_name(pattern: str) -> str:
    """Return the name of a full code or a kind; `*` reads as any waste."""
    if pattern == "*":
        return str(gettext("any waste"))
    found = waste_type(pattern) or _kind(pattern)
    return said(found) if found else pattern


def _in_place(code: str) -> str:
    """Return the words for flows that are too small to tell apart, and for what found no outlet."""
    return str(gettext("No outlet") if code == UNMATCHED else gettext("Other, added up"))


def _kind(pattern: str) -> WasteType | None:
    kinds = (kind for kind in waste_types.all_types(date.today()) if kind.code == pattern)
    return next(kinds, None)
