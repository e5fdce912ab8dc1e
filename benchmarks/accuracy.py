"""Accuracy of every method on every label list: python -m benchmarks.accuracy [METHOD ...].

One row at a finished run in results/accuracy.csv; run again, it goes on where it stopped.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import Ids, indian_pines, label_list, unmixed
from benchmarks.table import Table
from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import Preset, TrainingConfig
from hsi_viewer.learning.baselines import patch_cnn, scene_pixels, standardised, svm
from hsi_viewer.learning.calibration import expected_calibration_error
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.instant_model import fit_instant
from hsi_viewer.learning.model import prediction_of
from hsi_viewer.learning.predictor import instant_map
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import FeatureRecipe, TrainingRecipe, WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.training_pixels import seeds_of

PROTOCOLS = ("random", "field")
COUNTS = (5, 10, 20, 50)
SEEDS = range(10)
KEYS = ("scene", "protocol", "n", "seed", "method")
WHITENED = FeatureRecipe(60, noise_adjusted=False, emphasis=0.0, sigmas=(1.0, 2.0, 4.0, 8.0))
VALUES = ("oa", "aa", "kappa", "ece", "seconds_train", "seconds_map")


@dataclass(frozen=True)
class Task:
    """One label list on one scene."""

    cube: HyperCube
    training: Ids
    test: Ids
    key: dict[str, object]

    @property
    def class_ids(self) -> tuple[int, ...]:
        """Classes that have a label."""
        return tuple(int(i) for i in np.unique(self.training) if i)

    @property
    def chosen(self) -> NDArray[np.int64]:
        """Flat indices of the training pixels."""
        return np.flatnonzero(self.training)

    @property
    def targets(self) -> NDArray[np.int64]:
        """Class indices of the training pixels."""
        return seeds_of(self.training, self.class_ids).ravel()[self.chosen]


class Bench:
    """Runs what is not in the table yet."""

    def __init__(self) -> None:
        self.table = Table("accuracy", KEYS, VALUES)
        self._scenes: dict[tuple[str, FeatureRecipe], SceneFeatures] = {}

    def missing(self, task: Task, *methods: str) -> bool:
        """Whether a method has no row for this list."""
        return any(not self.table.has(**task.key, method=m) for m in methods)

    def record(
        self,
        task: Task,
        method: str,
        probabilities: NDArray[np.float32],
        train: float,
        paint: float,
    ) -> None:
        """Score probabilities (rows, columns, classes) and write the row."""
        if self.table.has(**task.key, method=method):
            return
        everywhere = np.ones(task.training.shape, bool)
        prediction = prediction_of(probabilities, everywhere, task.class_ids, method)
        report = score(prediction.class_map, task.test)
        scored = task.test > 0
        right = prediction.class_map[scored] == task.test[scored]
        self.table.add(
            **task.key,
            method=method,
            oa=100 * report.overall.value,
            aa=100 * report.average,
            kappa=report.kappa,
            ece=expected_calibration_error(prediction.confidence[scored], right),
            seconds_train=train,
            seconds_map=paint,
        )
        print(*task.key.values(), method, f"{100 * report.overall.value:.2f}", flush=True)

    def scene(self, task: Task, recipe: FeatureRecipe) -> SceneFeatures:
        """Features of the task's scene, kept between lists."""
        key = (str(task.key["scene"]), recipe)
        if key not in self._scenes:
            self._scenes[key] = SceneFeatures(task.cube, fit_features(task.cube, recipe))
        return self._scenes[key]

    def refined(self, task: Task, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """The walker of the engine, for every method alike."""
        walker = WalkerRecipe()
        guide, valid = self.scene(task, FeatureRecipe()).guide(walker.guides)
        seeds = seeds_of(task.training, task.class_ids)
        return walk(probabilities, guide, valid, seeds, walker)

    def engine(self, task: Task, preset: Preset) -> None:
        """The engine with and without refinement."""
        if not self.missing(task, preset, f"{preset}+walker"):
            return
        start = time.perf_counter()
        model = fit(task.cube, task.training, TrainingConfig(preset=preset))
        trained = time.perf_counter() - start
        plain = model.predict(task.cube, refine=False)
        painted = model.seconds["predict"]
        refined = model.predict(task.cube, labels=task.training)
        for method, p in ((preset, plain), (f"{preset}+walker", refined)):
            if p.probabilities is not None:
                walked = model.seconds["refine"] if "+" in method else 0.0
                self.record(task, method, p.probabilities, trained, painted + walked)

    def instant(self, task: Task) -> None:
        """The instant model with and without refinement."""
        scene = self.scene(task, FeatureRecipe())
        shrinkage = TrainingRecipe().shrinkage
        size = len(task.class_ids)

        def run() -> NDArray[np.float32]:
            pixels = scene.patches(task.chosen, 0)[:, :, 0, 0]
            return instant_map(fit_instant(pixels, task.targets, size, shrinkage), scene)

        self._both(task, "instant", run)

    def svm_raw(self, task: Task) -> None:
        """SVM on standardised bands."""
        self._both(task, "svm-raw", lambda: svm(standardised(task.cube), task.chosen, task.targets))

    def svm_features(self, task: Task, method: str, recipe: FeatureRecipe) -> None:
        """SVM on multi-scale components."""
        if self.missing(task, method, f"{method}+walker"):
            pixels = scene_pixels(self.scene(task, recipe))
            self._both(task, method, lambda: svm(pixels, task.chosen, task.targets))

    def cnn(self, task: Task) -> None:
        """The patch-based 3-D CNN: slow, so ten labels and three seeds."""
        if task.key["n"] == 10 and int(str(task.key["seed"])) < 3:
            seed = int(str(task.key["seed"]))
            self._both(task, "cnn3d", lambda: patch_cnn(task.cube, task.chosen, task.targets, seed))

    def _both(self, task: Task, method: str, run: Callable[[], NDArray[np.float32]]) -> None:
        if not self.missing(task, method, f"{method}+walker"):
            return
        start = time.perf_counter()
        probabilities = run().reshape(*task.training.shape, -1)
        trained = time.perf_counter() - start
        self.record(task, method, probabilities, trained, 0.0)
        start = time.perf_counter()
        refined = self.refined(task, probabilities)
        self.record(task, f"{method}+walker", refined, trained, time.perf_counter() - start)


def tasks() -> list[Task]:
    """Every label list, all methods of one seed before the next seed; then the other scenes."""
    cube, truth = indian_pines()
    found = []
    for seed in SEEDS:
        for protocol in PROTOCOLS:
            for n in COUNTS:
                training, test = label_list(protocol, n, seed, truth)
                key = {"scene": "indian_pines", "protocol": protocol, "n": n, "seed": seed}
                found.append(Task(cube, training, test, key))
    for name in ("jasper_ridge", "samson"):
        cube, truth = unmixed(name)
        for seed in SEEDS:
            training, test = draw_per_class(truth, 10, seed)
            key = {"scene": name, "protocol": "random", "n": 10, "seed": seed}
            found.append(Task(cube, training, test, key))
    return found


def main(methods: list[str]) -> None:
    """Run the named methods, or all."""
    bench = Bench()
    runs: dict[str, Callable[[Task], None]] = {
        "fast": lambda t: bench.engine(t, "fast"),
        "instant": bench.instant,
        "svm-raw": bench.svm_raw,
        # whitened principal components, as in the trials that the design reports
        "svm-multiscale": lambda t: bench.svm_features(t, "svm-multiscale", WHITENED),
        "best": lambda t: bench.engine(t, "best"),
        "cnn3d": bench.cnn,
        "svm-engine-features": lambda t: bench.svm_features(
            t, "svm-engine-features", FeatureRecipe()
        ),
    }
    for method in methods or runs:
        for task in tasks():
            runs[method](task)


if __name__ == "__main__":
    main(sys.argv[1:])
