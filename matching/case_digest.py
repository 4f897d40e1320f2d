"""Tables as bytes: every column in a fixed form, so that equal cases have equal digests everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

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
            sha.update("\0".join(column.tolist()).encode("utf-8"))
        else:
            sha.update(column.astype("<i8").tobytes())
        sha.update(b"\0")
