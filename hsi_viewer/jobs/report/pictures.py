"""Pictures of a report: the scene with its labels, the map, and the layers of uncertainty."""

from __future__ import annotations

from functools import cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.band_selection import band_name, initial_bands
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.rasters import IdRaster, Raster, ValueRaster
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.jobs.doubt_layers import DoubtLayer
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.rendering.scene_picture import render_scene

SIDE = 1200  # pixels of a picture; of a larger scene, every n-th pixel is drawn


class Picture(Struct, frozen=True, eq=False):
    """A picture of the scene.

    Attributes
    ----------
    name, about : for people.
    rgba : (rows, columns, 4), thinned where the scene is large.
    bar : what its colours mean, or None where they are those of the classes.
    """

    name: str
    about: str
    rgba: NDArray[np.uint8]
    bar: ColourBar | None = None


def doubt_picture(layer: DoubtLayer) -> Picture:
    """A layer of uncertainty in colours, transparent where the map has no class."""
    table, name = colour_table(), layer.kind.title
    shown = layer.prediction.class_map
    raster = ValueRaster(layer.values, table, layer.sure, layer.doubtful, shown=shown)
    bar = ColourBar(name, table, layer.sure, layer.doubtful)
    return Picture(name, layer.about, thinned(raster), bar)


@cache
def colour_table() -> NDArray[np.uint8]:
    """RGBA (256, 4) from dark to bright, as layers of doubt are drawn in the window."""
    from matplotlib import colormaps

    table: NDArray[np.uint8] = colormaps["inferno"](np.arange(256), bytes=True)
    return table


def thinned(raster: Raster) -> NDArray[np.uint8]:
    """RGBA of a raster, at most `SIDE` pixels a side."""
    rows, columns = raster.shape
    step = -(-max(rows, columns) // SIDE)
    picture: NDArray[np.uint8] = raster.rgba(slice(0, rows, step), slice(0, columns, step))
    return picture


def map_picture(run: MappedRun) -> Picture:
    """The class map in the colours of its classes."""
    raster = IdRaster(run.prediction.class_map, run.legend.colour_table())
    return Picture("Class map", run.prediction.source, thinned(raster))


def label_picture(run: MappedRun, token: CancelToken | None = None) -> Picture:
    """The scene in grey, with the training pixels in the colours of their classes over it."""
    bands = initial_bands(run.cube)
    scene = thinned(render_scene(run.cube, Composite(bands), token).raster)
    grey = scene.copy()
    grey[..., :3] = np.rint(scene[..., :3] @ np.array([0.299, 0.587, 0.114]))[..., None]
    labels = thinned(IdRaster(run.labels, run.legend.colour_table(), sparse=True))
    over = labels[..., 3:] > 0
    names = ", ".join(band_name(run.cube, band) for band in bands)
    if run.trained_elsewhere:
        return Picture("Scene", f"The scene ({names}) in grey.", grey)
    about = f"Training pixels in the colours of their classes, over the scene ({names}) in grey."
    return Picture("Labels", about, np.where(over, labels, grey))
