"""What the walker makes of labels that were held out: evidence for how strongly to refine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.label_windows import label_windows
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window

MOST_PIXELS = 100_000  # of a scene that is mapped as a whole; of larger ones, a few windows are


def refined_answers(
    scene: SceneFeatures,
    mapped: Callable[[Window], FloatArray],
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    test: NDArray[np.bool_],
    walkers: Sequence[WalkerRecipe],
    token: CancelToken | None = None,
) -> NDArray[np.float32]:
    """Probabilities of held-out labels after each of some walkers, seeded by the other labels.

    Parameters
    ----------
    scene : features of the cube.
    mapped : probabilities (rows, columns, classes) of a window that the walker begins with, by a
        model that never saw the labels that are held out.
    pixels, targets : (n,) flat indices of the labels, and class indices.
    test : (n,) which are held out.
    walkers : ways of refining.

    Returns
    -------
    (walkers, n, classes); NaN for other labels, and in a large scene for those that lie in none of
    the windows that are looked at.
    """
    shape = scene.cube.rows, scene.cube.columns
    at = np.stack(np.unravel_index(pixels, shape), axis=1)
    known, asked = np.flatnonzero(~test), np.flatnonzero(test)
    whole: Window = slice(0, shape[0]), slice(0, shape[1])
    is_large = shape[0] * shape[1] > MOST_PIXELS
    windows = label_windows(at[asked], shape) if is_large else [(whole, np.arange(asked.size))]
    classes = int(targets.max()) + 1
    out = np.full((len(walkers), len(targets), classes), np.nan, np.float32)
    for window, inside in windows:
        guides = walkers[0].guides
        guide, valid = scene.guide_at(*window, guides) if is_large else scene.guide(guides, token)
        said = mapped(window)
        here = at - [window[0].start, window[1].start]
        near = known[((here[known] >= 0) & (here[known] < valid.shape)).all(axis=1)]
        seeds = np.full(valid.shape, -1, np.int64)
        seeds[tuple(here[near].T)] = targets[near]
        for number, walker in enumerate(walkers):
            found = walk(said, guide, valid, seeds, walker, token)
            out[number, asked[inside]] = found[tuple(here[asked[inside]].T)]
    return out
