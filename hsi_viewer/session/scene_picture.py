"""The false-colour picture of a whole scene, thinned to what a screen can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.band_selection import Triple
from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.stretch import Limits, composite, scene_limits

MAX_SIDE = 4096
CHUNK_ROWS = 512


@dataclass(frozen=True)
class ScenePicture:
    """RGBA picture (rows, columns, 4), every step-th pixel, and how it was made."""

    rgba: NDArray[np.uint8]
    bands: Triple
    limits: tuple[Limits, ...]
    percent: tuple[float, float]


def render_scene(
    cube: HyperCube,
    bands: Triple,
    percent: tuple[float, float] = (2.0, 98.0),
    token: CancelToken | None = None,
) -> ScenePicture:
    """Draw three bands with a percentile stretch over the whole scene, chunk by chunk."""
    limits = scene_limits(cube, bands, *percent)
    step = max(1, -(-max(cube.rows, cube.columns) // MAX_SIDE))
    parts = []
    for top in range(0, cube.rows, CHUNK_ROWS * step):
        if token is not None:
            token.check()
        rows = slice(top, min(top + CHUNK_ROWS * step, cube.rows), step)
        stored = cube.read(rows, slice(0, cube.columns, step), bands)
        parts.append(composite(stored, cube.is_data(stored), limits))
    return ScenePicture(np.concatenate(parts), bands, limits, percent)
