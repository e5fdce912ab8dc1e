"""Early maps of large scenes: every n-th pixel, so that the first costs a look at the scene.

What a map of every pixel costs grows with the scene; a screen shows no more than some of them. The
features of the pixels that are shown are those of the final map, so what is coarse is the picture,
not the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.voices.ensemble import Ensemble

PIXELS = 40_000  # of an early map of a large scene, about


@dataclass(frozen=True)
class CoarseScene:
    """Every n-th row and column of a large scene.

    Attributes
    ----------
    features : (channels, coarse rows, coarse columns).
    guide, valid : (count, rows, columns) and (rows, columns) of all pixels.
    step : n.
    """

    features: FloatArray
    guide: FloatArray
    valid: NDArray[np.bool_]
    step: int

    def painted(
        self,
        ensemble: Ensemble,
        class_ids: tuple[int, ...],
        seeds: NDArray[np.int64],
        walker: WalkerRecipe | None,
        token: CancelToken,
    ) -> Prediction:
        """The map of an ensemble, each of its pixels as large as the step.

        Parameters
        ----------
        class_ids : of the answers.
        seeds : (rows, columns) class index of each labelled pixel, -1 elsewhere.
        walker : how the map is refined; None for not at all.
        """
        channels, *shape = self.features.shape
        flat = np.moveaxis(self.features, 0, 2).reshape(-1, channels)
        probabilities = softmax(ensemble.logits(flat)).reshape(*shape, -1)
        source = f"instant model, every {self.step} pixels"
        if walker is not None:
            every = slice(None, None, self.step)
            guide = np.ascontiguousarray(self.guide[:, every, every])
            known = coarse_seeds(seeds, self.step)
            # A coarse pixel stands for many, so its own answer counts for as many.
            walker = replace(walker, gamma=walker.gamma * self.step**2)
            valid = self.valid[every, every]
            probabilities = walk(probabilities, guide, valid, known, walker, token)
            source += ", refined"
        return Prediction(
            np.where(self.valid, self._spread(ids_of(probabilities, class_ids)), 0),
            np.where(self.valid, self._spread(probabilities.max(axis=2)), np.float32(0)),
            class_ids,
            source=source,
            final=False,
        )

    def _spread(self, coarse: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values (coarse rows, coarse columns) at each pixel: those of the nearest."""
        index = (
            np.minimum((np.arange(size) + self.step // 2) // self.step, count - 1)
            for size, count in zip(self.valid.shape, coarse.shape, strict=True)
        )
        return coarse[np.ix_(*index)]


def coarse_scene(
    scene: SceneFeatures, guides: int, token: CancelToken | None = None
) -> CoarseScene | None:
    """A look at a scene that is seen for the first time; None where all features are at hand.

    Parameters
    ----------
    guides : components that guide the walker.
    """
    if scene.is_kept or scene.is_surveyed:
        return None
    step = ceil(sqrt(scene.cube.rows * scene.cube.columns / PIXELS))
    features = scene.surveyed(step, guides, token)
    return CoarseScene(features, *scene.guide(guides, token), step)


def coarse_seeds(seeds: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Class index of the labels around every step-th row and column, -1 for none."""
    shape = [-(-size // step) for size in seeds.shape]
    out = np.full(shape, -1, np.int64)
    at = np.nonzero(seeds >= 0)
    near = tuple(
        np.minimum((i + step // 2) // step, size - 1) for i, size in zip(at, shape, strict=True)
    )
    out[near] = seeds[at]
    return out


def ids_of(probabilities: FloatArray, class_ids: tuple[int, ...]) -> NDArray[np.uint16]:
    """Id (rows, columns) of the likeliest class."""
    found: NDArray[np.uint16] = np.array(class_ids, np.uint16)[probabilities.argmax(axis=2)]
    return found
