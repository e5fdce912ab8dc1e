"""What of the solution of a system on a grid depends on the size of the grid alone.

The walker solves many systems of one scene, one for each set of labels that is held out. On a small
scene it takes longer to find out what goes where than to compute it, so its plan is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hsi_viewer.learning.dissection import Depth, Front, Shape, depths, front_of, halves

KEPT = 4  # plans
KEPT_PIXELS = 1 << 16  # of a grid, at most, whose plan of about 4 MB is kept
LISTED = 128  # places of a front, at most, whose halves have lists of their places


@dataclass(frozen=True)
class Boxes:
    """All boxes of one shape and depth.

    Attributes
    ----------
    first : (boxes, 1) flat index of the first pixel of each.
    own : (boxes * eliminated,) flat indices of the pixels that are eliminated, box by box.
    around : (boxes * framing,) of those that frame them.
    parts : of each half: the boxes that it belongs to, counted in the level below, and its number
        there, (boxes,).
    entries : (k,) where the edges, in both directions, and then the diagonal of the eliminated
        pixels are in the flattened matrix of a box.
    values : (1, k) where their values are, relative to the first pixel, in the list of the edges
        downward, those rightward, and the diagonal of all pixels.
    places : of each half: where the pixels that frame it are in the front, (1, k, 1), and where its
        matrix is in that of a box, flattened, (1, k * k); () if the front is large.
    """

    front: Front
    first: Tensor
    own: Tensor
    around: Tensor
    parts: tuple[tuple[int, Tensor], ...]
    entries: Tensor
    values: Tensor
    places: tuple[tuple[Tensor, Tensor], ...]

    @property
    def count(self) -> int:
        """How many there are; len() of a tensor takes longer than some of the sums."""
        return self.first.shape[0]


Level = tuple[Boxes, ...]  # of one depth
Plan = tuple[Level, ...]  # from the smallest boxes up to the whole grid


def plan_of(rows: int, columns: int) -> Plan:
    """The plan of a grid; that of a small one is kept."""
    return _kept(rows, columns) if rows * columns <= KEPT_PIXELS else _made(rows, columns)


def _made(rows: int, columns: int) -> Plan:
    plan: list[Level] = []
    below: dict[Shape, tuple[int, NDArray[np.int64]]] = {}
    for depth in reversed(depths(rows, columns)):
        level, below = _level(depth, below, rows, columns)
        plan.append(level)
    return tuple(plan)


_kept = lru_cache(KEPT)(_made)


def _level(
    depth: Depth, below: dict[Shape, tuple[int, NDArray[np.int64]]], rows: int, columns: int
) -> tuple[Level, dict[Shape, tuple[int, NDArray[np.int64]]]]:
    """The boxes of a depth by shape, and of each shape its place in the level and its numbers."""
    level: list[Boxes] = []
    numbers: dict[Shape, tuple[int, NDArray[np.int64]]] = {}
    for tall, i in depth.rows.alike().items():
        for wide, j in depth.columns.alike().items():
            number = np.full((depth.rows.starts.size, depth.columns.starts.size), -1)
            number[np.ix_(i, j)] = np.arange(i.size * j.size).reshape(i.size, j.size)
            shape = tall, wide
            parts = []
            for k, (half, _) in enumerate(halves(shape, depth.axis)):
                place, inside = below[half]
                of_half = (2 * i + k, j) if depth.axis == 0 else (i, 2 * j + k)
                parts.append((place, torch.from_numpy(inside[np.ix_(*of_half)].ravel())))
            first = depth.rows.starts[i][:, None] * columns + depth.columns.starts[j]
            numbers[shape] = len(level), number
            front = front_of(shape, depth.axis)
            level.append(_boxes(front, first.reshape(-1, 1), tuple(parts), rows, columns))
    return tuple(level), numbers


def _boxes(
    front: Front,
    first: NDArray[np.int64],
    parts: tuple[tuple[int, Tensor], ...],
    rows: int,
    columns: int,
) -> Boxes:
    m, n = front.eliminated, len(front.places)
    steps = np.array([columns, 1])
    offsets = front.places @ steps
    one, other = front.edges.T
    edges = front.upper @ steps + np.where(front.is_down, 0, rows * columns)
    of_edges = [one * n + other, other * n + one]
    return Boxes(
        front,
        torch.from_numpy(first),
        torch.from_numpy((first + offsets[:m]).ravel()),
        torch.from_numpy((first + offsets[m:]).ravel()),
        parts,
        torch.from_numpy(np.concatenate([*of_edges, np.arange(m) * (n + 1)])),
        torch.from_numpy(np.concatenate([edges, edges, offsets[:m] + 2 * rows * columns])[None]),
        tuple(_places(front, k) for k in range(len(parts))) if n <= LISTED else (),
    )


def _places(front: Front, half: int) -> tuple[Tensor, Tensor]:
    runs = [range(target.start, target.stop) for _, target in front.children[half]]
    places = np.concatenate([np.array(run, np.int64) for run in runs])
    square = places[:, None] * len(front.places) + places
    return torch.from_numpy(places[None, :, None]), torch.from_numpy(square.reshape(1, -1))
