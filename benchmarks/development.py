"""Every method on every development scene: python -m benchmarks.development [METHOD ...].

Random lists of 1 to 20 labels a class, whole regions apart, and half scenes with 30 labels a class:
trained on one half, scored on the other, beyond a gap as wide as the engine looks; and a model of
one half applied to the other as a scene of its own. Only classes that have a label are scored. The
scenes are those that settings are chosen on: other scenes decide whether the choice holds.

One row at a finished run in results/development.csv; run again, it goes on where it stopped, the
first seeds of the lists that say most before the others. Seconds are of the processor, for training
and mapping.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.plain import PLAIN, Pixels
from benchmarks.scenes import (
    DEVELOPMENT,
    Ids,
    development_scene,
    draw,
    halves,
    random_split,
    separated_split,
)
from benchmarks.table import Table
from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.training import TrainingConfig, VoiceChoice
from hsi_viewer.learning.calibration import expected_calibration_error
from hsi_viewer.learning.classifiers import fit

SEEDS = (range(2), range(2, 5), range(5, 10))
SIDES = {"left": (True, 0), "right": (True, 1), "top": (False, 0), "bottom": (False, 1)}
LISTS = (
    [("random", 10), ("separated", 10)],
    [(f"{kind} {side}", 30) for side in SIDES for kind in ("half", "apply")],
    [("random", n) for n in (5, 20, 3, 2, 1)],
)
GAP = 27  # pixels that the engine looks far
FEW = 100  # scored pixels below which a list says nothing
ENGINE: dict[str, VoiceChoice] = {
    "fast": "auto",
    "voice-pixels": "pixels",
    "voice-surroundings": "surroundings",
    "voice-network": "network",
}
KEYS = ("scene", "protocol", "n", "seed", "method")
VALUES = ("oa", "aa", "kappa", "ece", "train_pixels", "test_pixels", "cpu_seconds")


@dataclass(frozen=True)
class Task:
    """Labels on one cube, and scored pixels on the same cube or another.

    Attributes
    ----------
    cube, training : where it is learned, and (rows, columns) ids.
    other, test : where it is scored, and (rows, columns) ids.
    key : of the row.
    """

    cube: HyperCube
    training: Ids
    other: HyperCube
    test: Ids
    key: dict[str, object]


def tasks() -> Iterator[Task]:
    """Every list of every seed, those that say most first."""
    for seeds, lists in product(SEEDS, LISTS):
        for seed, name, (protocol, n) in product(seeds, DEVELOPMENT, lists):
            yield task_of(name, protocol, n, seed)


def task_of(name: str, protocol: str, n: int, seed: int) -> Task:
    """One list of a development scene."""
    cube, truth = development_scene(name)
    key: dict[str, object] = {"scene": name, "protocol": protocol, "n": n, "seed": seed}
    kind, _, side = protocol.partition(" ")
    if kind in ("random", "separated"):
        split = random_split if kind == "random" else separated_split
        return _task(cube, *split(truth, n, seed), key)
    half = _half if kind == "half" else _applied
    return half(cube, truth, *SIDES[side], key)


def _task(cube: HyperCube, training: Ids, test: Ids, key: dict[str, object]) -> Task:
    return Task(cube, training, cube, np.where(np.isin(test, training[training > 0]), test, 0), key)


def sides_apart(truth: Ids, *, across: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of two halves with a gap as wide as the engine looks."""
    return halves(truth, across=across, gap=GAP)


def _half(cube: HyperCube, truth: Ids, across: bool, first: int, key: dict[str, object]) -> Task:
    """Learned on one half of a scene, scored on the other, beyond a gap."""
    sides = sides_apart(truth, across=across)
    rng = np.random.default_rng(int(str(key["seed"])))
    training = draw(truth, sides[first], int(str(key["n"])), rng)
    return _task(cube, training, np.where(sides[1 - first], truth, 0).astype(truth.dtype), key)


def _applied(cube: HyperCube, truth: Ids, across: bool, first: int, key: dict[str, object]) -> Task:
    """Learned on one half as a scene of its own, applied to the other."""
    middle = truth.shape[1 if across else 0] // 2
    cuts = [slice(None, middle), slice(middle, None)]
    windows = [(slice(None), cut) if across else (cut, slice(None)) for cut in cuts]
    mine, theirs = windows[first], windows[1 - first]
    rng = np.random.default_rng(int(str(key["seed"])))
    part = truth[mine]
    training = draw(part, part > 0, int(str(key["n"])), rng)
    test = np.where(np.isin(truth[theirs], training[training > 0]), truth[theirs], 0)
    values = cube.read()
    return Task(
        HyperCube.from_array(values[mine], name=cube.name),
        training,
        HyperCube.from_array(values[theirs], name=cube.name),
        test,
        key,
    )


Answer = tuple[NDArray[np.uint16], NDArray[np.float32] | None]


class Runner:
    """Runs methods on tasks; inputs of the plain ones are kept between lists of a scene."""

    def __init__(self) -> None:
        self._inputs: dict[tuple[str, str], Pixels] = {}

    def run(self, task: Task, method: str) -> Answer:
        """Classes of the scored pixels, and the confidence in them if there is any."""
        if method in PLAIN:
            return self._plain(task, method)
        return self._engine(task, method)

    def _plain(self, task: Task, method: str) -> Answer:
        given, made = PLAIN[method]
        if task.other is task.cube:
            key = (str(task.key["scene"]), given.__name__)
            if key not in self._inputs:
                self._inputs[key] = given(task.cube, task.cube)
            pixels = others = self._inputs[key]
        else:
            pixels, others = given(task.cube, task.cube), given(task.cube, task.other)
        chosen = np.flatnonzero(task.training)
        classes = task.training.flat[chosen]
        model = made(classes).fit(pixels[chosen], classes)
        scored = others[task.test.ravel() > 0]
        if not hasattr(model, "predict_proba"):
            return model.predict(scored), None
        said = model.predict_proba(scored)
        return model.classes_[said.argmax(axis=1)], said.max(axis=1)

    def _engine(self, task: Task, method: str) -> Answer:
        seed = int(str(task.key["seed"]))
        config = TrainingConfig(seed=seed, device="cpu", voices=ENGINE[method])
        model = fit(task.cube, task.training, config)
        labels = task.training if task.other is task.cube else None
        prediction = model.predict(task.other, labels=labels)
        scored = task.test > 0
        return prediction.class_map[scored], prediction.confidence[scored]


def row_of(task: Task, answer: Answer, seconds: float) -> dict[str, object]:
    """The figures of an answer."""
    said, confidence = answer
    report = score(said[None], task.test[task.test > 0][None])
    right = said == task.test[task.test > 0]
    error = float("nan")
    if confidence is not None:
        error = expected_calibration_error(confidence, right)
    return {
        "oa": 100 * report.overall.value,
        "aa": 100 * report.average,
        "kappa": report.kappa,
        "ece": error,
        "train_pixels": int((task.training > 0).sum()),
        "test_pixels": int(right.size),
        "cpu_seconds": seconds,
    }


def main(methods: list[str]) -> None:
    """Run the named methods, or all."""
    table, runner = Table("development", KEYS, VALUES), Runner()
    for task in tasks():
        for method in methods or (*PLAIN, *ENGINE):
            key = {**task.key, "method": method}
            if table.has(**key) or np.count_nonzero(task.test) < FEW:
                continue
            if method == "lda" and key["n"] == 1:
                continue  # one pixel a class has no covariance
            start = time.process_time()
            answer = runner.run(task, method)
            row = row_of(task, answer, time.process_time() - start)
            table.add(**key, **row)
            print(*(key[k] for k in KEYS), f"{row['oa']:.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
