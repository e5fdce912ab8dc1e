"""Predictions, out: the class map in every format, and its confidence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from hsi_viewer.atomic import replacing, side_file, with_sides, writing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.strips import strips
from hsi_viewer.io.envi import writer as envi_writer
from hsi_viewer.io.labels import class_raster
from hsi_viewer.io.writers.own_files import check_not_scene

STEM = "class_map"
BESIDE = ("confidence", "probabilities")  # images of their own
FORMATS = ("envi", "confidence", "npy", "png", "tif", "mat")
FURTHER = ("probabilities", "confidence_tif", "cog", "zarr")  # what is written only if it is named


def export_prediction(
    prediction: Prediction,
    legend: ClassLegend,
    cube: HyperCube,
    directory: Path,
    stem: str = STEM,
    formats: Sequence[str] = FORMATS,
    token: CancelToken | None = None,
) -> dict[str, Path]:
    """Write a class map, each file whole or not at all.

    Parameters
    ----------
    prediction : what to write.
    legend : names and colours of its ids.
    cube : the scene; gives the georeference, if it has one.
    directory : made if it is not there.
    stem : of the file names. The confidence goes to confidence.hdr and .img, the probabilities
        likewise; with another stem than the default, their names begin with it.
    formats : of `FORMATS`, or "probabilities" (an ENVI image with a band for each class), or
        "confidence_tif" (a GeoTIFF), "cog" (cloud-optimised GeoTIFFs of map and confidence), or
        "zarr" (a store of both).
    token : asked before each file.

    Returns
    -------
    dict
        paths by file name, with those of what is written beside (.aux.xml, .pgw, and .qml, which
        gives QGIS names and colours).

    Raises
    ------
    ExportError
        if the folder cannot be written, or a file would replace one of the scene's; files of an
        earlier export are unchanged.
    """
    unknown = set(formats) - {*FORMATS, *FURTHER}
    if unknown:
        raise ExportError(f"Unknown formats {sorted(unknown)}; choose from {', '.join(FORMATS)}.")
    check_not_scene(planned_files(directory, stem, formats), cube.path)
    title = f"Class map of {cube.name}"
    raster = class_raster.class_raster(prediction.class_map, legend, cube.georeference, title)
    raster = replace(raster, styled=True)
    written: dict[str, Path] = {}
    for name in formats:
        if token is not None:
            token.check()
        with writing(_planned(directory, stem, name)[0]):
            if name in BESIDE:
                written |= _write_beside(name, prediction, legend, cube, directory, stem)
            elif name == "confidence_tif":
                path = directory / f"{_name(stem, 'confidence')}.tif"
                written |= _write_confidence_tif(prediction, cube, path)
            elif name in ("cog", "zarr"):
                write = _write_cogs if name == "cog" else _write_zarr
                written |= write(raster, prediction, cube, directory, stem)
            else:
                files = _write_map(raster, directory, stem, name)
                written |= {file.name: file for file in files}
    return written


def _write_map(
    raster: class_raster.ClassRaster, directory: Path, stem: str, name: str
) -> list[Path]:
    """Write the map itself in one of the formats; the files."""
    if name == "envi":
        header, data = _pair(directory, stem)
        class_raster.write_envi(raster, header, data)
        return [header, data, class_raster.style_file(data)]
    path = directory / f"{stem}.{name}"
    WRITERS[name](raster, path)
    return _files_of(path, raster)


def planned_files(directory: Path, stem: str, formats: Sequence[str]) -> list[Path]:
    """The files that `export_prediction` may write or replace, with those that lie beside them."""
    return list(dict.fromkeys(path for name in formats for path in _planned(directory, stem, name)))


def _planned(directory: Path, stem: str, name: str) -> list[Path]:
    """The files of one format, the one that is opened first."""
    sure = _name(stem, "confidence")
    if name in ("envi", *BESIDE):
        own = stem if name == "envi" else _name(stem, name)
        try:
            pair = _pair(directory, own)
        except OSError:  # the name is too long, or nobody may look there
            pair = directory / f"{own}.hdr", directory / f"{own}.img"
        return [*pair, class_raster.style_file(pair[1])] if name == "envi" else [*pair]
    images = {
        "confidence_tif": (f"{sure}.tif",),
        "cog": (f"{stem}.cog.tif", f"{sure}.cog.tif"),
    }
    files = [directory / file for file in images.get(name, (f"{stem}.{name}",))]
    styled = [class_raster.style_file(file) for file in files if name in ("tif", "cog")][:1]
    sides = [side_file(file) for file in files if file.suffix == ".tif"]
    worlds = [class_raster.world_file(file) for file in files if file.suffix == ".png"]
    return [*files, *styled, *sides, *worlds]


def _name(stem: str, kind: str) -> str:
    return kind if stem == STEM else f"{stem}_{kind}"


def _files_of(path: Path, raster: class_raster.ClassRaster) -> list[Path]:
    georeference = raster.georeference
    if path.suffix == ".png" and georeference is not None and georeference.transform is not None:
        return [path, class_raster.world_file(path)]
    if path.suffix == ".tif":
        return [*with_sides(path), class_raster.style_file(path)]
    return [path]


def _pair(directory: Path, stem: str) -> tuple[Path, Path]:
    """Header and data of an image; of another name where other data would lose their header."""
    try:
        return envi_writer.pair_of(directory / f"{stem}.img")
    except ExportError:
        return _pair(directory, f"{stem}_2")


WRITERS = {
    "npy": class_raster.write_npy,
    "png": class_raster.write_png,
    "tif": class_raster.write_tif,
    "mat": class_raster.write_mat,
}


def write_confidence(
    prediction: Prediction, cube: HyperCube, directory: Path, stem: str = "confidence"
) -> dict[str, Path]:
    """Write the confidence (0..1, float32) as an ENVI image; see `export_prediction`."""
    header, data = _pair(directory, stem)
    fields = {
        "file type": "ENVI Standard",
        "band names": "{confidence}",
        "data ignore value": "0",
        **envi_writer.georeference_fields(cube.georeference),
    }
    values = prediction.confidence.astype(np.float32)
    title = f"Probability of the mapped class; {cube.name}"
    envi_writer.write_image(header, data, values, fields, title)
    return {header.name: header, data.name: data}


def _write_beside(
    name: str,
    prediction: Prediction,
    legend: ClassLegend,
    cube: HyperCube,
    directory: Path,
    stem: str,
) -> dict[str, Path]:
    """Write the confidence or the probabilities as an ENVI image of its own."""
    own = _name(stem, name)
    if name == "confidence":
        return write_confidence(prediction, cube, directory, own)
    return write_probabilities(prediction, legend, cube, directory, own)


def _write_zarr(
    raster: class_raster.ClassRaster,
    prediction: Prediction,
    _cube: HyperCube,
    directory: Path,
    stem: str,
) -> dict[str, Path]:
    """Write map and confidence as one Zarr store."""
    from hsi_viewer.io.labels.zarr_map import write_zarr_map

    path = directory / f"{stem}.zarr"
    write_zarr_map(raster, prediction.confidence, path)
    return {path.name: path}


def _write_cogs(
    raster: class_raster.ClassRaster,
    prediction: Prediction,
    cube: HyperCube,
    directory: Path,
    stem: str,
) -> dict[str, Path]:
    """Write map and confidence as cloud-optimised GeoTIFFs."""
    path = directory / f"{stem}.cog.tif"
    class_raster.write_tif(raster, path, cog=True)
    sure = directory / f"{_name(stem, 'confidence')}.cog.tif"
    written = {file.name: file for file in _files_of(path, raster)}
    return written | _write_confidence_tif(prediction, cube, sure, cog=True)


def _write_confidence_tif(
    prediction: Prediction, cube: HyperCube, path: Path, *, cog: bool = False
) -> dict[str, Path]:
    """Write the confidence as a tiled, compressed GeoTIFF."""
    from rasterio.windows import Window

    from hsi_viewer.io.files.gdal import georeference_profile, new_cog, new_tif

    values = prediction.confidence.astype(np.float32)
    rows, columns = values.shape
    profile: dict[str, Any] = {
        "height": rows,
        "width": columns,
        "count": 1,
        "dtype": "float32",
        "compress": "deflate",
        "predictor": 3,
        "nodata": 0,
        **georeference_profile(cube.georeference),
    }
    if min(rows, columns) >= 256:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    opened = partial(new_cog, overviews="average") if cog else new_tif
    with replacing(path) as (new,), opened(new, path, **profile) as file:
        for part, some in strips(values):
            file.write(some, 1, window=Window(0, part.start, columns, len(some)))
        file.set_band_description(1, "confidence")
    return {file.name: file for file in with_sides(path)}


def write_probabilities(
    prediction: Prediction,
    legend: ClassLegend,
    cube: HyperCube,
    directory: Path,
    stem: str = "probabilities",
) -> dict[str, Path]:
    """Write the probability of every class as bands of an ENVI image; nothing if not kept."""
    from hsi_viewer.io.writers.cube_writer import probabilities_cube, write_cube

    if prediction.probabilities is None:
        return {}
    names = [legend.name_of(i) for i in prediction.class_ids]
    bands = probabilities_cube(prediction.probabilities, names, cube)
    _, data = _pair(directory, stem)
    written = write_cube(bands, data, interleave="bsq")
    return {path.name: path for path in written}
