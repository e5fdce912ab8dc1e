"""Pixels that a brush touches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.geometry.pixels import Pixel

ROWS_AT_ONCE = 64  # a line across a large scene is looked at piece by piece


def disc_path(start: Pixel, end: Pixel, diameter: int, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Pixels that a round brush covers on its way along a straight line.

    A pixel is covered when its centre is at most diameter / 2 from the line, so that a
    diameter of 1 gives an unbroken line one pixel wide.

    Parameters
    ----------
    start, end : (row, column) of the pixels between which the brush moved.
    diameter : in pixels, at least 1.
    shape : rows and columns of the scene; what lies outside is left out.

    Returns
    -------
    (n,) flat indices in row-major order, ascending.
    """
    reach = diameter // 2
    top = max(min(start[0], end[0]) - reach, 0)
    bottom = min(max(start[0], end[0]) + reach + 1, shape[0])
    parts = [
        _disc_rows(start, end, diameter, range(first, min(first + ROWS_AT_ONCE, bottom)), shape[1])
        for first in range(top, bottom, ROWS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _disc_rows(
    start: Pixel, end: Pixel, diameter: int, rows: range, width: int
) -> NDArray[np.int64]:
    """Those of the pixels that lie in some rows; only columns near the line are looked at."""
    reach = diameter // 2
    first, last = _columns_near(start, end, rows.start - reach - 1, rows.stop + reach)
    left, right = max(first - reach, 0), min(last + reach + 1, width)
    if left >= right:
        return np.zeros(0, np.int64)
    row, column = np.mgrid[rows.start : rows.stop, left:right]
    along = np.array([end[0] - start[0], end[1] - start[1]], np.float64)
    length2 = float(along @ along)
    dr, dc = row - start[0], column - start[1]
    t = 0.0 if length2 == 0 else np.clip((dr * along[0] + dc * along[1]) / length2, 0.0, 1.0)
    distance2 = (dr - t * along[0]) ** 2 + (dc - t * along[1]) ** 2
    covered = distance2 <= (diameter / 2) ** 2
    pixels: NDArray[np.int64] = row[covered] * width + column[covered]
    return pixels


def _columns_near(start: Pixel, end: Pixel, above: int, below: int) -> Pixel:
    """First and last column of the part of a line between two rows, rounded outwards."""
    upper, lower = sorted((start, end))
    if upper[0] == lower[0]:
        return min(start[1], end[1]), max(start[1], end[1])
    slope = (lower[1] - upper[1]) / (lower[0] - upper[0])
    ends = [upper[1] + slope * (min(max(r, upper[0]), lower[0]) - upper[0]) for r in (above, below)]
    return math.floor(min(ends)), math.ceil(max(ends))


def disc_outline(diameter: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of the brush's footprint, relative to the upper left corner of its centre pixel.

    Returns
    -------
    x, y : (2 n,) the ends of n segments, pair by pair.
    """
    reach = diameter // 2
    size = 2 * reach + 3
    covered = np.zeros((size, size), bool)
    centre = (size // 2, size // 2)
    covered.flat[disc_path(centre, centre, diameter, (size, size))] = True
    across = np.argwhere(covered[1:] != covered[:-1])  # horizontal edges
    down = np.argwhere(covered[:, 1:] != covered[:, :-1])  # vertical edges
    offset = reach + 1
    x0 = np.concatenate([across[:, 1], down[:, 1] + 1]) - offset
    x1 = np.concatenate([across[:, 1] + 1, down[:, 1] + 1]) - offset
    y0 = np.concatenate([across[:, 0] + 1, down[:, 0]]) - offset
    y1 = np.concatenate([across[:, 0] + 1, down[:, 0] + 1]) - offset
    x = np.stack([x0, x1], axis=1).ravel().astype(np.float64)
    y = np.stack([y0, y1], axis=1).ravel().astype(np.float64)
    return x, y
