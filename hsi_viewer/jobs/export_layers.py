"""Layers of the window as images that other programs read: one file for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.atomic import side_file
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.rasters import Raster
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io.labels.class_raster import style_file
from hsi_viewer.io.writers.own_files import check_not_scene

SUFFIXES = (".tif", ".hdr")
CHANNELS = ("red", "green", "blue", "alpha")


class LayerImage(Struct, frozen=True, eq=False):
    """A layer as it is written.

    Attributes
    ----------
    title : of the image.
    image : class ids (rows, columns), or a cube with a band for each quantity.
    legend : names and colours of the class ids; None for a cube.
    """

    title: str
    image: NDArray[np.uint16] | HyperCube
    legend: ClassLegend | None = None


def value_cube(
    values: NDArray[Any], names: Sequence[str], like: HyperCube, title: str
) -> HyperCube:
    """Numbers over a scene as a cube to write, with the scene's place.

    Parameters
    ----------
    values : (rows, columns) or (rows, columns, bands); NaN is no data.
    names : of the bands.
    like : the scene.
    """
    stacked = values if values.ndim == 3 else values[:, :, None]
    return HyperCube.from_array(
        stacked,
        name=title,
        band_names=tuple(names),
        nodata=float("nan") if stacked.dtype.kind == "f" else None,
        georeference=like.georeference,
    )


class _ColourSource:
    """The colours of a raster as a cube of four bands, drawn as they are asked for."""

    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self.shape = (*raster.shape, len(CHANNELS))
        self.dtype: np.dtype[Any] = np.dtype(np.uint8)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """RGBA of a window."""
        r, c = (slice(s.start, s.stop, s.step or 1) for s in (rows, columns))
        picture = self._raster.rgba(r, c)
        return picture if bands is None else picture[:, :, bands]


def colour_cube(raster: Raster, like: HyperCube, title: str) -> HyperCube:
    """What a raster looks like as a cube of red, green, blue and alpha."""
    return HyperCube(
        _ColourSource(raster),
        name=title,
        band_names=CHANNELS,
        default_bands=(0, 1, 2),
        georeference=like.georeference,
    )


def planned_files(path: Path) -> list[Path]:
    """The files that `write_layer` may write or replace, with those that lie beside them."""
    if path.suffix.lower() == ".hdr":
        return [path, path.with_suffix(".img"), style_file(path)]
    return [path, style_file(path), side_file(path)]


def write_layer(
    layer: LayerImage,
    path: Path,
    scene: HyperCube,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> list[Path]:
    """Write a layer as GeoTIFF (.tif) or ENVI image (.hdr), whole or not at all.

    Parameters
    ----------
    layer : what to write.
    path : target.
    scene : which the layer lies over; its own files are never replaced.

    Returns
    -------
    list of Path
        the files written.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    from hsi_viewer.io.labels.map_file import write_map
    from hsi_viewer.io.writers.cube_writer import write_cube

    check_not_scene(planned_files(path), scene.path)
    if isinstance(layer.image, HyperCube):
        return write_cube(layer.image, path, interleave="bsq", token=token, port=port)
    if layer.legend is None:
        raise ValueError("Class ids need a legend")
    return write_map(path, layer.image, layer.legend, scene.georeference, layer.title)
