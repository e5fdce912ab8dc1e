"""A made scene, a recording port and a small recipe for the tests of the learning engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.recipe import FeatureRecipe, NetworkRecipe, Recipe, TrainingRecipe

SMALL = Recipe(
    FeatureRecipe(components=10, sigmas=(1.0, 2.0)),
    NetworkRecipe(channels=16),
    TrainingRecipe(steps=8, batch=8),
)
THREE_EPOCHS = replace(SMALL, training=TrainingRecipe(steps=30, batch=16))

# In a third of the time, for tests in which it does not matter what the map is: nothing is refined,
# so that the walker need not be judged.
UNREFINED = TrainingConfig(refine=False)


class Recorder:
    """A port that keeps what it is told, and may cancel at the n-th report."""

    def __init__(self, token: CancelToken | None = None, cancel_at: int = -1) -> None:
        self.items: list[object] = []
        self.token, self.cancel_at = token, cancel_at

    def report(self, item: object) -> None:
        self.items.append(item)
        if self.token is not None and len(self.items) == self.cancel_at:
            self.token.cancel()


def made_scene(rows: int = 40, columns: int = 36, bands: int = 20) -> tuple[HyperCube, NDArray]:
    """Four fields of different spectra with noise, and their true classes 2, 5, 7, 9."""
    rng = np.random.default_rng(0)
    truth = np.full((rows, columns), 2, np.uint16)
    truth[: rows // 2, columns // 2 :] = 5
    truth[rows // 2 :, : columns // 3] = 7
    truth[rows // 2 :, columns // 3 :] = 9
    spectra = {i: rng.uniform(500, 3000, bands) for i in (2, 5, 7, 9)}
    cube = np.stack([spectra[int(i)] for i in truth.ravel()]).reshape(rows, columns, bands)
    cube += rng.normal(0, 150, cube.shape)
    return HyperCube.from_array(cube.astype(np.float32), name="made"), truth
