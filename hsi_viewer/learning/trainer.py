"""fit: from a cube and a few labelled pixels to a trained model."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_cdt

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import CancelToken, NotingPort, Progress, ProgressPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.distillation import SoftTargets, balanced
from hsi_viewer.learning.early_maps import coarse_scene
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.model import TrainedModel, prediction_of, real_in
from hsi_viewer.learning.model_state import facts_of, scene_digest
from hsi_viewer.learning.network import SdhsiNet, radius_of
from hsi_viewer.learning.predictor import choose_device, dense
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import Recipe, recipe_for
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.training_loop import Learner
from hsi_viewer.learning.training_pixels import (
    TrainingPixels,
    checked_labels,
    choose_pixels,
    note_unused,
    seeds_of,
    without_strays,
)
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter
from hsi_viewer.learning.voices.judging import Judge, Judged, of_strength
from hsi_viewer.learning.voices.pool import VOTE, Pool, Strength
from hsi_viewer.learning.voices.voice import CHOICES

SOFT_PIXELS = 1_500  # unlabelled pixels of the second round of "refined_rounds"


def fit(
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    legend: Iterable[LabelClass] = (),
    warm_start: TrainedModel | None = None,
    recipe: Recipe | None = None,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> TrainedModel:
    """Train the classifier on labelled pixels of a cube.

    Parameters
    ----------
    cube : the scene; of complex values the magnitude is used.
    labels : (rows, columns) class ids, by the rules of `core.labels.class_ids`.
    config : preset, distillation, seed, device.
    legend : names and colours of the classes; others become "Class n".
    warm_start : a model to continue from after labels changed; it must have been trained in this
        session on this very cube with the same recipe, otherwise training starts again.
    recipe : in place of the preset's, for benchmarks.
    token : checked at every step.
    port : takes `Progress`, an `EpochReport` each epoch, early `Prediction` objects, and a `Note`
        of what was left out or taken otherwise, which is a Python warning if there is no port.

    Raises
    ------
    LabelError
        if labels do not fit the cube or name fewer than two classes.
    TrainingError
        if the cube cannot be learned from, or the loss is not a number from the beginning.
    TaskCancelledError
        if the token was cancelled.
    """
    token, port = token or CancelToken(), port or NotingPort()
    ids, class_ids = checked_labels(labels, (cube.rows, cube.columns))
    recipe = recipe or recipe_for(config)
    started = time.perf_counter()
    token.check()
    scene = None
    if warm_start is not None and warm_start.recipe == recipe:
        scene = warm_start.scene_of(cube)
    if scene is None:
        warm_start = None
        port.report(Progress("Computing features", 0.0))
        seen = examined(real_in(cube, port))
        features = fit_features(seen, recipe.features, token)
        scene = SceneFeatures(seen, features, token, origin=cube)
    seconds = {"features": time.perf_counter() - started}

    started = time.perf_counter()
    run = Run(scene, ids, class_ids, recipe, config, token, port)
    network = run.network(warm_start)
    with run.judged(warm_start) as judged:
        ended = run.train(network, judged.ensemble, warm=warm_start is not None)
        verdict = judged.verdict()
    warning = " ".join([*scene.found_sentences(), *([ended] if ended else [])]) or None
    seconds["train"] = time.perf_counter() - started
    facts = facts_of(cube, ids, class_ids, legend, config, seconds, warning)
    return TrainedModel(
        **vars(facts),
        network=network,
        voices=judged.ensemble.voices,
        features=scene.features,
        recipe=recipe,
        part=judged.ensemble.part,
        **vars(verdict),
        scene_digest=scene_digest(cube),
        scenes=[scene],
    )


class Run:
    """One training run and what it shows on the way.

    Parameters
    ----------
    scene : features of the cube.
    ids : (rows, columns) class ids.
    class_ids : those that occur, ascending.
    """

    def __init__(
        self,
        scene: SceneFeatures,
        ids: NDArray[np.uint16],
        class_ids: tuple[int, ...],
        recipe: Recipe,
        config: TrainingConfig,
        token: CancelToken,
        port: ProgressPort,
    ) -> None:
        self.scene, self.recipe, self.config = scene, recipe, config
        self.class_ids, self.token, self.port = class_ids, token, port
        self.seeds = seeds_of(ids, class_ids)
        self.coarse = coarse_scene(scene, recipe.walker.guides, token)
        self.guide, self.valid = scene.guide(recipe.walker.guides, token)
        learned = without_strays(self.seeds, self.valid, scene.strays, port)
        self.pixels, self.targets = choose_pixels(
            self.seeds, learned, recipe.training.patches, config.seed
        )
        note_unused(self.seeds, self.valid, port)
        self.patches = scene.patches(self.pixels, radius_of(recipe.network), token)

    def refined(self, probabilities: FloatArray, strength: Strength = "full") -> FloatArray:
        """Probabilities after the walker, seeded by the labels."""
        recipe = of_strength(self.recipe.walker, strength)
        return walk(probabilities, self.guide, self.valid, self.seeds, recipe, self.token)

    def paint(self, probabilities: FloatArray, source: str, pool: Pool) -> None:
        """Show an early map."""
        if self.config.refine and pool.walker != "none":
            probabilities = self.refined(tempered(probabilities, VOTE), pool.walker)
            source += ", refined"
        self.port.report(
            prediction_of(probabilities, self.valid, self.class_ids, source, final=False)
        )

    def paint_first(self, ensemble: Ensemble) -> None:
        """Show what the voices say before the network is trained; coarsely of a large scene."""
        if self.coarse is None:
            early = ensemble.mapped(self.scene, self.token)
            self.paint(early.probabilities, "instant model", ensemble.pool)
            return
        strength = ensemble.pool.walker if self.config.refine else "none"
        walker = None if strength == "none" else of_strength(self.recipe.walker, strength)
        self.port.report(
            self.coarse.painted(ensemble, self.class_ids, self.seeds, walker, self.token)
        )
        self.coarse = None  # its memory is of use to the training

    def judged(self, warm_start: TrainedModel | None) -> Judged:
        """The voices and their weights; after a stroke, the evidence of the model before."""
        only, part = CHOICES[self.config.voices]
        values = np.ascontiguousarray(self.patches[:, :, *(s // 2 for s in self.patches.shape[2:])])
        shrinkage, sample = self.recipe.training.shrinkage, self.scene.sample(self.token)
        fitter = VoiceFitter(self.scene.features, len(self.class_ids), shrinkage, sample)
        judge = Judge(
            self.scene, fitter, self.pixels, self.targets, values, self.recipe.walker, only
        )
        if warm_start is None or warm_start.config.voices != self.config.voices:
            return Judged.at_leisure(judge, part, self.token)
        return Judged.in_passing(judge, part, warm_start)

    def network(self, warm_start: TrainedModel | None) -> SdhsiNet:
        """A new network, or one that continues from a trained one; new classes start from zero."""
        features = self.scene.features
        network = SdhsiNet(
            features.channels,
            len(features.sigmas),
            len(self.class_ids),
            self.recipe.network,
            self.config.seed,
        )
        if warm_start is not None:
            network.adopt(warm_start.network, self.class_ids, warm_start.class_ids)
        return network.to(choose_device(self.config.device))

    def train(self, network: SdhsiNet, ensemble: Ensemble, *, warm: bool) -> str | None:
        """Train the network, painting early maps unless it continues from a trained one.

        Returns
        -------
        A sentence if training ended early.
        """
        if not warm:
            self.paint_first(ensemble)
        data = TrainingPixels(torch.from_numpy(self.patches), torch.from_numpy(self.targets))

        def at_step(done: int) -> None:
            shown = done == learner.steps // 3 and not warm and self.scene.is_kept
            if shown and ensemble.looks_around:
                early = dense(network, self.scene, depth=1, token=self.token)
                self.paint(early.probabilities, "SDHSI-Net, shallow exit", ensemble.pool)

        learner = Learner(
            network,
            data,
            self.recipe,
            self.config.seed,
            self.token,
            self.port,
            warm=warm,
            soft_targets=None if warm else lambda: self.soft_targets(network),
            at_step=at_step,
        )
        return learner.run()

    def soft_targets(self, network: SdhsiNet) -> SoftTargets:
        """Unlabelled pixels, as many of each mapped class, with their refined probabilities."""
        output = dense(network, self.scene, token=self.token)
        refined = self.refined(output.probabilities).reshape(-1, len(self.class_ids))
        best = np.where(refined.max(axis=1) > self.recipe.distillation.confident, 1, 0)
        best = np.where(best & self.valid.ravel(), refined.argmax(axis=1), -1)
        best[self.pixels] = -1
        if (reach := self.recipe.distillation.nearby) is not None:
            best[distance_transform_cdt(self.seeds < 0, "chessboard").ravel() > reach] = -1
        rng = np.random.default_rng(self.config.seed)
        share = max(SOFT_PIXELS // len(self.class_ids), 1)
        kept = [
            rng.permutation(np.flatnonzero(best == k))[:share] for k in range(len(self.class_ids))
        ]
        pixels = np.sort(np.concatenate(kept))
        patches = self.scene.patches(pixels, network.radius, self.token)
        soft = torch.from_numpy(refined[pixels])
        soft = balanced(soft) if self.recipe.distillation.balanced else soft
        return SoftTargets(torch.from_numpy(patches), soft)
