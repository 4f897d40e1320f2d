"""Compares the parts of one case: ratios of times within a turn, and whether the levels are the same."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from web.cli.benchmark.product import PROOF_PHASES

SCRIPT = ("geodesic", "networkx")


def ratios(seconds: Mapping[str, Sequence[float]], phases: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the ratios that can be told; each is the median over the turns in which both sides ran.

    `product_over_X`: the product against a bare solver. `script_over_product`: a script of geodesic loop and
    networkx against the product; `geodesic_over_product` its first half alone. `one_posting_over_product`,
    `one_percent_over_product`: a plan kept through a change against a cold start. `verify_over_finding`:
    verifying against candidates, rules and solving.
    """
    product = seconds.get("product", [])
    found = {f"product_over_{key}": _ratio(product, seconds.get(key, [])) for key in ("ortools", "lemon")}
    script = [sum(halves) for halves in zip(*(seconds.get(key, []) for key in SCRIPT), strict=False)]
    found["geodesic_over_product"] = _ratio(seconds.get("geodesic", []), product)
    found["script_over_product"] = _ratio(script, product)
    for key in ("one_posting", "one_percent"):
        found[f"{key}_over_product"] = _ratio(seconds.get(key, []), product)
    finding = [sum(s for name, s in told.items() if name not in PROOF_PHASES) for told in phases]
    found["verify_over_finding"] = _ratio(seconds.get("verify", []), finding)
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def _ratio(above: Sequence[float], below: Sequence[float]) -> float | None:
    pairs = [(a, b) for a, b in zip(above, below, strict=False) if b > 0]
    return statistics.median(a / b for a, b in pairs) if pairs else None


def differing_level(product: Mapping[str, int], peer: Mapping[str, int]) -> str | None:
    """Return the first of the peer's levels whose exact value is not the product's, None where all agree."""
    return next((name for name, value in peer.items() if product[name] != value), None)
