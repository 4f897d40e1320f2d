"""Comparisons of texts: a rule is asked of millions of pairs but of few different texts.

So every comparison is made once per pair of *different* texts, in a `Cross`, and a pair only looks its answer
up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from circularity.acceptance.columns import BoolArray
from circularity.acceptance.texts import Texts
from circularity.units import IntArray


@dataclass(frozen=True)
class Cross:
    """A yes or no for every pair of different texts of two columns, looked up by row."""

    row: IntArray
    column: IntArray
    table: BoolArray

    def at(self, i: IntArray, j: IntArray) -> BoolArray:
        """Return the answers for the pairs of rows (i, j)."""
        return self.table[self.row[i], self.column[j]]


def cross(rows: Texts, columns: Texts, test: Callable[[str, str], bool]) -> Cross:
    """Ask `test` once for every pair of different texts of the two columns."""
    answers = [[test(a, b) for b in columns.different] for a in rows.different]
    table = np.array(answers, dtype=bool).reshape(len(rows.different), len(columns.different))
    return Cross(rows.row, columns.row, table)


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a `;`-separated list."""
    return tuple(part.strip() for part in text.split(";") if part.strip())
