"""Many tiles and many scenes by one process and by two: python -m benchmarks.scale.

Each part runs `hsi-viewer apply` in processes of its own and writes its rows to results/scale.csv
at once; parts that are there are not measured again. Wall-clock figures are only worth something
when nothing else runs; the column load says how busy the machine was, and processor time tells on
a busy one, too, whether two processes do more work than one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.big_scene import drop_from_memory, write_big_scene
from benchmarks.speed import generated
from benchmarks.table import Table
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.batch.compute import Task, compute_tile, forget
from hsi_viewer.jobs.batch.plan import MapOptions
from hsi_viewer.jobs.batch.planning import digest_for, make_plan, model_digest, opened
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.learning.classifiers import load_model
from hsi_viewer.learning.tile_mapper import MapSettings, TileMapper

KEYS = ("part", "size", "figure")
VALUES = ("value", "unit", "goal", "load")
BANDS, CLASSES, PER_CLASS = 100, 9, 30
TRAINED = 300  # rows and columns of the scene that the model is trained on
SCENES = 40
MIB = 2.0**20
# A small process between: the peak memory of one that is started counts that of its starter.
WATCH = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
)
SPARSE = (25_000, 20_000, 100)  # 100 GB of uint16, nearly all of it no data


@dataclass(frozen=True)
class Run:
    """What one call took.

    Attributes
    ----------
    wall, processor : seconds; the second of all processes together.
    memory : bytes of the largest process.
    """

    wall: float
    processor: float
    memory: float


class Measured:
    """The table, and what is missing in it."""

    def __init__(self) -> None:
        self._table = Table("scale", KEYS, VALUES)

    def add(self, part: str, size: str, figure: str, value: float, unit: str, goal: str) -> None:
        """Write one figure."""
        load = round(os.getloadavg()[0], 1)
        row = {"part": part, "size": size, "figure": figure, "value": value, "unit": unit}
        self._table.add(**row, goal=goal, load=load)
        print(part, size, figure, f"{value:.4g} {unit}", f"(goal {goal})" if goal else "")

    def has(self, part: str, size: str, figure: str) -> bool:
        """Whether a figure is there."""
        return self._table.has(part=part, size=size, figure=figure)


def apply(model: Path, scenes: list[Path], output: Path, workers: int) -> Run:
    """Map scenes in processes of their own, refined, which is the dearer way."""
    for scene in scenes:
        drop_from_memory(scene.with_suffix(".img"))
    command = [sys.executable, "-m", "hsi_viewer.cli", "apply", str(model), *map(str, scenes)]
    command += ["-o", str(output), "--workers", str(workers), "--refine", "full", "--quiet"]
    command += ["--format", "envi,confidence", "--device", "cpu"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command], check=True, capture_output=True, text=True
    )
    wall = time.perf_counter() - start
    processor, memory = map(float, done.stdout.split())
    return Run(wall, processor, memory * 1024)


def two_against_one(
    measured: Measured, part: str, size: str, model: Path, scenes: list[Path], folder: Path
) -> None:
    """The same scenes by one process and by two; the maps must be the same."""
    if measured.has(part, size, "speed-up"):
        return
    one = apply(model, scenes, folder / f"{part} 1", 1)
    two = apply(model, scenes, folder / f"{part} 2", 2)
    maps = [sorted((folder / f"{part} {n}").rglob("*.img")) for n in (1, 2)]
    assert len(maps[0]) == 2 * len(scenes)
    assert [p.read_bytes() for p in maps[0]] == [p.read_bytes() for p in maps[1]]
    measured.add(part, size, "1 process", one.wall, "s", "")
    measured.add(part, size, "2 processes", two.wall, "s", "")
    share = two.processor / one.processor
    measured.add(part, size, "processor time of 2 to that of 1", share, "", "")
    measured.add(part, size, "peak memory", max(one.memory, two.memory) / MIB, "MiB", "<= 2048")
    measured.add(part, size, "speed-up", one.wall / two.wall, "", ">= 1.8")


class _Counting:
    """A source that counts the bytes that are read from it."""

    def __init__(self, cube: HyperCube) -> None:
        self._source, self.shape, self.dtype, self.bytes = cube.source, cube.shape, cube.dtype, 0

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        values = self._source.read(rows, columns, bands)
        self.bytes += values.nbytes
        return values


def bytes_read(measured: Measured, size: str, model: Path, scene: Path) -> None:
    """What one inner tile reads, to what is in it; with and without refinement."""
    for refine in ("none", "full"):
        figure = f"bytes read of a tile to its own, refine {refine}"
        if measured.has("reading", size, figure):
            continue
        cube = opened(Scene(str(scene)))
        counting = _Counting(cube)
        mapper = TileMapper(load_model(model), replace(cube, source=counting), MapSettings(refine))
        index = len(mapper.windows) // 2
        counting.bytes = 0
        mapper.tile(index)
        rows, columns = mapper.windows[index]
        own = (rows.stop - rows.start) * (columns.stop - columns.start)
        factor = counting.bytes / (own * cube.bands * cube.dtype.itemsize)
        measured.add("reading", size, figure, factor, "", "")


def sparse(measured: Measured, model: Path, folder: Path) -> None:
    """A sparse scene of 100 GB: planned, its first and last tiles computed, the rest estimated."""
    size = "x".join(map(str, SPARSE))
    if measured.has("sparse", size, "whole scene by 1 process, extrapolated"):
        return
    scene = Scene(str(write_big_scene(folder, SPARSE, "bil", groups=20)))
    options = MapOptions("full", "scene", "cpu", 512, probabilities=False)
    start = time.perf_counter()
    trained, cube = load_model(model), opened(scene)
    digest = digest_for(cube, scene, model_digest(model), options)
    plan = make_plan(cube, scene, trained, model, options, digest, CancelToken())
    output = folder / "sparse"
    plan.write(output)
    measured.add("sparse", size, "planning", time.perf_counter() - start, "s", "")
    last = len(plan.windows) - 1
    seconds = [compute_tile(Task(str(output), index, digest)).facts.seconds for index in (0, last)]
    forget()
    measured.add("sparse", size, "tiles", len(plan.windows), "", "")
    measured.add("sparse", size, "first tile", seconds[0], "s of processor time", "")
    measured.add("sparse", size, "last tile", seconds[1], "s of processor time", "")
    hours = seconds[0] * len(plan.windows) / 3600
    measured.add("sparse", size, "whole scene by 1 process, extrapolated", hours, "h", "")


def trained_model(folder: Path) -> Path:
    """A model of the default classifier, trained on a scene of the same kind."""
    from hsi_viewer.cli import main

    cube, truth = generated(TRAINED, TRAINED, BANDS, CLASSES)
    rng = np.random.default_rng(1)
    labels = np.zeros_like(truth)
    for k in range(1, CLASSES + 1):
        chosen = rng.choice(np.flatnonzero(truth == k), PER_CLASS, replace=False)
        labels.flat[chosen] = k
    write_cube(cube, folder / "trained.hdr")
    np.save(folder / "labels.npy", labels)
    sources = [str(folder / "trained.hdr"), "--labels", str(folder / "labels.npy")]
    done = main(["classify", *sources, "-o", str(folder / "model"), "--device", "cpu", "-q"])
    assert done == 0
    return folder / "model"


def main(arguments: list[str] | None = None) -> int:
    """Measure what isn't in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--side", type=int, default=4000, help="of the large scene, in pixels")
    parser.add_argument("--small", type=int, default=300, help="of the forty scenes, in pixels")
    wanted = parser.parse_args(arguments)
    measured = Measured()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = trained_model(folder)
        large, small = (f"{n}x{n}x{BANDS}" for n in (wanted.side, wanted.small))
        parts: list[Callable[[], None]] = [
            lambda: bytes_read(measured, large, model, _large(folder, wanted.side)),
            lambda: two_against_one(
                measured, "one scene", large, model, [_large(folder, wanted.side)], folder
            ),
            lambda: two_against_one(
                measured, f"{SCENES} scenes", small, model, _small(folder, wanted.small), folder
            ),
            lambda: sparse(measured, model, folder),
        ]
        for part in parts:
            part()
    return 0


def _large(folder: Path, side: int) -> Path:
    path = folder / "large.hdr"
    if not path.exists():
        cube, _ = generated(side, side, BANDS, CLASSES, folder / "large.raw")
        write_cube(cube, path)
        (folder / "large.raw").unlink()
    return path


def _small(folder: Path, side: int) -> list[Path]:
    paths = [folder / f"small{n:02d}.hdr" for n in range(SCENES)]
    cube, _ = generated(side, side, BANDS, CLASSES)
    for n, path in enumerate(paths):
        write_cube(HyperCube.from_array(np.roll(cube.read(), 7 * n, axis=0)), path)
        assert open_cube(path).shape == cube.shape
    return paths


if __name__ == "__main__":
    sys.exit(main())
