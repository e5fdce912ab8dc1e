"""Regions of a class map that is worked through strip by strip, each complete at its last strip."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.postprocess.map_regions import MapRegions, map_regions

MOST_BORDERS = 1 << 19  # pixel sides between classes in a strip: a strip's polygons fit in 200 MB
MOST_PIXELS = 1 << 22
LOOKED_AT = 256  # rows whose borders are counted at a time


class Strip(Struct, frozen=True, eq=False):
    """What a strip adds to the regions of a map.

    A group is a region as it is known by now: what was open before the strip, with the regions of
    the strip that continue it.

    Attributes
    ----------
    rows : of the strip.
    found : the regions of the strip by itself.
    of_open : (open,) group of each region that was open, in the order of the strip before.
    of_found : (len(found),) group of each region of the strip.
    classes : (groups,) class of each group.
    sums : (groups, measures) sums over its pixels so far.
    is_open : (groups,) whether the next strip may continue it.
    """

    rows: slice
    found: MapRegions
    of_open: NDArray[np.intp]
    of_found: NDArray[np.intp]
    classes: NDArray[np.uint16]
    sums: NDArray[np.float64]
    is_open: NDArray[np.bool_]

    @property
    def complete(self) -> NDArray[np.intp]:
        """The groups that end in this strip or ended in the one before."""
        return np.flatnonzero(~self.is_open)


def joined_strips(
    ids: NDArray[np.uint16],
    measured: Callable[[slice, MapRegions], NDArray[np.float64]],
    most_borders: int = MOST_BORDERS,
) -> Iterator[Strip]:
    """The regions of a map, connected by pixel sides, strip by strip from top to bottom.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 belongs to no region.
    measured : gives sums (regions, measures) over the pixels of the regions of some rows.
    most_borders : of a strip; see `strips_by_borders`.
    """
    edge = np.zeros(ids.shape[1], np.intp)  # open region of each pixel of the last row, from 1
    classes, sums = np.zeros(0, np.uint16), np.zeros((0, 0))
    for rows in strips_by_borders(ids, most_borders):
        found = map_regions(ids[rows])
        new = measured(rows, found)
        before, above, below = classes.size, edge, found.numbers[0]
        touch = (above > 0) & (below > 0)
        pairs = above[touch] - 1, below[touch] - 1
        same = classes[pairs[0]] == found.classes[1:][pairs[1]]
        group = _groups(pairs[0][same], before + pairs[1][same], before + len(found))
        count = int(group.max(initial=-1)) + 1
        totals = np.zeros((count, new.shape[1]))
        for part, values in ((group[:before], sums), (group[before:], new)):
            if part.size:
                np.add.at(totals, part, values)
        joined = np.zeros(count, np.uint16)
        joined[group] = np.concatenate([classes, found.classes[1:]])
        last = found.numbers[-1]
        is_open = np.zeros(count, bool)
        if rows.stop < ids.shape[0]:
            is_open[group[before + last[last > 0] - 1]] = True
        yield Strip(rows, found, group[:before], group[before:], joined, totals, is_open)
        number = np.cumsum(is_open) * is_open  # of each group among those that are open, from 1
        edge = np.concatenate([[0], number[group[before:]]])[last]
        classes, sums = joined[is_open], totals[is_open]


def strips_by_borders(ids: NDArray[np.uint16], most_borders: int = MOST_BORDERS) -> Iterator[slice]:
    """Rows of strips, as high as their borders between classes allow, and one row at least.

    Where a map is smooth its strips are high, and where it is noisy they are low.

    Parameters
    ----------
    ids : (rows, columns) class ids.
    most_borders : pixel sides between two classes in a strip.
    """
    rows, columns = ids.shape
    counts = np.zeros(rows, np.int64)
    for top in range(0, rows, LOOKED_AT):
        part = ids[top : top + LOOKED_AT + 1]
        own = part[:LOOKED_AT]
        counts[top : top + len(own)] = np.count_nonzero(own[:, 1:] != own[:, :-1], axis=1)
        below = np.count_nonzero(part[1:] != part[:-1], axis=1)
        counts[top : top + len(below)] += below
    until = np.concatenate([[0], np.cumsum(counts)])
    highest = max(1, MOST_PIXELS // columns)
    top = 0
    while top < rows:
        fits = int(np.searchsorted(until, until[top] + most_borders, side="right")) - 1
        bottom = min(rows, top + highest, max(top + 1, fits))
        yield slice(top, bottom)
        top = bottom


def _groups(first: NDArray[np.intp], second: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Group (count,) of each region where pairs of them are one, numbered as they come up."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components  # slow to import

    graph = coo_array((np.ones(first.size, bool), (first, second)), shape=(count, count))
    _, parts = connected_components(graph, directed=False)
    _, at, part = np.unique(parts, return_index=True, return_inverse=True)
    rank = np.empty(at.size, np.intp)
    rank[np.argsort(at)] = np.arange(at.size)
    group: NDArray[np.intp] = rank[part.ravel()]
    return group
