"""Sieve: regions that are too small go to the neighbouring class of the longest border."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.postprocess.map_regions import MapRegions, map_regions
from hsi_viewer.core.progress import CancelToken

# Sums of areas may miss the minimum by their rounding.
TOLERANCE = 1e-9
ASK = 1 << 12  # regions that join others between two looks at the token


def sieved(
    ids: NDArray[np.uint16],
    minimum: float,
    *,
    corners: bool = False,
    pixel_size: NDArray[np.float64] | None = None,
    token: CancelToken | None = None,
) -> NDArray[np.uint16]:
    """A class map without regions below a minimum, the smallest removed first.

    A region goes to the class with which it shares most pixel sides; of two such, to the one with
    the larger region beside it, then to the lower id. What lies between pixels without data only,
    stays. Pixels of id 0 neither change nor count as neighbours.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    minimum : smallest region that stays, in pixels or in the unit of `pixel_size`.
    corners : whether pixels that touch only at a corner are connected.
    pixel_size : (rows,) size of a pixel of each row; None counts pixels.
    token : asked now and then.
    """
    regions = map_regions(ids, corners=corners)
    if pixel_size is None:
        sizes = regions.pixels().astype(np.float64)
    else:
        sizes = regions.sums(pixel_size[:, None])
    return _Merging(regions, sizes, minimum * (1 - TOLERANCE), corners).merged(
        token or CancelToken()
    )


class _Merging:
    """Regions that join one another until none is too small.

    Only small regions need a list of neighbours: what joins a large one is done.
    """

    def __init__(
        self, regions: MapRegions, sizes: NDArray[np.float64], minimum: float, corners: bool
    ) -> None:
        self._regions = regions
        self._minimum = minimum
        self._small = sizes < minimum
        self._small[0] = False
        self._sizes = sizes.tolist()
        self._classes = regions.classes.tolist()
        self._parent = list(range(sizes.size))
        self._parts = {int(n): [int(n)] for n in np.flatnonzero(self._small)}
        self._starts, self._others, self._borders = _borders(regions.numbers, self._small, corners)

    def merged(self, token: CancelToken) -> NDArray[np.uint16]:
        """The map of class ids once every small region has joined another."""
        queue: list[tuple[float, int]] = [(self._sizes[n], n) for n in self._parts]
        heapq.heapify(queue)
        looked = 0
        while queue:
            looked += 1
            if looked % ASK == 0:
                token.check()
            size, number = heapq.heappop(queue)
            if self._root(number) != number or self._sizes[number] != size:
                continue  # it has joined another, or grown, since
            if self._join(number) and number in self._parts:
                heapq.heappush(queue, (self._sizes[number], number))
        roots = [self._classes[self._root(n)] for n in range(len(self._parent))]
        return np.array(roots, np.uint16)[self._regions.numbers]

    def _join(self, number: int) -> bool:
        """Let a region join all its neighbours of the best class; False if it has none."""
        border: dict[int, int] = {}  # by neighbour
        for part in self._parts[number]:
            for at in range(self._starts[part], self._starts[part + 1]):
                root = self._root(int(self._others[at]))
                if root != number:
                    border[root] = border.get(root, 0) + int(self._borders[at])
        by_class: dict[int, tuple[int, float]] = {}
        for root, length in border.items():
            total, largest = by_class.get(self._classes[root], (0, 0.0))
            by_class[self._classes[root]] = total + length, max(largest, self._sizes[root])
        best = max(
            (c for c, (length, _) in by_class.items() if length),
            key=lambda c: (*by_class[c], -c),
            default=0,
        )
        if not best:
            return False
        self._classes[number] = best
        for root in border:
            if self._classes[root] == best and root != number:
                self._parent[root] = number
                self._sizes[number] += self._sizes[root]
                self._parts[number] += self._parts.pop(root, [])
        if self._sizes[number] >= self._minimum:
            del self._parts[number]  # it does not ask again
        return True

    def _root(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number


def _borders(
    numbers: NDArray[np.int32], small: NDArray[np.bool_], corners: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Neighbours of the small regions: where each region's begin, their numbers, shared sides.

    Neighbours at a corner only, where these count, share 0 sides.
    """
    pairs = [(numbers[:, :-1], numbers[:, 1:], 1), (numbers[:-1], numbers[1:], 1)]
    if corners:
        pairs += [
            (numbers[:-1, :-1], numbers[1:, 1:], 0),
            (numbers[:-1, 1:], numbers[1:, :-1], 0),
        ]
    count = np.int64(small.size)
    keys, sides = [], []
    for first, second, shared in pairs:
        touch = (first != second) & (first > 0) & (second > 0)
        for own, other in ((first, second), (second, first)):
            wanted = touch & small[own]
            keys.append(own[wanted].astype(np.int64) * count + other[wanted])
            sides.append(np.full(keys[-1].size, shared, np.int64))
    key, index = np.unique(np.concatenate(keys), return_inverse=True)
    borders = np.bincount(index, np.concatenate(sides), minlength=key.size).astype(np.int64)
    starts = np.searchsorted(key // count, np.arange(count + 1))
    return starts, key % count, borders
