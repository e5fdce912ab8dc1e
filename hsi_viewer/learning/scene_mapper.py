"""SceneMapper: how a model that says something of each pixel maps and refines a whole scene."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.nodata import SuspectedFill
from hsi_viewer.core.inputs import CubeLike, LabelsLike, RegionLike, as_cube, known_ids
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import (
    CancelToken,
    NotingPort,
    Progress,
    ProgressPort,
    SilentPort,
    UnlikeSpectra,
)
from hsi_viewer.core.training import Refine, Standardise
from hsi_viewer.learning.band_matching import in_units, matched
from hsi_viewer.learning.by_tile import ByTile
from hsi_viewer.learning.calibration import reliable
from hsi_viewer.learning.features import Features, FloatArray, fit_features, scaled
from hsi_viewer.learning.model import hold_to, prediction_of, real_in, strange_note, strength_of
from hsi_viewer.learning.model_state import TrainingFacts
from hsi_viewer.learning.pixel_refinement import Refinement
from hsi_viewer.learning.predictor import DenseOutput
from hsi_viewer.learning.random_walker import Walker
from hsi_viewer.learning.recipe import FeatureRecipe, WalkerRecipe
from hsi_viewer.learning.scaling import Scaling
from hsi_viewer.learning.scene_features import COMPARING, SceneFeatures
from hsi_viewer.learning.scene_windows import moved
from hsi_viewer.learning.survey import Window, tiles
from hsi_viewer.learning.training_pixels import (
    checked_labels,
    choose_pixels,
    note_unused,
    seeds_in,
    seeds_of,
    without_strays,
)
from hsi_viewer.learning.voices.judging import of_strength

WALKER = WalkerRecipe()
FEATURES = FeatureRecipe(components=WALKER.guides, sigmas=(0.0,))  # what the walker is guided by


@dataclass(frozen=True)
class LabelledScene:
    """A scene and the pixels of it that are learned from.

    Attributes
    ----------
    scene : bands and their scaling.
    valid : (rows, columns) where it has data.
    ids, class_ids : (rows, columns) labels, and those that occur, ascending.
    pixels, targets : (n,) flat indices, and class indices.
    """

    scene: SceneFeatures
    valid: NDArray[np.bool_]
    ids: NDArray[np.uint16]
    class_ids: tuple[int, ...]
    pixels: NDArray[np.int64]
    targets: NDArray[np.int64]

    @property
    def warning(self) -> str | None:
        """Warning about the scene for the user, or None."""
        return " ".join(self.scene.found_sentences()) or None


def labelled_scene(
    cube: HyperCube,
    labels: ArrayLike,
    recipe: FeatureRecipe,
    limit: int,
    seed: int,
    token: CancelToken,
    port: ProgressPort,
) -> LabelledScene:
    """The pixels to learn from, at most about `limit`; errors as of `trainer.fit`."""
    ids, class_ids = checked_labels(labels, (cube.rows, cube.columns))
    token.check()
    port.report(Progress("Standardising the bands"))
    seen = examined(real_in(cube, port))
    scene = SceneFeatures(seen, fit_features(seen, recipe, token), origin=cube, keep=False)
    _, valid = scene.guide(recipe.components, token, port)
    seeds = seeds_of(ids, class_ids)
    learned = without_strays(seeds, valid, scene.surveyed(recipe.components).strays, port)
    pixels, targets = choose_pixels(seeds, learned, limit, seed, class_ids)
    note_unused(seeds, valid, port)
    return LabelledScene(scene, valid, ids, class_ids, pixels, targets)


@dataclass(frozen=True, eq=False, kw_only=True)
class SceneMapper(TrainingFacts, ABC):
    """A model that maps a scene tile by tile, refined as the network's map is.

    Attributes
    ----------
    features : bands, their scaling, and the components that guide the walker.
    walker : settings of the refinement.
    refinement : how strong it is by default, and what makes confidence reliable then.
    scenes : the cube that it was trained on or mapped last, without its values.
    """

    features: Features
    walker: WalkerRecipe
    refinement: Refinement = Refinement()  # noqa: RUF009 -- frozen
    scenes: list[SceneFeatures] = field(default_factory=list, repr=False)

    @property
    def suspected(self) -> tuple[SuspectedFill, ...]:
        """Fill values that only looking at all of the scene has shown; they are left out."""
        return tuple(fill for scene in self.scenes for fill in scene.found_fills())

    @property
    @abstractmethod
    def title(self) -> str:
        """Title of the classifier."""

    @abstractmethod
    def tile_probabilities(
        self, scene: SceneFeatures, rows: slice, columns: slice
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """Probabilities (rows, columns, classes) of a tile, where it has data, and strays.

        Strays (rows, columns) are like no pixel of the scene that the model was trained on.
        """

    def tiles(self, rows: int, columns: int) -> list[Window]:
        """The tiles of a scene."""
        return list(tiles(rows, columns))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.described(self.title)}>"

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling and copying: without the last scene."""
        return {**self.__dict__, "seconds": dict(self.seconds), "scenes": []}

    def predict(
        self,
        cube: CubeLike,
        *,
        labels: LabelsLike | None = None,
        refine: Refine = True,
        standardise: Standardise = "training",
        region: RegionLike | None = None,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Prediction:
        """Map a cube tile by tile; arguments and errors as of `core.classifier.Model.predict`.

        "auto" refines as strongly as the training labels tell where labels are known, and not at
        all where none are. The bands are standardised by the means and spreads of the "training",
        or of this "scene".
        """
        token, port, cube = token or CancelToken(), port or NotingPort(), as_cube(cube, region)
        known = known_ids(labels, cube)
        start = time.perf_counter()
        scene = self._scene_of(cube, standardise, port)
        source = self.title
        usual = self.refinement.strength if refine is True or known.any() else "none"
        strength = strength_of(refine, usual)
        if strength != "none":
            port.report(Progress(COMPARING))
            guide, valid = scene.guide(self.walker.guides, token, port)
            seeds = seeds_of(known, self.class_ids)
            recipe = of_strength(self.walker, strength)
            with Walker(guide, valid, seeds, recipe, token) as walker:
                raw = self._mapped(scene, token, port)
                mapped = time.perf_counter()
                port.report(Progress("Refining the map along the image"))
                probabilities = walker.refined(raw.probabilities)
            source += ", refined"
        else:
            raw = self._mapped(scene, token, port)
            mapped = time.perf_counter()
            probabilities = raw.probabilities
            if refine not in (False, "none"):
                hold_to(seeds_of(known, self.class_ids), probabilities)
        probabilities = reliable(probabilities, *self.refinement.reliable_at(strength))
        self.seconds["predict"] = mapped - start
        self.seconds["refine"] = time.perf_counter() - mapped
        note = None if known.any() else strange_note(raw.strange)
        if note is not None:
            port.report(UnlikeSpectra(note, raw.strange or 0.0))
        return prediction_of(probabilities, raw.valid, self.class_ids, source, outside=raw.strange)

    def by_tile(
        self,
        cube: HyperCube,
        refine: Refine,
        scaling: Scaling | Standardise,
        token: CancelToken,
        known: NDArray[np.uint16] | None = None,
    ) -> ByTile:
        """How a cube is mapped window by window; see `model.TrainedModel.by_tile`."""
        fitting = matched(cube, self.wavelengths, self.bands, self.features.bands)
        fitting = in_units(fitting, (self.scale, self.offset), self.features)
        features = scaled(self.features, scaling, fitting)
        scene = SceneFeatures(fitting, features, token, origin=cube, keep=False)
        labelled = known is not None and bool(known.any())
        usual = self.refinement.strength if refine is True or labelled else "none"
        strength = strength_of(refine, usual)
        refined = strength != "none"
        return ByTile(
            scene,
            self._mapped_part,
            of_strength(self.walker, strength) if refined else None,
            lambda probabilities: probabilities,
            lambda probabilities: reliable(probabilities, *self.refinement.reliable_at(strength)),
            self.title + ", refined" * refined,
            seeds_in(known, self.class_ids),
        )

    def _mapped_part(self, scene: SceneFeatures, part: Window, token: CancelToken) -> DenseOutput:
        return self._mapped(scene, token, SilentPort(), part)

    def _scene_of(
        self, cube: HyperCube, standardise: Standardise, port: ProgressPort
    ) -> SceneFeatures:
        for scene in self.scenes:
            if scene.origin is cube and standardise == "training":
                return scene
        seen = examined(real_in(cube, port))
        fitting = matched(seen, self.wavelengths, self.bands, self.features.bands, port)
        fitting = in_units(fitting, (self.scale, self.offset), self.features)
        if standardise == "scene":
            features = scaled(self.features, standardise, fitting)
            return SceneFeatures(fitting, features, origin=cube, keep=False)
        self.scenes[:] = [SceneFeatures(fitting, self.features, origin=cube, keep=False)]
        return self.scenes[0]

    def _mapped(
        self,
        scene: SceneFeatures,
        token: CancelToken,
        port: ProgressPort,
        part: Window | None = None,
    ) -> DenseOutput:
        """The map of the whole scene, or of a part, tile by tile."""
        top, left = (0, 0) if part is None else (part[0].start, part[1].start)
        whole = slice(0, scene.cube.rows), slice(0, scene.cube.columns)
        rows, columns = (p.stop - p.start for p in part or whole)
        out = np.empty((rows, columns, len(self.class_ids)), np.float32)
        valid, strays = np.empty((2, rows, columns), bool)
        windows = self.tiles(rows, columns)
        for done, (r, c) in enumerate(windows):
            token.check()
            found = self.tile_probabilities(scene, moved(r, top), moved(c, left))
            out[r, c], valid[r, c], strays[r, c] = found
            port.report(Progress("Predicting the map", (done + 1) / len(windows)))
        return DenseOutput(out, np.zeros((rows, columns), np.float32), valid, strays & valid)
