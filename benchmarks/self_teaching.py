"""What self-distillation adds to the final map: python -m benchmarks.self_teaching.

Two voices speak: the network with the discriminant on its windows ("surroundings"), and a
discriminant on the bands of single pixels ("pixels"). Weights are exp(-4 x log loss) of answers
held out by place (`learning.spatial_folds`; halves for another scene); the walker is the stronger
the more the surroundings say. The final map is the vote of both after the walker; another scene has
no labels and no walker. `even` is the same with both weights a half, so that what was taught is
heard where evidence would silence it. Every arm takes the same steps over the same labelled batches
and as many unlabelled patches, whose soft targets weigh nothing in `control`:

- `rounds`: the network's own map after the walker, half-way;
- `folds`: the mean of the votes of voices that were trained without a spatial fold each;
- `pixels`: the voice of single pixels;
- `held_out`: labelled pixels only, their labels softened by what the folds say without them;
- `into_pixels`: the other way round, the voice of single pixels is fitted again with pixels that
  the network maps.

A model that is applied to another scene takes some more steps there (`vote`, `pixels`,
`into_pixels`: taught by the vote, by the voice of single pixels, and that voice by the vote), and
`unadapted` takes none. One row at a finished run in results/self_teaching.csv; run again, it goes
on where it stopped. The seed draws the labels and the network.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import copy
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.development import Task, task_of
from benchmarks.distillation import with_wrong
from benchmarks.plain import Pixels, bands, discriminant
from benchmarks.table import Table
from hsi_viewer.core.progress import CancelToken, SilentPort
from hsi_viewer.core.training import DistillationMode, TrainingConfig
from hsi_viewer.learning.calibration import expected_calibration_error
from hsi_viewer.learning.distillation import SoftTargets
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.instant_model import fit_instant
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import by_tile
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.spatial_folds import half_folds, spatial_folds
from hsi_viewer.learning.trainer import Run
from hsi_viewer.learning.training_loop import Learner
from hsi_viewer.learning.training_pixels import TrainingPixels

CASES = (
    ("enmap_potsdam", "random", 10),
    ("jasper_ridge", "random", 10),
    ("enmap_potsdam", "apply left", 30),
    ("jasper_ridge", "apply left", 30),
    ("enmap_potsdam", "separated", 10),
    ("samson", "separated", 10),
    ("indian_pines", "half right", 30),
    ("indian_pines", "apply top", 30),
)
SEEDS = (range(5), range(5, 10))
WRONG = 0.1
STEPS, BATCH, UNLABELLED, ADAPT = 150, 32, 16, 40
SOFT_PIXELS = 1_500
WEIGHT = 0.3
LINEAR_POWER = 0.2  # the discriminant on bands is far too sure of itself
SHARPNESS = 4.0
TINY = 1e-6
EVEN = np.array([0.5, 0.5])
KEYS = ("scene", "protocol", "n", "seed", "wrong_labels", "arm")
VALUES = ("oa_exits", "oa_vote", "oa_final", "oa_even", "ece_final", "surroundings", "cpu_seconds")
ARMS = ("control", "rounds", "folds", "pixels", "held_out", "into_pixels")
ARMS_ELSEWHERE = ("unadapted", "control", "vote", "pixels", "into_pixels")
Ints = NDArray[np.int64]
Model = Callable[[Pixels], FloatArray]


def linear(pixels: Pixels, targets: Ints, classes: int) -> Model:
    """Log probabilities by the discriminant on bands, less sure than it is by itself."""
    model = discriminant(targets.astype(np.uint16)).fit(pixels, targets)

    def said(others: Pixels) -> FloatArray:
        found = np.full((len(others), classes), TINY)
        found[:, model.classes_] = np.maximum(model.predict_proba(others), 1e-30) ** LINEAR_POWER
        return normalised(np.log(found))

    return said


def normalised(logs: NDArray[np.floating]) -> FloatArray:
    """Log probabilities that sum to one."""
    top = logs - logs.max(axis=1, keepdims=True)
    result: FloatArray = (top - np.log(np.exp(top).sum(axis=1, keepdims=True))).astype(np.float32)
    return result


@dataclass
class Place:
    """A scene and what the voices see of it."""

    scene: SceneFeatures
    spectra: Pixels

    @property
    def windows(self) -> FloatArray:
        """Features (pixels, channels)."""
        values, _ = self.scene.window(
            slice(0, self.scene.cube.rows), slice(0, self.scene.cube.columns)
        )
        result: FloatArray = np.ascontiguousarray(values.reshape(len(values), -1).T)
        return result


class Study:
    """One list of labels, and the arms on it."""

    def __init__(
        self, task: Task, training: NDArray[np.uint16], seed: int, kept: dict[str, Place]
    ) -> None:
        self.task, self.training, self.seed = task, training, seed
        self.home, self.there = places(task, kept)
        self.elsewhere = task.other is not task.cube
        recipe = Recipe()
        own = replace(recipe.training, steps=STEPS, batch=BATCH, warm_steps=ADAPT)
        how = replace(recipe.distillation, weight=0.0, unlabelled=UNLABELLED)
        self.recipe = replace(recipe, training=own, distillation=how)
        self.class_ids = tuple(int(i) for i in np.unique(training) if i)
        config = TrainingConfig(seed=seed, device="cpu", refine=False)
        self.run = Run(
            self.home.scene, training, self.class_ids, self.recipe, config, CancelToken(),
            SilentPort(),
        )  # fmt: skip
        self.classes, self.targets = len(self.class_ids), self.run.targets
        self.windows, self.spectra = self.home.windows, self.home.spectra
        make = half_folds if self.elsewhere else spatial_folds
        self.folds = make(self.run.pixels, self.targets, self.home.scene.cube.columns)
        self._fit()

    def _fit(self) -> None:
        """Both voices on all labels and without each fold, and their weights."""
        everything = np.ones(len(self.targets), bool)
        self.instant, self.linear = self._voices(everything)
        self.without = [self._voices(self.folds.folds != f) for f in self.folds.used]
        held = np.zeros((2, len(self.targets), self.classes), np.float32)
        pixels = self.run.pixels
        for fold, voices in zip(self.folds.used, self.without, strict=True):
            test = self.folds.folds == fold
            held[0, test] = voices[0](self.windows[pixels[test]])
            held[1, test] = voices[1](self.spectra[pixels[test]])
        is_held = self.folds.is_held
        self.weights = EVEN
        if self.folds.too_few is None:
            right = held[:, is_held, self.targets[is_held]]
            counts = np.bincount(self.targets[is_held], minlength=self.classes)
            share = 1 / counts[self.targets[is_held]]
            losses = -(right * share).sum(axis=1) / share.sum()
            powers = np.exp(-SHARPNESS * (losses - losses.min()))
            self.weights = powers / powers.sum()
        said = np.exp(normalised(self.weights[0] * held[0] + self.weights[1] * held[1]))
        self.held = np.where(is_held[:, None], said, np.eye(self.classes)[self.targets])

    def _voices(self, chosen: NDArray[np.bool_]) -> tuple[Model, Model]:
        pixels, targets = self.run.pixels[chosen], self.targets[chosen]
        model = fit_instant(
            self.windows[pixels], targets, self.classes, self.recipe.training.shrinkage
        )

        def around(values: Pixels) -> FloatArray:
            said: FloatArray = np.log(np.maximum(model.probabilities(values.T[:, None])[0], TINY))
            return said

        return around, linear(self.spectra[pixels], targets, self.classes)

    def vote(
        self, around: FloatArray, alone: FloatArray, weights: NDArray[np.float64] | None = None
    ) -> FloatArray:
        """Log probabilities of both voices together."""
        first, second = self.weights if weights is None else weights
        return normalised(first * around + second * alone)

    def final(self, voted: FloatArray, weights: NDArray[np.float64]) -> FloatArray:
        """Probabilities of the map, which is refined where there are labels."""
        if self.elsewhere:
            return np.exp(voted)
        return self.refined(voted, float(self.recipe.walker.gamma * 100 ** weights[1]))

    def exits(self, network: SdhsiNet, place: Place) -> FloatArray:
        """Log of the mean of the exits, (pixels, classes)."""
        cube = place.scene.cube
        found = np.empty((cube.rows, cube.columns, self.classes), np.float32)
        for tile in by_tile(network, place.scene):
            found[tile.window] = tile.exits.mean(axis=0)
        return np.log(np.maximum(found.reshape(-1, self.classes), TINY))

    def surroundings(self, network: SdhsiNet, place: Place) -> FloatArray:
        """Log probabilities of network and discriminant on windows."""
        return 0.5 * (self.exits(network, place) + self.instant(place.windows))

    def refined(self, logs: FloatArray, gamma: float) -> FloatArray:
        """Probabilities after the walker, (pixels, classes)."""
        run, shape = self.run, self.run.seeds.shape
        walker = replace(self.recipe.walker, gamma=gamma)
        probabilities = np.exp(logs).reshape(*shape, -1)
        found = walk(probabilities, run.guide, run.valid, run.seeds, walker)
        return found.reshape(-1, self.classes)

    def teacher(self, arm: str, network: SdhsiNet) -> FloatArray:
        """Soft targets of every pixel of the place to be mapped, (pixels, classes)."""
        place = self.there
        if arm == "pixels":
            return np.exp(self.linear(place.spectra))
        if arm == "folds":
            said = [self.vote(a(place.windows), b(place.spectra)) for a, b in self.without]
            return np.mean([np.exp(logs) for logs in said], axis=0)
        if self.elsewhere:
            alone = self.linear(place.spectra)
            return np.exp(self.vote(self.surroundings(network, place), alone))
        return self.refined(self.exits(network, place), self.recipe.walker.gamma)

    def soft(self, said: FloatArray, radius: int) -> SoftTargets:
        """Unlabelled pixels, as many of each class of a teacher, with what it says of them."""
        pixels = self.sample(said.argmax(axis=1), SOFT_PIXELS)
        patches = self.there.scene.patches(pixels, radius)
        return SoftTargets(torch.from_numpy(patches), torch.from_numpy(said[pixels]).float())

    def sample(self, classes: Ints, count: int) -> Ints:
        """Unlabelled pixels, as many of each class where there are."""
        if not self.elsewhere:
            classes = np.where(self.training.ravel() > 0, -1, classes)
        rng = np.random.default_rng(self.seed)
        share = max(count // self.classes, 1)
        found = [rng.permutation(np.flatnonzero(classes == k)) for k in range(self.classes)]
        return np.sort(np.concatenate([pixels[:share] for pixels in found]))

    def learn(self, network: SdhsiNet, arm: str, *, adapt: bool = False) -> None:
        """Train, with the arm's soft targets from half-way, or on another scene from the start."""
        weight = 0.0 if arm in ("control", "held_out", "into_pixels") else WEIGHT
        mode: DistillationMode = "previous_epochs" if arm == "held_out" else "none"
        how = replace(self.recipe.distillation, weight=weight, mode=mode, momentum=1.0)
        patches = self.home.scene.patches(self.run.pixels, network.radius)
        data = TrainingPixels(
            torch.from_numpy(patches),
            torch.from_numpy(self.targets),
            torch.zeros(len(self.targets), dtype=torch.bool),
        )

        def half_way(done: int) -> None:
            if done == STEPS // 2 and not adapt and not self.elsewhere:
                network.eval()
                learner.soft = self.soft(self.teacher(arm, network), network.radius)

        learner = Learner(
            network, data, replace(self.recipe, distillation=how), self.seed, CancelToken(),
            SilentPort(), warm=adapt, at_step=half_way,
        )  # fmt: skip
        if arm == "held_out":
            learner.memory.table = torch.from_numpy(self.held).float()
        if adapt:
            learner.soft = self.soft(self.teacher(arm, network), network.radius)
        learner.run()

    def taught_pixels(self, network: SdhsiNet) -> Model:
        """The voice of single pixels, fitted again with pixels that the others map."""
        said = self.teacher("vote", network).argmax(axis=1)
        pixels = self.sample(said, SOFT_PIXELS)
        spectra = [self.spectra[self.run.pixels], self.there.spectra[pixels]]
        return linear(
            np.concatenate(spectra), np.concatenate([self.targets, said[pixels]]), self.classes
        )

    def rows(self) -> Iterator[dict[str, object]]:
        """The figures of every arm."""
        first: SdhsiNet | None = None
        for arm in ARMS_ELSEWHERE if self.elsewhere else ARMS:
            start = time.process_time()
            if first is None or not (self.elsewhere or arm == "into_pixels"):
                network = self.run.network(None)
                self.learn(network, arm)
                first = first or network
            if self.elsewhere and arm != "unadapted":
                network = copy.deepcopy(first)
                self.learn(network, arm, adapt=True)
            if arm == "into_pixels":
                network = network if self.elsewhere else first
                alone = self.taught_pixels(network)(self.there.spectra)
            else:
                alone = self.linear(self.there.spectra)
            yield {"arm": arm, **self.scores(network, alone, start)}

    def scores(self, network: SdhsiNet, alone: FloatArray, start: float) -> dict[str, object]:
        """Accuracy of the exits, of the vote, and of the vote after the walker."""
        exits = self.exits(network, self.there)
        around = 0.5 * (exits + self.instant(self.there.windows))
        voted, even = self.vote(around, alone), self.vote(around, alone, EVEN)
        final, even = self.final(voted, self.weights), self.final(even, EVEN)
        scored = self.task.test.ravel() > 0
        truth = self.task.test.ravel()[scored]

        def right(said: FloatArray) -> NDArray[np.bool_]:
            return np.asarray(self.class_ids)[said[scored].argmax(axis=1)] == truth

        return {
            "oa_exits": 100 * float(right(exits).mean()),
            "oa_vote": 100 * float(right(voted).mean()),
            "oa_final": 100 * float(right(final).mean()),
            "oa_even": 100 * float(right(even).mean()),
            "ece_final": expected_calibration_error(final[scored].max(axis=1), right(final)),
            "surroundings": float(self.weights[0]),
            "cpu_seconds": time.process_time() - start,
        }


def places(task: Task, kept: dict[str, Place]) -> tuple[Place, Place]:
    """Where it is learned and where it is mapped; a whole scene is computed once."""
    name = str(task.key["scene"])
    if task.other is not task.cube:
        features = fit_features(task.cube, Recipe().features)
        return (
            Place(SceneFeatures(task.cube, features), bands(task.cube, task.cube)),
            Place(SceneFeatures(task.other, features), bands(task.cube, task.other)),
        )
    if name not in kept:
        features = fit_features(task.cube, Recipe().features)
        kept[name] = Place(SceneFeatures(task.cube, features), bands(task.cube, task.cube))
    return kept[name], kept[name]


def main(wanted: list[str]) -> None:
    """Run what is missing, of the named scenes or all; right labels before wrong ones."""
    torch.set_num_threads(1)
    table = Table("self_teaching", KEYS, VALUES)
    kept: dict[str, Place] = {}
    for wrong, seed, case in (
        (w, i, c) for s, w in product(SEEDS, (0, 1)) for i, c in product(s, CASES)
    ):
        key = dict(zip(KEYS, (*case, seed, wrong), strict=False))
        last = (ARMS_ELSEWHERE if "apply" in case[1] else ARMS)[-1]
        if (wanted and case[0] not in wanted) or table.has(**key, arm=last):
            continue
        task = task_of(*case, seed)
        training = with_wrong(task.training, WRONG, seed) if wrong else task.training
        for row in Study(task, training, seed, kept).rows():
            if not table.has(**key, arm=row["arm"]):
                table.add(**key, **row)
            print(*key.values(), row["arm"], f"{row['oa_exits']:.2f} {row['oa_vote']:.2f}",
                  f"{row['oa_final']:.2f} {row['cpu_seconds']:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
