"""The price of an offer as a form: fixed, in steps, or following a quotation; always in CNY/t."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from circularity.units import (
    UCNY_PER_KG_PER_CNY_PER_T,
    NotAQuantity,
    format_scaled,
    format_tonnes,
    parse_scaled,
    parse_tonnes,
)
from web.pages.desk.form_values import PERMILLE_PER_PERCENT, FormValues


def read_price(form: FormValues, kind: str) -> dict[str, Any]:
    """Return a typed price of a kind as `deal_prices` takes it; mistakes are noted at their fields."""
    return _READERS.get(kind, _fixed)(form)


def typed_price(kind: str, price: Mapping[str, Any]) -> dict[str, str]:
    """Return a price as the fields of its form show it."""
    typed = dict.fromkeys(("fixed", "steps", "base", "index", "reference", "share_percent"), "")
    if kind == "stepped":
        typed["steps"] = "; ".join(
            f"{format_tonnes(start)}: {plain_price(ucny)}" for start, ucny in price["steps"]
        )
    elif kind == "formula":
        typed["base"] = plain_price(price["base"])
        typed["index"], typed["reference"] = str(price["index"]), str(price["reference"])
        typed["share_percent"] = format_scaled(price["share_permille"], PERMILLE_PER_PERCENT)
    elif price.get("fixed") is not None:
        typed["fixed"] = plain_price(price["fixed"])
    return {f"price.{name}": text for name, text in typed.items()}


def plain_price(ucny_per_kg: int) -> str:
    """Return a unit price in CNY/t with all its decimals."""
    return format_scaled(ucny_per_kg, UCNY_PER_KG_PER_CNY_PER_T)


def _fixed(form: FormValues) -> dict[str, Any]:
    return {"fixed": form.price("price.fixed")}


def _stepped(form: FormValues) -> dict[str, Any]:
    """Read `0: 25; 1000: 30`: from so many tonnes on, CNY/t."""
    steps = []
    for part in filter(None, map(str.strip, form.text("price.steps").replace("\uff1b", ";").split(";"))):
        start, _, price = part.replace("\uff1a", ":").partition(":")
        try:
            ucny = parse_scaled(price, UCNY_PER_KG_PER_CNY_PER_T)
            steps.append([parse_tonnes(start), ucny])
        except NotAQuantity:
            zh, en = "应写作 0: 25; 1000: 30（吨：元/吨）", "is written as 0: 25; 1000: 30 (t: CNY/t)"
            form.refuse("price.steps", "malformed_steps", zh, en)
    return {"steps": steps}


def _formula(form: FormValues) -> dict[str, Any]:
    """Read the parts of a formula; its text is written from them, so that it can say nothing else."""
    base, share = form.price("price.base"), form.percent("price.share_percent")
    if base is None and not form.text("price.base"):
        form.refuse("price.base", "empty", "不能为空", "must not be empty")
    reference = form.whole("price.reference")
    index, share = form.text("price.index"), 1000 if share is None else share
    part = format_scaled(share, PERMILLE_PER_PERCENT)
    text = f"{plain_price(base or 0)} × (1 + {part} % × ({index} - {reference}) ÷ {reference})"
    return {
        "formula": text,
        "base": base or 0,
        "index": index,
        "reference": reference,
        "share_permille": share,
    }


_READERS: dict[str, Callable[[FormValues], dict[str, Any]]] = {
    "fixed": _fixed,
    "stepped": _stepped,
    "formula": _formula,
}
