"""The georeference of a raster, out of itself and of the files beside it.

Import this module lazily: it needs rasterio.
"""

from __future__ import annotations

from typing import Any

from rasterio.transform import Affine

from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.io.files.gdal import WITH_HEADER, path_of
from hsi_viewer.io.rasters.side_files import Side, read_side


def georeference_of(dataset: Any, warnings: list[str] | None = None) -> Georeference | None:
    """Georeference of an open raster; None if it has neither transform nor CRS.

    Parameters
    ----------
    dataset : of rasterio.
    warnings : where a georeference that no transform can express is added.
    """
    side = Side() if dataset.driver in WITH_HEADER else read_side(path_of(dataset))
    transform: Any = dataset.transform
    plain = transform is None or transform == Affine.identity()
    if side.transform is not None and (plain or dataset.driver == "GTiff"):
        transform, plain = side.transform, False
    elif side.world is not None and plain:
        transform, plain = side.world, False
    by = "ground control points" if dataset.gcps[0] else ""
    by = by or ("rational polynomials (RPC)" if dataset.rpcs else side.by)
    if plain and warnings is not None and by:
        warnings.append(
            f"The file is georeferenced by {by}, which are not used; convert it to a "
            "georeferenced file with gdalwarp."
        )
    own = dataset.crs.to_wkt() if dataset.crs else None
    crs_wkt = side.crs_wkt or own if dataset.driver == "GTiff" else own or side.crs_wkt
    if plain and not crs_wkt:
        return None
    a, b, c, d, e, f = tuple(transform)[:6]
    return Georeference(transform=None if plain else (a, b, c, d, e, f), crs_wkt=crs_wkt)
