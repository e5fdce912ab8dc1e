"""The picture of a scene: drawn whole where it is small, else as it is looked at."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.band_selection import Triple
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.contrast import BandSample, sample_bands
from hsi_viewer.core.display.rasters import Raster, RgbaRaster, whole
from hsi_viewer.core.display.stretch import Transfer
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.rendering.band_samples import Samples
from hsi_viewer.rendering.cube_raster import CubeRaster

CHUNK_ROWS = 512
WHOLE_PIXELS = 1 << 22  # a picture of this many pixels takes 16 MiB
WHOLE_BYTES = 1 << 30  # of a file, when all of it has to be read for three bands
COARSE_PIXELS = 1 << 13  # of a first picture: so few that a disk finds them in a moment


class ScenePicture(Struct, frozen=True, eq=False):
    """A picture and how it was made.

    Attributes
    ----------
    raster : gives the pixels.
    composite : what was requested.
    cube : the cube that the bands are of: the scene, or an image derived from it.
    transfers : how stored values become brightness, one per band.
    samples : values of each band over the whole scene, which the transfers were taken from.
    coarse : whether it is a first sight of a large scene, which a sharp picture follows.
    """

    raster: Raster
    composite: Composite
    cube: HyperCube
    transfers: tuple[Transfer, ...]
    samples: tuple[BandSample, ...]
    coarse: bool = False

    @property
    def bands(self) -> Triple:
        """Bands shown as red, green and blue."""
        return self.composite.triple

    @property
    def rgba(self) -> NDArray[np.uint8]:
        """RGBA (rows, columns, 4) of the whole scene."""
        return whole(self.raster)


def is_large(cube: HyperCube) -> bool:
    """Whether a scene is drawn as it is looked at, rather than whole."""
    size = cube.rows * cube.columns * cube.bands * cube.dtype.itemsize
    return cube.rows * cube.columns > WHOLE_PIXELS or size > WHOLE_BYTES


def first_picture(
    scene: HyperCube, composite: Composite, token: CancelToken | None = None
) -> ScenePicture:
    """The first picture of a scene: all of a small one, a coarse one of a large one."""
    if not is_large(scene):
        return render_scene(scene, composite, token)
    step = coarse_step(scene)
    every = slice(None, None, step)
    stored = scene.read(every, every, composite.bands)
    valid = scene.is_data(stored)
    samples = tuple(
        BandSample(stored[:, :, k][valid[:, :, k]]) for k in range(len(composite.bands))
    )
    transfers = composite.contrast.transfers(samples)
    rgba = composite.paint(stored, valid, transfers)
    raster = RgbaRaster(rgba, (scene.rows, scene.columns), step)
    return ScenePicture(raster, composite, scene, transfers, samples, coarse=True)


def coarse_step(cube: HyperCube) -> int:
    """Every how many-th pixel a coarse picture holds."""
    step = math.isqrt(cube.rows * cube.columns // COARSE_PIXELS) + 1
    while -(-cube.rows // step) * -(-cube.columns // step) > COARSE_PIXELS:
        step += 1  # a long strip
    return step


def sharpened(picture: ScenePicture) -> ScenePicture:
    """A coarse picture drawn as it is looked at, with the contrast that it has."""
    composite = picture.composite
    raster = draw_raster(picture.cube, composite, picture.transfers)
    return replace(picture, raster=raster, coarse=False)


def render_scene(
    scene: HyperCube,
    composite: Composite,
    token: CancelToken | None = None,
    samples: Samples | None = None,
) -> ScenePicture:
    """Draw a composite with the contrast of the whole scene.

    Parameters
    ----------
    samples : where samples of bands are kept, so that a change of contrast reads nothing.
    """
    cube = composite.of(scene)
    taken = samples.of(cube, composite.bands) if samples else sample_bands(cube, composite.bands)
    transfers = composite.contrast.transfers(taken)
    for sample in taken:
        _ = sample.histogram  # here rather than where it is shown: it takes its time
    raster = draw_raster(cube, composite, transfers, token)
    return ScenePicture(raster, composite, cube, transfers, taken)


def draw_raster(
    cube: HyperCube,
    composite: Composite,
    transfers: tuple[Transfer, ...],
    token: CancelToken | None = None,
) -> Raster:
    """The pixels of a picture: all of them now, chunk by chunk, or of a large scene later."""
    if is_large(cube):
        table = composite.colours.table if composite.colours is not None else None
        return CubeRaster(cube, composite.bands, transfers, table)
    parts = []
    for top in range(0, cube.rows, CHUNK_ROWS):
        if token is not None:
            token.check()
        stored = cube.read(slice(top, min(top + CHUNK_ROWS, cube.rows)), bands=composite.bands)
        parts.append(composite.paint(stored, cube.is_data(stored), transfers))
    return RgbaRaster(np.concatenate(parts))
