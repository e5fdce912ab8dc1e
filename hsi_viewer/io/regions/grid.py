"""The grid of a cube, onto which regions are laid, and coordinates on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import LabelError
from hsi_viewer.io.metadata.crs import Affine6

PIXELS: Affine6 = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


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
    def of(cls, rows: int, columns: int, georeference: Georeference | None) -> Grid:
        """The grid of a raster with a georeference."""
        if georeference is None:
            return cls(rows, columns)
        return cls(rows, columns, georeference.transform, georeference.crs_wkt)

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
            raise LabelError("The georeference of the cube gives pixels of size 0.")
        dx, dy = x - c, y - f
        with np.errstate(invalid="ignore", over="ignore"):  # of places that are impossible
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
