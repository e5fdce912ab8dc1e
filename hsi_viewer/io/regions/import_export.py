"""Import and export of regions of interest and ground truth, on any grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.class_names import plainly_named, with_one_id_a_name
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.labels.unlabelled import without_no_class, without_unlabelled
from hsi_viewer.io.files.identify import magic_of, split_source, system_errors
from hsi_viewer.io.files.text_file import is_utf_16
from hsi_viewer.io.labels import label_file
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.registry import label_patterns

VECTOR = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".kml")

EXPORT_FILTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("GeoPackage", ("*.gpkg",)),
    ("Shapefile", ("*.shp",)),
    ("GeoJSON", ("*.geojson",)),
    ("ENVI regions", ("*.xml", "*.txt")),
    ("Table of pixels", ("*.csv",)),
    ("Label rasters", ("*.npy", "*.mat", "*.hdr", "*.tif", "*.h5")),
)


def import_filters() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Titles and patterns for a dialog that imports labels."""
    return (
        ("Label rasters", (*label_patterns(), "*.ilp")),
        ("Polygons and points", tuple(f"*{suffix}" for suffix in VECTOR)),
        ("ENVI regions", ("*.txt", "*.xml")),
        ("Tables of pixels", ("*.csv",)),
        ("All files", ("*",)),
    )


def import_regions(
    source: str | Path,
    cube: HyperCube,
    placement: Placement | None = None,
    class_field: str | None = None,
) -> ImportedLabels:
    """Read labels or regions and lay them on the grid of a cube.

    Parameters
    ----------
    source : label raster of any readable format, shapefile, GeoPackage, GeoJSON, ENVI regions
        (.txt, .xml), a table of pixels (.csv) or an ilastik project (.ilp); "file.gpkg:layer",
        "file.h5:data set" and the like name a part.
    cube : the scene; its size and georeference are the grid.
    placement : how to lay a raster or pixels of another size or place; None finds out.
    class_field : attribute that holds the class of a polygon, point or row; None finds out.

    Raises
    ------
    FileError, FormatError
        if the file is missing, damaged or of no kind that is read.
    PlacementNeededError
        if size or place differ and the user has to choose what to do.
    LabelError
        if nothing of it lies on the cube, or its values are not classes.
    """
    with system_errors(source):
        labels = _laid_on(Grid.of_cube(cube), source, placement, class_field)
    return plainly_named(without_no_class(labels))


def _laid_on(
    grid: Grid, source: str | Path, placement: Placement | None, class_field: str | None
) -> ImportedLabels:
    path, part = split_source(source)
    match path.suffix.lower():
        case suffix if suffix in VECTOR:
            from hsi_viewer.io.regions.shapes import burn
            from hsi_viewer.io.regions.vector import read_shapes

            return with_one_id_a_name(burn(read_shapes(path, part, class_field), grid))
        case ".csv" | ".tsv" | ".txt" | ".roi":
            return with_one_id_a_name(_text(path, grid, placement, class_field))
        case ".xml":
            from hsi_viewer.io.regions.envi_xml import read_xml

            return read_xml(path, grid)
        case ".ilp":
            from hsi_viewer.io.regions.ilastik import read_project

            return read_project(path, grid)
    from hsi_viewer.io.regions.raster import place_raster

    return place_raster(
        without_unlabelled(label_file.read_labels(source, grid.shape)), grid, placement
    )


def _text(
    path: Path, grid: Grid, placement: Placement | None, class_field: str | None
) -> ImportedLabels:
    from hsi_viewer.io.regions.envi_text import is_envi_text, read_text
    from hsi_viewer.io.regions.table import read_table

    head = magic_of(path)
    if is_utf_16(head):
        head = head[: len(head) // 2 * 2].decode("utf-16", errors="replace").encode()
    if is_envi_text(head):
        return read_text(path, grid, placement)
    if b"\0" in head:
        raise FormatError(f"{path} is binary; export ENVI Classic regions (.roi) as ASCII.")
    return read_table(path, grid, placement, class_field)


def export_regions(
    path: Path, ids: NDArray[np.uint16], legend: ClassLegend, cube: HyperCube
) -> tuple[str, ...]:
    """Write labels by the suffix of the path.

    Parameters
    ----------
    path : target: .shp, .gpkg, .geojson (polygons), .csv (one row per pixel), .txt, .xml (ENVI
        regions), .h5 (as ilastik's), or a label raster (.npy, .mat, .hdr, .img, .tif).
    ids : (rows, columns) class ids, 0 unlabelled.
    legend : names and colours.
    cube : gives the georeference.

    Returns
    -------
    tuple of str
        sentences for the user.

    Raises
    ------
    ExportError
        if the suffix is another or the file cannot be written; an old file stays as it was.
    LabelError
        if the labels have another size than the cube.
    """
    grid = Grid.of_cube(cube)
    if ids.shape != grid.shape:
        raise LabelError(f"The labels are {ids.shape}, the cube is {grid.rows} x {grid.columns}.")
    match path.suffix.lower():
        case ".shp" | ".gpkg" | ".geojson" | ".json":
            from hsi_viewer.io.regions.vector import write_shapes

            return write_shapes(path, ids, legend, grid)
        case ".csv":
            from hsi_viewer.io.regions.table import write_table

            write_table(path, ids, legend, grid)
        case ".txt":
            from hsi_viewer.io.regions.envi_text import write_text

            write_text(path, ids, legend, grid)
        case ".xml":
            from hsi_viewer.io.regions.envi_xml import write_xml

            write_xml(path, ids, legend, grid)
        case ".h5":
            from hsi_viewer.io.regions.ilastik import write_array

            write_array(path, ids)
        case ".npy" | ".mat" | ".hdr" | ".img" | ".tif" | ".tiff":
            write_labels(path, ids, legend, cube)
        case other:
            raise ExportError(
                f'{path}: labels cannot be written as "{other}"; choose .gpkg, .shp, .geojson, '
                ".xml, .txt, .csv, .tif, .hdr, .npy, .mat or .h5."
            )
    return ()
