"""Coordinate systems: names, texts, transformations."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError

# Grids of datum shifts and other files that PROJ would open by their path.
NAMES_A_FILE = re.compile(
    r"(?:grids|file|catalog|init)\s*=\s*[^\s\"]*[/\\]"
    r"|PARAMETERFILE\s*\[\s*\"[^\"]*\"\s*,\s*\"[^\"]*[/\\]",
    re.IGNORECASE,
)

# Larger coordinates are impossible. GDAL takes 360 degrees off a longitude until it is one.
FARTHEST, FARTHEST_DEGREES, POLE = 1e12, 1e6, 90.0
AUTHORITY = re.compile(r"(?:EPSG|ESRI|OGC):\w+", re.IGNORECASE)


def crs_of(wkt: str | None) -> Any:
    """CRS, as rasterio has it, of a well-known text, a code or a PROJ string, else None.

    rasterio itself would open what is the name of a file or an address, and PROJ the files that a
    system names by their path.
    """
    if not wkt or NAMES_A_FILE.search(wkt):
        return None
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    from hsi_viewer.io.files.gdal import without_messages

    try:
        with without_messages():
            if AUTHORITY.fullmatch(wkt):
                return CRS.from_user_input(wkt)
            return CRS.from_proj4(wkt) if wkt.startswith("+") else CRS.from_wkt(wkt)
    except CRSError:
        return None


def crs_text(crs: Any) -> str:
    """Short name of a CRS, for a message."""
    if crs is None:
        return "no coordinate reference system"
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.to_dict().get("proj", "a custom system"))


def same_crs(one: Any, other: Any) -> bool:
    """Whether two systems are one, or one of them is not known."""
    if one is None or other is None or one == other:
        return True
    return one.to_epsg() is not None and one.to_epsg() == other.to_epsg()


def transformed(
    source: Any, target: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in another system; infinite where they are impossible, which it isn't asked.

    Raises
    ------
    LabelError
        if there is no way from one system to the other.
    """
    from rasterio.warp import transform

    from hsi_viewer.io.files.gdal import RASTER_ERRORS

    given = np.array([x, y], np.float64)
    possible = are_possible(source, given)
    if source is not None and source.is_geographic and not target.is_geographic:
        possible &= np.abs(given[1]) <= POLE  # one beyond it would spoil all
    moved = np.full_like(given, np.inf)
    try:
        if possible.any():
            moved[:, possible] = transform(source, target, *given[:, possible])[:2]
    except RASTER_ERRORS as error:
        reason = "" if "{" in str(error) else f": {error}"  # else whole systems in JSON
        raise LabelError(
            f"Coordinates cannot be transformed from {crs_text(source)} to {crs_text(target)}"
            f"{reason}."
        ) from error
    return moved[0], moved[1]


def are_possible(crs: Any, coordinates: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (2, n) of a system GDAL may be asked about."""
    farthest = FARTHEST_DEGREES if crs is not None and crs.is_geographic else FARTHEST
    possible: NDArray[np.bool_] = np.all(np.abs(coordinates) < farthest, axis=0)
    return possible


def wkt_of(epsg: int | None) -> str | None:
    """Well-known text of an EPSG code; None where there is none."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    from hsi_viewer.io.files.gdal import without_messages

    try:
        with without_messages():
            return None if not epsg else str(CRS.from_epsg(epsg).to_wkt())
    except (CRSError, OverflowError):
        return None


Affine6 = tuple[float, float, float, float, float, float]
