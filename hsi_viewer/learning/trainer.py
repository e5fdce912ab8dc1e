"""fit: from a cube and a few labelled pixels to a trained model."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_cdt

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import CancelToken, NotingPort, Progress, ProgressPort
from hsi_viewer.core.training import Learned, TrainingConfig
from hsi_viewer.core.viewed import Viewed
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.distillation import SoftTargets, balanced
from hsi_viewer.learning.early_maps import Painter, Sketch
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.model import TrainedModel, prediction_of, real_in
from hsi_viewer.learning.model_state import facts_of, scene_digest
from hsi_viewer.learning.network import SdhsiNet, radius_of
from hsi_viewer.learning.predictor import by_tile, choose_device, dense
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import Recipe, recipe_for
from hsi_viewer.learning.scene_features import COMPUTING, SceneFeatures
from hsi_viewer.learning.survey import Window, tiles_inside
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
SOFT_TILES = 9  # of a large scene, about, from which they are drawn


def fit(
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    legend: Iterable[LabelClass] = (),
    warm_start: TrainedModel | None = None,
    recipe: Recipe | None = None,
    viewed: Viewed | None = None,
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
    viewed : what is on the screen, where early maps of a large scene are painted first.
    token : checked at every step.
    port : takes `Progress`, an `EpochReport` each epoch, early `Prediction` objects, of a large
        scene `Learned`, and a `Note` of what was left out or taken otherwise, which is a Python
        warning if there is no port.

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
        port.report(Progress(COMPUTING, 0.0))
        seen = examined(real_in(cube, port))
        features = fit_features(seen, recipe.features, token)
        scene = SceneFeatures(seen, features, token, origin=cube, port=port)
    seconds = {"features": time.perf_counter() - started}

    started = time.perf_counter()
    run = Run(scene, ids, class_ids, recipe, config, token, port, viewed)
    network = run.network(warm_start)
    with run.judged(warm_start) as judged:
        ended = run.train(network, judged, warm=warm_start is not None)
        verdict = judged.verdict()

    def made() -> TrainedModel:
        warning = " ".join([*scene.found_sentences(), *([ended] if ended else [])]) or None
        taken = {**seconds, "train": time.perf_counter() - started}
        facts = facts_of(cube, ids, class_ids, legend, config, taken, warning)
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

    if not scene.is_kept:
        port.report(Learned(made()))
    scene.guide(recipe.walker.guides, token, port)  # what every pixel shows belongs to it
    return made()


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
        viewed: Viewed | None = None,
    ) -> None:
        self.scene, self.recipe, self.config = scene, recipe, config
        self.class_ids, self.token, self.port, self.viewed = class_ids, token, port, viewed
        self.seeds = seeds_of(ids, class_ids)
        self.survey = scene.surveyed(recipe.walker.guides)
        valid, strays = self._at_labels()
        learned = without_strays(self.seeds, valid, strays, port)
        self.pixels, self.targets = choose_pixels(
            self.seeds, learned, recipe.training.patches, config.seed, class_ids
        )
        note_unused(self.seeds, valid, port)
        self.patches = scene.patches(self.pixels, radius_of(recipe.network), token, port)

    def _at_labels(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where (rows, columns) there is data, and what strays, at least at the labels."""
        if self.scene.is_kept:
            self.scene.guide(self.recipe.walker.guides, self.token, self.port)
            return self.survey.valid, self.survey.strays
        labelled = np.flatnonzero(self.seeds >= 0)
        valid, strays = np.ones(self.seeds.shape, bool), np.zeros(self.seeds.shape, bool)
        valid.flat[labelled], strays.flat[labelled] = self.scene.looked_at(labelled, self.token)
        return valid, strays

    def refined(
        self,
        probabilities: FloatArray,
        strength: Strength = "full",
        window: Window = (slice(None), slice(None)),
    ) -> FloatArray:
        """Probabilities after the walker, seeded by the labels, of all or of a window of it."""
        recipe, survey = of_strength(self.recipe.walker, strength), self.survey
        guide, valid = survey.guide[:, *window], survey.valid[window]
        return walk(probabilities, guide, valid, self.seeds[window], recipe, self.token)

    def paint(self, probabilities: FloatArray, source: str, pool: Pool) -> None:
        """Show an early map."""
        if self.config.refine and pool.walker != "none":
            probabilities = self.refined(tempered(probabilities, VOTE), pool.walker)
            source += ", refined"
        self.port.report(
            prediction_of(probabilities, self.survey.valid, self.class_ids, source, final=False)
        )

    def painting(self, ensemble: Ensemble, *, warm: bool) -> AbstractContextManager[object]:
        """Show what the voices say before the network is trained, and of a large scene after.

        A small scene is mapped before long where the network continues from a trained one.
        """
        if self.scene.is_kept and warm:
            return nullcontext()
        if self.scene.is_kept:
            early = ensemble.mapped(self.scene, self.token)
            self.paint(early.probabilities, "instant model", ensemble.pool)
            return nullcontext()
        strength = ensemble.pool.walker if self.config.refine else "none"
        walker = None if strength == "none" else of_strength(self.recipe.walker, strength)
        asked = self.class_ids, self.seeds, walker, self.viewed, self.token
        return Painter(Sketch(self.scene, ensemble, *asked), self.port, again=warm)

    def judged(self, warm_start: TrainedModel | None, strength: Strength | None = None) -> Judged:
        """The voices and their weights; after a stroke, the evidence of the model before.

        Parameters
        ----------
        warm_start : the model before.
        strength : of the refinement that the evidence is of; as configured by default.
        """
        if strength is None and not self.config.refine:
            strength = "none"
        only, part = CHOICES[self.config.voices]
        values = np.ascontiguousarray(self.patches[:, :, *(s // 2 for s in self.patches.shape[2:])])
        classes, shrinkage = len(self.class_ids), self.recipe.training.shrinkage
        fitter = VoiceFitter.of_scene(self.scene, classes, shrinkage, self.token)
        spectra = self.scene.spectra_at(self.pixels, self.token)
        asked = self.pixels, self.targets, values, spectra
        judge = Judge(self.scene, fitter, *asked, self.recipe.walker, only, strength)
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

    def train(self, network: SdhsiNet, judged: Judged, *, warm: bool) -> str | None:
        """Train the network, painting early maps.

        The evidence is gathered beside the training, but the first map comes before it.

        Returns
        -------
        A sentence if training ended early.
        """
        ensemble = judged.ensemble
        painting = self.painting(ensemble, warm=warm)
        data = TrainingPixels(torch.from_numpy(self.patches), torch.from_numpy(self.targets))

        learner = Learner(
            network,
            data,
            self.recipe,
            self.config.seed,
            self.token,
            self.port,
            warm=warm,
            soft_targets=None if warm else lambda: self.soft_targets(network),
        )
        third = learner.steps // 3  # not looked up below: a circle would keep the scene in memory

        def at_step(done: int) -> None:
            shown = done == third and not warm and self.scene.is_kept
            if shown and ensemble.looks_around:
                early = dense(network, self.scene, depth=1, token=self.token)
                self.paint(early.probabilities, "SDHSI-Net, shallow exit", ensemble.pool)

        learner.at_step = at_step
        with painting:
            judged.gather()
            return learner.run()

    def soft_targets(self, network: SdhsiNet) -> SoftTargets:
        """Unlabelled pixels, as many of each mapped class, with their refined probabilities."""
        seen, refined = self._taught(network)
        best = np.where(
            refined.max(axis=1) > self.recipe.distillation.confident, refined.argmax(axis=1), -1
        )
        best[~self.survey.valid.flat[seen] | np.isin(seen, self.pixels)] = -1
        if (reach := self.recipe.distillation.nearby) is not None:
            apart = distance_transform_cdt(self.seeds < 0, "chessboard")
            best[apart.flat[seen] > reach] = -1
        rng = np.random.default_rng(self.config.seed)
        share = max(SOFT_PIXELS // len(self.class_ids), 1)
        kept = [
            rng.permutation(np.flatnonzero(best == k))[:share] for k in range(len(self.class_ids))
        ]
        chosen = np.concatenate(kept)
        chosen = chosen[np.argsort(seen[chosen])]
        patches = self.scene.patches(seen[chosen], network.radius, self.token)
        soft = torch.from_numpy(refined[chosen])
        soft = balanced(soft) if self.recipe.distillation.balanced else soft
        return SoftTargets(torch.from_numpy(patches), soft)

    def _taught(self, network: SdhsiNet) -> tuple[NDArray[np.int64], FloatArray]:
        """Flat indices (n,) of pixels, all or those of some tiles, and refined answers there."""
        rows, columns = self.seeds.shape
        if self.scene.is_kept:
            output = dense(network, self.scene, token=self.token)
            refined = self.refined(output.probabilities)
            return np.arange(rows * columns), refined.reshape(rows * columns, -1)
        windows, seen, said = tiles_inside(self.scene.cube), [], []
        windows = windows[:: -(-len(windows) // SOFT_TILES)]
        for tile in by_tile(network, self.scene, token=self.token, windows=windows):
            r, c = tile.window
            refined = self.refined(tile.exits.mean(axis=0), window=tile.window)
            at = np.arange(r.start, r.stop)[:, None] * columns + np.arange(c.start, c.stop)
            seen.append(at.ravel())
            said.append(refined.reshape(at.size, -1))
        return np.concatenate(seen), np.concatenate(said)
