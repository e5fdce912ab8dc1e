"""TrainedModel: everything that is needed to map a cube again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classes import LandClass
from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.labels import checked_ids
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import dense
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.refinement import walk
from hsi_viewer.learning.scene import SceneFeatures


def seeds_of(labels: NDArray[np.uint16] | None, class_ids: tuple[int, ...]) -> NDArray[np.int64]:
    """Index of the class of each labelled pixel, -1 elsewhere and for ids of no class.

    Parameters
    ----------
    labels : (rows, columns) class ids.
    class_ids : ascending.
    """
    if labels is None:
        return np.full((0, 0), -1, np.int64)
    ids = np.asarray(class_ids)
    index = np.searchsorted(ids, labels).clip(0, ids.size - 1)
    return np.where(ids[index] == labels, index, -1).astype(np.int64)


def prediction_of(
    probabilities: FloatArray,
    valid: NDArray[np.bool_],
    class_ids: tuple[int, ...],
    source: str,
    *,
    disagreement: FloatArray | None = None,
    final: bool = True,
) -> Prediction:
    """The class map and confidence of probabilities (rows, columns, classes)."""
    best = probabilities.argmax(axis=2)
    class_map = np.asarray(class_ids, np.uint16)[best]
    confidence = np.take_along_axis(probabilities, best[:, :, None], axis=2)[:, :, 0].copy()
    class_map[~valid] = 0
    confidence[~valid] = 0.0
    return Prediction(class_map, confidence, class_ids, probabilities, disagreement, source, final)


@dataclass(frozen=True)
class TrainedModel:
    """A network with its features and legend; `predict` maps a cube.

    Attributes
    ----------
    network, features, recipe : what was trained and how.
    class_ids : ids in the order of the network's outputs, ascending.
    legend : the classes as they were called when trained.
    config : the user's choices.
    wavelengths : (bands,) nm of the training cube, or None.
    seconds : "features", "train", "predict", "refine" as measured; the last two of the last call.
    versions : of the packages that made it.
    label_digest : SHA-256 of the training labels.
    """

    network: SdhsiNet
    features: Features
    recipe: Recipe
    class_ids: tuple[int, ...]
    legend: tuple[LandClass, ...]
    config: TrainingConfig
    wavelengths: NDArray[np.float64] | None
    seconds: dict[str, float]
    versions: dict[str, str]
    label_digest: str
    _scenes: list[SceneFeatures] = field(default_factory=list, repr=False, compare=False)

    def predict(
        self,
        cube: HyperCube,
        *,
        labels: NDArray[np.uint16] | None = None,
        refine: bool = True,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Prediction:
        """Map a cube.

        Parameters
        ----------
        cube : the training scene or another of the same sensor.
        labels : (rows, columns) class ids known on this cube, 0 elsewhere; they seed the walker.
        refine : whether the walker smooths the map along the image.

        Raises
        ------
        ModelError
            if the cube has other bands or wavelengths than the model.
        LabelError
            if labels do not fit the cube.
        TaskCancelledError
            if the token was cancelled.
        """
        token, port = token or CancelToken(), port or SilentPort()
        if labels is not None:
            labels = checked_ids(labels, (cube.rows, cube.columns))
        start = time.perf_counter()
        scene = self._scene(cube, token)
        raw = dense(self.network, scene, token=token, port=port)
        painted = time.perf_counter()
        probabilities, source = raw.probabilities, "SDHSI-Net, exits averaged"
        if refine:
            port.report(Progress("Refining the map along the image"))
            guide, valid = scene.guide(self.recipe.walker.guides, token)
            seeds = seeds_of(labels, self.class_ids)
            if labels is None:
                seeds = np.full((cube.rows, cube.columns), -1, np.int64)
            probabilities = walk(probabilities, guide, valid, seeds, self.recipe.walker, token)
            source += ", refined"
        self.seconds["predict"] = painted - start
        self.seconds["refine"] = time.perf_counter() - painted
        return prediction_of(
            probabilities, raw.valid, self.class_ids, source, disagreement=raw.disagreement
        )

    def save(self, target: str | Path) -> list[Path]:
        """Write the model; see `checkpoint.save_model`."""
        from hsi_viewer.learning.checkpoint import save_model

        return save_model(self, target)

    def _scene(self, cube: HyperCube, token: CancelToken) -> SceneFeatures:
        for scene in self._scenes:
            if scene.cube is cube:
                return scene
        scene = SceneFeatures(cube, self.features, token)
        self._scenes[:] = [scene]
        return scene
