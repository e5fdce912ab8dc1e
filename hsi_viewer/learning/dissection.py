"""Dissection of a grid: boxes inside boxes, and what each shape of box eliminates.

The grid is cut in half again and again, by lines one pixel wide, until boxes of a few pixels are
left. All boxes of one depth are cut along the same axis, so that they have at most two sizes along
each axis, and boxes of one shape are alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAF = 16  # pixels of the smallest boxes, at most: the fastest of 4 to 36
SHAPES_KEPT = 1024  # fronts; a scene has about 200

Place = tuple[int, int]  # row and column relative to the first pixel of a box
Run = tuple[slice, slice]


class Interval(NamedTuple):
    """Size of an interval of an axis, and whether the axis goes on before and after it."""

    size: int
    before: bool
    after: bool


Shape = tuple[Interval, Interval]  # of the rows and of the columns of a box


@dataclass(frozen=True)
class Cuts:
    """The intervals that an axis is cut into at some depth.

    Attributes
    ----------
    starts, sizes : (n,) first pixel and number of pixels of each.
    total : pixels of the axis.
    """

    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    total: int

    @classmethod
    def uncut(cls, total: int) -> Cuts:
        """The whole axis as one interval."""
        return cls(np.zeros(1, np.int64), np.array([total]), total)

    def halved(self) -> Cuts:
        """Each interval without its middle pixel; the halves of interval i are 2 i and 2 i + 1."""
        first = (self.sizes - 1) // 2
        starts = np.stack([self.starts, self.starts + first + 1], axis=1).ravel()
        sizes = np.stack([first, self.sizes - 1 - first], axis=1).ravel()
        return Cuts(starts, sizes, self.total)

    def alike(self) -> dict[Interval, NDArray[np.int64]]:
        """Numbers of the intervals of each kind."""
        ends = self.starts + self.sizes
        numbers: dict[Interval, list[int]] = {}
        for i, (start, end) in enumerate(zip(self.starts.tolist(), ends.tolist(), strict=True)):
            kind = Interval(end - start, start > 0, end < self.total)
            numbers.setdefault(kind, []).append(i)
        return {kind: np.array(of_kind) for kind, of_kind in numbers.items()}


@dataclass(frozen=True)
class Depth:
    """Boxes of one depth: all pairs of an interval of rows and one of columns.

    Attributes
    ----------
    axis : along which each box is cut; None for the smallest boxes.
    """

    rows: Cuts
    columns: Cuts
    axis: int | None


def depths(rows: int, columns: int) -> list[Depth]:
    """The boxes from the whole grid down to the smallest."""
    found = []
    r, c = Cuts.uncut(rows), Cuts.uncut(columns)
    while (tall := r.sizes.max()) * (wide := c.sizes.max()) > LEAF:
        axis = 0 if tall > wide else 1
        found.append(Depth(r, c, axis))
        r, c = (r.halved(), c) if axis == 0 else (r, c.halved())
    return [*found, Depth(r, c, None)]


def halves(shape: Shape, axis: int | None) -> list[tuple[Shape, Place]]:
    """Shape and first pixel of both boxes that are left of a box cut along an axis, if it is."""
    if axis is None:
        return []
    whole = shape[axis]
    first = (whole.size - 1) // 2
    one = Interval(first, whole.before, True)
    other = Interval(whole.size - 1 - first, True, whole.after)
    if axis == 0:
        return [((one, shape[1]), (0, 0)), ((other, shape[1]), (first + 1, 0))]
    return [((shape[0], one), (0, 0)), ((shape[0], other), (0, first + 1))]


def frame(shape: Shape) -> list[Place]:
    """Pixels next to a box, without the corners and without what lies outside of the grid."""
    rows, columns = shape
    h, w = range(rows.size), range(columns.size)
    return [
        *((-1, c) for c in w if rows.before),
        *((rows.size, c) for c in w if rows.after),
        *((r, -1) for r in h if columns.before),
        *((r, columns.size) for r in h if columns.after),
    ]


@dataclass(frozen=True)
class Front:
    """Pixels that boxes of one shape eliminate, and their places in the dense matrices.

    Attributes
    ----------
    places : (n, 2) the pixels of the matrix: those that are eliminated, then the frame.
    eliminated : how many are.
    edges : (e, 2) positions in `places` of neighbours, of which the first is eliminated.
    upper : (e, 2) the upper or left pixel of each edge.
    is_down : (e,) whether the edge leads downward.
    children : for both boxes inside, which parts of their frames go where in `places`.
    """

    places: NDArray[np.int64]
    eliminated: int
    edges: NDArray[np.int64]
    upper: NDArray[np.int64]
    is_down: NDArray[np.bool_]
    children: tuple[tuple[Run, ...], ...]


@lru_cache(SHAPES_KEPT)
def front_of(shape: Shape, axis: int | None) -> Front:
    """The front of boxes that are cut along an axis: the cut is eliminated, or for None all."""
    h, w = range(shape[0].size), range(shape[1].size)
    parts = halves(shape, axis)
    cut = 0 if axis is None else parts[1][1][axis] - 1
    inside = {None: [(r, c) for r in h for c in w], 0: [(cut, c) for c in w]}.get(
        axis, [(r, cut) for r in h]
    )
    places = inside + frame(shape)
    position = {place: i for i, place in enumerate(places)}
    edges: list[tuple[int, int]] = []
    upper: list[Place] = []
    for i, (r, c) in enumerate(inside):
        for other in ((r - 1, c), (r, c - 1), (r, c + 1), (r + 1, c)):
            if position.get(other, -1) > i:
                edges.append((i, position[other]))
                upper.append(min((r, c), other))
    first, second = np.array(places), np.array(edges, np.int64).reshape(-1, 2)
    return Front(
        first,
        len(inside),
        second,
        np.array(upper, np.int64).reshape(-1, 2),
        first[second[:, 0], 1] == first[second[:, 1], 1],
        tuple(
            tuple(_runs([position[r + top, c + left] for r, c in frame(part)]))
            for part, (top, left) in parts
        ),
    )


def _runs(positions: list[int]) -> Iterator[Run]:
    """Slices of a list in which positions ascend by one, and the slices that these name."""
    start = 0
    for i in range(1, len(positions) + 1):
        if i == len(positions) or positions[i] != positions[i - 1] + 1:
            first = positions[start]
            yield slice(start, i), slice(first, first + i - start)
            start = i
