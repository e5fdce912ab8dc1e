"""Nested dissection: exact solutions of a system on a grid of a million pixels.

From the smallest boxes of `dissection` upward, the pixels inside a box are eliminated, which leaves
a dense matrix on the pixels that frame it; two boxes and the cut between them make the next box.
Because boxes of one shape are alike, each step is one product of matrices for all of them: George,
"Nested dissection of a regular finite element mesh" (SIAM J. Numer. Anal. 10, 1973).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.dissection import Depth, Front, Shape, depths, front_of, halves
from hsi_viewer.learning.features import FloatArray

AT_ONCE = 1 << 21  # numbers in the matrices that are worked on at once


NOTHING = torch.empty(0)


@dataclass
class Group:
    """All boxes of one shape and depth.

    Attributes
    ----------
    pixels : (boxes, n) flat indices of the places of the front.
    parts : of each half: the group that it belongs to and its number there, (boxes,).
    inverse : (boxes, eliminated, eliminated) of the matrix of the eliminated pixels.
    share : (boxes, eliminated, framing) what the frame adds to the eliminated pixels, negative.
    passed_on : (boxes, framing, ...) matrix or right sides left for the box around.
    """

    front: Front
    pixels: Tensor
    parts: list[tuple[Group, Tensor]]
    inverse: Tensor
    share: Tensor
    passed_on: Tensor

    def collect(self, into: Tensor) -> None:
        """Add what both halves passed on to the right sides (boxes, n, k) of this front."""
        for (group, number), runs in zip(self.parts, self.front.children, strict=True):
            passed_on = group.passed_on[number]
            for source, target in runs:
                into[:, target] += passed_on[:, source]


class GridSolver:
    """The factors of D + L: a positive diagonal and the Laplacian of a grid's edges.

    Parameters
    ----------
    down : (rows - 1, columns) weights of the edges downward.
    right : (rows, columns - 1) weights of the edges rightward.
    diagonal : (rows, columns) what is added to the Laplacian, above 0.
    token : checked at every step of factorisation and solution.
    dtype : torch.float32 is right to 1e-4 while the diagonal is above 1e-4 of the weights.

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """

    def __init__(
        self,
        down: FloatArray,
        right: FloatArray,
        diagonal: NDArray[np.float64],
        token: CancelToken | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.token, self.dtype = token or CancelToken(), dtype
        self._columns = diagonal.shape[1]
        self._weights = (
            self._flat(np.pad(down, ((0, 1), (0, 0)))),
            self._flat(np.pad(right, ((0, 0), (0, 1)))),
        )
        centre = diagonal.copy()
        centre[1:] += down
        centre[:-1] += down
        centre[:, 1:] += right
        centre[:, :-1] += right
        self._centre = self._flat(centre)
        self._levels: list[list[Group]] = []
        below: Level = {}
        for depth in reversed(depths(*diagonal.shape)):
            level = self._level(depth, below)
            for group, _ in below.values():
                group.passed_on = NOTHING
            self._levels.append([group for group, _ in level.values()])
            below = level
        del self._weights, self._centre

    def solve(self, right_sides: Tensor) -> Tensor:
        """Replace right sides (pixels, k) of the solver's dtype by the solutions; returns them."""
        count = right_sides.shape[1]
        for group in (group for level in self._levels for group in level):
            self.token.check()
            m = group.front.eliminated
            known = right_sides.new_zeros((*group.pixels.shape, count))
            own = group.pixels[:, :m].flatten()
            known[:, :m] = right_sides[own].view(-1, m, count)
            group.collect(known)
            right_sides[own] = (group.inverse @ known[:, :m]).view(-1, count)
            group.passed_on = torch.baddbmm(known[:, m:], group.share.mT, known[:, :m])
        for group in (group for level in reversed(self._levels) for group in level):
            self.token.check()
            m = group.front.eliminated
            group.passed_on = NOTHING
            around = right_sides[group.pixels[:, m:].flatten()].view(len(group.pixels), -1, count)
            right_sides[group.pixels[:, :m].flatten()] += (group.share @ around).view(-1, count)
        return right_sides

    def _flat(self, values: NDArray[np.floating[Any]]) -> Tensor:
        return torch.from_numpy(values).to(self.dtype).flatten()

    def _level(self, depth: Depth, below: Level) -> Level:
        """Factors of all boxes of a depth, by shape."""
        level: Level = {}
        for rows, i in depth.rows.alike().items():
            for columns, j in depth.columns.alike().items():
                self.token.check()
                number = np.full((depth.rows.starts.size, depth.columns.starts.size), -1)
                number[np.ix_(i, j)] = np.arange(i.size * j.size).reshape(i.size, j.size)
                shape = rows, columns
                parts = []
                for k, (half, _) in enumerate(halves(shape, depth.axis)):
                    group, inside = below[half]
                    of_half = (2 * i + k, j) if depth.axis == 0 else (i, 2 * j + k)
                    parts.append((group, torch.from_numpy(inside[np.ix_(*of_half)].ravel())))
                first = depth.rows.starts[i][:, None] * self._columns + depth.columns.starts[j]
                front = front_of(shape, depth.axis)
                level[shape] = self._factors(front, first.reshape(-1, 1), parts), number
        return level

    def _factors(
        self, front: Front, first: NDArray[np.int64], parts: list[tuple[Group, Tensor]]
    ) -> Group:
        """Factors of the boxes of one shape whose first pixels are (boxes, 1)."""
        boxes, m, n = len(first), front.eliminated, len(front.places)
        pixels = torch.from_numpy(first + front.places @ np.array([self._columns, 1]))
        inverse = torch.empty((boxes, m, m), dtype=self.dtype)
        share = torch.empty((boxes, m, n - m), dtype=self.dtype)
        left = torch.empty((boxes, n - m, n - m), dtype=self.dtype)
        for start in range(0, boxes, boxes_at_once(front)):
            self.token.check()
            some = slice(start, start + boxes_at_once(front))
            matrix = self._matrix(
                front, first[some], pixels[some], [(g, number[some]) for g, number in parts]
            )
            inverse[some] = torch.cholesky_inverse(torch.linalg.cholesky(matrix[:, :m, :m]))
            across = matrix[:, :m, m:]
            torch.matmul(inverse[some], across, out=share[some])
            share[some].neg_()
            torch.baddbmm(matrix[:, m:, m:], across.mT, share[some], out=left[some])
        return Group(front, pixels, parts, inverse, share, left)

    def _matrix(
        self,
        front: Front,
        first: NDArray[np.int64],
        pixels: Tensor,
        parts: list[tuple[Group, Tensor]],
    ) -> Tensor:
        """What the halves left, and the edges and the diagonal of what is eliminated here."""
        m, n = front.eliminated, len(front.places)
        matrix = torch.zeros((len(first), n, n), dtype=self.dtype)
        for (group, number), runs in zip(parts, front.children, strict=True):
            passed_on = group.passed_on[number]
            for a, to_a in runs:
                for b, to_b in runs:
                    matrix[:, to_a, to_b] += passed_on[:, a, b]
        diagonal = torch.arange(m)
        matrix[:, diagonal, diagonal] += self._centre[pixels[:, :m]]
        upper = torch.from_numpy(first + front.upper @ np.array([self._columns, 1]))
        down, right = (weights[upper] for weights in self._weights)
        weight = torch.where(torch.from_numpy(front.is_down), down, right)
        one, other = torch.from_numpy(front.edges).T
        matrix[:, one, other] -= weight
        matrix[:, other, one] -= weight
        return matrix


def boxes_at_once(front: Front) -> int:
    """Boxes whose matrices fit into the cache together; between them the token is checked."""
    return max(1, AT_ONCE // len(front.places) ** 2)


Level = dict[Shape, tuple[Group, NDArray[np.int64]]]  # groups, and numbers of boxes in them
