"""The different texts of a column: few, where rows are many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray

TextArray = npt.NDArray[np.str_]


class Texts(NamedTuple):
    """The different texts of a column, sorted, and for each row the place of its text among them."""

    different: tuple[str, ...]
    row: IntArray


def texts_of(column: TextArray) -> Texts:
    """Return the different texts of a column."""
    different, row = np.unique(column, return_inverse=True)
    return Texts(tuple(different.tolist()), row.astype(np.int64))
