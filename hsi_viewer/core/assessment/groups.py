"""Groups of test pixels: what lies together is wrong together, and counts as one answer."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

MOST_GROUPS = 10  # more are smaller, and leave more of the correlation between them
LEAST_EFFECTIVE = 9.0  # groups of equal size; with fewer, the largest regions are halved,
ENOUGH_EFFECTIVE = 40.0  # up to so many, so that a group has parts of all classes around it


def groups_of(
    pixels: Numbers,
    regions: Numbers,
    columns: int,
    *,
    most: int = MOST_GROUPS,
    least: float = LEAST_EFFECTIVE,
    enough: float = ENOUGH_EFFECTIVE,
) -> Numbers:
    """Group (n,) of each test pixel, from 0: regions, near ones joined, huge ones cut.

    Errors of a map lie together: a field is mistaken as a whole, and often its neighbour, too. So
    there are few groups of about the same size, each with its neighbourhood, and Student's t makes
    up for their number (Bester, Conley, Hansen 2011, J. Econometrics 165, 137-151). A region stays
    whole unless there are too few without it.

    Parameters
    ----------
    pixels : (n,) flat indices in the scene, row-major, each once.
    regions : (n,) from 0: test pixels that belong together, as `connected_labels` finds them.
    columns : of the scene.
    most : groups, at most.
    least, enough : with effectively fewer regions than the first, the largest are cut until there
        are as many as the second.
    """
    if pixels.size == 0:
        return np.zeros(0, np.int64)
    positions = np.column_stack(np.divmod(pixels, columns))
    if _effective(np.bincount(regions)) < least:
        regions = _halved(positions, regions, enough)
    return _joined(positions, regions, most)


def _effective(sizes: Numbers) -> float:
    """Number of groups of equal size that tell as much as these."""
    return float(sizes.sum()) ** 2 / float((sizes.astype(np.float64) ** 2).sum())


def _halved(positions: Numbers, regions: Numbers, effective: float) -> Numbers:
    """Regions of which the largest are halved, until there are effectively enough."""
    members = _members(regions)
    squares = float(sum(m.size**2 for m in members))
    largest = [(-m.size, i) for i, m in enumerate(members)]
    heapq.heapify(largest)
    while regions.size**2 < effective * squares and -largest[0][0] > 1:
        _, number = heapq.heappop(largest)
        whole = members[number]
        halves = _halves(positions, whole, np.ones(whole.size))
        squares += sum(h.size**2 for h in halves) - float(whole.size) ** 2
        members[number], added = halves
        members.append(added)
        for i in (number, len(members) - 1):
            heapq.heappush(largest, (-members[i].size, i))
    return _numbered(members, regions.size)


def _joined(positions: Numbers, regions: Numbers, most: int) -> Numbers:
    """Regions whose centres lie together, joined to at most so many groups of similar size."""
    sizes = np.bincount(regions).astype(np.float64)
    centres = np.column_stack([np.bincount(regions, p) / sizes for p in positions.T])
    queue = [(-float(sizes.sum()), 0, np.arange(sizes.size))]
    single: list[Numbers] = []
    made = 0
    while queue and len(queue) + len(single) < most:
        _, _, members = heapq.heappop(queue)
        if members.size == 1:
            single.append(members)
            continue
        for part in _halves(centres, members, sizes[members]):
            made += 1
            heapq.heappush(queue, (-float(sizes[part].sum()), made, part))
    return _numbered([*single, *(m for _, _, m in queue)], sizes.size)[regions]


def _halves(
    positions: NDArray[Any], members: Numbers, weights: NDArray[np.float64]
) -> tuple[Numbers, Numbers]:
    """Members on either side of a cut across their longer extent, of about the same weight."""
    own = positions[members]
    axis = int(np.argmax(np.ptp(own, axis=0)))
    order = np.lexsort((own[:, 1 - axis], own[:, axis]))
    sums = np.cumsum(weights[order])
    cut = int(np.argmin(np.abs(sums[:-1] - sums[-1] / 2))) + 1
    return members[order[:cut]], members[order[cut:]]


def _members(regions: Numbers) -> list[Numbers]:
    order = np.argsort(regions, kind="stable")
    return np.split(order, np.cumsum(np.bincount(regions))[:-1])


def _numbered(members: list[Numbers], size: int) -> Numbers:
    numbers = np.empty(size, np.int64)
    for number, own in enumerate(members):
        numbers[own] = number
    return numbers
