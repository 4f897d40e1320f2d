"""How the optimum is proven, and what the platform does not replace."""

from __future__ import annotations

from flask import render_template

from circularity.acceptance import RULES
from circularity.catalogue.legal import basis
from web.today import today


def show_method() -> str:
    """Show the method, with every rule and its legal basis as of today."""
    rules = [(rule, basis(rule.legal_key, today())) for rule in RULES]
    return render_template("method.html", rules=rules)
