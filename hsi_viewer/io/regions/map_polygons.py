"""The regions of a class map as polygons in a vector file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.postprocess.map_regions import MapRegions
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.vector import SHAPEFILE, class_fields, write_features

WRITTEN = (".gpkg", ".geojson", ".shp")


def write_polygons(
    path: Path,
    regions: MapRegions,
    legend: ClassLegend,
    grid: Grid,
    fields: Mapping[str, NDArray[Any]],
) -> tuple[str, ...]:
    """Write a polygon for each region, with class_id, class_name, colour and other attributes.

    Parameters
    ----------
    path : .gpkg, .geojson or .shp.
    regions : of a class map, connected by sides.
    legend : names and colours.
    grid : of the map.
    fields : (regions,) further attributes by name, in the order of the regions.

    Returns
    -------
    tuple of str
        sentences for the user.

    Raises
    ------
    ExportError
        if the suffix is another, there is no region, or the file cannot be written.
    """
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    check_suffix(path)
    if not len(regions):
        raise ExportError(f"{path}: the map has no classified pixel, so there is nothing to write.")
    numbers, transform = regions.numbers, Affine(*(grid.transform or PIXELS))
    geometries: list[Any] = [None] * len(regions)
    for geometry, number in shapes(numbers, mask=numbers > 0, transform=transform):
        geometries[int(number) - 1] = shapely.geometry.shape(geometry)
    own = class_fields(regions.classes[1:].tolist(), legend)
    return write_features(path, geometries, {**own, **fields}, grid)


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
