"""Position of a raster on the Earth."""

from __future__ import annotations

from msgspec import Struct


class Georeference(Struct, frozen=True):
    """Affine transform and coordinate reference system of a raster.

    Attributes
    ----------
    transform : (a, b, c, d, e, f) with x = a*column + b*row + c, y = d*column + e*row + f, for
        pixel corners (rasterio's Affine); None where the file gives none.
    crs_wkt : coordinate reference system as well-known text, or None.
    map_info : ENVI's "map info" as it is in the header, or None; kept so that what only ENVI
        can express survives a round trip.
    coordinate_system : ENVI's "coordinate system string", or None.
    projection_info : ENVI's "projection info", or None.
    """

    transform: tuple[float, float, float, float, float, float] | None = None
    crs_wkt: str | None = None
    map_info: str | None = None
    coordinate_system: str | None = None
    projection_info: str | None = None

    def map_xy(self, row: float, column: float) -> tuple[float, float] | None:
        """Map coordinates of a position in pixels (0, 0 is the upper left corner)."""
        if self.transform is None:
            return None
        a, b, c, d, e, f = self.transform
        return a * column + b * row + c, d * column + e * row + f
