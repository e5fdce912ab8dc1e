"""What self-distillation adds to the final map: python -m benchmarks.self_teaching.

Voices, their weights and the walker are the engine's, judged once a list on folds that hold out
places (`learning.voices`); arms differ in what the network or the voices of single pixels are
taught. Every arm takes the same steps over the same labelled batches and as many unlabelled
patches, whose soft targets weigh nothing in `control`:

- `rounds`: the network's own map after the walker, half-way;
- `folds`: the mean vote of voices that were trained without a spatial fold each;
- `pixels`: the voices of single pixels;
- `held_out`: labelled pixels only, their labels softened by what the folds say without them;
- `into_pixels`: the other way round, the voices of single pixels are fitted again with pixels that
  the network maps;
- `sure_pixels`: the same with the surest pixels of the final map, as many as there are labels.

A model that is applied to another scene takes some more steps there (`vote`, `pixels`: taught by
the vote, by the voices of single pixels; `into_pixels`, `sure_pixels`: those by the vote), and
`unadapted` takes none. `oa_around` is the map of the surroundings alone, of which the network is
half. One row at a finished run in results/self_teaching.csv; run again, it goes on where it
stopped. The seed draws the labels and the network, and says which half is learned from.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import copy
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.development import FEW, SIDES, Task, task_of
from benchmarks.distillation import with_wrong
from benchmarks.table import Table
from hsi_viewer.core.progress import CancelToken, SilentPort
from hsi_viewer.core.training import DistillationMode, TrainingConfig
from hsi_viewer.learning.calibration import expected_calibration_error, tempered
from hsi_viewer.learning.distillation import SoftTargets
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import by_tile
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import Run
from hsi_viewer.learning.training_loop import Learner
from hsi_viewer.learning.training_pixels import TrainingPixels
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter, Voices
from hsi_viewer.learning.voices.judging import Judge
from hsi_viewer.learning.voices.pool import VOTE, Pool
from hsi_viewer.learning.voices.voice import CHOICES, VoiceName

CASES = (
    ("enmap_potsdam", "random", 10),
    ("jasper_ridge", "random", 10),
    ("enmap_potsdam", "apply", 30),
    ("jasper_ridge", "apply", 30),
    ("enmap_potsdam", "separated", 10),
    ("indian_pines", "half", 30),
    ("indian_pines", "apply", 30),
    ("indian_pines", "random", 10),
    ("indian_pines", "separated", 10),
    ("samson", "random", 10),
    ("samson", "apply", 30),
)
SEEDS = (range(3), range(3, 10))
WRONG = 0.1
STEPS, BATCH, UNLABELLED, ADAPT = 150, 32, 16, 40
SOFT_PIXELS = 1_500
WEIGHT = 0.3
KEYS = ("scene", "protocol", "n", "seed", "wrong_labels", "arm")
VALUES = ("oa_exits", "oa_around", "oa_vote", "oa_final", "ece_final", "around", "walker",
          "cpu_seconds")  # fmt: skip
ARMS = ("control", "rounds", "folds", "pixels", "held_out", "into_pixels", "sure_pixels")
ARMS_ELSEWHERE = ("unadapted", "control", "vote", "pixels", "into_pixels", "sure_pixels")
INTO_PIXELS = ("into_pixels", "sure_pixels")  # the network is that of the control
SINGLE: tuple[VoiceName, ...] = ("pixels", "similar_pixels")
Ints = NDArray[np.int64]


class Study:
    """One list of labels, and the arms on it."""

    def __init__(
        self, task: Task, training: NDArray[np.uint16], seed: int, kept: dict[str, SceneFeatures]
    ) -> None:
        self.task, self.training, self.seed = task, training, seed
        self.home, self.there = places(task, kept)
        self.elsewhere = task.other is not task.cube
        recipe = Recipe()
        own = replace(recipe.training, steps=STEPS, batch=BATCH, warm_steps=ADAPT)
        how = replace(recipe.distillation, weight=0.0, unlabelled=UNLABELLED)
        self.recipe = replace(recipe, training=own, distillation=how)
        self.class_ids = tuple(int(i) for i in np.unique(training) if i)
        config = TrainingConfig(seed=seed, device="cpu")
        port = SilentPort()
        self.run = Run(
            self.home, training, self.class_ids, self.recipe, config, CancelToken(), port
        )
        self.classes, self.targets = len(self.class_ids), self.run.targets
        self.values = self.home.patches(self.run.pixels, 0)[:, :, 0, 0]
        self.fitter = VoiceFitter(
            self.home.features,
            self.classes,
            own.shrinkage,
            self.home.sample(),
            self.home.sampled_spectra(),
        )
        self.spectra = self.home.spectra_at(self.run.pixels)
        self.judged = self._pool(None)
        self.around = self._pool(CHOICES["surroundings"][0])
        self.single = self._pool(CHOICES["pixels"][0])
        self.voices = self.fitter.fitted(self.values, self.targets, self.spectra)

    def _pool(self, only: tuple[VoiceName, ...] | None) -> Pool:
        run = self.run
        known = run.pixels, self.targets, self.values, self.spectra
        judge = Judge(self.home, self.fitter, *known, self.recipe.walker, only)
        self.folds = judge.separated
        return judge.pool_elsewhere() if self.elsewhere else judge.pool()

    def ensemble(self, voices: Voices, pool: Pool, network: SdhsiNet | None = None) -> Ensemble:
        """Voices joined by a pool."""
        return Ensemble(voices, pool.in_units(self.fitter.units(voices)), network)

    def vote(self, voices: Voices, pool: Pool, network: SdhsiNet | None = None) -> FloatArray:
        """Probabilities of the place to be mapped, (rows, columns, classes)."""
        return self.ensemble(voices, pool, network).mapped(self.there).probabilities

    def final(self, voted: FloatArray, pool: Pool) -> FloatArray:
        """The same, refined as the engine does it."""
        if pool.walker == "none":
            return voted
        return self.run.refined(tempered(voted, VOTE), pool.walker)

    def exits(self, network: SdhsiNet) -> FloatArray:
        """Mean of the exits, (rows, columns, classes)."""
        cube = self.there.cube
        found = np.empty((cube.rows, cube.columns, self.classes), np.float32)
        for tile in by_tile(network, self.there):
            found[tile.window] = tile.exits.mean(axis=0)
        return found

    def without_folds(self) -> Iterator[tuple[NDArray[np.bool_], Voices]]:
        """Labels of each spatial fold, and the voices that were trained without it."""
        for fold in self.folds.used:
            test = self.folds.folds == fold
            known = self.values[~test], self.targets[~test], self.spectra[~test]
            yield test, self.fitter.fitted(*known)

    def held(self) -> FloatArray:
        """What the folds say of each label (n, classes), and the label itself where none does."""
        said = np.eye(self.classes, dtype=np.float32)[self.targets]
        for test, voices in self.without_folds():
            asked = self.values[test], None, None, self.spectra[test]
            said[test] = softmax(self.ensemble(voices, self.judged).logits(*asked))
        return said

    def teacher(self, arm: str, network: SdhsiNet) -> FloatArray:
        """Soft targets of every pixel of the place to be mapped, (pixels, classes)."""
        if arm == "pixels":
            said = self.vote(self.voices, self.single)
        elif arm == "folds":
            said = np.mean([self.vote(v, self.judged) for _, v in self.without_folds()], axis=0)
        elif self.elsewhere:
            said = self.vote(self.voices, self.judged, network)
        else:
            said = self.run.refined(self.exits(network))
        return said.reshape(-1, self.classes)

    def soft(self, said: FloatArray, radius: int) -> SoftTargets:
        """Unlabelled pixels, as many of each class of a teacher, with what it says of them."""
        pixels = self.sample(said.argmax(axis=1))
        patches = self.there.patches(pixels, radius)
        return SoftTargets(torch.from_numpy(patches), torch.from_numpy(said[pixels]).float())

    def sample(self, classes: Ints) -> Ints:
        """Unlabelled pixels, as many of each class where there are."""
        if not self.elsewhere:
            classes = np.where(self.training.ravel() > 0, -1, classes)
        rng = np.random.default_rng(self.seed)
        share = max(SOFT_PIXELS // self.classes, 1)
        found = [rng.permutation(np.flatnonzero(classes == k)) for k in range(self.classes)]
        return np.sort(np.concatenate([pixels[:share] for pixels in found]))

    def learn(self, network: SdhsiNet, arm: str, *, adapt: bool = False) -> None:
        """Train, with the arm's soft targets from half-way, or on another scene from the start."""
        weight = 0.0 if arm in ("control", "held_out") else WEIGHT
        mode: DistillationMode = "previous_epochs" if arm == "held_out" else "none"
        how = replace(self.recipe.distillation, weight=weight, mode=mode, momentum=1.0)
        patches = self.home.patches(self.run.pixels, network.radius)
        data = TrainingPixels(torch.from_numpy(patches), torch.from_numpy(self.targets))

        def half_way(done: int) -> None:
            if done == STEPS // 2 and not self.elsewhere:
                network.eval()
                learner.soft = self.soft(self.teacher(arm, network), network.radius)

        recipe = replace(self.recipe, distillation=how)
        learner = Learner(
            network, data, recipe, self.seed, CancelToken(), SilentPort(), warm=adapt,
            at_step=half_way,
        )  # fmt: skip
        if arm == "held_out":
            learner.memory.table = torch.from_numpy(self.held())
        if adapt:
            learner.soft = self.soft(self.teacher(arm, network), network.radius)
        learner.run()

    def taught_voices(self, arm: str, network: SdhsiNet) -> Voices:
        """The voices, of which those of single pixels were fitted again with mapped pixels."""
        if arm == "into_pixels":
            said = self.teacher("vote", network).argmax(axis=1)
            pixels = self.sample(said)
        else:
            final = self.final(self.vote(self.voices, self.judged, network), self.judged)
            final = final.reshape(-1, self.classes)
            said = final.argmax(axis=1)
            pixels = self.surest(final, said)
        values = np.concatenate([self.values, self.there.patches(pixels, 0)[:, :, 0, 0]])
        taught = self.fitter.fitted(values, np.concatenate([self.targets, said[pixels]]))
        return {**self.voices, **{name: taught[name] for name in SINGLE}}

    def surest(self, final: FloatArray, said: Ints) -> Ints:
        """The pixels of each class that a map is surest of, as many as it has labels."""
        sure = final.max(axis=1)
        if not self.elsewhere:
            sure = np.where(self.training.ravel() > 0, 0, sure)
        found = []
        for k, count in enumerate(np.bincount(self.targets, minlength=self.classes)):
            mapped = np.flatnonzero((said == k) & (sure > 0))
            found.append(mapped[np.argsort(-sure[mapped], kind="stable")[:count]])
        return np.concatenate(found)

    def rows(self) -> Iterator[dict[str, object]]:
        """The figures of every arm."""
        networks: dict[str, SdhsiNet] = {}
        for arm in ARMS_ELSEWHERE if self.elsewhere else ARMS:
            start = time.process_time()
            voices = self.voices
            if arm in INTO_PIXELS:
                voices = self.taught_voices(arm, networks["control"])
            elif self.elsewhere and arm != "unadapted":
                networks[arm] = copy.deepcopy(networks["unadapted"])
                self.learn(networks[arm], arm, adapt=True)
            else:
                networks[arm] = self.run.network(None)
                self.learn(networks[arm], arm)
            network = networks["control" if arm in INTO_PIXELS else arm]
            yield {"arm": arm, **self.scores(network, voices, start)}

    def scores(self, network: SdhsiNet, voices: Voices, start: float) -> dict[str, object]:
        """Accuracy of the exits, of the vote, and of the vote after the walker."""
        voted = self.vote(voices, self.judged, network)
        final = self.final(voted, self.judged)
        around = self.final(self.vote(voices, self.around, network), self.around)
        scored = self.task.test > 0
        truth = self.task.test[scored]

        def right(said: FloatArray) -> NDArray[np.bool_]:
            same: NDArray[np.bool_] = (
                np.asarray(self.class_ids)[said[scored].argmax(axis=1)] == truth
            )
            return same

        return {
            "oa_exits": 100 * float(right(self.exits(network)).mean()),
            "oa_around": 100 * float(right(around).mean()),
            "oa_vote": 100 * float(right(voted).mean()),
            "oa_final": 100 * float(right(final).mean()),
            "ece_final": expected_calibration_error(final[scored].max(axis=1), right(final)),
            "around": self.judged.shares["surroundings"].weight,
            "walker": self.judged.walker,
            "cpu_seconds": time.process_time() - start,
        }


def places(task: Task, kept: dict[str, SceneFeatures]) -> tuple[SceneFeatures, SceneFeatures]:
    """Where it is learned and where it is mapped; a whole scene is computed once."""
    name = str(task.key["scene"])
    if task.other is not task.cube:
        features = fit_features(task.cube, Recipe().features)
        return SceneFeatures(task.cube, features), SceneFeatures(task.other, features)
    if name not in kept:
        kept[name] = SceneFeatures(task.cube, fit_features(task.cube, Recipe().features))
    return kept[name], kept[name]


def sided(scene: str, protocol: str, n: int, seed: int) -> tuple[str, str, int]:
    """A case with the half that this seed learns from, each in turn."""
    if protocol in ("half", "apply"):
        protocol += " " + list(SIDES)[(seed + (protocol == "half")) % len(SIDES)]
    return scene, protocol, n


def main(wanted: list[str]) -> None:
    """Run what is missing, of the named scenes or all; right labels before wrong ones."""
    torch.set_num_threads(1)
    table = Table("self_teaching", KEYS, VALUES)
    kept: dict[str, SceneFeatures] = {}
    for wrong, seed, case in (
        (w, i, sided(*c, i)) for s, w in product(SEEDS, (0, 1)) for i, c in product(s, CASES)
    ):
        key = dict(zip(KEYS, (*case, seed, wrong), strict=False))
        last = (ARMS_ELSEWHERE if "apply" in case[1] else ARMS)[-1]
        if (wanted and case[0] not in wanted) or table.has(**key, arm=last):
            continue
        task = task_of(*case, seed)
        if np.count_nonzero(task.test) < FEW:
            continue
        training = with_wrong(task.training, WRONG, seed) if wrong else task.training
        for row in Study(task, training, seed, kept).rows():
            if not table.has(**key, arm=row["arm"]):
                table.add(**key, **row)
            print(*key.values(), row["arm"], f"{row['oa_exits']:.2f} {row['oa_around']:.2f}",
                  f"{row['oa_vote']:.2f} {row['oa_final']:.2f} {row['around']:.2f}",
                  f"{row['cpu_seconds']:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
