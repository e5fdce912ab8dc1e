"""One class map to one file, with the style that QGIS loads with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.atomic import side_file
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, ClassLegend
from hsi_viewer.core.text import one_line
from hsi_viewer.io.envi.writer import pair_of
from hsi_viewer.io.labels.class_raster import class_raster, style_file
from hsi_viewer.io.labels.label_writer import WRITTEN, write_raster

STYLED = (".img", ".tif", ".tiff")  # images that QGIS opens


def write_map(
    path: Path,
    ids: NDArray[np.uint16],
    legend: ClassLegend,
    georeference: Georeference | None,
    title: str,
    zero: str = UNCLASSIFIED_NAME,
) -> list[Path]:
    """Write a class map by the suffix of the path, which is one of `WRITTEN`.

    Parameters
    ----------
    path : target; an ENVI classification is two files, .hdr and .img.
    ids : (rows, columns) class ids.
    legend : names and colours.
    georeference : place of the map, or None.
    title : one line.
    zero : name of 0.

    Returns
    -------
    list of Path
        the files written, that of the style last.

    Raises
    ------
    ExportError
        if the suffix is another or a file cannot be written; an old file stays as it was.
    """
    check_suffix(path)
    raster = class_raster(ids, legend, georeference, title)
    files = write_raster(replace(raster, zero=one_line(zero), styled=True), path)
    return [*files, *_styles(files)]


def check_suffix(path: Path) -> None:
    """Refuse a path whose suffix names no format of class maps.

    Raises
    ------
    ExportError
        if it is not one of `WRITTEN`.
    """
    if path.suffix.lower() not in WRITTEN:
        raise ExportError(
            f'{path}: a class map cannot be written as "{path.suffix}"; choose .tif, .hdr, .npy or '
            ".mat."
        )


def planned_files(path: Path) -> list[Path]:
    """The files that `write_map` is about to write."""
    match path.suffix.lower():
        case ".hdr" | ".img":
            files = [*pair_of(path)]
        case ".tif" | ".tiff":
            files = [path, side_file(path)]
        case _:
            files = [path]
    return [*files, *_styles(files)]


def _styles(files: list[Path]) -> list[Path]:
    """The style beside the image that QGIS opens, if it is one of the files."""
    return [style_file(path) for path in files if path.suffix.lower() in STYLED]
