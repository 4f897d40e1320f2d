"""What the proof of a part from before a change still proves of its pairs.

A pair's vector of reduced costs is its own coefficients, plus its output's potentials, less those of the
limit where it enters. Where output and receivers are as they were, the coefficients are; and where the
output's potentials have risen by no less than the limit's, level by level in their order, the vector has not
fallen. If it was not below zero then, it is not now; and that it was not is proven of every lawful pair that
carried nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class StandingProof:
    """A part's potentials before (levels × outputs, nodes, root), in the places of the part as it is now.

    `same` says which of its outputs were in it, with the same columns and proposals. `output` and `capacity`
    are rows of the case: the pairs of these outputs that carried mass, of which less was proven.
    """

    potentials: IntArray
    same: BoolArray
    output: IntArray
    capacity: IntArray

    def carried(self, output: IntArray, capacity: IntArray) -> BoolArray:
        """Say which pairs, rows of the case, carried mass from an output that is as it was."""
        width = int(max(capacity.max(initial=0), self.capacity.max(initial=0))) + 1
        carried: BoolArray = np.isin(
            output * width + capacity, self.output * width + self.capacity, assume_unique=True
        )
        return carried

    def after(self, potentials: IntArray) -> Settled:
        """Return what is settled under the potentials of now."""
        rise = potentials - self.potentials
        order = np.lexsort(rise[::-1])
        differs = np.any(np.diff(rise[:, order], axis=1) != 0, axis=0)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.concatenate([[0], np.cumsum(differs)])
        return Settled(rank, self.same)


@dataclass(frozen=True)
class Settled:
    """The order of the rises of all potentials, and which outputs are as they were."""

    rank: IntArray
    same: BoolArray

    def at(self, output: IntArray, node: IntArray) -> BoolArray:
        """Say of which pairs that carried nothing, by places or as a grid, nothing is left to prove."""
        settled: BoolArray = self.same[output] & (self.rank[output] >= self.rank[node])
        return settled
