"""Position of a scene on the globe: longitude and latitude of a pixel, ground pixel size, north."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import LabelError

EARTH_RADIUS = 6_371_008.8  # m, mean radius of the WGS 84 ellipsoid (Moritz 2000, GRS 80)
WGS84 = "EPSG:4326"
FOOT, MILE = 0.3048, 5280  # m in a foot, feet in a mile


class ScaleAndNorth(Struct, frozen=True):
    """Position of a scene at its centre.

    Attributes
    ----------
    metres : length of one column on the ground.
    north : (right, down) direction of north in the picture, of length 1.
    in_feet : whether the map counts in feet, so that lengths are written in them.
    """

    metres: float
    north: tuple[float, float]
    in_feet: bool = False


def degrees(
    georeference: Georeference, positions: list[tuple[float, float]]
) -> list[tuple[float, float]] | None:
    """Latitude and longitude on WGS 84 of (row, column) positions; None if it is not known.

    Imports rasterio, which takes a while: to be called in a worker.
    """
    on_map = [georeference.map_xy(row, column) for row, column in positions]
    known = [p for p in on_map if p is not None]
    if georeference.crs_wkt is None or len(known) < len(positions):
        return None
    from hsi_viewer.io.metadata.crs import crs_of, transformed

    source = crs_of(georeference.crs_wkt)
    if source is None:
        return None
    x, y = np.array(known, np.float64).T
    try:
        longitudes, latitudes = transformed(source, crs_of(WGS84), x, y)
    except (LabelError, ValueError):
        return None
    found = list(zip(latitudes.tolist(), longitudes.tolist(), strict=True))
    return found if np.isfinite(found).all() else None


def scale_and_north(georeference: Georeference, rows: int, columns: int) -> ScaleAndNorth | None:
    """Position of a scene at its centre, on a sphere; None if unknown."""
    row, column = rows / 2, columns / 2
    step = max(1.0, min(rows, columns) / 20)
    found = degrees(georeference, [(row, column), (row, column + step), (row + step, column)])
    if found is None:
        return None
    (latitude, longitude), right, down = found
    shrink = math.cos(math.radians(latitude))
    metres = [
        (
            EARTH_RADIUS * math.radians((lon - longitude + 180) % 360 - 180) * shrink / step,
            EARTH_RADIUS * math.radians(lat - latitude) / step,
        )
        for lat, lon in (right, down)
    ]
    ground = np.array(metres).T  # (east, north) by (right, down)
    if abs(np.linalg.det(ground)) < 1e-12:
        return None
    north = np.linalg.solve(ground, [0.0, 1.0])
    north /= np.hypot(*north)
    return ScaleAndNorth(
        float(np.hypot(*ground[:, 0])),
        (float(north[0]), float(north[1])),
        _counts_in_feet(georeference),
    )


def _counts_in_feet(georeference: Georeference) -> bool:
    """Whether the unit of the map is a foot of any kind."""
    from hsi_viewer.io.metadata.crs import crs_of

    crs = crs_of(georeference.crs_wkt)
    known = crs is not None and crs.is_projected
    return known and abs(float(crs.linear_units_factor[1]) / FOOT - 1) < 1e-3


def degrees_text(latitude: float, longitude: float) -> str:
    """A position as people write it, to about a tenth of a metre."""
    ns, ew = ("N" if latitude >= 0 else "S"), ("E" if longitude >= 0 else "W")
    return f"{abs(latitude):.6f}° {ns}  {abs(longitude):.6f}° {ew}"


def round_length(longest: float) -> float:
    """The greatest of 1, 2, 5 times a power of ten that is at most so long."""
    power = 10.0 ** math.floor(math.log10(longest))
    return max(f for f in (power, 2 * power, 5 * power) if f <= longest * (1 + 1e-9))


class ScaleBar(NamedTuple):
    """A bar of round length: on the ground, on the screen in pixels, and in words."""

    metres: float
    length: float
    text: str


def scale_bar(ground: ScaleAndNorth, magnification: float, longest: float) -> ScaleBar:
    """A scale bar, in feet and miles where the map counts in feet.

    Parameters
    ----------
    ground : the scene.
    magnification : pixels of the screen for each column.
    longest : the bar may be, on the screen.
    """
    metres = longest * ground.metres / magnification
    if ground.in_feet:
        unit, name = (FOOT * MILE, "mi") if metres >= FOOT * MILE else (FOOT, "ft")
        count = round_length(metres / unit)
        metres, text = count * unit, f"{count:g} {name}"
    else:
        metres = round_length(metres)
        text = length_text(metres)
    return ScaleBar(metres, metres * magnification / ground.metres, text)


def length_text(metres: float) -> str:
    """A length with its unit."""
    if metres >= 1000:
        return f"{metres / 1000:g} km"
    if metres >= 1:
        return f"{metres:g} m"
    return f"{100 * metres:g} cm" if metres >= 0.01 else f"{1000 * metres:g} mm"
