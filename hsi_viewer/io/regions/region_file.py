"""A region of interest from a file: polygons by place, or the nonzero pixels of a raster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.labels.placement import PlacementNeededError
from hsi_viewer.io.files.identify import split_source, system_errors
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.import_export import VECTOR, import_regions
from hsi_viewer.io.regions.raster import place_raster
from hsi_viewer.io.regions.shapes import Shapes, burn
from hsi_viewer.io.regions.vector import read_features

TEXTS = (".csv", ".tsv", ".txt", ".roi", ".xml", ".ilp")
AREAS = ("Polygon", "MultiPolygon", "GeometryCollection")


def read_mask(source: str | Path, cube: HyperCube) -> NDArray[np.bool_]:
    """Which pixels (rows, columns) of a cube a file marks.

    Parameters
    ----------
    source : polygons (.geojson, .gpkg, .shp, .kml, .fgb), whose attributes don't matter; a raster
        of whole numbers of any readable format, of which nonzero is marked, and negative and no
        data are not; or regions of ENVI, a table of pixels, an ilastik project.
    cube : the scene. Polygons and rasters are laid on it by place where both have one.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read, or contains no area.
    LabelError
        if it doesn't fit the scene, or marks no pixel of it.
    """
    path, part = split_source(source)
    grid = Grid.of_cube(cube)
    suffix = path.suffix.lower()
    with system_errors(source):
        if suffix in VECTOR:
            marked = _of_polygons(path, part, grid)
        elif suffix in TEXTS:
            marked = import_regions(source, cube).ids > 0
        else:
            marked = _of_raster(source, grid)
    if not marked.any():
        raise LabelError(
            f"{path.name} marks no pixel of {cube.name}. Check that it belongs to this scene; in a "
            "raster, nonzero marks a pixel."
        )
    return marked


def _of_polygons(path: Path, layer: str | None, grid: Grid) -> NDArray[np.bool_]:
    found = read_features(path, layer)
    areas = [g for g in found.geometries if g.geom_type in AREAS]
    if not areas:
        raise FormatError(f"{path} contains no polygon; a region of interest is made of polygons.")
    return burn(Shapes(path.name, areas, [1] * len(areas), found.crs_wkt), grid).ids > 0


def _of_raster(source: str | Path, grid: Grid) -> NDArray[np.bool_]:
    name = split_source(source)[0].name
    try:
        labels = read_labels(source, grid.shape)
    except LabelError as error:
        raise LabelError(
            f"{name} isn't a mask of whole numbers from 0 to 65535. Nonzero marks a pixel; "
            "convert other values to 0 and 1."
        ) from error
    try:
        return place_raster(labels, grid).ids > 0
    except PlacementNeededError as error:
        rows, columns = labels.ids.shape
        raise LabelError(
            f"{name} is {rows} x {columns} pixels, the scene is {grid.rows} x {grid.columns}, and "
            "they cannot be matched by place. Use a mask of the scene's size, or a georeferenced "
            "one of the same place."
        ) from error
