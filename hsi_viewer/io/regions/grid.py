"""The grid of a cube, onto which regions are laid, and coordinates on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import LabelError

Affine6 = tuple[float, float, float, float, float, float]
PIXELS: Affine6 = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
# Grids of datum shifts and other files that PROJ would open by their path.
NAMES_A_FILE = re.compile(
    r"(?:grids|file|catalog|init)\s*=\s*[^\s\"]*[/\\]"
    r"|PARAMETERFILE\s*\[\s*\"[^\"]*\"\s*,\s*\"[^\"]*[/\\]",
    re.IGNORECASE,
)
AUTHORITY = re.compile(r"(?:EPSG|ESRI|OGC):\w+", re.IGNORECASE)


@dataclass(frozen=True)
class Grid:
    """Size and place of a raster.

    Attributes
    ----------
    rows, columns : size.
    transform : as in Georeference, or None.
    crs_wkt : well-known text, or None.
    """

    rows: int
    columns: int
    transform: Affine6 | None = None
    crs_wkt: str | None = None

    @classmethod
    def of(cls, rows: int, columns: int, place: Georeference | None) -> Grid:
        """The grid of a raster with a georeference."""
        if place is None:
            return cls(rows, columns)
        return cls(rows, columns, place.transform, place.crs_wkt)

    @classmethod
    def of_cube(cls, cube: HyperCube) -> Grid:
        """The grid of a cube."""
        return cls.of(cube.rows, cube.columns, cube.georeference)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    def positions(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows and columns (fractions; (0, 0) is the upper left corner) of map coordinates.

        Raises
        ------
        LabelError
            if the transform cannot be turned round.
        """
        a, b, c, d, e, f = self.transform or PIXELS
        area = a * e - b * d
        if area == 0:
            raise LabelError("The georeference of the cube has pixels without extent.")
        dx, dy = x - c, y - f
        return (a * dy - d * dx) / area, (e * dx - b * dy) / area

    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Map coordinates of the four corners, x and y."""
        columns = np.array([0, self.columns, self.columns, 0], np.float64)
        rows = np.array([0, 0, self.rows, self.rows], np.float64)
        a, b, c, d, e, f = self.transform or PIXELS
        return a * columns + b * rows + c, d * columns + e * rows + f

    def extent_text(self) -> str:
        """The extent in map coordinates, for a message."""
        x, y = self.corners()
        return f"x {x.min():.8g} to {x.max():.8g}, y {y.min():.8g} to {y.max():.8g}"


def crs_of(wkt: str | None) -> Any:
    """CRS, as rasterio has it, of a well-known text, a code or a PROJ string, else None.

    rasterio itself would open what is the name of a file or an address, and PROJ the files that a
    system names by their path.
    """
    if not wkt or NAMES_A_FILE.search(wkt):
        return None
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
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
    return f"EPSG:{code}" if code else str(crs.to_dict().get("proj", "a system of its own"))


def same_crs(one: Any, other: Any) -> bool:
    """Whether two systems are one, or one of them is not known."""
    if one is None or other is None or one == other:
        return True
    return one.to_epsg() is not None and one.to_epsg() == other.to_epsg()


def transformed(
    source: Any, target: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in another system.

    Raises
    ------
    LabelError
        if there is no way from one system to the other.
    """
    from rasterio._err import CPLE_BaseError  # what GDAL says; rasterio lets it through
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    try:
        moved = transform(source, target, x, y)
    except (CPLE_BaseError, RasterioError) as error:
        raise LabelError(
            f"There is no way from {crs_text(source)} to {crs_text(target)}: {error}."
        ) from error
    return np.array(moved[0], np.float64), np.array(moved[1], np.float64)


def set_pixels(
    ids: NDArray[np.uint16],
    rows: NDArray[np.float64],
    columns: NDArray[np.float64],
    values: NDArray[np.uint16],
) -> int:
    """Give the pixels that hold the positions their values; the number of those outside."""
    i, j = np.floor(rows), np.floor(columns)
    inside = (i >= 0) & (i < ids.shape[0]) & (j >= 0) & (j < ids.shape[1])
    ids[i[inside].astype(np.intp), j[inside].astype(np.intp)] = values[inside]
    return int(inside.size - inside.sum())
