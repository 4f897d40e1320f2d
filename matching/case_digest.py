"""Tables as bytes: every column in a fixed form, so that equal cases have equal digests everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt


def columns_of(table: Any) -> list[tuple[str, npt.NDArray[Any]]]:
    """Name every column of a table; an analyte's column is `assays.cl_mg_per_kg`."""
    columns: list[tuple[str, npt.NDArray[Any]]] = []
    for f in fields(table):
        value = getattr(table, f.name)
        if isinstance(value, Mapping):
            columns += [(f"{f.name}.{key}", value[key]) for key in sorted(value)]
        else:
            columns.append((f.name, value))
    return columns


def feed(sha: Any, name: str, table: Any) -> None:
    """Hash a table column by column: its name, its length, then its values in a fixed byte form."""
    for column_name, column in columns_of(table):
        sha.update(f"{name}.{column_name}:{len(column)}\0".encode())
        if column.dtype.kind == "U":
            sha.update(_text_bytes(column))
        else:
            sha.update(np.ascontiguousarray(column, dtype="<i8"))
        sha.update(b"\0")


def _text_bytes(column: npt.NDArray[np.str_]) -> bytes:
    """Return the texts of a column in UTF-8 with a NUL between them.

    Texts of one length in plain letters, such as ids, are most of a case: no string is made of each of them.
    """
    width = column.dtype.itemsize // 4
    if len(column) and width and column.dtype.isnative and (np.char.str_len(column) == width).all():
        letters = np.ascontiguousarray(column).view(np.uint32).reshape(-1, width)
        if letters.max() < 128:
            apart = np.zeros((len(column), width + 1), dtype=np.uint8)
            apart[:, :width] = letters
            return apart.reshape(-1)[:-1].tobytes()
    return "\0".join(column.tolist()).encode("utf-8")
