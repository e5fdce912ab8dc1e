"""Scatter plots: how dense values lie in a plane, and which of them are in a lasso."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Density(Struct, frozen=True):
    """A two-dimensional histogram.

    Attributes
    ----------
    counts : (y bins, x bins) pixels in each cell; row 0 is the lowest y.
    x, y : lowest and highest value of each axis.
    """

    counts: NDArray[np.int64]
    x: tuple[float, float]
    y: tuple[float, float]


def density(x: Floats, y: Floats, bins: int = 256) -> Density:
    """Count points in a square grid over the range that they fill.

    Parameters
    ----------
    x, y : (n,) values; pairs with NaN are left out.
    bins : cells along each axis.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    ranges = [_range(x), _range(y)]
    counts, _, _ = np.histogram2d(y, x, bins=bins, range=[ranges[1], ranges[0]])
    return Density(counts.astype(np.int64), ranges[0], ranges[1])


def _range(values: Floats) -> tuple[float, float]:
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def inside(x: Floats, y: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Whether points lie in a closed polygon, by the even-odd rule.

    Shimrat (1962), Comm. ACM 5, 434: a point is inside when a ray from it crosses the outline an
    odd number of times.

    Parameters
    ----------
    x, y : points, any one shape; NaN is outside.
    corners : (corners, 2) x and y; the last is joined to the first.
    """
    result = np.zeros(x.shape, bool)
    if len(corners) < 3:
        return result
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    near = (x >= left) & (x <= right) & (y >= low) & (y <= high)
    px, py = x[near], y[near]
    odd = np.zeros(px.shape, bool)
    before = corners[-1]
    for corner in corners:
        (ax, ay), (bx, by) = before, corner
        if ay != by:
            crossed = (ay > py) != (by > py)
            odd ^= crossed & (px < ax + (py - ay) * (bx - ax) / (by - ay))
        before = corner
    result[near] = odd
    return result
