"""The ground that proposals are made on: leading components of a scene, cut into segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.features import Features, FloatArray, fit_features
from hsi_viewer.learning.model import real_in
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window, tiles, tiles_inside

COMPONENTS = 8
SEGMENT = 40  # pixels of a segment, about
TILE = 512
MOST_TILES = 16  # of a large scene that are looked at, evenly spread
COMPACTNESS = 0.2
OUTSIDE = -1

Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Ground:
    """What of a scene can be proposed.

    Of a large scene only some tiles are looked at. They lie below one another in these arrays,
    each in the upper left corner of its place.

    Attributes
    ----------
    components : (n, rows, columns) leading components, in units of their noise.
    valid : (rows, columns) where the cube has data.
    segments : (rows, columns) number of each pixel's segment, from 0; -1 without data.
    windows : the tiles of a large scene; () where the arrays are of all of it.
    """

    components: FloatArray
    valid: NDArray[np.bool_]
    segments: NDArray[np.int32]
    windows: tuple[Window, ...] = ()

    def seen(self, of_scene: NDArray[Kind]) -> NDArray[Kind]:
        """What these arrays hold of an array (rows, columns, ...) of the scene."""
        if not self.windows:
            return of_scene
        return tiled(of_scene, self.windows)

    def in_scene(self, pixels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows and columns in the scene of pixels (n, 2) of these arrays."""
        if not self.windows:
            return pixels
        corners = np.array([(r.start, c.start) for r, c in self.windows], np.int64)
        tile, row = np.divmod(pixels[:, 0], TILE)
        found: NDArray[np.int64] = corners[tile] + np.stack([row, pixels[:, 1]], axis=1)
        return found


def tiled(of_scene: NDArray[Any], windows: tuple[Window, ...]) -> NDArray[Any]:
    """Windows of an array (rows, columns, ...), below one another; the rest is 0."""
    out = np.zeros((TILE * len(windows), TILE, *of_scene.shape[2:]), of_scene.dtype)
    for k, window in enumerate(windows):
        part = of_scene[window]
        out[place_of(k, part.shape)] = part
    return out


def place_of(number: int, shape: tuple[int, ...]) -> Window:
    """Where the arrays of a ground hold one of its windows, which has so many rows and columns."""
    top = number * TILE
    return slice(top, top + shape[0]), slice(0, shape[1])


def ground_of(
    cube: HyperCube, token: CancelToken | None = None, port: ProgressPort | None = None
) -> Ground:
    """Reduce a scene to components and cut it into segments; labels are not looked at.

    Raises
    ------
    TrainingError
        if the cube cannot be learned from.
    TaskCancelledError
        if the token was cancelled.
    """
    token, port = token or CancelToken(), port or SilentPort()
    port.report(Progress("Cutting the scene into segments", 0.0))
    seen = examined(real_in(cube, port))
    features = fit_features(seen, FeatureRecipe(COMPONENTS, sigmas=(0.0,)), token)
    windows = _looked_at(cube)
    if len(windows) * TILE**2 < cube.rows * cube.columns:
        return _tiled_ground(seen, features, windows, token)
    scene = SceneFeatures(seen, features, token, origin=cube, keep=False)
    components, valid = scene.guide(COMPONENTS, token)
    return Ground(components, valid, segments_of(components, valid, token=token))


def _looked_at(cube: HyperCube) -> tuple[Window, ...]:
    """The tiles of a scene and its region, or `MOST_TILES` of them at most, evenly spread."""
    windows = tuple(tiles_inside(cube, TILE))
    return windows[:: -(-len(windows) // MOST_TILES)]


def _tiled_ground(
    seen: HyperCube, features: Features, windows: tuple[Window, ...], token: CancelToken
) -> Ground:
    count = min(COMPONENTS, features.components.shape[1])
    shape = (TILE * len(windows), TILE)
    components, valid = np.zeros((count, *shape), np.float32), np.zeros(shape, bool)
    strength = features.strength[:count, None, None]
    for k, (rows, columns) in enumerate(windows):
        token.check()
        stored = seen.read(rows, columns, features.bands)
        found, inside, _ = features.project(stored, seen.is_data(stored), count)
        place = place_of(k, inside.shape)
        components[:, *place], valid[place] = found * strength, inside
    return Ground(components, valid, segments_of(components, valid, token=token), windows)


def segments_of(
    components: FloatArray,
    valid: NDArray[np.bool_],
    token: CancelToken | None = None,
) -> NDArray[np.int32]:
    """Cut a scene into superpixels of about `SEGMENT` pixels, numbered from 0, -1 without data.

    SLIC: Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods"
    (IEEE Trans. Pattern Anal. Mach. Intell. 34, 2012), tile by tile.
    """
    numbers = np.full(valid.shape, OUTSIDE, np.int32)
    first = 0
    for window in tiles(valid.shape[0], valid.shape[1], TILE):
        if token is not None:
            token.check()
        inside = valid[window]
        if not inside.any():
            continue
        found = _cut(components, inside, window)
        used, again = np.unique(found[inside], return_inverse=True)
        numbers[window][inside] = first + again.reshape(-1)
        first += used.size
    return numbers


def _cut(components: FloatArray, inside: NDArray[np.bool_], window: Window) -> NDArray[np.int64]:
    from skimage.segmentation import slic  # slow to import

    count = max(1, inside.size // SEGMENT)
    if count == 1:
        return np.zeros(inside.shape, np.int64)
    values = np.moveaxis(components[:, *window], 0, 2).astype(np.float64)
    found: NDArray[np.int64] = slic(
        np.where(inside[:, :, None], values, 0.0),  # whose range it brings to 0 to 1
        n_segments=count,
        compactness=COMPACTNESS,
        max_num_iter=5,
        convert2lab=False,
        start_label=0,
        channel_axis=-1,
    )
    return found
