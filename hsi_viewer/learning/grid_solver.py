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
from hsi_viewer.learning.dissection import Front, Run
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.grid_plan import Boxes, plan_of

AT_ONCE = 1 << 21  # numbers in the matrices that are worked on at once


NOTHING = torch.empty(0)


@dataclass
class Group:
    """The factors of all boxes of one shape and depth.

    Attributes
    ----------
    halves : of each half of a box: the group that it belongs to and its number there, (boxes,).
    inverse : (boxes, eliminated, eliminated) of the matrix of the eliminated pixels.
    share : (boxes, eliminated, framing) what the frame adds to the eliminated pixels, negative.
    passed_on : (boxes, framing, ...) matrix or right sides left for the box around.
    """

    boxes: Boxes
    halves: list[tuple[Group, Tensor]]
    inverse: Tensor
    share: Tensor
    passed_on: Tensor

    def collect(self, into: Tensor) -> None:
        """Add what both halves passed on to the right sides (boxes, n, k) of this front."""
        for k, (group, number) in enumerate(self.halves):
            passed_on = group.passed_on[number]
            if self.boxes.places:
                places, _ = self.boxes.places[k]
                into.scatter_add_(1, places.expand(passed_on.shape), passed_on)
                continue
            for source, target in self.boxes.front.children[k]:
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
        centre = diagonal.copy()
        centre[1:] += down
        centre[:-1] += down
        centre[:, 1:] += right
        centre[:, :-1] += right
        self._weights = torch.cat(  # the diagonal is negative, for all are subtracted
            [
                self._flat(np.pad(down, ((0, 1), (0, 0)))),
                self._flat(np.pad(right, ((0, 0), (0, 1)))),
                self._flat(centre).neg_(),
            ]
        )
        self._levels: list[list[Group]] = []
        below: list[Group] = []
        for level in plan_of(*diagonal.shape):
            groups = [self._factors(boxes, below) for boxes in level]
            for group in below:
                group.passed_on = NOTHING
            self._levels.append(groups)
            below = groups
        del self._weights

    def solve(self, right_sides: Tensor) -> Tensor:
        """Replace right sides (pixels, k) of the solver's dtype by the solutions; returns them."""
        count = right_sides.shape[1]
        for group in (group for level in self._levels for group in level):
            self.token.check()
            boxes, m = group.boxes, group.boxes.front.eliminated
            known = right_sides.new_zeros((boxes.count, len(boxes.front.places), count))
            known[:, :m] = right_sides[boxes.own].view(-1, m, count)
            group.collect(known)
            right_sides[boxes.own] = (group.inverse @ known[:, :m]).view(-1, count)
            group.passed_on = torch.baddbmm(known[:, m:], group.share.mT, known[:, :m])
        for group in (group for level in reversed(self._levels) for group in level):
            self.token.check()
            boxes = group.boxes
            group.passed_on = NOTHING
            around = right_sides[boxes.around].view(boxes.count, -1, count)
            right_sides[boxes.own] += (group.share @ around).view(-1, count)
        return right_sides

    def _flat(self, values: NDArray[np.floating[Any]]) -> Tensor:
        return torch.from_numpy(values).to(self.dtype).flatten()

    def _factors(self, boxes: Boxes, below: list[Group]) -> Group:
        """Factors of the boxes of one shape, from those of the depth below."""
        self.token.check()
        front, halves = boxes.front, [(below[place], number) for place, number in boxes.parts]
        m, n = front.eliminated, len(front.places)
        inverse = torch.empty((boxes.count, m, m), dtype=self.dtype)
        share = torch.empty((boxes.count, m, n - m), dtype=self.dtype)
        left = torch.empty((boxes.count, n - m, n - m), dtype=self.dtype)
        for start in range(0, boxes.count, boxes_at_once(front)):
            self.token.check()
            some = slice(start, start + boxes_at_once(front))
            matrix = self._matrix(boxes, some, [(g, number[some]) for g, number in halves])
            inverse[some] = torch.cholesky_inverse(torch.linalg.cholesky(matrix[:, :m, :m]))
            across = matrix[:, :m, m:]
            torch.matmul(inverse[some], across, out=share[some])
            share[some].neg_()
            torch.baddbmm(matrix[:, m:, m:], across.mT, share[some], out=left[some])
        return Group(boxes, halves, inverse, share, left)

    def _matrix(self, boxes: Boxes, some: slice, halves: list[tuple[Group, Tensor]]) -> Tensor:
        """What the halves left, and the edges and the diagonal of what is eliminated here."""
        first, n = boxes.first[some], len(boxes.front.places)
        count = first.shape[0]
        matrix = torch.zeros((count, n, n), dtype=self.dtype)
        flat = matrix.view(count, -1)
        for k, (group, number) in enumerate(halves):
            passed_on = group.passed_on[number]
            if boxes.places:
                _, places = boxes.places[k]
                flat.scatter_add_(1, places.expand(count, -1), passed_on.view(count, -1))
            else:  # large ones are added faster by runs
                add_by_runs(matrix, boxes.front.children[k], passed_on)
        flat[:, boxes.entries] -= self._weights[first + boxes.values]
        return matrix


def add_by_runs(matrix: Tensor, runs: tuple[Run, ...], passed_on: Tensor) -> None:
    """Add what a half left to the matrices of the boxes around it."""
    for a, to_a in runs:
        for b, to_b in runs:
            matrix[:, to_a, to_b] += passed_on[:, a, b]


def boxes_at_once(front: Front) -> int:
    """Boxes whose matrices fit into the cache together; between them the token is checked."""
    return max(1, AT_ONCE // len(front.places) ** 2)
