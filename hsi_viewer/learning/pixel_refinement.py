"""How strongly the map of single spectra is refined: as strongly as held-out labels tell.

The walker gains much where fields are large and spectra noisy, and loses where a class is often one
pixel wide.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.calibration import fit_reliability
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.folds import evenly, trainable
from hsi_viewer.learning.held_out_maps import refined_answers
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.pixel_kind import PixelKind, Scorer
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window
from hsi_viewer.learning.voices.judging import of_strength
from hsi_viewer.learning.voices.pool import LARGEST, Strength

JUDGED, FOLDS = 1_000, 3  # labels, evenly over the classes, and folds that the walker is judged by
STRENGTHS: tuple[Strength, ...] = ("weak", "full")


@dataclass(frozen=True)
class Refinement:
    """What the labels say about the walker.

    Attributes
    ----------
    strength : with which most held-out labels are right; of equal ones the weaker.
    reliability : by strength, offset and slope of `calibration.reliable`.
    """

    strength: Strength = "full"
    reliability: dict[Strength, tuple[float, float]] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Whether the numbers can be those of a refinement."""
        numbers = self.reliability.values()
        return all(abs(offset) <= LARGEST and 0 < slope <= LARGEST for offset, slope in numbers)

    def reliable_at(self, strength: Strength) -> tuple[float, float]:
        """Offset and slope for a map that is refined so; they change nothing if not judged."""
        return self.reliability.get(strength, (0.0, 1.0))


@dataclass(frozen=True)
class Labelled:
    """Labels whose spectra are known.

    Attributes
    ----------
    scene : features of the cube.
    pixels, targets : (n,) flat indices, and class indices; every class occurs.
    values : (n, bands) standardised.
    """

    scene: SceneFeatures
    pixels: NDArray[np.int64]
    targets: NDArray[np.int64]
    values: FloatArray


def judged(
    kind: PixelKind,
    labelled: Labelled,
    folds: NDArray[np.int64],
    walker: WalkerRecipe,
    seed: int,
    token: CancelToken,
    port: ProgressPort,
) -> Refinement:
    """Judge the walker by labels that are held out by place; it is full where none can be.

    Parameters
    ----------
    folds : (n,) fold of each label, -1 for those that are always trained on.
    """
    some = evenly(labelled.targets, JUDGED, seed)
    pixels, targets, values = labelled.pixels[some], labelled.targets[some], labelled.values[some]
    folds = trainable(_fewer(folds[some], FOLDS), targets)
    numbers = np.unique(folds[folds >= 0])
    walkers = [of_strength(walker, strength) for strength in STRENGTHS]
    said = np.full((1 + len(walkers), targets.size, int(targets.max()) + 1), np.nan, np.float32)
    for done, fold in enumerate(numbers):
        token.check()
        port.report(Progress("Judging the refinement by labels held out", done / len(numbers)))
        test = folds == fold
        # Cost and kernel, which these choose, matter little to what is asked here.
        inner = trainable(_fewer(folds[~test], 2), targets[~test])
        scorer, steepness = kind.fit(
            values[~test], targets[~test], folds=inner, seed=seed, token=token, port=SilentPort()
        )

        def mapped(
            part: Window, scorer: Scorer = scorer, steepness: float = steepness
        ) -> FloatArray:
            seen, valid = labelled.scene.spectra(*part)
            return probabilities(scorer, steepness, seen).reshape(*valid.shape, -1)

        said[0, test] = probabilities(scorer, steepness, values[test])
        found = refined_answers(labelled.scene, mapped, pixels, targets, test, walkers, token)
        said[1:, test] = found[:, test]
    asked = np.isfinite(said).all(axis=(0, 2))
    if not asked.any():
        return Refinement()
    right = said[:, asked].argmax(axis=2) == targets[asked]
    chosen = ("none", *STRENGTHS)[int(right.mean(axis=1).argmax())]
    sure = said[:, asked].max(axis=2)
    reliability = {s: fit_reliability(sure[1 + i], right[1 + i]) for i, s in enumerate(STRENGTHS)}
    return Refinement(chosen, reliability)


def _fewer(folds: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.where(folds >= 0, folds % count, -1)


def probabilities(scorer: Scorer, steepness: float, values: FloatArray) -> FloatArray:
    """Probabilities (n, classes) of standardised values (n, bands)."""
    return softmax(np.float32(steepness) * scorer.scores(values))
