"""Reasons and conditions in words: the name of the rule, and the legal row it stands on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from circularity.acceptance import WORDS, rule
from circularity.catalogue import legal

OUTSIDE_THE_RULES = {
    "lot": ("最小批量放不下", "its minimum lot fits nowhere"),
    "capacity": ("合规去处的能力已满", "lawful outlets are full"),
    "no_candidate": ("没有可考虑的去处", "no outlet was there to consider"),
}
"""Reasons that are no rule of lawfulness."""


@dataclass(frozen=True)
class ReasonWords:
    """A reason's name, and its legal basis: empty where the reason is no rule of law."""

    name_zh: str
    name_en: str
    basis_zh: str = ""
    basis_en: str = ""


def reason_words(code: str, on: date) -> ReasonWords:
    """Return the words of a rule or reason as of a day; raises KeyError for an unknown code."""
    if code in OUTSIDE_THE_RULES:
        return ReasonWords(*OUTSIDE_THE_RULES[code])
    words, row = WORDS[code], legal.basis(rule(code).legal_key, on)
    return ReasonWords(
        words.name_zh,
        words.name_en,
        f"{row.document_zh} {row.article_zh}".strip(),
        f"{row.document_en} {row.article_en}".strip(),
    )
