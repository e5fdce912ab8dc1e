"""Sieve: regions that are too small go to the neighbouring class of the longest border."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.postprocess.map_regions import MapRegions, map_regions
from hsi_viewer.core.progress import CancelToken

# Sums of areas may miss the minimum by their rounding.
TOLERANCE = 1e-9
ROWS = 256  # whose borders are looked at at once
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

    Only small regions need a list of neighbours: what joins a large one is done. A noisy map has
    millions of regions, so all that is known of them is in arrays, and the regions that have
    become one are a chain of numbers.
    """

    def __init__(
        self, regions: MapRegions, sizes: NDArray[np.float64], minimum: float, corners: bool
    ) -> None:
        small = sizes < minimum
        small[0] = False
        numbers = np.arange(sizes.size, dtype=np.int32)
        order = numbers[small]
        order = order[np.argsort(sizes[order], kind="stable")]
        self._regions, self._minimum = regions, minimum
        self._order, self._first_sizes = _items(order), _items(sizes[order])
        self._sizes, self._classes = _items(sizes), _items(regions.classes.copy())
        self._parents, self._parent = numbers, _items(numbers)
        self._asks = _items(small)  # not yet part of another, nor large enough
        self._next = _items(np.zeros_like(numbers))  # part of the same region; 0 ends a chain
        self._last = _items(numbers.copy())  # part of the region
        neighbours = _borders(regions.numbers, small, corners)
        self._starts, self._others, self._borders = (_items(n) for n in neighbours)

    def merged(self, token: CancelToken) -> NDArray[np.uint16]:
        """The map of class ids once every small region has joined another."""
        for looked, (size, number, grown) in enumerate(self._queue()):
            if looked % ASK == 0:
                token.check()
            if self._parent[number] != number or self._sizes[number] != size:
                continue  # it has joined another, or grown, since
            if self._join(number) and self._asks[number]:
                heapq.heappush(grown, (self._sizes[number], number))
        roots = self._parents
        while (above := roots[roots]).tobytes() != roots.tobytes():
            roots = above
        classes: NDArray[np.uint16] = np.asarray(self._classes)[roots]
        return classes[self._regions.numbers]

    def _queue(self) -> Iterator[tuple[float, int, list[tuple[float, int]]]]:
        """Size and number of each small region, the smallest first, and a heap for the grown."""
        grown: list[tuple[float, int]] = []
        for first in zip(self._first_sizes, self._order, strict=True):
            while grown and grown[0] < first:
                yield *heapq.heappop(grown), grown
            yield *first, grown
        while grown:
            yield *heapq.heappop(grown), grown

    def _join(self, number: int) -> bool:
        """Let a region join all its neighbours of the best class; False if it has none."""
        border = self._border(number)
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
            if self._classes[root] == best:
                self._take(number, root)
        if self._sizes[number] >= self._minimum:
            self._asks[number] = False
        return True

    def _border(self, number: int) -> dict[int, int]:
        """Pixel sides that a region shares with each of its neighbours."""
        border: dict[int, int] = {}
        part = number
        while part:
            for at in range(self._starts[part], self._starts[part + 1]):
                root = self._root(self._others[at])
                if root != number:
                    border[root] = border.get(root, 0) + self._borders[at]
            part = self._next[part]
        return border

    def _take(self, number: int, root: int) -> None:
        """Make another region a part of a region."""
        self._parent[root] = number
        self._sizes[number] += self._sizes[root]
        if self._asks[root]:
            self._asks[root] = False
            self._next[self._last[number]] = root
            self._last[number] = self._last[root]

    def _root(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number


def _items(array: NDArray[Any]) -> Any:
    """Values of an array, one by one, as Python's own numbers."""
    return array.data


def _borders(
    numbers: NDArray[np.int32], small: NDArray[np.bool_], corners: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Neighbours of the small regions: where each region's begin, their numbers, shared sides.

    Neighbours at a corner only, where these count, share 0 sides.
    """
    count = np.int64(small.size)
    found = [
        _strip_borders(numbers[top : top + ROWS + 1], ROWS, small, corners)
        for top in range(0, numbers.shape[0], ROWS)
    ]
    keys, sides = (np.concatenate(part) for part in zip(*found, strict=True))
    del found
    keys, sides = _summed(keys, sides)
    starts = np.searchsorted(keys, np.arange(count + 1) * count)
    return starts, (keys % count).astype(np.int32), sides


def _strip_borders(
    numbers: NDArray[np.int32], rows: int, small: NDArray[np.bool_], corners: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pairs of neighbours in some rows and the row below them, as one number, and their sides."""
    own_rows = numbers[:rows]
    pairs = [(own_rows[:, :-1], own_rows[:, 1:], 1), (numbers[:-1], numbers[1:], 1)]
    if corners:
        pairs += [
            (numbers[:-1, :-1], numbers[1:, 1:], 0),
            (numbers[:-1, 1:], numbers[1:, :-1], 0),
        ]
    keys, sides = [], []
    for first, second, shared in pairs:
        touch = (first != second) & (first > 0) & (second > 0)
        for own, other in ((first, second), (second, first)):
            wanted = touch & small[own]
            keys.append(own[wanted].astype(np.int64) * small.size + other[wanted])
            sides.append(np.full(keys[-1].size, shared, np.int32))
    return _summed(np.concatenate(keys), np.concatenate(sides))


def _summed(
    keys: NDArray[np.int64], sides: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The keys that occur, ascending, and the sum of the sides of each."""
    order = np.argsort(keys)
    keys, sides = keys[order], sides[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[begins], np.add.reduceat(sides, begins, dtype=np.int32) if keys.size else sides
