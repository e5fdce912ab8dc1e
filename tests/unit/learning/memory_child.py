"""Trainings and live strokes in a process of its own; prints its memory by round, as JSON."""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import random_walker
from hsi_viewer.learning.model import TrainedModel
from hsi_viewer.learning.recipe import FeatureRecipe, NetworkRecipe, Recipe, TrainingRecipe
from hsi_viewer.learning.trainer import fit

SIDE = 64  # pixels: factors of about 2 MB, made three times a training
RECIPE = Recipe(
    FeatureRecipe(components=3, sigmas=(0.0,), sample=2_000),
    NetworkRecipe(channels=8, stages=1),
    TrainingRecipe(steps=3, batch=8, warm_steps=1),
)


def scene() -> tuple[HyperCube, np.ndarray]:
    """Two noisy fields and a few labels in each."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(SIDE, SIDE, 4)).astype(np.float32)
    values[:, SIDE // 2 :] += 2
    labels = np.zeros((SIDE, SIDE), np.uint16)
    labels[10:14, 10:14], labels[10:14, -14:-10] = 1, 2
    return HyperCube(ArraySource(values), name="memory"), labels


class CancelAtMap:
    """A port that cancels when a map is shown, when the factors of the next are on their way."""

    def __init__(self, token: CancelToken) -> None:
        self.token = token

    def report(self, item: object) -> None:
        """Take a report."""
        if isinstance(item, Prediction):
            self.token.cancel()


class CancelInWalker(CancelToken):
    """A token that is cancelled while the walker factorises or solves, at its 150th check."""

    def __init__(self) -> None:
        super().__init__()
        self.checks = 0

    def check(self) -> None:
        """Count, then raise."""
        self.checks += 1
        if self.checks == 150:
            self.cancel()
        super().check()


def in_a_thread(work: Callable[[], None]) -> None:
    """As the window does: each training in a thread of its own."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def resident_mb() -> float:
    """Resident memory after all that is free was given back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main(trainings: int, strokes: int) -> None:
    """Train, cancel, train on; print the memory after each."""
    torch.set_num_threads(1)
    random_walker.TILE, random_walker.OVERLAP = 48, 8
    cube, labels = scene()
    model: list[TrainedModel] = []
    ended = {"whole": 0, "cancelled": 0, "in the walker": 0}
    config = TrainingConfig(device="cpu", voices="surroundings")  # refined by the walker

    def train(number: int) -> None:
        random_walker.IN_ONE_PIECE = 0 if number % 6 > 2 else 10**6  # in tiles, and in one piece
        token = CancelInWalker() if number % 3 == 1 else CancelToken()
        port = CancelAtMap(token) if number % 3 == 2 else None
        try:
            made = fit(cube, labels, config, recipe=RECIPE, token=token, port=port)
            made.predict(cube, labels=labels, token=token)
        except TaskCancelledError as error:
            ended["cancelled"] += 1
            frames = traceback.extract_tb(error.__traceback__)
            ended["in the walker"] += any("grid_solver" in f.filename for f in frames)
        else:
            ended["whole"] += 1
            model[:] = [made]

    def stroke(number: int) -> None:
        random_walker.IN_ONE_PIECE = 10**6
        labels[20 + number % 40, 5:9] = 1
        model[0] = fit(cube, labels, config, recipe=RECIPE, warm_start=model[0])
        model[0].predict(cube, labels=labels)

    memory = []
    for work, times in ((train, trainings), (stroke, strokes)):
        for number in range(times):
            in_a_thread(partial(work, number))
            memory.append(resident_mb())
            gc.freeze()  # what stays is not gone through again: torch is large
    sys.stdout.write(json.dumps({"memory": memory, **ended}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
