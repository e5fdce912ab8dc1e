"""Seconds and memory, measured in one run on one machine: python -m benchmarks.speed.

Each part runs in a process of its own, so that its peak memory is its own, and writes its rows to
results/speed.csv at once; parts that are there are not measured again. The figures are only worth
something when nothing else runs.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from benchmarks.scenes import (
    DEVELOPMENT,
    Ids,
    development_scene,
    indian_pines,
    label_list,
    random_split,
)
from benchmarks.table import Table
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.explaining import Explainer
from hsi_viewer.learning.predictor import by_tile
from hsi_viewer.learning.trainer import fit

KEYS = ("part", "figure")
VALUES = ("value", "unit", "goal", "load")
SIZES = ((145, 145, 200, 16), (610, 340, 103, 9), (1000, 1000, 100, 9), (2000, 2000, 100, 9))
LARGE = ((700, 700, 100, 9), (1500, 1500, 100, 9), (4000, 4000, 100, 9))
BATCH = 256
TURNS = 5
TRAININGS = 30
PICKED = 25  # pixels that are explained
MIB = 2.0**20


class Clock:
    """Notes when the first map and the last report came."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.first: float | None = None

    def report(self, item: object) -> None:
        """Take one report of the trainer."""
        if self.first is None and isinstance(item, Prediction):
            self.first = time.perf_counter() - self.start


def record(part: str, figure: str, value: float, unit: str, goal: str = "") -> None:
    """Write one figure, with how busy the machine was."""
    load = os.getloadavg()[0]
    Table("speed", KEYS, VALUES).add(
        part=part, figure=figure, value=value, unit=unit, goal=goal, load=round(load, 1)
    )
    print(part, figure, f"{value:.3g} {unit}", f"(goal {goal})" if goal else "", flush=True)


def generated(
    rows: int, columns: int, bands: int, classes: int, file: Path | None = None
) -> tuple[HyperCube, Ids]:
    """Fields of smooth outline with a spectrum each, noise, uint16, and their classes.

    The values are in memory, or in a file that is mapped into it.
    """
    rng = np.random.default_rng(0)
    best = np.full((rows, columns), -np.inf, np.float32)
    truth = np.zeros((rows, columns), np.uint16)
    for k in range(classes):
        field = gaussian_filter(rng.normal(size=(rows, columns)).astype(np.float32), 12)
        truth[field > best] = k + 1
        np.maximum(best, field, out=best)
    spectra = gaussian_filter(rng.uniform(0, 4000, (classes + 1, bands)), (0, 5)) * 2
    shape = (rows, columns, bands)
    cube: NDArray[np.uint16] = (
        np.empty(shape, np.uint16)
        if file is None
        else np.memmap(file, np.uint16, "w+", shape=shape)
    )
    for r in range(rows):
        noisy = spectra[truth[r]] + rng.normal(0, 150, (columns, bands))
        cube[r] = np.clip(noisy, 0, 65535)
    return HyperCube.from_array(cube, name=f"{rows}x{columns}x{bands}"), truth


def interactive() -> None:
    """What a user waits for on Indian Pines with ten labels a class."""
    part = "indian_pines"
    cube, truth = indian_pines()
    training, test = label_list("random", 10, 0, truth)
    fit(cube, training)  # torch and scikit load their parts on first use
    clock = Clock()
    model = fit(cube, training, port=clock)
    model.predict(cube, labels=training)
    record(part, "final map", time.perf_counter() - clock.start, "s", "<= 8")
    record(part, "first map", clock.first or float("nan"), "s", "<= 1.5")
    stroke = training.copy()
    rows, columns = np.nonzero(test == 2)
    stroke[rows[:20], columns[:20]] = 2
    start = time.perf_counter()
    model.predict(cube, labels=stroke)
    record(part, "stroke, refinement only", time.perf_counter() - start, "s", "<= 1")
    start = time.perf_counter()
    warm = fit(cube, stroke, warm_start=model)
    warm.predict(cube, labels=stroke)
    record(part, "stroke, warm start", time.perf_counter() - start, "s", "<= 1")


def dense_against_patches() -> None:
    """The same weights over the whole scene, dense and patch by patch, in turns."""
    cube, truth = indian_pines()
    training, _ = label_list("random", 10, 0, truth)
    model = fit(cube, training, TrainingConfig(refine=False))
    scene = model.scene_of(cube)
    if scene is None:
        raise RuntimeError("the training scene is not at hand")
    network = model.network
    dense = np.empty((*truth.shape, network.classes), np.float32)
    patched = np.empty((truth.size, network.classes), np.float32)

    def all_at_once() -> None:
        for tile in by_tile(network, scene):
            dense[tile.window] = tile.exits[-1]

    def by_patch() -> None:
        with torch.inference_mode():
            for pixels in np.array_split(np.arange(truth.size), -(-truth.size // BATCH)):
                patches = torch.from_numpy(scene.patches(pixels, network.radius))
                patched[pixels] = network(patches)[-1][:, :, 0, 0].softmax(dim=1).numpy()

    taken: dict[str, list[float]] = {"dense": [], "patch by patch": []}
    for _ in range(TURNS):
        for name, how in (("dense", all_at_once), ("patch by patch", by_patch)):
            start = time.perf_counter()
            how()
            taken[name].append(time.perf_counter() - start)
    part = "inference"
    middle = {name: float(np.median(seconds)) for name, seconds in taken.items()}
    for name, seconds in middle.items():
        record(part, name, seconds, "s")
    record(part, "ratio", middle["patch by patch"] / middle["dense"], "times", ">= 30")
    gap = float(np.abs(patched.reshape(dense.shape) - dense).max())
    record(part, "largest difference", gap, "probability", "<= 1e-5")


def scaling(size: tuple[int, int, int, int]) -> None:
    """Whole map and memory of one generated scene; the model comes from a corner of it."""
    rows, columns, bands, _ = size
    part = f"{rows}x{columns}x{bands}"
    cube, truth = generated(*size)
    training, _ = draw_per_class(truth[:200, :200], 10)
    corner = HyperCube.from_array(cube.read(slice(0, 200), slice(0, 200)))
    trained = fit(corner, training, TrainingConfig(refine=False))
    trained.scenes.clear()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    prediction = trained.predict(cube)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    is_pavia, is_large = rows == 610, rows == 2000
    record(part, "whole map", seconds, "s", "<= 5" if is_pavia else "")
    record(part, "of it: features and network", trained.seconds["predict"], "s")
    record(part, "of it: refinement, after the network", trained.seconds["refine"], "s")
    record(part, "memory beyond the cube", peak - before, "MiB", "< 2048" if is_large else "")
    record(part, "accuracy", 100 * float((prediction.class_map == truth).mean()), "%")


def large(size: tuple[int, int, int, int]) -> None:
    """What a user waits for on a large generated scene, labelled all over, kept in a file."""
    rows, columns, bands, _ = size
    part = f"train {rows}x{columns}x{bands}"
    fit(*small())  # torch and scikit load their parts on first use
    with tempfile.TemporaryDirectory() as folder:
        cube, truth = generated(*size, file=Path(folder) / "scene.bin")
        training, _ = draw_per_class(truth, 10)
        clock, used = Clock(), os.times()
        model = fit(cube, training, port=clock)
        trained = time.perf_counter() - clock.start
        prediction = model.predict(cube, labels=training)
        whole = time.perf_counter() - clock.start
        spent = os.times()
    is_promised = rows == 1500
    record(part, "first map", clock.first or float("nan"), "s", "<= 3" if is_promised else "")
    record(part, "training", trained, "s")
    record(part, "map after training", whole - trained, "s", "<= 45" if is_promised else "")
    a_pixel = 1e6 * model.seconds["predict"] / (rows * columns)
    record(part, "of it: final pass, a pixel", a_pixel, "us", "<= 8" if is_promised else "")
    record(part, "training and map", whole, "s", "<= 60" if is_promised else "")
    seconds = spent.user + spent.system - used.user - used.system
    record(part, "training and map, of all cores", seconds, "s")
    record(part, "training and map, a pixel", 1e6 * whole / (rows * columns), "us")
    record(part, "accuracy", 100 * float((prediction.class_map == truth).mean()), "%")


def small() -> tuple[HyperCube, Ids]:
    """A scene that is learned from at once, and its labels."""
    cube, truth = generated(80, 80, 30, 3)
    return cube, draw_per_class(truth, 5)[0]


def memory() -> None:
    """Resident memory that 27 more trainings take after the third, of a scene of 200 x 200."""
    cube, truth = generated(200, 200, 30, 4)
    labels, _ = draw_per_class(truth, 10)
    for number in range(TRAININGS):
        model = fit(cube, labels, TrainingConfig(device="cpu"))
        model.predict(cube, labels=labels)
        if number == 2:
            third = resident_mb()
    record("memory", f"growth from training 3 to {TRAININGS}", resident_mb() - third, "MB", "< 30")


def explaining(name: str) -> None:
    """From a picked pixel to why it has its class, as the panel asks for it."""
    cube, truth = development_scene(name)
    training, _ = random_split(truth, 10, 0)
    model = fit(cube, training)
    start = time.perf_counter()
    explainer, taken = Explainer(model, cube, training), []
    rng = np.random.default_rng(0)
    for pixel in rng.choice(np.flatnonzero(truth), PICKED, replace=False):
        explainer.explain(*divmod(int(pixel), cube.columns))
        taken.append(time.perf_counter() - start)
        start = time.perf_counter()
    part = f"why this class, {name}"
    record(part, "the first pixel", taken[0], "s")
    record(part, "a pixel, median", float(np.median(taken[1:])), "s", "<= 0.3")
    record(part, "a pixel, slowest", max(taken[1:]), "s", "<= 0.3")


def resident_mb() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


PARTS: dict[str, Callable[[], None]] = {
    "memory": memory,
    "indian_pines": interactive,
    "inference": dense_against_patches,
    **{f"why this class, {n}": lambda n=n: explaining(n) for n in DEVELOPMENT},
    **{f"{s[0]}x{s[1]}x{s[2]}": lambda s=s: scaling(s) for s in SIZES},
    **{f"train {s[0]}x{s[1]}x{s[2]}": lambda s=s: large(s) for s in LARGE},
}


def run(part: str) -> None:
    """One part, in this process."""
    PARTS[part]()


def main(wanted: list[str]) -> None:
    """Measure the parts that are missing."""
    done = {row["part"] for row in Table("speed", KEYS, VALUES).rows()}
    context = multiprocessing.get_context("spawn")
    for part in wanted or PARTS:
        if part not in done:
            worker = context.Process(target=run, args=(part,))
            worker.start()
            worker.join()


if __name__ == "__main__":
    main(sys.argv[1:])
