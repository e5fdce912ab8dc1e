"""The regions of a class map as polygons in a vector file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.postprocess.map_regions import MapRegions
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.vector import SHAPEFILE, class_fields, write_features

WRITTEN = (".gpkg", ".geojson", ".shp")
AT_ONCE = 4096  # polygons placed on the map together


def write_polygons(
    path: Path,
    regions: MapRegions,
    legend: ClassLegend,
    grid: Grid,
    fields: Mapping[str, NDArray[Any]],
    smooth: float = 0.0,
) -> tuple[str, ...]:
    """Write a polygon for each region, with class_id, class_name, colour and other attributes.

    Parameters
    ----------
    path : .gpkg, .geojson or .shp.
    regions : of a class map, connected by sides.
    legend : names and colours.
    grid : of the map.
    fields : (regions,) further attributes by name, in the order of the regions.
    smooth : size in pixels of the corners that borders lose; neighbours keep a common border, and
        the outline of the data stays. 0 leaves the polygons along the pixels.

    Returns
    -------
    tuple of str
        sentences for the user.

    Raises
    ------
    ExportError
        if the suffix is another, there is no region, or the file cannot be written.
    """
    check_suffix(path)
    if not len(regions):
        raise ExportError(f"{path}: the map has no classified pixel, so there is nothing to write.")
    polygons = _on_map(_smoothed(_of_pixels(regions), smooth), grid)
    own = class_fields(regions.classes[1:].tolist(), legend)
    return write_features(path, list(polygons), {**own, **fields}, grid)


def _of_pixels(regions: MapRegions) -> NDArray[Any]:
    """A polygon (regions,) for each region, in columns and rows."""
    import shapely
    from rasterio.features import shapes

    polygons = np.empty(len(regions), object)
    for geometry, number in shapes(regions.numbers, mask=regions.numbers > 0):
        polygons[int(number) - 1] = shapely.geometry.shape(geometry)
    return polygons


def _smoothed(polygons: NDArray[Any], smooth: float) -> NDArray[Any]:
    """Polygons without small corners; neighbours keep a common border."""
    import shapely

    if not smooth:
        return polygons
    # a common border is found only if both have a vertex at each pixel along it
    matched = shapely.transform(shapely.segmentize(polygons, 1.0), np.rint)
    simple: NDArray[Any] = shapely.coverage_simplify(matched, smooth, simplify_boundary=False)
    return simple


def _on_map(polygons: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """The polygons in coordinates of the map, changed in place: two of each would take memory."""
    import shapely

    if grid.transform is None:
        return polygons
    a, b, c, d, e, f = grid.transform
    turn = np.array([[a, d], [b, e]])
    for start in range(0, polygons.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        polygons[part] = shapely.transform(polygons[part], lambda xy: xy @ turn + (c, f))
    return polygons


def check_suffix(path: Path) -> None:
    """Refuse a path whose suffix names no format of polygons.

    Raises
    ------
    ExportError
        if it is not one of `WRITTEN`.
    """
    if path.suffix.lower() not in WRITTEN:
        raise ExportError(
            f'{path}: polygons cannot be written as "{path.suffix}"; choose {", ".join(WRITTEN)}.'
        )


def planned_files(path: Path) -> list[Path]:
    """The files that `write_polygons` may write."""
    endings = SHAPEFILE if path.suffix.lower() == ".shp" else (path.suffix,)
    return [path.with_suffix(ending) for ending in endings]
