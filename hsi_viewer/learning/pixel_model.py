"""PixelModel: a classifier of single spectra that maps a scene as the network does.

Bands are chosen, standardised and repaired as for the network, so that no data, bad bands and fill
values count for nothing; the map is refined by the same walker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.inputs import CubeLike, LabelsLike, as_cube, as_labels
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, NotingPort, Progress, ProgressPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.band_matching import matched
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.model import prediction_of, real_in
from hsi_viewer.learning.model_state import facts_of
from hsi_viewer.learning.pixel_files import PixelState, load_pixels, save_pixels
from hsi_viewer.learning.pixel_kind import PixelKind
from hsi_viewer.learning.random_walker import Walker
from hsi_viewer.learning.recipe import FeatureRecipe, WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures, tiles
from hsi_viewer.learning.training_pixels import (
    checked_labels,
    choose_pixels,
    note_unused,
    seeds_of,
)

MOST_PIXELS = 4_000  # labelled pixels that are learned from, evenly over the classes
WALKER = WalkerRecipe()
FEATURES = FeatureRecipe(components=WALKER.guides, sigmas=(0.0,))  # what the walker is guided by


@dataclass(frozen=True, eq=False, kw_only=True)
class PixelModel(PixelState):
    """A trained classifier of spectra.

    Attributes
    ----------
    scenes : the cube that it was trained on or mapped last, without its values.
    """

    scenes: list[SceneFeatures] = field(default_factory=list, repr=False)

    def __repr__(self) -> str:
        return f"<PixelModel {self.described(self.kind.title)}>"

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: without the last scene."""
        return {**self.__dict__, "seconds": dict(self.seconds), "scenes": []}

    @property
    def name(self) -> str:
        """Key of the classifier."""
        return self.kind.name

    def predict(
        self,
        cube: CubeLike,
        *,
        labels: LabelsLike | None = None,
        refine: bool = True,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Prediction:
        """Map a cube tile by tile; arguments and errors as of `core.classifier.Model.predict`."""
        token, port, cube = token or CancelToken(), port or NotingPort(), as_cube(cube)
        shape = (cube.rows, cube.columns)
        given = np.zeros(shape, np.uint16) if labels is None else as_labels(labels, cube)
        known = checked_ids(given, shape)
        start = time.perf_counter()
        scene = self._scene_of(cube, port)
        source = self.kind.title
        if refine:
            port.report(Progress("Comparing neighbouring pixels"))
            guide, valid = scene.guide(self.walker.guides, token)
            seeds = seeds_of(known, self.class_ids)
            with Walker(guide, valid, seeds, self.walker, token) as walker:
                raw, valid = self._mapped(scene, token, port)
                mapped = time.perf_counter()
                port.report(Progress("Refining the map along the image"))
                probabilities = walker.refined(raw)
            source += ", refined"
        else:
            probabilities, valid = self._mapped(scene, token, port)
            mapped = time.perf_counter()
        self.seconds["predict"] = mapped - start
        self.seconds["refine"] = time.perf_counter() - mapped
        return prediction_of(probabilities, valid, self.class_ids, source)

    def probabilities(self, values: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of standardised values (n, bands)."""
        return softmax(np.float32(self.steepness) * self.scorer.scores(values))

    def save(self, target: str | Path) -> list[Path]:
        """Write the model; see `pixel_files.save_pixels`."""
        return save_pixels(self, target)

    def _scene_of(self, cube: HyperCube, port: ProgressPort) -> SceneFeatures:
        for scene in self.scenes:
            if scene.origin is cube:
                return scene
        seen = examined(real_in(cube, port))
        fitting = matched(seen, self.wavelengths, self.bands, self.features.bands)
        self.scenes[:] = [SceneFeatures(fitting, self.features, origin=cube, keep=False)]
        return self.scenes[0]

    def _mapped(
        self, scene: SceneFeatures, token: CancelToken, port: ProgressPort
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Probabilities (rows, columns, classes) and where there is data."""
        rows, columns = scene.cube.rows, scene.cube.columns
        out = np.empty((rows, columns, len(self.class_ids)), np.float32)
        valid = np.empty((rows, columns), bool)
        windows = list(tiles(rows, columns))
        for done, (r, c) in enumerate(windows):
            token.check()
            values, valid[r, c] = scene.spectra(r, c)
            out[r, c] = self.probabilities(values).reshape(*valid[r, c].shape, -1)
            port.report(Progress("Predicting the map", (done + 1) / len(windows)))
        return out, valid


def load_pixel_model(kind: PixelKind, target: str | Path) -> PixelModel:
    """Read a model of a kind; errors as of `pixel_files.load_pixels`."""
    return PixelModel(**vars(load_pixels(kind, target)))


def fit_pixel_model(
    kind: PixelKind,
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    legend: Iterable[LabelClass] = (),
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> PixelModel:
    """Train a classifier of spectra; the other arguments and the errors as of `trainer.fit`."""
    token, port = token or CancelToken(), port or NotingPort()
    ids, class_ids = checked_labels(labels, (cube.rows, cube.columns))
    started = time.perf_counter()
    token.check()
    port.report(Progress("Standardising the bands"))
    seen = examined(real_in(cube, port))
    scene = SceneFeatures(seen, fit_features(seen, FEATURES, token), origin=cube, keep=False)
    _, valid = scene.guide(WALKER.guides, token)
    seeds = seeds_of(ids, class_ids)
    pixels, targets = choose_pixels(seeds, valid, MOST_PIXELS, config.seed)
    note_unused(seeds, valid, port)
    values = scene.spectra_at(pixels, token)
    seconds = {"features": time.perf_counter() - started}

    started = time.perf_counter()
    scorer, steepness = kind.fit(values, targets, seed=config.seed, token=token, port=port)
    seconds["train"] = time.perf_counter() - started
    warning = " ".join(scene.found_sentences()) or None
    facts = facts_of(cube, ids, class_ids, legend, config, seconds, warning)
    return PixelModel(
        **vars(facts),
        kind=kind,
        scorer=scorer,
        steepness=steepness,
        features=scene.features,
        walker=WALKER,
        scenes=[scene],
    )
