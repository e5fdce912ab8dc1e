"""Pixels that a drawn shape covers.

Positions are (row, column) in scene coordinates: pixel (r, c) is the square from (r, c) to
(r + 1, c + 1) and its centre is (r + 0.5, c + 0.5). One rule holds for every shape: a pixel
belongs to it when its centre lies inside. Shapes are cut at the border of the scene; all
functions return flat row-major indices, ascending.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.geometry.brush import ROWS_AT_ONCE
from hsi_viewer.core.geometry.pixels import Box, Pixel

Pixels = NDArray[np.int64]
Point = tuple[float, float]


def box_pixels(box: Box, shape: tuple[int, int], mask: NDArray[np.bool_] | None = None) -> Pixels:
    """Flat indices of a box that lies in the scene, or of those of its pixels in a mask."""
    top, left, bottom, right = box
    if mask is not None:
        rows, columns = np.nonzero(mask)
        pixels: Pixels = (rows + top) * np.int64(shape[1]) + (columns + left)
        return pixels
    rows, columns = np.arange(top, bottom, dtype=np.int64), np.arange(left, right, dtype=np.int64)
    return (rows[:, None] * shape[1] + columns).ravel()


def clipped(box: Box, shape: tuple[int, int]) -> Box:
    """The part of a box in the scene; empty ones end where they begin."""
    top, left = max(box[0], 0), max(box[1], 0)
    return top, left, max(min(box[2], shape[0]), top), max(min(box[3], shape[1]), left)


def corner_box(a: Pixel, b: Pixel) -> Box:
    """The box of two opposite corner pixels, both included."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]) + 1, max(a[1], b[1]) + 1


def rectangle(a: Pixel, b: Pixel, shape: tuple[int, int]) -> Pixels:
    """Pixels of the rectangle with two opposite corner pixels, both included."""
    return box_pixels(clipped(corner_box(a, b), shape), shape)


def ellipse(a: Pixel, b: Pixel, shape: tuple[int, int]) -> Pixels:
    """Pixels of the ellipse that touches the sides of the rectangle of two corner pixels."""
    top, left, bottom, right = corner_box(a, b)
    seen = clipped((top, left, bottom, right), shape)
    rows = (np.arange(seen[0], seen[2]) + 0.5 - (top + bottom) / 2) / ((bottom - top) / 2)
    columns = (np.arange(seen[1], seen[3]) + 0.5 - (left + right) / 2) / ((right - left) / 2)
    return box_pixels(seen, shape, rows[:, None] ** 2 + columns**2 <= 1.0)


def ellipse_outline(a: Pixel, b: Pixel, points: int = 72) -> NDArray[np.float64]:
    """Points (n, 2) on the same ellipse, for drawing it."""
    top, left, bottom, right = corner_box(a, b)
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    rows = (top + bottom) / 2 + (bottom - top) / 2 * np.sin(angle)
    return np.stack([rows, (left + right) / 2 + (right - left) / 2 * np.cos(angle)], axis=1)


def box_outline(box: Box) -> NDArray[np.float64]:
    """The four corners of a box, (4, 2)."""
    top, left, bottom, right = box
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]], np.float64)


def polygon(vertices: ArrayLike, shape: tuple[int, int]) -> Pixels:
    """Pixels inside a closed polygon, by its winding number (not 0 is inside).

    A centre on an edge belongs to the polygon when the inside lies below or to the right of
    it, so polygons that share an edge share no pixel and leave none out.

    Parameters
    ----------
    vertices : (n, 2) rows and columns; the last is joined to the first.
    shape : rows and columns of the scene.
    """
    points = np.asarray(vertices, np.float64).reshape(-1, 2)
    if len(points) < 3:
        return np.zeros(0, np.int64)
    low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    limits = np.clip(np.concatenate([low, high]), -1, max(shape) + 1).astype(int)
    top, left, bottom, right = clipped((limits[0], limits[1], limits[2], limits[3]), shape)
    if top >= bottom or left >= right:
        return np.zeros(0, np.int64)
    rows, columns, signs = _crossings(points, top, bottom)
    first = np.ceil(np.clip(columns, left, right) - 0.5).astype(np.int64)
    first = np.clip(first, left, right)
    order = np.lexsort((first, rows))
    # A closed line crosses each row as often downwards as upwards: the sum starts again by itself.
    inside = np.cumsum(signs[order])[:-1] != 0
    starts = (rows * shape[1] + first)[order]
    return runs(starts[:-1][inside], np.diff(starts)[inside])


def runs(starts: Pixels, lengths: Pixels) -> Pixels:
    """The whole numbers of runs that begin at `starts`, one run after the other."""
    skipped = np.cumsum(lengths) - lengths
    pixels: Pixels = np.repeat(starts - skipped, lengths) + np.arange(int(lengths.sum()))
    return pixels


def _crossings(
    points: NDArray[np.float64], top: int, bottom: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int32]]:
    """Where the edges cross the middle of each row: row, column, direction (+1 down)."""
    ends = np.roll(points, -1, axis=0)
    down = points[:, 0] < ends[:, 0]
    upper, lower = np.where(down[:, None], points, ends), np.where(down[:, None], ends, points)
    first = np.maximum(np.ceil(upper[:, 0] - 0.5), top)
    count = np.maximum(np.minimum(np.ceil(lower[:, 0] - 0.5), bottom) - first, 0).astype(np.int64)
    edge = np.repeat(np.arange(len(points)), count)
    step = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
    rows = first[edge].astype(np.int64) + step
    start, end = upper[edge], lower[edge]
    along = (rows + 0.5 - start[:, 0]) / (end[:, 0] - start[:, 0])
    columns = start[:, 1] + along * (end[:, 1] - start[:, 1])
    return rows, columns, np.where(down[edge], 1, -1).astype(np.int32)


def square_path(start: Pixel, end: Pixel, size: int, shape: tuple[int, int]) -> Pixels:
    """Pixels that a square brush covers on its way along a straight line.

    A pixel is covered when both its row and its column are less than size / 2 from one point
    of the line between the two pixel centres.

    Parameters
    ----------
    start, end : pixels between which the brush moved.
    size : length of the brush's side in pixels, at least 1.
    """
    reach = size // 2
    corners = corner_box(start, end)
    grown = (corners[0] - reach, corners[1] - reach, corners[2] + reach, corners[3] + reach)
    box = clipped(grown, shape)
    rows = _times(np.arange(box[0], box[2]) - start[0], end[0] - start[0], size)
    columns = _times(np.arange(box[1], box[3]) - start[1], end[1] - start[1], size)
    parts = [np.zeros(0, np.int64)]
    for first in range(0, box[2] - box[0], ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        latest = np.maximum(rows[0][part, None], columns[0])
        met = latest <= np.minimum(rows[1][part, None], columns[1])
        parts.append(box_pixels((box[0] + first, *box[1:]), shape, met))
    return np.concatenate(parts)


def _times(
    offset: NDArray[np.int64], speed: int, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last moment, in 0..1, at which a brush that moves covers each offset."""
    half = size / 2 - 1e-9  # less than: at a corner two pixels would join that only touch
    if speed == 0:
        near = np.abs(offset) <= half
        return np.where(near, 0.0, 2.0), np.where(near, 1.0, -1.0)
    a, b = (offset - half) / speed, (offset + half) / speed
    return np.maximum(np.minimum(a, b), 0.0), np.minimum(np.maximum(a, b), 1.0)


def capsule_outline(start: Pixel, end: Pixel, width: float) -> NDArray[np.float64]:
    """Points (n, 2) around all that is width / 2 from the line between two pixel centres."""
    turn = math.atan2(end[0] - start[0], end[1] - start[1])
    half = np.linspace(-math.pi / 2, math.pi / 2, 13)
    angles = np.concatenate([turn + half, turn + math.pi + half])
    centres = np.repeat(np.array([end, start], np.float64) + 0.5, half.size, axis=0)
    return centres + width / 2 * np.stack([np.sin(angles), np.cos(angles)], axis=1)


def mask_edges(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The edges between what is in a mask and what is not.

    Returns
    -------
    x, y : (2 n,) the ends of n segments, pair by pair, relative to the mask's upper left.
    """
    padded = np.pad(mask, 1)
    across = np.argwhere(padded[1:] != padded[:-1])
    down = np.argwhere(padded[:, 1:] != padded[:, :-1])
    x0 = np.concatenate([across[:, 1] - 1, down[:, 1]])
    x1 = np.concatenate([across[:, 1], down[:, 1]])
    y0 = np.concatenate([across[:, 0], down[:, 0] - 1])
    y1 = np.concatenate([across[:, 0], down[:, 0]])
    x = np.stack([x0, x1], axis=1).ravel().astype(np.float64)
    return x, np.stack([y0, y1], axis=1).ravel().astype(np.float64)


def straightened(start: Point, end: Point) -> Point:
    """The end of the line from start, turned to the nearest multiple of 45 degrees."""
    rows, columns = end[0] - start[0], end[1] - start[1]
    eighth = round(math.atan2(rows, columns) / (math.pi / 4))
    direction = math.sin(eighth * math.pi / 4), math.cos(eighth * math.pi / 4)
    length = rows * direction[0] + columns * direction[1]
    return start[0] + length * direction[0], start[1] + length * direction[1]


def squared(a: Pixel, b: Pixel) -> Pixel:
    """The corner opposite to a, moved so that both sides are as long as the longer one."""
    side = max(abs(b[0] - a[0]), abs(b[1] - a[1]))
    return a[0] + (side if b[0] >= a[0] else -side), a[1] + (side if b[1] >= a[1] else -side)


def smoothed(vertices: Sequence[Point], gap: float = 2.0, rounds: int = 2) -> list[Point]:
    """A closed outline with its corners cut.

    Points nearer than `gap` pixels to the last one kept are dropped first: they are the
    shaking of a hand. Chaikin, "An algorithm for high-speed curve generation" (Computer
    Graphics and Image Processing 3, 1974), then cuts every corner at a quarter of its sides.
    """
    kept = list(vertices[:1])
    for point in vertices[1:]:
        if math.dist(point, kept[-1]) >= gap:
            kept.append(point)
    points = np.array(kept, np.float64)
    if len(points) < 3:
        return list(vertices)
    for _ in range(rounds):
        ends = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * ends, 0.25 * points + 0.75 * ends], axis=1)
        points = points.reshape(-1, 2)
    return [(float(r), float(c)) for r, c in points]
