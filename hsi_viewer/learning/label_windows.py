"""Windows around labels: where a large scene is looked at in place of all of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.survey import Window

SIDE = 96  # pixels of a window, of which the walker needs some around each label
MARGIN = 24
MOST = 3  # windows; each costs as much as a hundredth of a scene of a million pixels


def label_windows(
    positions: NDArray[np.int64], shape: tuple[int, int]
) -> list[tuple[Window, NDArray[np.int64]]]:
    """A few windows, as far apart as the labels are, and which labels lie well inside of each.

    Parameters
    ----------
    positions : (n, 2) rows and columns of the labels.
    shape : rows and columns of the scene.

    Returns
    -------
    Each window with indices of labels; no label is in two of them.
    """
    found: list[tuple[Window, NDArray[np.int64]]] = []
    left = np.arange(len(positions))
    apart = np.full(len(positions), np.inf)
    while left.size and len(found) < MOST:
        centre = positions[left[np.argmax(apart[left])]]
        ends = [_span(at, size) for at, size in zip(centre, shape, strict=True)]
        inside = np.ones(left.size, bool)
        for axis, (start, stop) in enumerate(ends):
            at = positions[left, axis]
            inside &= (at >= start + MARGIN * (start > 0)) & (at < stop)
            inside &= at < stop - MARGIN * (stop < shape[axis])
        found.append(((slice(*ends[0]), slice(*ends[1])), left[inside]))
        left = left[~inside]
        apart = np.minimum(apart, np.hypot(*(positions - centre).T))
    return found


def _span(at: int, size: int) -> tuple[int, int]:
    start = int(np.clip(at - SIDE // 2, 0, max(0, size - SIDE)))
    return start, min(size, start + SIDE)
