"""TrainedModel: everything that is needed to map a cube again."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.inputs import CubeLike, LabelsLike, as_cube, as_labels
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Note, NotingPort, Progress, ProgressPort
from hsi_viewer.learning.band_matching import matched
from hsi_viewer.learning.checkpoint import load_state, save_model
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.model_state import ModelState
from hsi_viewer.learning.predictor import DenseOutput, dense
from hsi_viewer.learning.random_walker import Walker
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.training_pixels import seeds_of

KEEP_BYTES = 256_000_000  # output of the network kept for the next stroke


def load_model(target: str | Path) -> TrainedModel:
    """Read a model from its folder or from either of its files; see `checkpoint.load_state`."""
    return TrainedModel(**vars(load_state(target)))


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


def real_in(cube: HyperCube, port: ProgressPort) -> HyperCube:
    """The cube in real numbers; a note says so where complex ones lose their phase."""
    real = real_valued(cube)
    for text in real.warnings[len(cube.warnings) :]:
        port.report(Note(text))
    return real


@dataclass(frozen=True, eq=False)
class TrainedModel(ModelState):
    """A network with its features and legend; `predict` maps a cube.

    Attributes
    ----------
    scenes : features of the cube that it was trained on or mapped last.
    """

    scenes: list[SceneFeatures] = field(default_factory=list, repr=False)
    _outputs: list[tuple[SceneFeatures, DenseOutput]] = field(default_factory=list, repr=False)

    name: ClassVar[str] = "sdhsi"

    def __repr__(self) -> str:
        return f"<TrainedModel {self.described('SDHSI-Net')}>"

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: without the last scene, and on the CPU."""
        network = self.network
        if next(network.parameters()).device.type != "cpu":
            network = deepcopy(network).cpu()
        seconds = dict(self.seconds)
        return {
            **self.__dict__,
            "network": network,
            "seconds": seconds,
            "scenes": [],
            "_outputs": [],
        }

    def predict(
        self,
        cube: CubeLike,
        *,
        labels: LabelsLike | None = None,
        refine: bool = True,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Prediction:
        """Map a cube; on the same cube object again, only the refinement is computed.

        Parameters
        ----------
        cube : the training scene or another, of the same sensor or of overlapping wavelengths; a
            cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
        labels : (rows, columns) class ids known on this cube, by the rules of
            `core.labels.class_ids`, or a path of labels; they seed the walker.
        refine : whether the walker smooths the map along the image.

        Raises
        ------
        FileError, FormatError
            if a file cannot be read, or an array cannot be a cube.
        ModelError
            if the cube's bands or wavelengths cannot be matched with the model's.
        LabelError
            if labels do not fit the cube.
        TaskCancelledError
            if the token was cancelled.
        """
        token, port, cube = token or CancelToken(), port or NotingPort(), as_cube(cube)
        shape = (cube.rows, cube.columns)
        given = np.zeros(shape, np.uint16) if labels is None else as_labels(labels, cube)
        known = checked_ids(given, shape)
        start = time.perf_counter()
        scene = self.scene_of(cube) or self._new_scene(cube, token, port)
        source = "SDHSI-Net, exits averaged"
        if refine:
            guide, valid = scene.guide(self.recipe.walker.guides, token)
            seeds = seeds_of(known, self.class_ids)
            with Walker(guide, valid, seeds, self.recipe.walker, token) as walker:
                raw = self._output(scene, token, port)
                painted = time.perf_counter()
                port.report(Progress("Refining the map along the image"))
                probabilities = walker.refined(raw.probabilities)
            source += ", refined"
        else:
            raw = self._output(scene, token, port)
            painted = time.perf_counter()
            probabilities = raw.probabilities.copy()
        self.seconds["predict"] = painted - start
        self.seconds["refine"] = time.perf_counter() - painted
        return prediction_of(
            probabilities,
            raw.valid,
            self.class_ids,
            source,
            disagreement=raw.disagreement.copy(),
        )

    def save(self, target: str | Path) -> list[Path]:
        """Write the model; see `checkpoint.save_model`."""
        return save_model(self, target)

    def scene_of(self, cube: HyperCube) -> SceneFeatures | None:
        """The features of a cube, if they are still at hand."""
        return next((s for s in self.scenes if s.origin is cube), None)

    def _new_scene(self, cube: HyperCube, token: CancelToken, port: ProgressPort) -> SceneFeatures:
        seen = examined(real_in(cube, port))
        fitting = matched(seen, self.wavelengths, self.bands, self.features.bands)
        scene = SceneFeatures(fitting, self.features, token, origin=cube)
        self.scenes[:] = [scene]
        return scene

    def _output(self, scene: SceneFeatures, token: CancelToken, port: ProgressPort) -> DenseOutput:
        for known, output in self._outputs:
            if known is scene:
                return output
        output = dense(
            self.network,
            scene,
            instant=self.instant,
            temperature=self.temperature,
            token=token,
            port=port,
        )
        self._outputs[:] = [(scene, output)] if output.probabilities.nbytes <= KEEP_BYTES else []
        return output
