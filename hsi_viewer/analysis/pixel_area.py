"""What a pixel covers on the ground, row by row."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.analysis.geographic import degrees
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.io.metadata.crs import crs_of

AXIS, FLATTENING = 6_378_137.0, 1 / 298.257223563  # of WGS 84
KNOTS = 65  # rows whose area is computed; of those between it is interpolated
NEGLIGIBLE = 0.005  # a map projection that distorts areas by less is taken as it is


def pixel_area(
    georeference: Georeference | None, rows: int, columns: int
) -> NDArray[np.float64] | None:
    """Square metres (rows,) of the pixels of each row; None where it is not known.

    By the units of the map, unless these are degrees or the projection distorts areas, as Mercator
    does: then on the ellipsoid, in the middle of each row. Imports rasterio, which takes a while:
    to be called in a worker.
    """
    if georeference is None or georeference.transform is None:
        return None
    knots = np.unique(np.linspace(0, rows - 1, min(rows, KNOTS)).astype(int))
    on_ground = _on_ellipsoid(georeference, knots, columns)
    if on_ground is None:
        return None
    planar = _by_the_map(georeference)
    if planar is not None and np.abs(on_ground / planar - 1).max() < NEGLIGIBLE:
        return np.full(rows, planar)
    area: NDArray[np.float64] = np.interp(np.arange(rows), knots, on_ground)
    return area


def _by_the_map(georeference: Georeference) -> float | None:
    """Square metres of a pixel in the units of a projected map."""
    crs = crs_of(georeference.crs_wkt)
    if crs is None or not crs.is_projected or georeference.transform is None:
        return None
    a, b, _, d, e, _ = georeference.transform
    metres = float(crs.linear_units_factor[1])
    return abs(a * e - b * d) * metres * metres


def _on_ellipsoid(
    georeference: Georeference, knots: NDArray[np.int64], columns: int
) -> NDArray[np.float64] | None:
    """Square metres of the middle pixel of some rows."""
    column = columns / 2
    corners = ((0.5, -0.5), (0.5, 0.5), (0.0, 0.0), (1.0, 0.0))  # left, right, above, below
    positions = [(float(row) + down, column + right) for row in knots for down, right in corners]
    found = degrees(georeference, positions)
    if found is None:
        return None
    latitude, longitude = (np.array(v).reshape(-1, 4) for v in zip(*found, strict=True))
    middle = np.radians(latitude.mean(axis=1))
    if np.abs(middle).max() > np.radians(90 + 1e-6):  # metres that are called degrees
        return None
    squared = FLATTENING * (2 - FLATTENING)
    root = np.sqrt(1 - squared * np.sin(middle) ** 2)
    along = AXIS * (1 - squared) / root**3  # radius of the meridian
    across = AXIS / root * np.cos(middle)
    turn = (np.diff(longitude, axis=1)[:, [0, 2]] + 180) % 360 - 180
    east = across[:, None] * np.radians(turn)
    north = along[:, None] * np.radians(np.diff(latitude, axis=1)[:, [0, 2]])
    area: NDArray[np.float64] = np.abs(east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0])
    return area if math.isfinite(float(area.sum())) and area.min() > 0 else None
