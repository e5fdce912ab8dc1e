"""A scene of the benchmarks of guidance: its first labels, and maps of it without the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label as regions_of

from benchmarks.scenes import Ids, development_scene, draw
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.guidance.ground import Ground, ground_of
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.training_pixels import seeds_of
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter
from hsi_viewer.learning.voices.judging import Judge, evidence_for, of_strength
from hsi_viewer.learning.voices.pool import VOTE


class Scene:
    """A development scene and what is computed of it once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cube, self.truth = development_scene(name)
        self.class_ids = tuple(int(i) for i in np.unique(self.truth) if i)
        self.ground: Ground = ground_of(self.cube)
        recipe = Recipe()
        seen = examined(self.cube)
        self.features = SceneFeatures(seen, fit_features(seen, recipe.features), origin=self.cube)

    def scored_half(self, seed: int) -> NDArray[np.bool_]:
        """A random half of the pixels, the same for all rules."""
        rng = np.random.default_rng(seed)
        half: NDArray[np.bool_] = rng.random(self.truth.shape) < 0.5
        return half

    def start(self, kind: str, seed: int, allowed: NDArray[np.bool_]) -> Ids:
        """The first labels."""
        rng = np.random.default_rng(77 + seed)
        if kind == "pixels":
            return draw(self.truth, allowed & (self.truth > 0), 2, rng)
        labels = np.zeros_like(self.truth)
        for k in self.class_ids:
            fields, _count = regions_of(self.truth == k, np.ones((3, 3)))
            sizes = np.bincount(fields.ravel())[1:]
            large = np.flatnonzero(sizes >= min(3, sizes.max())) + 1
            row, column = np.nonzero(fields == rng.choice(large))
            i = int(rng.integers(row.size))
            near = np.argsort(np.hypot(row - row[i], column - column[i]), kind="stable")[:3]
            labels[row[near], column[near]] = k
        return labels

    def mapped(self, labels: Ids) -> tuple[Prediction, Evidence]:
        """The refined map of the labelled classes by the engine's voices, and their weights."""
        recipe = Recipe()
        pixels = np.flatnonzero(labels)
        class_ids = tuple(int(i) for i in np.unique(labels.flat[pixels]))
        seeds = seeds_of(labels, class_ids)
        values = np.ascontiguousarray(self.features.patches(pixels, 0)[:, :, 0, 0])
        spectra = self.features.spectra_at(pixels)
        fitter = self.fitter(len(class_ids))
        targets = seeds.ravel()[pixels]
        judge = Judge(self.features, fitter, pixels, targets, values, spectra, recipe.walker)
        voices = judge.fitted
        pool = judge.pool().in_units(fitter.units(voices))
        said = Ensemble(voices, pool).mapped(self.features).probabilities
        evidence = evidence_for(pool, 0.0, self.features.features, None, None)
        if pool.walker != "none":
            guide, valid = self.features.guide(recipe.walker.guides)
            strength = of_strength(recipe.walker, pool.walker)
            said = walk(tempered(said, VOTE), guide, valid, seeds, strength)
        ids = np.asarray(class_ids, np.uint16)[said.argmax(axis=2)]
        return Prediction(ids, said.max(axis=2), class_ids, said), evidence

    def fitter(self, classes: int) -> VoiceFitter:
        """Fits the voices of the engine."""
        return VoiceFitter.of_scene(self.features, classes, Recipe().training.shrinkage)

    def ground_at(self, open_: NDArray[np.bool_]) -> Ground:
        """The ground where the simulated user knows an answer.

        What is closed is not skipped: its segment may still be asked for.
        """
        ground = self.ground
        return Ground(ground.components, ground.valid & open_, ground.segments)
