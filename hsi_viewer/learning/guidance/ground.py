"""The ground that proposals are made on: leading components of a scene, cut into segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.model import real_in
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window, tiles

COMPONENTS = 8
SEGMENT = 40  # pixels of a segment, about
TILE = 512
MOST_TILES = 16  # of a large scene that are looked at, evenly spread
COMPACTNESS = 0.2
OUTSIDE = -1


@dataclass(frozen=True, eq=False)
class Ground:
    """What of a scene can be proposed.

    Attributes
    ----------
    components : (n, rows, columns) leading components, in units of their noise.
    valid : (rows, columns) where the cube has data.
    segments : (rows, columns) number of each pixel's segment, from 0; -1 without data, and in
        the parts of a large scene that are not looked at.
    """

    components: FloatArray
    valid: NDArray[np.bool_]
    segments: NDArray[np.int32]


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
    scene = SceneFeatures(seen, features, token, origin=cube, keep=False)
    components, valid = scene.guide(COMPONENTS, token)
    return Ground(components, valid, segments_of(components, valid, token=token))


def segments_of(
    components: FloatArray,
    valid: NDArray[np.bool_],
    size: int = SEGMENT,
    token: CancelToken | None = None,
) -> NDArray[np.int32]:
    """Cut a scene into superpixels of about `size` pixels, numbered from 0, -1 without data.

    SLIC: Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods"
    (IEEE Trans. Pattern Anal. Mach. Intell. 34, 2012). Of a scene of more than `MOST_TILES` tiles
    only so many are cut, and the rest is -1.
    """
    numbers = np.full(valid.shape, OUTSIDE, np.int32)
    rows, columns = valid.shape
    windows = list(tiles(rows, columns, TILE))
    first = 0
    for window in windows[:: -(-len(windows) // MOST_TILES)]:
        if token is not None:
            token.check()
        inside = valid[window]
        if not inside.any():
            continue
        found = _cut(components, inside, window, size)
        used, again = np.unique(found[inside], return_inverse=True)
        numbers[window][inside] = first + again.reshape(-1)
        first += used.size
    return numbers


def _cut(
    components: FloatArray, inside: NDArray[np.bool_], window: Window, size: int
) -> NDArray[np.int64]:
    from skimage.segmentation import slic  # slow to import

    count = max(1, inside.size // size)
    if count == 1:
        return np.zeros(inside.shape, np.int64)
    values = np.moveaxis(components[:, *window], 0, 2).astype(np.float64)
    spread = values[inside].std()
    values = np.where(inside[:, :, None], values / (spread if spread > 0 else 1.0), 0.0)
    found: NDArray[np.int64] = slic(
        values,
        n_segments=count,
        compactness=COMPACTNESS,
        max_num_iter=5,
        convert2lab=False,
        start_label=0,
        channel_axis=-1,
    )
    return found
