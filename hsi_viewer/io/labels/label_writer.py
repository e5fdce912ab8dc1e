"""Labels to files: one class id a pixel, 0 unlabelled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.atomic import side_file, writing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, ClassLegend
from hsi_viewer.core.text import one_line
from hsi_viewer.io.envi import writer as envi_writer
from hsi_viewer.io.labels import class_raster
from hsi_viewer.io.sidecars import location as sidecar_location

WRITTEN = (".npy", ".mat", ".hdr", ".img", ".tif", ".tiff")


def write_labels(
    path: Path,
    ids: NDArray[np.uint16],
    legend: ClassLegend,
    cube: HyperCube,
    zero: str = UNCLASSIFIED_NAME,
) -> list[Path]:
    """Write labels by the suffix of the path, which is one of `WRITTEN`.

    Parameters
    ----------
    path : target; an ENVI classification is two files, .hdr and .img. A Zarr store (.zarr) is
        written, too.
    ids : (rows, columns) class ids.
    legend : names and colours.
    cube : gives the georeference.
    zero : name of 0.

    Returns
    -------
    list of Path
        the files written.

    Raises
    ------
    ExportError
        if the suffix is another or the file cannot be written; an old file stays as it was.
    """
    raster = class_raster.class_raster(
        ids, legend, cube.georeference, f"Labels of {cube.name}", variable="labels"
    )
    raster = replace(raster, zero=one_line(zero))
    if path.suffix.lower() == ".zarr":
        from hsi_viewer.io.labels.zarr_map import write_zarr_map

        write_zarr_map(raster, None, path)
        return [path]
    files = write_raster(raster, path)
    if not files:
        raise ExportError(
            f'{path}: labels cannot be written as "{path.suffix.lower()}"; choose .npy, .mat, .hdr '
            "or .tif."
        )
    return files


def write_raster(raster: class_raster.ClassRaster, path: Path) -> list[Path]:
    """Write class ids by the suffix of the path; nothing if it is not one of `WRITTEN`.

    Raises
    ------
    ExportError
        if the file cannot be written; an old file stays as it was.
    """
    with writing(path):
        files = _write_raster(raster, path)
        for file in files:
            sidecar_location.forget(file)  # what a user had set for the image that was replaced
    return files


def _write_raster(raster: class_raster.ClassRaster, path: Path) -> list[Path]:
    files = [path]
    match path.suffix.lower():
        case ".npy":
            class_raster.write_npy(raster, path)
        case ".mat":
            class_raster.write_mat(raster, path)
        case ".hdr" | ".img":
            files = list(envi_writer.pair_of(path))
            class_raster.write_envi(raster, files[0], files[1])
        case ".tif" | ".tiff":
            class_raster.write_tif(raster, path)
            files.append(side_file(path))
        case _:
            return []
    return files
