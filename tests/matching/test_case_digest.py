"""The bytes under which a case is known are the same however its texts are held."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from matching.case_digest import feed


@dataclass(frozen=True)
class Texts:
    """A table of one column."""

    ids: npt.NDArray[np.str_]


def digest_of(column: npt.NDArray[np.str_]) -> str:
    sha: Any = sha256()
    feed(sha, "outputs", Texts(column))
    return str(sha.hexdigest())


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["a1", "b2", "c3"], id="of one length"),
        pytest.param(["a1", "b", ""], id="of several lengths"),
        pytest.param(["废铁", "污泥"], id="of one length in Chinese"),
        pytest.param(["é1", "e1"], id="of one length beyond plain letters"),
        pytest.param(["a\0b", "abc"], id="with a NUL inside"),
        pytest.param(["", ""], id="empty"),
        pytest.param([], id="no rows"),
        pytest.param(["a"], id="one"),
    ],
)
def test_texts_are_hashed_in_utf8_with_a_nul_between_them(texts: list[str]) -> None:
    expected = sha256(f"outputs.ids:{len(texts)}\0".encode() + "\0".join(texts).encode() + b"\0").hexdigest()
    column = np.array(texts, dtype=np.str_)
    assert digest_of(column) == expected
    assert digest_of(column.astype(column.dtype.newbyteorder())) == expected
    assert digest_of(np.repeat(column, 2)[::2]) == expected
    assert digest_of(column.astype("U40")) == expected
