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
from hsi_viewer.core.cube.nodata import SuspectedFill
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.inputs import CubeLike, LabelsLike, RegionLike, as_cube, known_ids
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import (
    CancelToken,
    Note,
    NotingPort,
    Progress,
    ProgressPort,
    UnlikeSpectra,
)
from hsi_viewer.core.text import percent
from hsi_viewer.core.training import Refine, Standardise
from hsi_viewer.learning.band_matching import in_units, matched
from hsi_viewer.learning.by_tile import ByTile
from hsi_viewer.learning.calibration import reliable, tempered
from hsi_viewer.learning.checkpoint import load_state, save_model
from hsi_viewer.learning.features import FloatArray, scaled
from hsi_viewer.learning.model_state import ModelState, scene_digest
from hsi_viewer.learning.predictor import DenseOutput
from hsi_viewer.learning.random_walker import Walker
from hsi_viewer.learning.scaling import Scaling
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.training_pixels import seeds_in, seeds_of
from hsi_viewer.learning.voices.ensemble import Ensemble
from hsi_viewer.learning.voices.judging import of_strength
from hsi_viewer.learning.voices.pool import VOTE, Pool, Strength
from hsi_viewer.learning.voices.voice import KINDS

KEEP_BYTES = 256_000_000  # joined output of the voices kept for the next stroke
STRANGE = 0.01  # share of pixels beyond the training range that is worth a word


def load_model(target: str | Path) -> TrainedModel:
    """Read a model from its folder or from either of its files; see `checkpoint.load_state`."""
    return TrainedModel(**vars(load_state(target)))


def strange_note(share: float | None) -> str | None:
    """Warning about the share of spectra outside the training range; None where it is usual."""
    if share is None or share <= STRANGE:
        return None
    return (
        f"{percent(share)} of the pixels have spectra outside the range of the scene that the "
        "model was trained on; the map isn't to be trusted there. Standardise the bands by this "
        "scene, or label some pixels of it."
    )


def strength_of(refine: Refine, usual: Strength) -> Strength:
    """The strength of the walker that a user asks for.

    Parameters
    ----------
    refine : what is asked for.
    usual : the strength if that is left to the model.

    Raises
    ------
    SettingError
        if there is no such strength.
    """
    if refine is True or refine == "auto":
        return usual
    if refine is False or refine == "none":
        return "none"
    if refine not in ("weak", "full"):
        raise SettingError(
            f"There is no refinement {refine!r}; choose one of 'auto', 'none', 'weak', 'full'."
        )
    return refine


def hold_to(seeds: NDArray[np.int64], probabilities: FloatArray) -> None:
    """Let labelled pixels be what they are labelled, as a walker would; in place.

    Parameters
    ----------
    seeds : (rows, columns) index of the class of each labelled pixel, -1 elsewhere.
    probabilities : (rows, columns, classes).
    """
    labelled = seeds >= 0
    probabilities[labelled] = np.eye(probabilities.shape[2], dtype=np.float32)[seeds[labelled]]


def prediction_of(
    probabilities: FloatArray,
    valid: NDArray[np.bool_],
    class_ids: tuple[int, ...],
    source: str,
    *,
    disagreement: FloatArray | None = None,
    final: bool = True,
    outside: float | None = None,
) -> Prediction:
    """The class map and confidence of probabilities (rows, columns, classes)."""
    best = probabilities.argmax(axis=2)
    class_map = np.asarray(class_ids, np.uint16)[best]
    confidence = np.take_along_axis(probabilities, best[:, :, None], axis=2)[:, :, 0].copy()
    class_map[~valid] = 0
    confidence[~valid] = 0.0
    return Prediction(
        class_map, confidence, class_ids, probabilities, disagreement, source, final, outside
    )


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
    _outputs: list[tuple[SceneFeatures, Pool, DenseOutput]] = field(
        default_factory=list, repr=False
    )

    name: ClassVar[str] = "sdhsi"

    @property
    def suspected(self) -> tuple[SuspectedFill, ...]:
        """Fill values that only looking at all of the scene has shown; they are left out."""
        return tuple(fill for scene in self.scenes for fill in scene.found_fills())

    def __repr__(self) -> str:
        return f"<TrainedModel {self.described('SDHSI-Net')}>"

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling and copying: without the last scene, and on the CPU."""
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
        refine: Refine = True,
        standardise: Standardise = "training",
        region: RegionLike | None = None,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Prediction:
        """Map a cube; on the same cube object again, only the refinement is computed.

        Where no label is known on a scene that the model was not trained on, the voices have the
        weights for other scenes.

        Parameters
        ----------
        cube : the training scene or another, of the same sensor or of overlapping wavelengths; a
            cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
        labels : (rows, columns) class ids known on this cube, by the rules of
            `core.labels.class_ids`, or a path of labels; they seed the walker.
        refine : how strong a walker smooths the map along the image: "none", "weak", "full", or
            "auto", as the evidence has it; True is "auto", False is "none".
        standardise : by which scene's means and spreads of the bands: that of the "training", or
            this "scene", where sensor or illumination differ.
        region : the part that is mapped, by the rules of `hsi_viewer.region_of_interest`; the rest
            is class 0. Its bands don't matter here: they are those of the training.

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
        token, port, cube = token or CancelToken(), port or NotingPort(), as_cube(cube, region)
        known = known_ids(labels, cube)
        start = time.perf_counter()
        scene = self._scene(cube, standardise, token, port)
        pool = self._pool_for(scene, known)
        strength = strength_of(refine, pool.walker)
        source = self._source(pool)
        if strength != "none":
            raw = None
            if not scene.is_kept:  # one look at each pixel serves the map and the walker
                scene.surveyed(self.recipe.walker.guides)
                raw = self._output(scene, pool, token, port)
            guide, valid = scene.guide(self.recipe.walker.guides, token, port)
            seeds = seeds_of(known, self.class_ids)
            recipe = of_strength(self.recipe.walker, strength)
            with Walker(guide, valid, seeds, recipe, token) as walker:
                raw = raw or self._output(scene, pool, token, port)
                painted = time.perf_counter()
                port.report(Progress("Refining the map along the image"))
                probabilities = walker.refined(tempered(raw.probabilities, VOTE))
            source += ", refined"
        else:
            raw = self._output(scene, pool, token, port)
            painted = time.perf_counter()
            probabilities = raw.probabilities.copy()
            if refine not in (False, "none"):
                hold_to(seeds_of(known, self.class_ids), probabilities)
        probabilities = reliable(probabilities, *pool.reliability(strength))
        self.seconds["predict"] = painted - start
        self.seconds["refine"] = time.perf_counter() - painted
        return prediction_of(
            probabilities,
            raw.valid,
            self.class_ids,
            source,
            disagreement=raw.disagreement.copy(),
            outside=raw.strange,
        )

    def by_tile(
        self,
        cube: HyperCube,
        refine: Refine,
        scaling: Scaling | Standardise,
        token: CancelToken,
        known: NDArray[np.uint16] | None = None,
    ) -> ByTile:
        """How a cube is mapped window by window.

        Parameters
        ----------
        cube : of real values.
        refine : as of `predict`.
        scaling : of the bands, or the scene by whose values they are scaled.
        token : checked while the scene is looked at.
        known : (rows, columns) class ids known on the cube, 0 for none.

        Raises
        ------
        ModelError
            if the cube's bands or wavelengths cannot be matched with the model's.
        """
        fitting = matched(cube, self.wavelengths, self.bands, self.features.bands)
        fitting = in_units(fitting, (self.scale, self.offset), self.features)
        features = scaled(self.features, scaling, fitting)
        scene = SceneFeatures(fitting, features, token, origin=cube, keep=False)
        pool = self._pool_for(scene, np.zeros((1, 1), np.uint16) if known is None else known)
        ensemble = Ensemble(self.voices, pool, self.network, self.part)
        strength = strength_of(refine, pool.walker)
        refined = strength != "none"
        return ByTile(
            scene if ensemble.looks_around else scene.narrowed(),
            lambda scene, window, token: ensemble.mapped(
                scene, token, within=self.usual_distance, part=window
            ),
            of_strength(self.recipe.walker, strength) if refined else None,
            lambda probabilities: tempered(probabilities, VOTE),
            lambda probabilities: reliable(probabilities, *pool.reliability(strength)),
            self._source(pool) + ", refined" * refined,
            seeds_in(known, self.class_ids),
        )

    def save(self, target: str | Path) -> list[Path]:
        """Write the model; see `checkpoint.save_model`."""
        return save_model(self, target)

    def scene_of(self, cube: HyperCube) -> SceneFeatures | None:
        """The features of a cube, if they are still at hand."""
        return next((s for s in self.scenes if s.origin is cube), None)

    def _scene(
        self, cube: HyperCube, standardise: Standardise, token: CancelToken, port: ProgressPort
    ) -> SceneFeatures:
        if (scene := self.scene_of(cube)) is not None and standardise == "training":
            return scene
        seen = examined(real_in(cube, port))
        fitting = matched(seen, self.wavelengths, self.bands, self.features.bands, port)
        fitting = in_units(fitting, (self.scale, self.offset), self.features)
        features = scaled(self.features, standardise, fitting)
        scene = SceneFeatures(fitting, features, token, origin=cube, port=port)
        if standardise == "training":
            self.scenes[:] = [scene]
        return scene

    def _pool_for(self, scene: SceneFeatures, known: NDArray[np.uint16]) -> Pool:
        """The pool of the training scene, where this is it or labels are known; or the other."""
        if known.any() or scene_digest(scene.origin) == self.scene_digest:
            return self.pool
        return self.pool_elsewhere

    def _source(self, pool: Pool) -> str:
        """Name of what makes the map: the loudest voice, or the exits of the network."""
        if pool.network_share(self.part) > 0:
            return "SDHSI-Net, exits averaged"
        around = any(kind.windows for kind in KINDS if pool.factor(kind.name) > 0)
        return "SDHSI-Net, voices joined" if around else "SDHSI-Net, single pixels"

    def _output(
        self, scene: SceneFeatures, pool: Pool, token: CancelToken, port: ProgressPort
    ) -> DenseOutput:
        for known, by, output in self._outputs:
            if known is scene and by is pool:
                return output
        ensemble = Ensemble(self.voices, pool, self.network, self.part)
        output = ensemble.mapped(scene, token, port, within=self.usual_distance)
        note = strange_note(output.strange)
        if pool is self.pool_elsewhere and note is not None:
            port.report(UnlikeSpectra(note, output.strange or 0.0))
        kept = output.probabilities.nbytes <= KEEP_BYTES and scene in self.scenes
        self._outputs[:] = [(scene, pool, output)] if kept else []
        return output
